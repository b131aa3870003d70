//! The objects of a token by our handles, and what makes an object one of ours.
//!
//! An object is ours once its `CKA_ID` is a handle's (or the masking key's). That is set last, by itself: modules
//! make an object in several steps (SoftHSM writes the attributes first and the value later), so that a crash can
//! leave one without its value. What has no such id when the token is opened was left by a crash and is destroyed.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use crate::api::ids::KeyHandle;
use crate::token::pkcs11::sessions::Lent;
use crate::token::pkcs11::templates;
use crate::token::pkcs11::trouble::{Failure, Trouble};

/// `CKA_ID` and `CKA_LABEL` of the cluster's masking key.
pub(crate) const MASKING_ID: &[u8] = b"masking key";
pub(crate) const MASKING_LABEL: &str = "keyward masking key";

/// An object as the module knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    pub(crate) object: ObjectHandle,
    pub(crate) class: ObjectClass,
    pub(crate) key_type: KeyType,
}

impl Object {
    /// Modules answer to a key of the wrong kind in all kinds of ways; so it is asked for here.
    pub(crate) fn must_be(self, class: ObjectClass, key_type: KeyType) -> Result<(), Failure> {
        if self.class == class && self.key_type == key_type {
            return Ok(());
        }
        Err(Failure::new(Trouble::NotPermitted, "the key is of another kind"))
    }
}

/// What the objects of handles are, as found last. Worth nothing after the sessions were lost.
#[derive(Default)]
pub(crate) struct Objects {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    generation: u64,
    objects: HashMap<Vec<u8>, Object>,
}

impl Objects {
    /// The object of a key. [`Trouble::ObjectGone`] when there is none.
    pub(crate) fn of(&self, lent: &Lent<'_>, handle: KeyHandle) -> Result<Object, Failure> {
        self.with_id(lent, &templates::id(handle))?
            .ok_or_else(|| Failure::new(Trouble::ObjectGone, format!("no object for key {handle}")))
    }

    /// The object with this id, if there is one.
    pub(crate) fn with_id(&self, lent: &Lent<'_>, id: &[u8]) -> Result<Option<Object>, Failure> {
        if let Some(object) = self.recall(lent.generation, id) {
            return Ok(Some(object));
        }
        let found = find(lent.session, id)?;
        if let Some(object) = found {
            self.remember(lent.generation, id, object);
        }
        Ok(found)
    }

    /// Forgets what was found under an id: the object may have changed.
    pub(crate) fn forget(&self, id: &[u8]) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).objects.remove(id);
    }

    fn recall(&self, generation: u64, id: &[u8]) -> Option<Object> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.generation == generation { known.objects.get(id).copied() } else { None }
    }

    fn remember(&self, generation: u64, id: &[u8], object: Object) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation < generation {
            *known = Known { generation, objects: HashMap::new() };
        }
        if known.generation == generation {
            known.objects.insert(id.to_vec(), object);
        }
    }
}

fn find(session: &Session, id: &[u8]) -> Result<Option<Object>, Failure> {
    let wanted = [Attribute::Token(true), Attribute::Id(id.to_vec())];
    let Some(object) = session.find_objects(&wanted)?.first().copied() else { return Ok(None) };
    let attributes = session.get_attributes(object, &[AttributeType::Class, AttributeType::KeyType])?;
    match attributes.as_slice() {
        [Attribute::Class(class), Attribute::KeyType(key_type)] => {
            Ok(Some(Object { object, class: *class, key_type: *key_type }))
        }
        // Not a key: not ours.
        _ => Ok(None),
    }
}

/// Makes an object ours, by its id.
pub(crate) fn commit(session: &Session, object: ObjectHandle, id: &[u8]) -> Result<(), Failure> {
    Ok(session.update_attributes(object, &[Attribute::Id(id.to_vec())])?)
}

/// All keys among the token's objects, with their ids.
pub(crate) fn all(session: &Session) -> Result<Vec<(ObjectHandle, Vec<u8>)>, Failure> {
    let mut keys = Vec::new();
    for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for object in session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])? {
            let id = match session.get_attributes(object, &[AttributeType::Id])?.pop() {
                Some(Attribute::Id(id)) => id,
                _ => Vec::new(),
            };
            keys.push((object, id));
        }
    }
    Ok(keys)
}

/// Destroys the keys that a crash left half made.
pub(crate) fn sweep(session: &Session) -> Result<(), Failure> {
    for (object, id) in all(session)? {
        if id != MASKING_ID && templates::handle(&id).is_none() {
            tracing::warn!("an object that was not finished is destroyed");
            session.destroy_object(object)?;
        }
    }
    Ok(())
}
