//! The rows' bytes on disk, and the moves on a record.

use super::*;
use crate::alias::{AliasRecord, AliasRow};
use crate::key::KeyId;

fn record() -> KeyRecord {
    KeyRecord {
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::SignVerify,
        origin: KeyOrigin::AwsKms,
        manager: KeyManager::Customer,
        created: Timestamp::from_unix_millis(1_569_973_196_214),
        description: "d".to_owned(),
        lifecycle: Lifecycle::PendingDeletion { deletion_at: Timestamp::from_unix_seconds(1) },
        policy: "{}".to_owned(),
        tags: Tags::new([("k".to_owned(), "v".to_owned())]).unwrap(),
        aliases: vec![AliasName::parse("alias/a").unwrap()],
        materials: vec![Material {
            id: MaterialId([0xab; 32]),
            state: MaterialState::Current,
            token: Some(Ekt::from_bytes(vec![1, 2, 3])),
        }],
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_key_row_of_version_1_keeps_its_bytes() {
    let row = KeyRow::V1(record());
    let bytes = postcard::to_stdvec(&row).unwrap();
    let golden = concat!(
        "00",
        "05",
        "02",
        "01",
        "00",
        "ecd68e9bb15b",
        "0164",
        "03d00f",
        "027b7d",
        "01016b0176",
        "01",
        "07616c6961732f61",
        "01",
    );
    let material = format!("{}00{}", "ab".repeat(32), "0103010203");
    assert_eq!(hex(&bytes), format!("{golden}{material}"));
    assert_eq!(postcard::from_bytes::<KeyRow>(&bytes).unwrap(), row);
}

#[test]
fn an_alias_row_of_version_1_keeps_its_bytes() {
    let target = KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
    let moment = Timestamp::from_unix_millis(5);
    let row = AliasRow::V1(AliasRecord { target, created: moment, updated: moment });
    let bytes = postcard::to_stdvec(&row).unwrap();
    let id = hex(b"1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(hex(&bytes), format!("0024{id}0a0a"));
    assert_eq!(postcard::from_bytes::<AliasRow>(&bytes).unwrap(), row);
}

#[test]
fn a_row_of_a_newer_version_is_not_read() {
    let mut bytes = postcard::to_stdvec(&KeyRow::V1(record())).unwrap();
    bytes[0] = 1;
    assert!(postcard::from_bytes::<KeyRow>(&bytes).is_err());
}

#[test]
fn aliases_stay_in_order_and_unique() {
    let name = |text: &str| AliasName::parse(text).unwrap();
    let record = record().with_alias(name("alias/b")).with_alias(name("alias/A")).with_alias(name("alias/a"));
    assert_eq!(record.aliases, [name("alias/A"), name("alias/a"), name("alias/b")]);
    assert_eq!(record.without_alias(&name("alias/a")).aliases.len(), 2);
}

#[test]
fn a_key_without_a_token_has_no_material() {
    let mut record = record();
    assert!(record.has_material());
    record.materials[0].token = None;
    assert!(!record.has_material());
}
