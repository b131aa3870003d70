//! Pages that follow each other, and tokens that nobody else gives.

use std::sync::Arc;

use keyward_base::{SeededRandom, SimulatedClock, Timestamp};
use keyward_store::SimulatedStore;

use super::*;

fn tokens() -> PageTokens {
    PageTokens::under(&[7; KEY_BYTES]).unwrap()
}

fn named(account: &str, region: &str, (operation, asked): (&str, &[&str])) -> String {
    list(account.parse().unwrap(), &region.parse().unwrap(), operation, asked)
}

fn page(list: (&str, &[&str]), token: Option<&str>) -> Result<Page, ForeignToken> {
    Page::of(&tokens(), named("111122223333", "us-east-1", list), 3, token)
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let all: Vec<String> = (0..7).map(|number| format!("n{number}")).collect();
    let (mut seen, mut pages, mut token) = (Vec::new(), 0, None);
    loop {
        let page = page(("List", &[]), token.as_deref()).unwrap();
        let rest = all.iter().filter(|one| page.is_after(one));
        let paged = page.cut(&tokens(), rest, |one| (*one).clone()).unwrap();
        seen.extend(paged.entries.into_iter().cloned());
        pages += 1;
        token = paged.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (all, 3));
}

#[test]
fn a_full_page_without_more_ends_the_list() {
    let paged =
        page(("List", &[]), None).unwrap().cut(&tokens(), ["a", "b", "c"], |one| (*one).to_owned()).unwrap();
    assert_eq!((paged.entries.len(), paged.next), (3, None));
}

#[test]
fn a_list_goes_on_after_an_entry_that_is_gone_upwards_and_downwards() {
    let token = |entries: [&'static str; 4]| {
        page(("List", &[]), None).unwrap().cut(&tokens(), entries, |one| (*one).to_owned()).unwrap().next
    };
    let up = page(("List", &[]), token(["a", "b", "c", "d"]).as_deref()).unwrap();
    assert_eq!(["a", "b", "bb", "d"].map(|one| up.is_after(one)), [false, false, false, true]);
    let down = page(("List", &[]), token(["d", "c", "b", "a"]).as_deref()).unwrap();
    assert_eq!(["d", "bb", "b", "a"].map(|one| down.is_below(one)), [false, false, false, true]);
}

#[test]
fn a_token_goes_on_in_its_own_list_only() {
    let token = page(("List", &["x", "y"]), None).unwrap().cut(&tokens(), 0..4, ToString::to_string).unwrap();
    let token = token.next.unwrap();
    assert_eq!(page(("List", &["x", "y"]), Some(&token)).unwrap().after(), Some("2"));
    for other in
        [("Other", &["x", "y"][..]), ("List", &["x"]), ("List", &["x\", \"y"]), ("List", &["y", "x"])]
    {
        assert_eq!(page(other, Some(&token)).unwrap_err(), ForeignToken, "{other:?}");
    }
    for (account, region) in [("444455556666", "us-east-1"), ("111122223333", "eu-central-1")] {
        let elsewhere = named(account, region, ("List", &["x", "y"]));
        assert!(Page::of(&tokens(), elsewhere, 3, Some(&token)).is_err());
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = tokens().seal("a", "last").unwrap();
    assert_eq!(tokens().unseal("a", &token).unwrap(), "last");
    assert!(PageTokens::under(&[8; KEY_BYTES]).unwrap().unseal("a", &token).is_err());
    for wrong in ["", "x", "made up", "§", &token[1..], &format!("{token}A")] {
        assert!(tokens().unseal("a", wrong).is_err(), "{wrong}");
    }
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(tokens().unseal("a", &changed).is_err(), "{place}");
    }
}

#[test]
fn the_longest_name_of_a_list_fits_into_a_token() {
    assert!(tokens().seal("ListAliases", &"x".repeat(256)).unwrap().len() <= 1024);
}

#[tokio::test]
async fn the_key_is_made_once() {
    let store = SimulatedStore::new(Arc::new(SimulatedClock::new(Timestamp::EPOCH)));
    let place = Key::new("tokens");
    let first = PageTokens::open(&store, &SeededRandom::new(1), place.clone()).await.unwrap();
    let second = PageTokens::open(&store, &SeededRandom::new(2), place).await.unwrap();
    assert_eq!(second.unseal("a", &first.seal("a", "x").unwrap()).unwrap(), "x");
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_token_key_row_of_version_1_keeps_its_bytes() {
    let bytes = postcard::to_allocvec(&TokenKeyRow::V1([7; KEY_BYTES])).unwrap();
    assert_eq!(bytes, [&[0][..], &[7; KEY_BYTES]].concat());
}
