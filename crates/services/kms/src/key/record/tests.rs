//! The rows' bytes on disk, and the moves on a record.

use keyward_vault::Ekt;

use super::*;
use crate::alias::{AliasRecord, AliasRow};
use crate::key::material::{Backing, ClusterKey, Held};
use crate::key::{CustomKeyStoreId, KeyId};

fn record_v1() -> v1::KeyRecord {
    v1::KeyRecord {
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
        materials: vec![v1::KeyMaterial {
            id: MaterialId([0xab; 32]),
            state: MaterialState::Current,
            token: Some(Ekt::from_bytes(vec![1, 2, 3])),
        }],
    }
}

fn record() -> KeyRecord {
    KeyRecord {
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::SignVerify,
        source: Source::Vault,
        manager: KeyManager::Customer,
        created: Timestamp::from_unix_millis(1_569_973_196_214),
        description: "d".to_owned(),
        lifecycle: Lifecycle::PendingDeletion { deletion_at: Timestamp::from_unix_seconds(1) },
        multi_region: MultiRegion::No,
        policy: "{}".to_owned(),
        bound_principals: Vec::new(),
        tags: Tags::new([("k".to_owned(), "v".to_owned())]).unwrap(),
        aliases: vec![AliasName::parse("alias/a").unwrap()],
        materials: vec![Material::made(
            MaterialId([0xab; 32]),
            MaterialState::Current,
            Ekt::from_bytes(vec![1, 2, 3]),
        )],
    }
}

fn imported(id: u8, state: MaterialState, valid_to: Option<i64>) -> Material {
    let held = Held { token: Ekt::from_bytes(vec![id]), valid_to: valid_to.map(Timestamp::from_unix_millis) };
    let backing = Backing::Imported { description: Some("m".to_owned()), held: Some(held) };
    Material { id: MaterialId([id; 32]), state, backing }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_key_row_of_version_1_keeps_its_bytes() {
    let row = KeyRow::V1(record_v1());
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
fn a_key_row_of_version_1_is_read_as_the_last_version() {
    assert_eq!(KeyRow::V1(record_v1()).into_record().unwrap(), record());
}

/// Version 1 never held such keys; one that claims to is not guessed at.
#[test]
fn a_key_row_of_version_1_of_another_origin_is_not_read() {
    let external = v1::KeyRecord { origin: KeyOrigin::External, ..record_v1() };
    assert!(KeyRow::V1(external).into_record().is_err());
    let mut empty = record_v1();
    empty.materials[0].token = None;
    assert!(KeyRow::V1(empty).into_record().is_err());
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_key_row_of_version_2_keeps_its_bytes() {
    let row = KeyRow::V2(record());
    let bytes = postcard::to_stdvec(&row).unwrap();
    let golden = concat!(
        "01",
        "05",
        "02",
        "00",
        "00",
        "ecd68e9bb15b",
        "0164",
        "03d00f",
        "00",
        "027b7d",
        "00",
        "01016b0176",
        "01",
        "07616c6961732f61",
        "01",
    );
    let material = format!("{}00{}", "ab".repeat(32), "0003010203");
    assert_eq!(hex(&bytes), format!("{golden}{material}"));
    assert_eq!(postcard::from_bytes::<KeyRow>(&bytes).unwrap(), row);
}

/// The parts of a row of version 2 that a plain key has not.
#[test]
fn the_further_parts_of_version_2_keep_their_bytes() {
    let bytes = |part: &dyn Fn() -> Vec<u8>| hex(&part());
    let store = CustomKeyStoreId::parse("cks-0123456789abcdef0").unwrap();
    let name = hex(b"cks-0123456789abcdef0");
    let region: Region = "us-east-1".parse().unwrap();
    let external = Source::ExternalKeyStore { store: store.clone(), external_key: "k".to_owned() };
    for (source, golden) in [
        (Source::External, "01".to_owned()),
        (Source::CloudHsm(store), format!("0215{name}")),
        (external, format!("0315{name}016b")),
    ] {
        assert_eq!(bytes(&|| postcard::to_stdvec(&source).unwrap()), golden);
    }
    for (relatives, golden) in [
        (MultiRegion::Primary { replicas: vec![region.clone()] }, "010109"),
        (MultiRegion::Replica { primary: region }, "0209"),
    ] {
        let golden = format!("{golden}{}", hex(b"us-east-1"));
        assert_eq!(bytes(&|| postcard::to_stdvec(&relatives).unwrap()), golden);
    }
    let cluster = Backing::CloudHsm(ClusterKey { reference: 300 });
    let mut gone = imported(7, MaterialState::PendingMultiRegionImport, None);
    gone.let_go();
    for (material, golden) in [
        (imported(7, MaterialState::NonCurrent, Some(5)), "010101016d010107010a"),
        (imported(7, MaterialState::PendingRotation, None), "020101016d01010700"),
        (gone, "030101016d00"),
        (Material { id: MaterialId([7; 32]), state: MaterialState::Current, backing: cluster }, "0002ac02"),
    ] {
        let golden = format!("{}{golden}", "07".repeat(32));
        assert_eq!(bytes(&|| postcard::to_stdvec(&material).unwrap()), golden);
    }
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
    let mut bytes = postcard::to_stdvec(&KeyRow::V2(record())).unwrap();
    bytes[0] = 2;
    assert!(postcard::from_bytes::<KeyRow>(&bytes).is_err());
}

#[test]
fn aliases_stay_in_order_and_unique() {
    let name = |text: &str| AliasName::parse(text).unwrap();
    let record = record().with_alias(name("alias/b")).with_alias(name("alias/A")).with_alias(name("alias/a"));
    assert_eq!(record.aliases, [name("alias/A"), name("alias/a"), name("alias/b")]);
    assert_eq!(record.without_alias(&name("alias/a")).aliases.len(), 2);
}

/// A ciphertext may need any material that was ever current; the one that waits for its rotation none does.
#[test]
fn a_key_has_its_material_when_every_associated_one_is_held() {
    let mut record = record();
    assert!(record.has_material());
    record.materials = vec![
        imported(1, MaterialState::NonCurrent, None),
        imported(2, MaterialState::Current, None),
        imported(3, MaterialState::PendingRotation, None),
    ];
    record.materials[2].let_go();
    assert!(record.has_material());
    assert_eq!(record.pending(), None);
    record.materials[0].let_go();
    assert!(!record.has_material());
    record.materials.clear();
    assert!(!record.has_material());
}
