//! Keys: making, changing, sharing, deleting. A crypto user's own affair; admins only mark keys as trusted.

use std::collections::BTreeSet;

use crate::api::attributes::{self, Attributes, Flag, KeyClass};
use crate::api::error::HsmError;
use crate::api::ids::{KeyHandle, UserName};
use crate::api::key::{KeyFilter, KeyInfo, KeyTemplate, PairTemplate, UnwrapTemplate};
use crate::api::mechanism::WrapMechanism;
use crate::api::record::RecordKey;
use crate::api::spec::KeySpec;
use crate::api::user::Role;
use crate::instance::Instance;
use crate::instance::body::{Body, KeyMaterial, KeyRow};
use crate::instance::commit::{Asked, Change};
use crate::instance::mind::{Mind, info};
use crate::instance::rules::{self, Origin};
use crate::instance::users::with_role;
use crate::protocol::answer::{Answer, Value};
use crate::token::{Generated, USER_HANDLE_MIN};

/// Handles are drawn from 48 bits: short enough to read, and enough that two HSMs never draw the same.
const HANDLE_BITS: u32 = 48;

impl Instance {
    /// The keys that a user may see, of those that fit.
    pub(crate) fn find_keys(
        &self,
        session: &crate::api::ids::SessionId,
        filter: &KeyFilter,
    ) -> Result<Vec<KeyInfo>, HsmError> {
        self.as_user(session, |user, role, mind| {
            let shown = |(handle, row): (&KeyHandle, &KeyRow)| {
                let visible = role == Role::Admin || is_user(row, user);
                (visible && filter.fits(*handle, &row.attributes)).then(|| info(*handle, row))
            };
            Ok(match filter.handle {
                Some(handle) => mind.keys.get_key_value(&handle).and_then(shown).into_iter().collect(),
                None => mind.keys.iter().filter_map(shown).collect(),
            })
        })
    }

    pub(crate) fn generate_key(&self, asked: Asked, template: &KeyTemplate) -> Result<Answer, HsmError> {
        let KeyTemplate { spec, label, changes, share_with } = template;
        if spec.is_pair() || !spec.is_valid() {
            return Err(HsmError::Template("not a secret key, or of no valid size".to_owned()));
        }
        let attributes = rules::new_key(KeyClass::Secret, *spec, label, changes, Origin::Generated)?;
        may_make(&self.mind(), &asked, share_with, 1)?;
        let made = self.token.generate(*spec)?;
        self.keep_key(asked, attributes, made, share_with)
    }

    pub(crate) fn unwrap_key(
        &self,
        asked: Asked,
        with: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        template: &UnwrapTemplate,
    ) -> Result<Answer, HsmError> {
        let UnwrapTemplate { key_type, label, changes, share_with } = template;
        let user = {
            let mind = self.mind();
            may_make(&mind, &asked, share_with, 1)?;
            with_role(&mind, &asked, Role::CryptoUser)?
        };
        self.check_use(user, with, Flag::Unwrap)?;
        let made = self.token.unwrap(with, mechanism, wrapped, *key_type)?;
        let class = if made.spec.is_pair() { KeyClass::Private } else { KeyClass::Secret };
        let attributes = rules::new_key(class, made.spec, label, changes, Origin::Unwrapped)?;
        self.keep_key(asked, attributes, made, share_with)
    }

    fn keep_key(
        &self,
        asked: Asked,
        mut attributes: Attributes,
        made: Generated,
        share_with: &[UserName],
    ) -> Result<Answer, HsmError> {
        attributes.check_value = made.check_value;
        let material = KeyMaterial::Masked { masked: made.masked, public_spki: made.public_spki };
        let turn = self.turn()?;
        let (handle, row) = {
            let mind = self.mind();
            let owner = may_make(&mind, &asked, share_with, 1)?;
            let row = KeyRow { attributes, owner, shared_with: shares(share_with), material };
            (self.free_handle(&mind)?, row)
        };
        let value = Value::Key(info(handle, &row));
        let drafts = vec![(RecordKey::Key(handle), Body::KeyV1(row))];
        self.make(turn, asked, Change { drafts, value })
    }

