//! What makes and destroys HSMs: the fleet of processes, or a stand-in in tests.

use std::error::Error;

use keyward_hsm::{HsmClient, HsmId};
use keyward_store::BoxFuture;

/// Why an HSM could not be started or destroyed.
pub type HsmsError = Box<dyn Error + Send + Sync>;

/// The HSMs of this node.
pub trait Hsms: Send + Sync + 'static {
    /// Starts the HSM, unless it runs already, and keeps it running; the first time it is made, blank.
    fn start<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<HsmClient, HsmsError>>;

    /// Ends the HSM and destroys all that it has. One that is not there is no error.
    fn destroy<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<(), HsmsError>>;
}
