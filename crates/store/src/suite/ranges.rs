//! Ranges: ordered, paged, of one moment.

use std::ops::Bound;

use super::{Harness, at};
use crate::{Key, KeyRange, Row, Txn};

fn keys(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| std::str::from_utf8(row.key.as_bytes()).unwrap()).collect()
}

pub async fn a_prefix_holds_its_rows_in_order(harness: Harness) {
    for key in ["b/2", "b/10", "a", "b", "b/", "b0", "c", "b/1"] {
        harness.put(key, "v").await;
    }
    let (rows, revision) = harness.store.range(&KeyRange::prefix(&at("b/")), 100).await.unwrap();
    assert_eq!(keys(&rows), ["b/", "b/1", "b/10", "b/2"]);
    assert_eq!(revision.0, 8);
    let everything = KeyRange { start: Bound::Unbounded, end: Bound::Unbounded };
    assert_eq!(harness.store.range(&everything, 100).await.unwrap().0.len(), 8);
    let last = Key::new(vec![0xff, 0xff]);
    harness.store.txn(Txn::default().put(last.clone(), "v")).await.unwrap();
    assert_eq!(harness.store.range(&KeyRange::prefix(&last), 100).await.unwrap().0.len(), 1);
}

pub async fn pages_follow_each_other(harness: Harness) {
    for i in 0..10 {
        harness.put(&format!("p/{i}"), "v").await;
    }
    harness.put("q", "v").await;
    let mut range = KeyRange::prefix(&at("p/"));
    let mut seen = Vec::new();
    loop {
        let (rows, _) = harness.store.range(&range, 3).await.unwrap();
        let Some(last) = rows.last() else { break };
        range = KeyRange::prefix_after(&at("p/"), &last.key);
        seen.extend(keys(&rows).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, (0..10).map(|i| format!("p/{i}")).collect::<Vec<_>>());
    assert!(harness.store.range(&KeyRange::prefix(&at("p/")), 0).await.unwrap().0.is_empty());
}

pub async fn a_long_range_is_of_one_moment(harness: Harness) {
    let fill = |value: &'static str| {
        (0..1000).fold(Txn::default(), |txn, i| txn.put(at(&format!("m/{i:04}")), value))
    };
    harness.store.txn(fill("old")).await.unwrap();
    let store = &harness.store;
    let range = KeyRange::prefix(&at("m/"));
    let (read, written) = tokio::join!(store.range(&range, 5000), store.txn(fill("new")));
    let ((rows, revision), written) = (read.unwrap(), written.unwrap());
    assert_eq!(rows.len(), 1000);
    let expected = if revision < written { "old" } else { "new" };
    assert!(rows.iter().all(|row| row.value == expected && row.revision <= revision));
}

pub async fn empty_ranges_are_empty(harness: Harness) {
    harness.put("b", "v").await;
    let bounds = [
        (Bound::Included(at("c")), Bound::Excluded(at("a"))),
        (Bound::Excluded(at("b")), Bound::Excluded(at("b"))),
        (Bound::Excluded(at("b")), Bound::Included(at("b"))),
        (Bound::Included(at("b")), Bound::Excluded(at("b"))),
        (Bound::Excluded(at("b")), Bound::Unbounded),
    ];
    for (start, end) in bounds {
        let range = KeyRange { start, end };
        assert!(harness.store.range(&range, 9).await.unwrap().0.is_empty(), "{range:?}");
    }
    let exactly = KeyRange { start: Bound::Included(at("b")), end: Bound::Included(at("b")) };
    assert_eq!(harness.store.range(&exactly, 9).await.unwrap().0.len(), 1);
}
