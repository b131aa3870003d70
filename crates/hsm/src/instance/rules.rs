//! PKCS#11's rules for attributes (v2.40, section 4), and CloudHSM's defaults: what a key may be when it is made, and what of it may
//! be changed. Pure.

use crate::api::attributes::{Attributes, Change, Flag, Flags, KeyClass};
use crate::api::error::HsmError;
use crate::api::spec::{KeySpec, KeyType};
use crate::api::user::Role;

const LABEL_CHARACTERS_MAX: usize = 128;
const ID_BYTES_MAX: usize = 128;

/// How a key came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Made in the HSM.
    Generated,
    /// Unwrapped.
    Unwrapped,
}

/// The attributes of a new key: the defaults, with what the caller wants otherwise. The check value is not known yet.
pub(crate) fn new_key(
    class: KeyClass,
    spec: KeySpec,
    label: &str,
    changes: &[Change],
    origin: Origin,
) -> Result<Attributes, HsmError> {
    let mut attributes = Attributes {
        class,
        spec,
        label: checked_label(label)?,
        id: vec![],
        flags: defaults(class, spec.key_type()),
        check_value: [0; 3],
    };
    for change in changes {
        match change {
            Change::Label(label) => attributes.label = checked_label(label)?,
            Change::Id(id) => attributes.id = checked_id(id)?,
            Change::Flag(flag, value) => {
                may_begin(class, spec.key_type(), *flag, *value)?;
                attributes.flags = attributes.flags.with(*flag, *value);
            }
        }
    }
    let generated = origin == Origin::Generated;
    let secret = class != KeyClass::Public;
    attributes.flags = attributes
        .flags
        .with(Flag::Local, generated)
        .with(Flag::AlwaysSensitive, generated && secret && attributes.has(Flag::Sensitive))
        .with(Flag::NeverExtractable, generated && secret && !attributes.has(Flag::Extractable));
    Ok(attributes)
}

/// The attributes of a key after changes by a user of this role.
pub(crate) fn changed(old: &Attributes, changes: &[Change], role: Role) -> Result<Attributes, HsmError> {
    let mut new = old.clone();
    for change in changes {
        if role != Role::CryptoUser && !matches!(change, Change::Flag(Flag::Trusted, _)) {
            return Err(HsmError::NotPermitted);
        }
        match change {
            _ if !old.has(Flag::Modifiable) => return Err(template("the key is not modifiable")),
            Change::Label(label) => new.label = checked_label(label)?,
            Change::Id(id) => new.id = checked_id(id)?,
            Change::Flag(flag, value) => {
                if new.has(*flag) != *value {
                    may_become(old, *flag, *value, role)?;
                    new.flags = new.flags.with(*flag, *value);
                }
            }
        }
    }
    Ok(new)
}

/// CloudHSM's defaults.
fn defaults(class: KeyClass, key_type: KeyType) -> Flags {
    let common =
        Flags::of(&[Flag::Token, Flag::Private, Flag::Modifiable, Flag::Destroyable, Flag::Extractable]);
    match class {
        KeyClass::Secret => {
            let flags = common.with(Flag::Sensitive, true).with(Flag::Sign, true).with(Flag::Verify, true);
            // A generic secret is there to authenticate; AES may, too.
            debug_assert!(usable(class, key_type).has(Flag::Sign));
            flags
        }
        KeyClass::Public => common.with(Flag::Verify, true),
        KeyClass::Private => common.with(Flag::Sensitive, true).with(Flag::Sign, true),
    }
}

/// What a key of this kind can be used for at all.
pub(crate) fn usable(class: KeyClass, key_type: KeyType) -> Flags {
    use Flag::{Decrypt, Derive, Encrypt, Sign, Unwrap, Verify, Wrap};
    Flags::of(match (class, key_type) {
        (KeyClass::Secret, KeyType::Aes) => &[Encrypt, Decrypt, Sign, Verify, Wrap, Unwrap, Derive],
        (KeyClass::Secret, _) => &[Sign, Verify, Derive],
        (KeyClass::Public, KeyType::Rsa) => &[Encrypt, Verify, Wrap],
        (KeyClass::Public, _) => &[Verify],
        (KeyClass::Private, KeyType::Rsa) => &[Decrypt, Sign, Unwrap],
        (KeyClass::Private, _) => &[Sign, Derive],
    })
}

/// Whether a new key may have a flag at this value.
fn may_begin(class: KeyClass, key_type: KeyType, flag: Flag, value: bool) -> Result<(), HsmError> {
    match flag {
        Flag::Encrypt
        | Flag::Decrypt
        | Flag::Sign
        | Flag::Verify
        | Flag::Wrap
        | Flag::Unwrap
        | Flag::Derive => fits_use(class, key_type, flag, value),
        Flag::Token if !value => Err(HsmError::Unsupported("session keys".to_owned())),
        Flag::Sensitive | Flag::Private if class != KeyClass::Public && !value => {
            Err(template("a secret or private key is private and sensitive"))
        }
        Flag::Sensitive if class == KeyClass::Public && value => {
            Err(template("a public key is not sensitive"))
        }
        Flag::AlwaysSensitive | Flag::NeverExtractable | Flag::Local => Err(read_only(flag)),
        Flag::Trusted if value => Err(HsmError::NotPermitted),
        Flag::WrapWithTrusted if class == KeyClass::Public && value => {
            Err(template("wrap-with-trusted is for keys that can be wrapped"))
        }
        _ => Ok(()),
    }
}

/// Whether a flag may be changed to this value, which it has not.
fn may_become(old: &Attributes, flag: Flag, value: bool, role: Role) -> Result<(), HsmError> {
    match flag {
        Flag::Encrypt
        | Flag::Decrypt
        | Flag::Sign
        | Flag::Verify
        | Flag::Wrap
        | Flag::Unwrap
        | Flag::Derive => fits_use(old.class, old.spec.key_type(), flag, value),
        Flag::Destroyable => Ok(()),
        // One way only: what was promised of the key stays true.
        Flag::Extractable if !value => Ok(()),
        Flag::Modifiable if !value => Ok(()),
        Flag::WrapWithTrusted if value && old.class != KeyClass::Public => Ok(()),
        Flag::Trusted if role == Role::Admin => Ok(()),
        Flag::Trusted => Err(HsmError::NotPermitted),
        _ => Err(read_only(flag)),
    }
}

fn fits_use(class: KeyClass, key_type: KeyType, flag: Flag, value: bool) -> Result<(), HsmError> {
    if !value || usable(class, key_type).has(flag) {
        Ok(())
    } else {
        Err(template(&format!("{} does not fit a {} of type {}", flag.name(), class.name(), key_type.name())))
    }
}

fn checked_label(label: &str) -> Result<String, HsmError> {
    if (1..=LABEL_CHARACTERS_MAX).contains(&label.chars().count()) {
        Ok(label.to_owned())
    } else {
        Err(template("a label has 1 to 128 characters"))
    }
}

fn checked_id(id: &[u8]) -> Result<Vec<u8>, HsmError> {
    if id.len() <= ID_BYTES_MAX { Ok(id.to_vec()) } else { Err(template("an id has at most 128 bytes")) }
}

fn read_only(flag: Flag) -> HsmError {
    template(&format!("{} can not be set so", flag.name()))
}

fn template(why: &str) -> HsmError {
    HsmError::Template(why.to_owned())
}

#[cfg(test)]
mod tests;
