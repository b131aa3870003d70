//! Filters and attributes, as words and as the HSM knows them. Pure.

use keyward_hsm::{Change, Flag, KeyClass, KeyFilter, KeyInfo, KeyType};

use crate::cloudhsm::run::Failure;

/// `key-reference=0x…`, or `attr.NAME=VALUE …`.
pub(crate) fn filter(words: &[String]) -> Result<KeyFilter, Failure> {
    let mut filter = KeyFilter::default();
    for word in words {
        let (name, value) = pair(word)?;
        if name == "key-reference" {
            filter.handle = Some(value.parse()?);
            continue;
        }
        match name.strip_prefix("attr.") {
            Some("label") => filter.label = Some(value.to_owned()),
            Some("id") => filter.id = Some(hex(value)?),
            Some("class") => filter.class = Some(class(value)?),
            Some("key-type") => filter.key_type = Some(key_type(value)?),
            Some(name) => match Flag::named(name) {
                Some(flag) => filter.flags.push((flag, boolean(value)?)),
                None => return Err(Failure::new(format!("keys can't be found by the attribute {name}"))),
            },
            None => {
                return Err(Failure::new(format!(
                    "{word} is no filter: key-reference=0x… or attr.NAME=VALUE"
                )));
            }
        }
    }
    Ok(filter)
}

/// The one key that a filter has to mean.
pub(crate) fn only(found: Vec<KeyInfo>) -> Result<KeyInfo, Failure> {
    let count = found.len();
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Failure::new("Key not found: no key matches the filter")),
        _ => Err(Failure::new(format!("{count} keys match the filter; name one by key-reference=0x…"))),
    }
}

/// `NAME=VALUE` words as wishes.
pub(crate) fn changes(words: &[String]) -> Result<Vec<Change>, Failure> {
    words.iter().map(|word| pair(word).and_then(|(name, value)| change(name, value))).collect()
}

/// One attribute and its value.
pub(crate) fn change(name: &str, value: &str) -> Result<Change, Failure> {
    match name {
        "label" => Ok(Change::Label(value.to_owned())),
        "id" => Ok(Change::Id(hex(value)?)),
        name => match Flag::named(name) {
            Some(flag) => Ok(Change::Flag(flag, boolean(value)?)),
            None => Err(Failure::new(format!("the attribute {name} can't be set"))),
        },
    }
}

fn pair(word: &str) -> Result<(&str, &str), Failure> {
    word.split_once('=').ok_or_else(|| Failure::new(format!("{word} is not of the form NAME=VALUE")))
}

fn boolean(value: &str) -> Result<bool, Failure> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::new(format!("{value} is neither true nor false"))),
    }
}

fn hex(value: &str) -> Result<Vec<u8>, Failure> {
    let digits = value.strip_prefix("0x").unwrap_or(value);
    let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
    decoded.map_err(|_| Failure::new(format!("{value} is not hexadecimal")))
}

fn class(value: &str) -> Result<KeyClass, Failure> {
    let classes = [KeyClass::Secret, KeyClass::Public, KeyClass::Private];
    let found = classes.into_iter().find(|class| class.name() == value);
    found.ok_or_else(|| Failure::new(format!("{value} is no class: secret-key, public-key or private-key")))
}

fn key_type(value: &str) -> Result<KeyType, Failure> {
    let types = [KeyType::Aes, KeyType::GenericSecret, KeyType::Rsa, KeyType::Ec];
    let found = types.into_iter().find(|key_type| key_type.name() == value);
    found.ok_or_else(|| Failure::new(format!("{value} is no key type: aes, generic-secret, rsa or ec")))
}
