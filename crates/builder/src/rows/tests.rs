//! The row's first version stays readable.

use keyward_zone::keys::{Dnskey, dnskey_set};
use keyward_zone::rollover::ZskPhase;

use super::*;

#[test]
fn the_first_version_stays_readable() {
    let key = Dnskey::zsk(&[7; 64]);
    let set = dnskey_set(&"x".parse().unwrap(), 60, [&key]);
    let row = SigningRow {
        zsks: vec![ZskRow {
            zsk: Zsk { key, phase: ZskPhase::Active { since: Timestamp::from_unix_millis(1) } },
            ekt: vec![9],
            material: [3; 32],
        }],
        stock: DnskeyStock::new(set, Timestamp::from_unix_millis(2)),
        wish_version: 5,
        ksk_retry: None,
    };
    let mut golden = b"\x00\x01\x44\x01\x00\x03\x0d".to_vec();
    golden.extend([7; 64]);
    golden.extend(b"\x01\x02\x01\x09");
    golden.extend([3; 32]);
    golden.extend(b"\x03\x01x\x00\x30\x3c\x01\x44\x01\x00\x03\x0d");
    golden.extend([7; 64]);
    golden.extend(b"\x04\x00\x05\x00");
    assert_eq!(row.encode().unwrap(), golden);
    assert_eq!(SigningRow::decode(&golden).unwrap(), row);
    golden[0] = 1;
    assert!(matches!(SigningRow::decode(&golden), Err(BuildError::BadRow)));
}
