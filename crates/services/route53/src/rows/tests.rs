//! Golden bytes of every row, and keys that order as lists do.

use keyward_base::{AccountId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::dnssec::{Dnssec, KeySigningKey, KeyStatus, Signing};
use crate::record::{RecordSet, RecordType, SetKey};
use crate::{ChangeId, RecordName, ZoneId};

/// The row has exactly these bytes, and these bytes are read as the row by this version and every later one.
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(row: &T, hex: &str) {
    assert_eq!(data_encoding::HEXLOWER.encode(&encode(row).unwrap()), hex);
    let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), row);
}

fn zone_id() -> ZoneId {
    ZoneId::parse("Z1").unwrap()
}

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn name(text: &str) -> RecordName {
    RecordName::parse(text).unwrap()
}

fn a_set() -> RecordSet {
    let values = vec!["1.1.1.1".to_owned()];
    RecordSet { name: name("*.a.org"), kind: RecordType::A, ttl_seconds: 300, values }
}

#[test]
fn zone_rows_keep_their_bytes() {
    let zone = Zone {
        id: zone_id(),
        owner: account(),
        name: name("a.org"),
        caller_reference: "r".to_owned(),
        comment: Some("c".to_owned()),
        visibility: Visibility::Public(vec!["ns-0.awsdns-00.com".to_owned()]),
        record_sets: 2,
        version: 3,
        content_version: 2,
        wish_version: 1,
        created: Timestamp::from_unix_millis(1),
    };
    golden(&ZoneRow::V1(zone.clone()), GOLDEN_PUBLIC_ZONE);
    let vpc = Vpc { region: "us-east-1".to_owned(), id: "vpc-1".to_owned() };
    golden(&ZoneRow::V1(Zone { visibility: Visibility::Private(vec![vpc]), ..zone }), GOLDEN_PRIVATE_ZONE);
}

#[test]
fn index_rows_keep_their_bytes() {
    golden(&IndexRow::V1(Index { zone: zone_id() }), "00025a31");
    golden(&FamilyRow::V1(Family { zones: 300 }), "00ac02");
    let name_servers = vec!["ns".to_owned()];
    golden(&DelegatedRow::V1(Delegated { zone: zone_id(), name_servers }), "00025a3101026e73");
}

#[test]
fn record_rows_keep_their_bytes() {
    golden(&RecordSetRow::V1(a_set()), GOLDEN_SET);
    let effects = vec![Effect::Put(a_set()), Effect::Gone(a_set().key())];
    golden(&JournalRow::V1(Journal { effects }), GOLDEN_JOURNAL);
}

#[test]
fn change_rows_keep_their_bytes() {
    let id = ChangeId::parse("C1").unwrap();
    let change = Change {
        id: id.clone(),
        owner: account(),
        zone: zone_id(),
        insync: false,
        submitted: Timestamp::from_unix_millis(1),
        comment: None,
    };
    golden(&ChangeRow::V1(change), "000243310c313131313232323233333333025a31000200");
    let pending = |touched| {
        PendingRow::V1(Pending { change: id.clone(), touched, content_version: 2, wish_version: 1 })
    };
    golden(&pending(Touched::Names(vec![name("a.org")])), "000243310001070161036f7267000201");
    golden(&pending(Touched::Wish), "00024331010201");
    golden(&pending(Touched::Zone), "00024331020201");
}

#[test]
fn dnssec_rows_keep_their_bytes() {
    let key = |status| KeySigningKey {
        name: "A4L".to_owned(),
        kms_arn: "arn".to_owned(),
        public_key: vec![1, 2],
        caller_reference: "r".to_owned(),
        status,
        created: Timestamp::from_unix_millis(1),
        modified: Timestamp::from_unix_millis(2),
    };
    let keys = vec![
        key(KeyStatus::Active),
        key(KeyStatus::Inactive),
        key(KeyStatus::ActionNeeded("x".to_owned())),
        key(KeyStatus::InternalFailure("y".to_owned())),
    ];
    golden(&DnssecRow::V1(Dnssec { signing: Signing::Signing, keys }), GOLDEN_DNSSEC);
    let bare = |signing| DnssecRow::V1(Dnssec { signing, keys: Vec::new() });
    golden(&bare(Signing::NotSigning), "000000");
    golden(&bare(Signing::Deleting), "000200");
    golden(&bare(Signing::InternalFailure("z".to_owned())), "0003017a00");
}

#[test]
fn tag_rows_keep_their_bytes() {
    let tags = [("k".to_owned(), "v".to_owned())].into();
    golden(&TagsRow::V1(Tags { tags }), "0001016b0176");
}

#[test]
fn a_newer_version_is_refused_with_a_clear_cause() {
    let row = keyward_store::Row {
        key: keys::zone(&zone_id()),
        value: vec![1, 2, 3].into(),
        revision: keyward_store::Revision(1),
    };
    let fault = decode::<ZoneRow>(&row).unwrap_err();
    assert!(fault.cause().unwrap().to_string().contains("newer version"));
}

#[test]
fn keys_of_sets_order_as_lists_do_and_read_back() {
    let key = |owner: &str, kind| set(&zone_id(), &SetKey::new(&name(owner), kind, None));
    let keys = [
        key("a.org", RecordType::Ns),
        key("a.org", RecordType::Soa),
        key("*.a.org", RecordType::A),
        key("b-c.a.org", RecordType::A),
        key("b.a.org", RecordType::A),
    ];
    assert!(keys.is_sorted());
    assert_eq!(set_key(&zone_id(), &keys[2]), Some(SetKey::new(&name("*.a.org"), RecordType::A, None)));
    assert!(keys[2].as_bytes().starts_with(sets_at(&zone_id(), &name("*.a.org")).as_bytes()));
    assert!(!keys[4].as_bytes().starts_with(sets_at(&zone_id(), &name("a.org")).as_bytes()));
}

#[test]
fn the_longest_name_makes_a_key_that_every_store_takes() {
    let label = "\\001".repeat(63);
    let longest = name(&format!("{label}.{label}.{label}.{}", "\\001".repeat(61)));
    let key = set(&ZoneId::parse(&"Z".repeat(32)).unwrap(), &SetKey::new(&longest, RecordType::Cname, None));
    assert!(key.as_bytes().len() < keyward_store::limits::KEY_BYTES_MAX);
}

#[test]
fn versions_order_and_read_back() {
    assert!(pending(&zone_id(), 9) < pending(&zone_id(), 10));
    assert_eq!(zone_and_version(&pending(&zone_id(), 10)), Some((zone_id(), 10)));
    assert_eq!(zone_and_version(&journal(&zone_id(), 300)), Some((zone_id(), 300)));
    assert_eq!(dnssec_zone(&dnssec(&zone_id())), Some(zone_id()));
}

const GOLDEN_PUBLIC_ZONE: &str = "00025a310c313131313232323233333333070161036f72670001720101630001126e732d302e617773646e732d30302e636f6d0203020102";
const GOLDEN_PRIVATE_ZONE: &str = "00025a310c313131313232323233333333070161036f726700017201016301010975732d656173742d31057670632d310203020102";
const GOLDEN_SET: &str = "0009012a0161036f7267000141ac020107312e312e312e31";
const GOLDEN_JOURNAL: &str =
    "00020009012a0161036f7267000141ac020107312e312e312e31010c6f72672e612e5c2a2e004100";
const GOLDEN_DNSSEC: &str = "0001040341344c0361726e02010201720002040341344c0361726e02010201720102040341344c0361726e020102017202017802040341344c0361726e02010201720301790204";
