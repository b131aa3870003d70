//! Tests of names and keys.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn sorts_as_the_rfc_example_does() {
    //= rfc4034#section-6.1
    let sorted = [
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        "\\001.z.example.",
        "*.z.example.",
        "\\200.z.example.",
    ];
    for pair in sorted.windows(2) {
        assert!(name(pair[0]) < name(pair[1]), "{pair:?}");
        assert!(name(pair[0]).key() < name(pair[1]).key(), "{pair:?}");
    }
}

#[test]
fn reads_octal_and_decimal_escapes() {
    assert_eq!(Name::parse_octal("\\052.Example.com").unwrap(), name("*.example.com."));
    assert_eq!(name("*.example.com").to_octal(), "\\052.example.com.");
    assert_eq!(Name::parse_octal("*.example.com").unwrap().to_string(), "*.example.com.");
    assert_eq!(name("\\042.x").to_string(), "*.x.");
    assert_eq!(name("a\\.b.x").label_count(), 2);
    assert_eq!(name("a\\.b.x").to_octal(), "a\\056b.x.");
}

#[test]
fn refuses_malformed_names() {
    assert_eq!(Name::parse(""), Err(NameError::Empty));
    assert_eq!(Name::parse("a..b"), Err(NameError::EmptyLabel));
    assert_eq!(Name::parse(".a"), Err(NameError::EmptyLabel));
    assert_eq!(Name::parse(&"a".repeat(64)), Err(NameError::LabelTooLong));
    assert_eq!(Name::parse(&"a.".repeat(128)), Err(NameError::TooLong));
    assert_eq!(Name::parse_octal("\\999.x"), Err(NameError::BadEscape));
    assert_eq!(Name::parse("a b"), Err(NameError::BadCharacter));
    assert_eq!(Name::from_wire(b"\x01a"), Err(NameError::BadWire));
    assert_eq!(Name::from_wire(b"\x01a\0\0"), Err(NameError::BadWire));
    assert_eq!(Name::from_wire(b"\xc0\x0c"), Err(NameError::BadWire));
}

#[test]
fn knows_ancestors() {
    let www = name("www.example.com");
    assert_eq!(www.parent(), Some(name("example.com")));
    assert_eq!(Name::root().parent(), None);
    assert_eq!(www.suffix(1), name("com"));
    assert_eq!(www.suffix(0), Name::root());
    assert!(www.is_below(&name("com")) && www.is_at_or_below(&www) && !www.is_below(&www));
    assert!(!name("xexample.com").is_at_or_below(&name("example.com")));
    assert!(www.is_below(&Name::root()));
    let suffixes: Vec<Vec<u8>> = www.key().suffixes().map(<[u8]>::to_vec).collect();
    let names = [".", "com", "example.com", "www.example.com"];
    assert_eq!(suffixes, names.map(|text| name(text).key().as_bytes().to_vec()));
}

fn any_name() -> impl Strategy<Value = Name> {
    let label = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..4),
        proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(b'a'), Just(b'B')], 1..3),
    ];
    proptest::collection::vec(label, 0..5)
        .prop_map(|labels| labels.iter().rev().fold(Name::root(), |name, label| name.child(label).unwrap()))
}

proptest! {
    #[test]
    fn keys_order_as_names_do(left in any_name(), right in any_name()) {
        prop_assert_eq!(left.cmp(&right), left.key().cmp(&right.key()));
        prop_assert_eq!(left.is_at_or_below(&right), left.key().as_bytes().starts_with(right.key().as_bytes()));
    }

    #[test]
    fn text_comes_back(name in any_name()) {
        prop_assert_eq!(&Name::parse(&name.to_string()).unwrap(), &name);
        prop_assert_eq!(&Name::parse_octal(&name.to_octal()).unwrap(), &name);
        prop_assert_eq!(&Name::from_wire(name.as_wire()).unwrap(), &name);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Name::from_wire(&bytes);
        let _ = Name::split_wire(&bytes);
    }
}
