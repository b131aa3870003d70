//! Keys that pass through as session objects: destroyed at the latest when this value goes.

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

/// A session object that is destroyed when it is dropped.
pub(crate) struct Passing<'a> {
    session: &'a Session,
    pub(crate) object: ObjectHandle,
}

impl<'a> Passing<'a> {
    pub(crate) fn new(session: &'a Session, object: ObjectHandle) -> Self {
        Self { session, object }
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        // When it fails, the object goes with its session, which is closed because a call in it failed.
        if let Err(error) = self.session.destroy_object(self.object) {
            tracing::warn!(%error, "a session object was not destroyed at once");
        }
    }
}
