//! Tests of blobs: they come back, and no bytes make the reader panic.

use keyward_base::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::Rrset;
use crate::testing::TestSigner;

fn zone() -> Generation {
    let apex: Name = "example.com".parse().unwrap();
    let soa = [b"\x02ns\0\x04host\0".as_slice(), &[0; 20]].concat();
    let sets = vec![
        Rrset::new(apex.clone(), Rtype::SOA, 900, [soa]),
        Rrset::new(apex.clone(), Rtype::NS, 900, [b"\x02ns\0".to_vec()]),
        Rrset::new("*.www.example.com".parse().unwrap(), Rtype::A, 60, [[192, 0, 2, 1], [192, 0, 2, 2]]),
    ];
    TestSigner::default().sign_zone(&apex, sets, Timestamp::from_unix_seconds(1_800_000_000)).unwrap()
}

#[test]
fn a_base_comes_back() {
    let zone = zone();
    let blob = Delta::whole(&zone).encode();
    let back = Delta::decode(&blob).unwrap().apply(None).unwrap();
    assert_eq!(Delta::whole(&back), Delta::whole(&zone));
    assert_eq!(back.number(), zone.number());
}

#[test]
fn the_first_format_stays_readable() {
    // Golden bytes of format 1: an unsigned zone `x.` with one A record, generation 7.
    let golden = b"kwz\x01\x03\x01x\0\0\x07\x01\x04\x03www\x01\x3c\x01\x04\xc0\x00\x02\x01\0\0\0\0";
    let set = Rrset::new("www.x".parse().unwrap(), Rtype::A, 60, [[192, 0, 2, 1]]);
    let zone = Generation::unsigned("x".parse().unwrap(), GenerationNumber(7), [set]);
    assert_eq!(Delta::whole(&zone).encode(), golden);
    assert_eq!(Delta::decode(golden), Ok(Delta::whole(&zone)));
}

#[test]
fn refuses_newer_formats_and_misfits() {
    assert_eq!(Delta::decode(b"kwz\x02"), Err(DeltaError::NewerFormat(2)));
    assert_eq!(Delta::decode(b"kwz\x00"), Err(DeltaError::Malformed));
    assert_eq!(Delta::decode(b""), Err(DeltaError::Malformed));
    let zone = zone();
    let mut blob = Delta::whole(&zone).encode();
    assert_eq!(Delta::whole(&zone).apply(Some(&zone)).err(), Some(DeltaError::DoesNotFit));
    blob.push(0);
    assert_eq!(Delta::decode(&blob), Err(DeltaError::Malformed));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), flip in any::<(u16, u8)>()) {
        let _ = Delta::decode(&[b"kwz\x01".as_slice(), &bytes].concat());
        let mut blob = golden_blob();
        let at = usize::from(flip.0) % blob.len();
        blob[at] ^= flip.1;
        if let Ok(delta) = Delta::decode(&blob) {
            let _ = delta.apply(None);
        }
    }
}

fn golden_blob() -> Vec<u8> {
    static BLOB: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| Delta::whole(&zone()).encode());
    BLOB.clone()
}