    pub(crate) fn generate_pair(&self, asked: Asked, template: &PairTemplate) -> Result<Answer, HsmError> {
        let spec = template.spec;
        if !spec.is_pair() || !spec.is_valid() {
            return Err(HsmError::Template("not a pair, or of no valid size".to_owned()));
        }
        let begin = |class, label: &str, changes: &[attributes::Change]| {
            rules::new_key(class, spec, label, changes, Origin::Generated)
        };
        let mut public = begin(KeyClass::Public, &template.public_label, &template.public_changes)?;
        let mut private = begin(KeyClass::Private, &template.private_label, &template.private_changes)?;
        may_make(&self.mind(), &asked, &template.share_with, 2)?;
        let made = self.token.generate(spec)?;
        (public.check_value, private.check_value) = (made.check_value, made.check_value);
        let spki =
            made.public_spki.ok_or_else(|| HsmError::Internal("a pair without a public key".to_owned()))?;
        let turn = self.turn()?;
        let (rows, handles) = {
            let mind = self.mind();
            let owner = may_make(&mind, &asked, &template.share_with, 2)?;
            let row = |attributes, material| KeyRow {
                attributes,
                owner: owner.clone(),
                shared_with: shares(&template.share_with),
                material,
            };
            let masked = KeyMaterial::Masked { masked: made.masked, public_spki: Some(spki.clone()) };
            let first = self.free_handle(&mind)?;
            let mut second = self.free_handle(&mind)?;
            while second == first {
                second = self.free_handle(&mind)?;
            }
            ((row(public, KeyMaterial::Public(spki)), row(private, masked)), (first, second))
        };
        let value = Value::Pair { public: info(handles.0, &rows.0), private: info(handles.1, &rows.1) };
        let drafts = vec![
            (RecordKey::Key(handles.0), Body::KeyV1(rows.0)),
            (RecordKey::Key(handles.1), Body::KeyV1(rows.1)),
        ];
        self.make(turn, asked, Change { drafts, value })
    }

    pub(crate) fn set_attributes(
        &self,
        asked: Asked,
        handle: KeyHandle,
        changes: &[attributes::Change],
    ) -> Result<Answer, HsmError> {
        self.change_key(asked, handle, |mind, asked, row| {
            let role = role_of(mind, asked)?;
            let owned = asked.user.as_ref() == Some(&row.owner);
            if role != Role::Admin && !owned {
                return Err(HsmError::NotPermitted);
            }
            let attributes = rules::changed(&row.attributes, changes, role)?;
            Ok(KeyRow { attributes, ..row.clone() })
        })
    }

    pub(crate) fn share(&self, asked: Asked, handle: KeyHandle, with: &UserName) -> Result<Answer, HsmError> {
        self.change_key(asked, handle, |mind, asked, row| {
            let owner = owner(mind, asked, row)?;
            check_shares(mind, owner, std::slice::from_ref(with))?;
            let mut row = row.clone();
            row.shared_with.insert(with.clone());
            Ok(row)
        })
    }

    pub(crate) fn unshare(
        &self,
        asked: Asked,
        handle: KeyHandle,
        with: &UserName,
    ) -> Result<Answer, HsmError> {
        self.change_key(asked, handle, |mind, asked, row| {
            owner(mind, asked, row)?;
            let mut row = row.clone();
            row.shared_with.remove(with);
            Ok(row)
        })
    }

