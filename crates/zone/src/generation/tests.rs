//! Tests of lookups.

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn zone(owners: &[(&str, Rtype)]) -> Generation {
    let sets = owners.iter().map(|(owner, rtype)| Rrset::new(name(owner), *rtype, 300, [vec![1, 2, 3, 4]]));
    Generation::unsigned(name("example.com"), GenerationNumber(1), sets)
}

#[test]
fn finds_empty_non_terminals_wildcards_and_cuts() {
    let zone = zone(&[
        ("example.com", Rtype::SOA),
        ("a.b.example.com", Rtype::A),
        ("*.w.example.com", Rtype::TXT),
        ("sub.example.com", Rtype::NS),
        ("ns.sub.example.com", Rtype::A),
    ]);
    let empty = zone.search(&name("b.example.com"));
    assert!(matches!(empty.exact, Exact::EmptyNonTerminal));
    let absent = zone.search(&name("x.y.w.example.com"));
    assert!(matches!(absent.exact, Exact::Absent));
    assert_eq!(absent.closest_encloser, name("w.example.com"));
    assert_eq!(absent.wildcard.unwrap().name(), &name("*.w.example.com"));
    // A wildcard does not reach past an existing name.
    assert!(zone.search(&name("x.b.example.com")).wildcard.is_none());
    let glue = zone.search(&name("ns.sub.example.com"));
    assert_eq!(glue.cut.unwrap().name(), &name("sub.example.com"));
    assert!(zone.search(&name("b.example.com")).cut.is_none());
    assert!(zone.search(&name("example.com")).cut.is_none());
}

#[test]
fn a_name_is_not_mistaken_for_an_ancestor_by_its_beginning() {
    let zone = zone(&[("example.com", Rtype::SOA), ("ab.example.com", Rtype::A)]);
    assert!(matches!(zone.search(&name("a.example.com")).exact, Exact::Absent));
}
