//! What the disk forgets, and what it refuses.

use std::collections::BTreeSet;

use keyward_base::SeededRandom;

use super::*;

#[test]
fn the_disk_loses_what_was_not_synced() {
    let disk = Disk::default();
    let backend: &dyn StorageBackend = &disk;
    backend.write(0, &[1; 2048]).unwrap();
    backend.sync_data().unwrap();
    backend.write(0, &[2; 2048]).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let found = disk.after_power_loss(&SeededRandom::new(seed));
        let mut sectors = vec![0; 2048];
        StorageBackend::read(&found, 0, &mut sectors).unwrap();
        assert!(sectors.chunks(512).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        seen.insert(sectors.iter().step_by(512).copied().collect::<Vec<u8>>());
    }
    assert_eq!(seen.len(), 16, "every mixture of old and new sectors comes up");
}

#[test]
fn a_disk_that_lost_power_does_nothing_more() {
    let disk = Disk::default();
    disk.write(0, &[1; 512]).unwrap();
    disk.lose_power_after(1);
    disk.write(0, &[2; 512]).unwrap();
    assert!(disk.sync_data().is_err() && disk.is_dead(), "lost while it synced");
    assert!(disk.write(0, &[3; 512]).is_err() && disk.read(0, &mut [0]).is_err() && disk.len().is_err());
    let found = disk.after_power_loss(&SeededRandom::new(1));
    assert!(!found.is_dead() && found.length() <= 512);
}

#[test]
fn a_full_disk_takes_what_it_has_room_for() {
    let disk = Disk::default();
    disk.limit(Some(1000));
    disk.write(488, &[1; 512]).unwrap();
    assert_eq!(disk.write(489, &[1; 512]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(disk.set_len(1001).is_err());
    disk.limit(None);
    disk.set_len(1001).unwrap();
}
