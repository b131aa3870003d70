//! The moves of imported material on a record.

use keyward_vault::KeyUsage;

use super::*;
use crate::key::{KeyManager, Source, Tags};

fn record() -> KeyRecord {
    KeyRecord {
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        source: Source::External,
        manager: KeyManager::Customer,
        created: Timestamp::EPOCH,
        description: String::new(),
        lifecycle: Lifecycle::PendingImport,
        multi_region: MultiRegion::No,
        policy: "{}".to_owned(),
        bound_principals: Vec::new(),
        tags: Tags::new([]).unwrap(),
        aliases: Vec::new(),
        materials: Vec::new(),
    }
}

const fn id(number: u8) -> MaterialId {
    MaterialId([number; 32])
}

fn incoming(number: u8, kind: Option<ImportKind>) -> Incoming {
    let token = Ekt::from_bytes(vec![number]);
    Incoming { id: id(number), token, valid_to: None, description: None, kind, expected: None }
}

fn states(record: &KeyRecord) -> Vec<MaterialState> {
    record.materials.iter().map(|material| material.state).collect()
}

fn with(materials: &[u8]) -> KeyRecord {
    let mut record = record();
    for number in materials {
        record.import(incoming(*number, Some(ImportKind::New))).unwrap();
        record.rotate_to(id(*number));
    }
    record
}

#[test]
fn the_first_material_is_current_and_the_next_waits() {
    let mut record = record();
    record.import(incoming(1, None)).unwrap();
    assert_eq!((record.lifecycle, states(&record)), (Lifecycle::Enabled, vec![MaterialState::Current]));
    record.import(incoming(2, Some(ImportKind::New))).unwrap();
    assert_eq!(states(&record), [MaterialState::Current, MaterialState::PendingRotation]);
    let refused = record.import(incoming(3, Some(ImportKind::New)));
    assert_eq!(refused, Err(ImportRefusal::OtherPending(id(2))));
    assert_eq!(record.import(incoming(2, Some(ImportKind::New))), Err(ImportRefusal::Associated));
    assert_eq!(record.import(incoming(1, Some(ImportKind::New))), Err(ImportRefusal::Associated));
}

#[test]
fn only_the_same_material_comes_back() {
    let mut record = with(&[1, 2]);
    for kind in [None, Some(ImportKind::Existing)] {
        assert_eq!(record.import(incoming(3, kind)), Err(ImportRefusal::Unknown));
    }
    let other = Incoming { expected: Some(id(1)), ..incoming(2, None) };
    assert_eq!(record.import(other), Err(ImportRefusal::Unknown));
    let right = Incoming { expected: Some(id(1)), ..incoming(1, Some(ImportKind::Existing)) };
    assert_eq!(record.import(right), Ok(()));
    let never = Some(ImportKind::Existing);
    assert_eq!(self::record().import(incoming(1, never)), Err(ImportRefusal::Unknown));
}

#[test]
fn the_key_works_again_when_the_last_missing_material_is_back() {
    let mut record = with(&[1, 2, 3]);
    record.let_go(id(1));
    record.let_go(id(3));
    assert_eq!(record.lifecycle, Lifecycle::PendingImport);
    record.import(incoming(3, None)).unwrap();
    assert_eq!(record.lifecycle, Lifecycle::PendingImport);
    record.import(incoming(1, None)).unwrap();
    assert_eq!(record.lifecycle, Lifecycle::Enabled);
}

#[test]
fn what_waits_for_its_rotation_goes_without_a_trace() {
    let mut record = with(&[1]);
    record.import(incoming(2, Some(ImportKind::New))).unwrap();
    record.let_go(id(2));
    assert_eq!((record.lifecycle, record.materials.len()), (Lifecycle::Enabled, 1));
    record.import(incoming(3, Some(ImportKind::New))).unwrap();
    assert_eq!(record.pending().map(|material| material.id), Some(id(3)));
}

