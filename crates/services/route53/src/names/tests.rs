//! Names: escapes, order, and what is refused in which words.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> RecordName {
    RecordName::parse(text).unwrap()
}

#[test]
fn lists_in_lower_case_with_octal_escapes_and_a_dot() {
    assert_eq!(name("*.Example.COM").as_str(), "\\052.example.com.");
    assert_eq!(name("\\052.example.com.").as_str(), "\\052.example.com.");
    assert_eq!(name("user@_tcp-1.example.com").as_str(), "user\\100_tcp-1.example.com.");
    assert_eq!(name("a\\056b.example.com").as_str(), "a\\056b.example.com.");
    assert_eq!(name("\\377.example.com").as_name().labels().next(), Some([0xff].as_slice()));
}

#[test]
fn refuses_in_the_words_of_route_53() {
    let refusal = |text: &str| RecordName::parse(text).unwrap_err().to_string();
    assert_eq!(
        refusal("a..b"),
        "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"
    );
    assert_eq!(
        refusal("a b.example.com"),
        "FATAL problem: UnsupportedCharacter (Value contains unsupported characters) encountered with ' '"
    );
    assert!(refusal("").starts_with("FATAL problem: DomainNameEmpty (Domain name is empty)"));
    assert!(refusal(".").starts_with("FATAL problem: DomainNameEmpty (Domain name is empty)"));
    assert!(refusal(&format!("{}.com", "a".repeat(64))).contains("DomainLabelTooLong"));
    assert!(refusal(&format!("{}com", "a234567.".repeat(32))).contains("DomainNameTooLong"));
    for wrong in ["a\\9.com", "a\\400.com", "a\\05", "ä.com", "a\u{7f}.com"] {
        assert!(refusal(wrong).contains("UnsupportedCharacter"), "{wrong}");
    }
}

#[test]
fn the_longest_name_fits() {
    let longest = format!("{}{}", "a".repeat(61), format!(".{}", "b".repeat(63)).repeat(3));
    assert_eq!(longest.len() + 2, 255);
    assert!(RecordName::parse(&longest).is_ok());
    assert!(RecordName::parse(&format!("a{longest}")).is_err());
}

#[test]
fn knows_what_lies_within_a_zone() {
    let zone = name("example.com");
    assert!(zone.is_within(&zone));
    assert!(name("a.example.com").is_within(&zone));
    assert!(!name("badexample.com").is_within(&zone));
    assert!(!name("com").is_within(&zone));
    assert!(!name("a\\056example.com").is_within(&zone));
}

#[test]
fn only_a_whole_leftmost_asterisk_is_a_wildcard() {
    assert!(name("*.example.com").is_wildcard());
    assert!(!name("*a.example.com").is_wildcard());
    assert!(!name("a.*.example.com").is_wildcard());
}

#[test]
fn suffixes_and_parents_come_off_the_left() {
    assert_eq!(name("a.b.example.org").suffix(2), name("example.org"));
    assert_eq!(name("org").suffix(2), name("org"));
    assert_eq!(name("a.org").parent(), Some(name("org")));
    assert_eq!(name("org").parent(), None);
}

#[test]
fn a_hyphen_sorts_before_the_dot_as_the_api_page_warns() {
    let mut names =
        ["a.example.com", "a-b.example.com", "b.a.example.com", "*.example.com", "example.com"].map(name);
    names.sort();
    let listed: Vec<&str> = names.iter().map(RecordName::as_str).collect();
    assert_eq!(
        listed,
        ["example.com.", "\\052.example.com.", "a-b.example.com.", "a.example.com.", "b.a.example.com."]
    );
}

/// Route 53's order by its definition: the reversed labels of the escaped text, compared as text.
fn order_by_definition(name: &RecordName) -> String {
    let labels: Vec<&str> = name.as_str().trim_end_matches('.').split('.').collect();
    labels.iter().rev().map(|label| format!("{label}.")).collect()
}

fn any_name() -> impl Strategy<Value = RecordName> {
    let label = prop::collection::vec(prop_oneof![Just(b'-'), Just(b'a'), Just(b'.'), any::<u8>()], 1..6);
    prop::collection::vec(label, 1..5).prop_map(|labels| {
        let child = |name: Name, label: &Vec<u8>| name.child(label).unwrap();
        labels.iter().fold(Name::root(), child).try_into().unwrap()
    })
}

proptest! {
    #[test]
    fn sort_keys_order_as_the_escaped_text_does(one in any_name(), other in any_name()) {
        prop_assert_eq!(one.cmp(&other), order_by_definition(&one).cmp(&order_by_definition(&other)));
    }

    #[test]
    fn listed_text_and_stored_octets_read_back(name in any_name()) {
        prop_assert_eq!(&RecordName::parse(name.as_str()).unwrap(), &name);
        let stored = postcard::to_stdvec(&name).unwrap();
        prop_assert_eq!(postcard::from_bytes::<RecordName>(&stored).unwrap(), name);
    }

    #[test]
    fn what_lies_within_has_the_sort_key_as_prefix(one in any_name(), other in any_name()) {
        prop_assert_eq!(one.is_within(&other), one.sort_key().starts_with(&other.sort_key()));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _verdict = RecordName::parse(&text);
    }
}
