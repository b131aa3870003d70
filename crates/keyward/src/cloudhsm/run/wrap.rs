//! `key wrap …` and `key unwrap …`.

use keyward_hsm::{ClusterSession, KeyType, UnwrapTemplate, WrapMechanism};
use serde_json::{Map, json};

use crate::cloudhsm::Outcome;
use crate::cloudhsm::run::crypto::{hash, hash_of_mgf};
use crate::cloudhsm::run::filter::changes;
use crate::cloudhsm::run::key::{about_copies, copies_min, find, share_with};
use crate::cloudhsm::run::{Failure, bytes_of, shown};
use crate::cloudhsm::words::{self, HashFunction, KeyTypeClass, MaskGeneration};

pub(crate) async fn wrap(session: &ClusterSession, words: words::WrapMechanism) -> Result<Outcome, Failure> {
    let mechanism = match &words {
        words::WrapMechanism::AesNoPad(_) => WrapMechanism::AesKeyWrap,
        words::WrapMechanism::AesZeroPad(_) => WrapMechanism::AesKeyWrapPad,
        words::WrapMechanism::RsaOaep { hash_function, mgf, .. } => oaep(*hash_function, *mgf)?,
    };
    let words = words.common();
    let payload = find(session, &words.payload_filter).await?;
    let wrapping = find(session, &words.wrapping_filter).await?;
    let wrapped = session.wrap(wrapping.handle, mechanism, payload.handle).await?;
    let mut data = Map::new();
    data.insert("payload_key_reference".to_owned(), json!(payload.handle.to_string()));
    data.insert("wrapping_key_reference".to_owned(), json!(wrapping.handle.to_string()));
    match &words.path {
        Some(path) => {
            data.insert("path".to_owned(), json!(path.display().to_string()));
            Ok(Outcome::with_file(data.into(), wrapped))
        }
        None => {
            data.insert("wrapped_key_data".to_owned(), json!(data_encoding::BASE64.encode(&wrapped)));
            Ok(Outcome::done(data.into()))
        }
    }
}

pub(crate) async fn unwrap(
    session: &ClusterSession,
    words: words::UnwrapMechanism,
) -> Result<Outcome, Failure> {
    let mechanism = match &words {
        words::UnwrapMechanism::AesNoPad(_) => WrapMechanism::AesKeyWrap,
        words::UnwrapMechanism::AesZeroPad(_) => WrapMechanism::AesKeyWrapPad,
        words::UnwrapMechanism::RsaOaep { hash_function, mgf, .. } => oaep(*hash_function, *mgf)?,
    };
    let words = words.into_common();
    let with = find(session, &words.filter).await?;
    let template = UnwrapTemplate {
        key_type: key_type(words.key_type_class),
        label: words.label,
        changes: changes(&words.attributes)?,
        share_with: share_with(&words.new)?,
    };
    let wrapped = bytes_of(words.data, words.data_path)?;
    let copies = copies_min(&words.new);
    let key = session.unwrap(with.handle, mechanism, &wrapped, &template, copies).await;
    Ok(Outcome::done(json!({ "key": shown::key(&key.map_err(about_copies)?) })))
}

fn oaep(function: HashFunction, mgf: MaskGeneration) -> Result<WrapMechanism, Failure> {
    if hash(function) == hash_of_mgf(mgf) {
        Ok(WrapMechanism::RsaOaep(hash(function)))
    } else {
        Err(Failure::new("the HSM supports OAEP with one hash function for both the label and MGF1 only"))
    }
}

fn key_type(class: KeyTypeClass) -> KeyType {
    match class {
        KeyTypeClass::Aes => KeyType::Aes,
        KeyTypeClass::GenericSecret => KeyType::GenericSecret,
        KeyTypeClass::RsaPrivate => KeyType::Rsa,
        KeyTypeClass::EcPrivate => KeyType::Ec,
    }
}
