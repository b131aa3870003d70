//! The records' file: whole after every crash, and closed to doubt.

use keyward_base::SeededRandom;
use keyward_simulation::Disk;

use super::*;
use crate::api::ids::{HsmSerial, KeyHandle};
use crate::api::record::{RecordVersion, Stamp};

fn record(handle: u64) -> MaskedRecord {
    let version = RecordVersion { counter: handle, origin: HsmSerial(1) };
    let stamp = Stamp { key: RecordKey::Key(KeyHandle(handle)), version, tombstone: false };
    MaskedRecord { stamp, sealed: vec![7; 300] }
}

/// A change of two records that must come together.
fn batch(number: u64) -> Batch {
    let user: UserName = "alice".parse().unwrap();
    let done = Done {
        order: number,
        operation: OperationId([number as u8; 16]),
        user: Some(user.clone()),
        value: Value::Nothing,
        keys: vec![],
        version: None,
        made: vec![],
    };
    Batch {
        records: vec![record(2 * number), record(2 * number + 1)],
        failures: vec![(user, number as u32)],
        done: Some(done),
        ..Batch::default()
    }
}

fn open(disk: &Disk) -> Result<(Records, Kept), RecordsError> {
    let disk = disk.clone();
    Records::on(move || disk.clone())
}

#[test]
fn power_lost_at_any_operation_leaves_whole_changes_and_all_acknowledged_ones() {
    let random = SeededRandom::new(11);
    let mut torn = 0;
    for at in 0..100 {
        let disk = Disk::default();
        disk.lose_power_after(at);
        let mut acknowledged = 0;
        if let Ok((mut records, _)) = open(&disk) {
            while records.commit(&batch(acknowledged)).is_ok() {
                acknowledged += 1;
                if acknowledged > 20 {
                    break;
                }
            }
        }
        let Ok((_, kept)) = open(&disk.after_power_loss(&random)) else {
            // Only a file that never held anything may be unreadable: its making was cut off.
            assert_eq!(acknowledged, 0, "power lost at {at}");
            continue;
        };
        let changes = kept.operations.len() as u64;
        assert!(changes == acknowledged || changes == acknowledged + 1, "power lost at {at}");
        assert_eq!(kept.records.len() as u64, 2 * changes, "power lost at {at}");
        torn += u64::from(changes == acknowledged + 1);
    }
    println!("{torn} changes were on the disk and not acknowledged");
}

#[test]
fn a_failed_commit_closes_the_file_until_it_is_read_again() {
    let disk = Disk::default();
    let (mut records, _) = open(&disk).unwrap();
    records.commit(&batch(1)).unwrap();
    disk.limit(Some(disk.length()));
    let mut number = 1;
    let error = loop {
        number += 1;
        if let Err(error) = records.commit(&batch(number)) {
            break error;
        }
        assert!(number < 10_000, "the disk never filled up");
    };
    assert_eq!(error, RecordsError::Full);
    assert!(records.is_doubtful());
    assert!(records.commit(&batch(number)).is_err());
    disk.limit(None);
    let kept = records.reopen().unwrap();
    let last = kept.operations.last().unwrap().order;
    assert!(last == number - 1 || last == number);
    records.commit(&batch(number + 1)).unwrap();
}

#[test]
fn forgotten_operations_and_counts_are_gone() {
    let disk = Disk::default();
    let (mut records, _) = open(&disk).unwrap();
    records.commit(&batch(1)).unwrap();
    let alice: UserName = "alice".parse().unwrap();
    let forget = Batch { failures: vec![(alice, 0)], forgotten: vec![1], ..Batch::default() };
    records.commit(&forget).unwrap();
    drop(records);
    let (_, kept) = open(&disk).unwrap();
    assert!(kept.operations.is_empty() && kept.failures.is_empty());
    assert_eq!(kept.records.len(), 2);
}

#[test]
fn what_a_newer_version_wrote_is_refused() {
    let disk = Disk::default();
    let (records, _) = open(&disk).unwrap();
    drop(records);
    let database = Database::builder().create_with_backend(disk.clone()).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(RECORDS).unwrap().insert(&[0_u8][..], &[1_u8, 2, 3][..]).unwrap();
    txn.commit().unwrap();
    drop(database);
    let error = open(&disk).err().unwrap();
    assert!(matches!(error, RecordsError::Failed(text) if text.contains("newer")));
}
