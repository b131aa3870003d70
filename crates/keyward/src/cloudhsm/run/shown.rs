//! Users, keys and HSMs in the form that AWS's CloudHSM CLI shows. Pure.

use keyward_hsm::{
    Flag, HsmMode, HsmStatus, KeyClass, KeyInfo, KeySpec, MemberState, MemberStatus, UserInfo,
};
use serde_json::{Map, Value, json};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

pub(crate) fn user(user: &UserInfo) -> Value {
    let quorum =
        if user.token_sign { json!([{ "strategy": "token-sign", "status": "enabled" }]) } else { json!([]) };
    json!({
        "username": user.name.as_str(),
        "role": user.role.name(),
        "locked": user.locked.to_string(),
        "mfa": [],
        "quorum": quorum,
        "cluster-coverage": "full",
    })
}

/// An HSM with what it tells about itself, which is nothing while it does not answer.
pub(crate) fn hsm(member: &MemberStatus, status: Option<&HsmStatus>) -> Value {
    let state = match (member.state, status) {
        (_, None) | (MemberState::Away, _) => "away",
        (MemberState::Joining, _) => "joining",
        (MemberState::Active, _) => "active",
    };
    let mut shown = json!({
        "vendor": "Keyward",
        "hsm-id": member.hsm.as_str(),
        "availability-zone": member.zone,
        "state": state,
    });
    if let (Some(status), Some(shown)) = (status, shown.as_object_mut()) {
        shown.extend(told(status));
    }
    shown
}

fn told(status: &HsmStatus) -> Map<String, Value> {
    let mode = status.membership.as_ref().map(|membership| membership.mode);
    let fips_state = match mode {
        Some(HsmMode::Fips) => "2 [FIPS mode with single factor authentication]",
        Some(HsmMode::NonFips) => "0 [non-FIPS mode]",
        None => "1 [not initialized]",
    };
    let members = [
        ("model", json!(format!("{} HSM", status.token))),
        ("serial-number", json!(status.serial.to_string())),
        ("firmware-version", json!(env!("CARGO_PKG_VERSION"))),
        ("fips-state", json!(fips_state)),
        ("keys", json!(status.keys)),
        ("users", json!(status.users)),
        ("protections", json!(status.active)),
        ("protections-missing", json!(status.missing)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A key with all its attributes.
pub(crate) fn key(key: &KeyInfo) -> Value {
    let covered = |name: &str| json!({ "username": name, "key-coverage": "full" });
    let shared: Vec<_> = key.shared_with.iter().map(|user| covered(user.as_str())).collect();
    json!({
        "key-reference": key.handle.to_string(),
        "key-info": {
            "key-owners": [covered(key.owner.as_str())],
            "shared-users": shared,
            "key-quorum-values": { "manage-key-quorum-value": 0, "use-key-quorum-value": 0 },
            "cluster-coverage": "full",
        },
        "attributes": attributes(key),
    })
}

/// A key with what tells it from others.
pub(crate) fn brief_key(key: &KeyInfo) -> Value {
    json!({ "key-reference": key.handle.to_string(), "attributes": { "label": key.attributes.label } })
}

fn attributes(key: &KeyInfo) -> Map<String, Value> {
    let attributes = &key.attributes;
    let mut shown = Map::new();
    shown.insert("key-type".to_owned(), json!(attributes.spec.key_type().name()));
    shown.insert("label".to_owned(), json!(attributes.label));
    shown.insert("id".to_owned(), json!(hex(&attributes.id)));
    shown.insert("check-value".to_owned(), json!(hex(&attributes.check_value)));
    shown.insert("class".to_owned(), json!(attributes.class.name()));
    for flag in Flag::ALL {
        shown.insert(flag.name().to_owned(), json!(attributes.has(flag)));
    }
    match attributes.spec {
        KeySpec::Aes { bytes } | KeySpec::GenericSecret { bytes } => {
            shown.insert("key-length-bytes".to_owned(), json!(bytes));
        }
        KeySpec::Rsa { bits } => {
            shown.insert("public-exponent".to_owned(), json!("0x010001"));
            shown.insert("modulus-size-bits".to_owned(), json!(bits));
        }
        KeySpec::Ec { curve } => {
            shown.insert("curve".to_owned(), json!(curve.name()));
        }
    }
    if attributes.class == KeyClass::Public {
        shown.extend(key.public_key.as_deref().and_then(public_part));
    }
    shown
}

/// The modulus, or the point, in a public key.
fn public_part(spki: &[u8]) -> Option<(String, Value)> {
    let (_, spki) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    match spki.parsed().ok()? {
        PublicKey::RSA(rsa) => {
            let leading = rsa.modulus.iter().take_while(|byte| **byte == 0).count();
            Some(("modulus".to_owned(), json!(hex(rsa.modulus.get(leading..)?))))
        }
        // CKA_EC_POINT is the point inside an OCTET STRING; every point of ours is shorter than 256 bytes.
        PublicKey::EC(point) => {
            let point = point.data();
            let length = u8::try_from(point.len()).ok()?;
            let header = if length < 0x80 { vec![4, length] } else { vec![4, 0x81, length] };
            Some(("ec-point".to_owned(), json!(hex(&[header.as_slice(), point].concat()))))
        }
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", data_encoding::HEXLOWER.encode(bytes))
}