#[test]
fn material_expires_at_its_moment_and_not_before() {
    let at = Timestamp::from_unix_seconds;
    let mut record = record();
    record.import(Incoming { valid_to: Some(at(10)), ..incoming(1, None) }).unwrap();
    let second = Incoming { valid_to: Some(at(5)), ..incoming(2, Some(ImportKind::New)) };
    record.import(second).unwrap();
    assert_eq!((record.next_expiry(), record.associated_expiry()), (Some(at(5)), Some(at(10))));
    assert!(!record.expire(at(4)));
    assert!(record.expire(at(5)));
    assert_eq!((record.lifecycle, record.pending()), (Lifecycle::Enabled, None));
    assert!(record.expire(at(10)));
    assert_eq!((record.lifecycle, record.next_expiry()), (Lifecycle::PendingImport, None));
    assert_eq!(record.current().map(|material| material.id), Some(id(1)));
}

#[test]
fn material_that_expired_before_its_rotation_makes_room() {
    let at = Timestamp::from_unix_seconds;
    let mut record = with(&[1]);
    let second = || Incoming { valid_to: Some(at(5)), ..incoming(2, Some(ImportKind::New)) };
    record.import(second()).unwrap();
    record.expire(at(5));
    record.import(second()).unwrap();
    record.expire(at(5));
    record.import(incoming(2, Some(ImportKind::Existing))).unwrap();
    record.let_go(id(2));
    record.import(second()).unwrap();
    record.expire(at(5));
    record.import(incoming(3, Some(ImportKind::New))).unwrap();
    assert_eq!(record.materials.iter().map(|material| material.id).collect::<Vec<_>>(), [id(1), id(3)]);
}

#[test]
fn a_replica_has_the_materials_of_its_primary_each_held_or_not() {
    let region = || "eu-west-1".parse().unwrap();
    let mut primary = with(&[1]);
    let mut replica = record().sharing(&primary);
    replica.multi_region = MultiRegion::Replica { primary: region() };
    assert_eq!((states(&replica), replica.has_material()), (vec![MaterialState::Current], false));
    replica.import(incoming(1, None)).unwrap();
    primary.import(incoming(2, Some(ImportKind::New))).unwrap();
    let mut replica = replica.sharing(&primary);
    assert!(replica.has_material() && replica.pending().is_none());
    replica.import(incoming(2, Some(ImportKind::Existing))).unwrap();
    assert!(replica.pending().is_some());
    replica.let_go(id(2));
    assert_eq!(replica.materials.len(), 2, "the primary has it still");
    primary.let_go(id(2));
    assert_eq!(replica.sharing(&primary).materials.len(), 1);
}

#[test]
fn a_description_stays_until_another_is_given() {
    let mut record = record();
    let told = |text: &str| Incoming { description: Some(text.to_owned()), ..incoming(1, None) };
    record.import(told("one")).unwrap();
    record.let_go(id(1));
    record.import(incoming(1, None)).unwrap();
    assert_eq!(record.materials[0].description(), Some("one"));
    record.import(told("two")).unwrap();
    assert_eq!(record.materials[0].description(), Some("two"));
}

#[test]
fn a_state_that_is_not_of_the_material_stays() {
    for lifecycle in [Lifecycle::PendingDeletion { deletion_at: Timestamp::EPOCH }, Lifecycle::Updating] {
        let mut record = KeyRecord { lifecycle, ..with(&[1]) };
        record.lifecycle = lifecycle;
        record.let_go(id(1));
        assert_eq!(record.lifecycle, lifecycle);
        record.import(incoming(1, None)).unwrap();
        assert_eq!(record.lifecycle, lifecycle);
    }
    let mut disabled = with(&[1]);
    disabled.lifecycle = Lifecycle::Disabled;
    disabled.import(incoming(1, None)).unwrap();
    assert_eq!(disabled.lifecycle, Lifecycle::Disabled);
}

#[test]
fn new_material_of_a_primary_waits_for_its_replicas_and_none_begins_there() {
    let region = || "eu-west-1".parse().unwrap();
    let mut primary = with(&[1]);
    primary.multi_region = MultiRegion::Primary { replicas: vec![region()] };
    primary.import(incoming(2, Some(ImportKind::New))).unwrap();
    assert_eq!(states(&primary)[1], MaterialState::PendingMultiRegionImport);
    assert_eq!(primary.pending(), None);
    let mut replica = with(&[1]);
    replica.multi_region = MultiRegion::Replica { primary: region() };
    let refused = replica.import(incoming(2, Some(ImportKind::New)));
    assert_eq!(refused, Err(ImportRefusal::NewInReplica));
}