    fn change_key(
        &self,
        asked: Asked,
        handle: KeyHandle,
        change: impl FnOnce(&Mind, &Asked, &KeyRow) -> Result<KeyRow, HsmError>,
    ) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        let row = {
            let mind = self.mind();
            change(&mind, &asked, visible(&mind, &asked, handle)?)?
        };
        let value = Value::Key(info(handle, &row));
        let drafts = vec![(RecordKey::Key(handle), Body::KeyV1(row))];
        self.make(turn, asked, Change { drafts, value })
    }

    pub(crate) fn delete_key(&self, asked: Asked, handle: KeyHandle) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        {
            let mind = self.mind();
            let row = visible(&mind, &asked, handle)?;
            owner(&mind, &asked, row)?;
            if !row.attributes.has(Flag::Destroyable) {
                return Err(HsmError::KeyForbids("it is not destroyable".to_owned()));
            }
        }
        let drafts = vec![(RecordKey::Key(handle), Body::Tombstone)];
        self.make(turn, asked, Change { drafts, value: Value::Nothing })
    }

    /// A handle that no key has or had, as far as this HSM knows.
    fn free_handle(&self, mind: &Mind) -> Result<KeyHandle, HsmError> {
        loop {
            let mut bytes = [0; 8];
            self.token.random(&mut bytes)?;
            let handle = KeyHandle(u64::from_be_bytes(bytes) >> (u64::BITS - HANDLE_BITS));
            if handle.0 >= USER_HANDLE_MIN && !mind.knows(&RecordKey::Key(handle)) {
                return Ok(handle);
            }
        }
    }
}

/// Whether a user may use a key.
pub(crate) fn is_user(row: &KeyRow, user: &UserName) -> bool {
    row.owner == *user || row.shared_with.contains(user)
}

/// Whether the user may make keys now, and there is room for so many. Gives the user.
fn may_make(mind: &Mind, asked: &Asked, share_with: &[UserName], count: usize) -> Result<UserName, HsmError> {
    let user = with_role(mind, asked, Role::CryptoUser)?;
    check_shares(mind, user, share_with)?;
    let keys_max = mind.membership.as_ref().ok_or(HsmError::Blank)?.hsm_type.keys_max();
    if mind.keys.len() + count > keys_max { Err(HsmError::KeyLimit) } else { Ok(user.clone()) }
}

/// Keys are shared with crypto users other than their owner.
fn check_shares(mind: &Mind, owner: &UserName, with: &[UserName]) -> Result<(), HsmError> {
    let fits = |name: &UserName| {
        name != owner && mind.users.get(name).is_some_and(|row| row.role == Role::CryptoUser)
    };
    if with.iter().all(fits) { Ok(()) } else { Err(HsmError::NoSuchUser) }
}

fn shares(with: &[UserName]) -> BTreeSet<UserName> {
    with.iter().cloned().collect()
}

fn role_of(mind: &Mind, asked: &Asked) -> Result<Role, HsmError> {
    let user = asked.user.as_ref().ok_or(HsmError::NotLoggedIn)?;
    mind.users.get(user).map(|row| row.role).ok_or(HsmError::NotLoggedIn)
}

/// A key that the user may see: admins see all, crypto users their own and those shared with them.
fn visible<'a>(mind: &'a Mind, asked: &Asked, handle: KeyHandle) -> Result<&'a KeyRow, HsmError> {
    let user = asked.user.as_ref().ok_or(HsmError::NotLoggedIn)?;
    let role = role_of(mind, asked)?;
    let row = mind.keys.get(&handle).filter(|row| role == Role::Admin || is_user(row, user));
    row.ok_or(HsmError::NoSuchKey)
}

/// The user, if it owns the key.
fn owner<'a>(mind: &Mind, asked: &'a Asked, row: &KeyRow) -> Result<&'a UserName, HsmError> {
    let user = with_role(mind, asked, Role::CryptoUser)?;
    if row.owner == *user { Ok(user) } else { Err(HsmError::NotPermitted) }
}

/// The spec of the cluster's own key.
pub(crate) const CLUSTER_KEY: KeySpec = KeySpec::Rsa { bits: 2048 };
