//! Random operations on a store, compared with a plain map.
//!
//! The map is an implementation of its own and shares no code with any store. Faults are allowed for: after
//! an error whose outcome is unknown, the store must be as before the transaction or as after it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Bound;
use std::task::Poll;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{BoxFuture, Compare, Event, Key, KeyRange, Revision, Row, Store, StoreError, Txn, TxnError};

/// Few keys, so that operations meet; some are prefixes of others.
const KEYS: [&str; 8] = ["a", "a/", "a/1", "a/2", "ab", "b", "b/1", "\u{7f}"];

/// One step of a run.
#[derive(Clone, Debug)]
pub enum Step {
    /// Transactions handed in at once, so that they share a commit where the store groups them.
    Transactions(Vec<Draft>),
    /// One row.
    Get(usize),
    /// A range, and how many rows at most.
    Range(Bound<usize>, Bound<usize>, usize),
}

/// A transaction before it is known which revisions it compares with.
#[derive(Clone, Debug)]
pub struct Draft {
    compares: Vec<(usize, Guess)>,
    /// The value's length, or `None` to delete; by key, so that no key comes twice.
    writes: BTreeMap<usize, Option<u16>>,
}

#[derive(Clone, Copy, Debug)]
enum Guess {
    Current,
    Absent,
    Older,
}

/// Random steps.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || 0..KEYS.len();
    let bound = || {
        prop_oneof![key().prop_map(Bound::Included), key().prop_map(Bound::Excluded), Just(Bound::Unbounded)]
    };
    vec(
        prop_oneof![
            4 => vec(draft(), 1..5).prop_map(Step::Transactions),
            1 => key().prop_map(Step::Get),
            1 => (bound(), bound(), 0..10usize).prop_map(|(start, end, limit)| Step::Range(start, end, limit)),
        ],
        1..40,
    )
}

/// A random transaction.
pub fn draft() -> impl Strategy<Value = Draft> {
    let guess = prop_oneof![6 => Just(Guess::Current), 1 => Just(Guess::Absent), 1 => Just(Guess::Older)];
    let length = prop_oneof![8 => 0..40u16, 1 => 3000..9000u16];
    let writes =
        proptest::collection::btree_map(0..KEYS.len(), proptest::option::weighted(0.7, length), 0..4);
    (vec((0..KEYS.len(), guess), 0..3), writes).prop_map(|(compares, writes)| Draft { compares, writes })
}

/// What a store should hold.
#[derive(Clone, Debug, Default)]
pub struct Model {
    rows: BTreeMap<Vec<u8>, (u64, Bytes)>,
    revision: u64,
    log: Vec<Vec<Event>>,
    drafted: u64,
}

impl Model {
    /// Makes the draft a transaction, its guesses taken from the present rows. Values are unique.
    pub fn transaction(&mut self, draft: &Draft) -> Txn {
        self.drafted += 1;
        let current = |key: usize| self.rows.get(KEYS[key].as_bytes()).map_or(0, |row| row.0);
        let compares = draft.compares.iter().map(|(key, guess)| Compare {
            key: name(*key),
            revision: Revision(match guess {
                Guess::Current => current(*key),
                Guess::Absent => 0,
                Guess::Older => current(*key).saturating_sub(1),
            }),
        });
        let mut txn = Txn::when(compares.collect());
        for (key, length) in &draft.writes {
            txn = match length {
                Some(length) => txn.put(name(*key), self.value(*length)),
                None => txn.delete(name(*key)),
            };
        }
        txn
    }

    fn value(&self, length: u16) -> Bytes {
        let mut value = self.drafted.to_string().into_bytes();
        value.resize(value.len() + usize::from(length), b'.');
        value.into()
    }

    /// Applies a transaction; `None` when a compare does not hold.
    pub fn apply(&mut self, txn: &Txn) -> Option<Revision> {
        for Compare { key, revision } in &txn.compares {
            if self.rows.get(key.as_bytes()).map_or(0, |row| row.0) != revision.0 {
                return None;
            }
        }
        let next = self.revision + 1;
        let mut changes = BTreeMap::new();
        for key in &txn.deletes {
            if self.rows.remove(key.as_bytes()).is_some() {
                changes.insert(key.clone(), None);
            }
        }
        for (key, value) in &txn.puts {
            self.rows.insert(key.as_bytes().to_vec(), (next, value.clone()));
            changes.insert(key.clone(), Some(value.clone()));
        }
        if !changes.is_empty() {
            self.revision = next;
            let event = |(key, value)| Event { key, value, revision: Revision(next) };
            self.log.push(changes.into_iter().map(event).collect());
        }
        Some(Revision(self.revision))
    }

    /// Every row.
    pub fn rows(&self) -> Vec<Row> {
        self.rows.iter().map(|(key, stored)| row(key, stored)).collect()
    }

    /// The revision of the last change.
    pub fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn range(&self, range: &KeyRange, limit: usize) -> Vec<Row> {
        let inside = |key: &Vec<u8>| {
            let after_start = match &range.start {
                Bound::Included(start) => key.as_slice() >= start.as_bytes(),
                Bound::Excluded(start) => key.as_slice() > start.as_bytes(),
                Bound::Unbounded => true,
            };
            let before_end = match &range.end {
                Bound::Included(end) => key.as_slice() <= end.as_bytes(),
                Bound::Excluded(end) => key.as_slice() < end.as_bytes(),
                Bound::Unbounded => true,
            };
            after_start && before_end
        };
        let rows = self.rows.iter().filter(|(key, _)| inside(key)).take(limit);
        rows.map(|(key, stored)| row(key, stored)).collect()
    }
}

fn name(index: usize) -> Key {
    Key::new(KEYS[index].as_bytes())
}

fn row(key: &[u8], (revision, value): &(u64, Bytes)) -> Row {
    Row { key: Key::new(key.to_vec()), value: value.clone(), revision: Revision(*revision) }
}

/// Every key there is.
pub fn everything() -> KeyRange {
    KeyRange { start: Bound::Unbounded, end: Bound::Unbounded }
}

/// Runs `steps` on `store`, which must be empty, and on a map, and compares all that they answer.
pub async fn compare(store: &dyn Store, steps: &[Step]) {
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Transactions(drafts) => commit(store, &mut model, drafts).await,
            Step::Get(key) => {
                let expected = model.rows.get(KEYS[*key].as_bytes());
                let expected = expected.map(|stored| row(KEYS[*key].as_bytes(), stored));
                assert_eq!(store.get(&name(*key)).await.unwrap(), expected);
            }
            Step::Range(start, end, limit) => {
                let range = KeyRange { start: start.map(name), end: end.map(name) };
                let expected = (model.range(&range, *limit), model.revision());
                assert_eq!(store.range(&range, *limit).await.unwrap(), expected);
            }
        }
    }
    assert_eq!(store.range(&everything(), usize::MAX).await.unwrap(), (model.rows(), model.revision()));
    for prefix in ["a/", "b", ""] {
        compare_watch(store, &model, prefix).await;
    }
}

async fn commit(store: &dyn Store, model: &mut Model, drafts: &[Draft]) {
    let transactions: Vec<Txn> = drafts.iter().map(|draft| model.transaction(draft)).collect();
    let handed_in = transactions.iter().map(|txn| store.txn(txn.clone())).collect();
    let results = join_all(handed_in).await;
    if results.iter().any(|result| matches!(result, Err(TxnError::Store(StoreError::Backend(_))))) {
        return settle(store, model, &transactions, &results).await;
    }
    for (txn, result) in transactions.iter().zip(results) {
        let answered = match result {
            Ok(revision) => Some(revision),
            Err(TxnError::Conflict) => None,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(answered, model.apply(txn));
    }
}

/// After failures: what was acknowledged is there, what was refused is not, and each of the others is there
/// whole or not at all.
async fn settle(
    store: &dyn Store,
    model: &mut Model,
    transactions: &[Txn],
    results: &[Result<Revision, TxnError>],
) {
    let found = store.range(&everything(), usize::MAX).await.unwrap();
    // Different outcomes can lead to the same rows; how they came about tells them apart.
    let mut log = model.log.clone();
    let mut watch = store.watch(&Key::new(""), model.revision());
    for _ in model.revision..found.1.0 {
        log.push(watch.next().await.unwrap());
    }
    let mut candidates = vec![model.clone()];
    for (txn, result) in transactions.iter().zip(results) {
        let mut next = Vec::new();
        for before in candidates {
            let mut after = before.clone();
            let applied = after.apply(txn);
            match result {
                Ok(revision) if applied == Some(*revision) => next.push(after),
                Err(TxnError::Conflict) if applied.is_none() => next.push(after),
                Err(TxnError::Store(_)) => next.extend([before, after]),
                _ => {}
            }
        }
        candidates = next;
    }
    let matching =
        candidates.into_iter().find(|state| (state.rows(), state.revision()) == found && state.log == log);
    *model = matching.expect("the store is in a state that its answers allow");
}

async fn compare_watch(store: &dyn Store, model: &Model, prefix: &str) {
    let mut watch = store.watch(&Key::new(prefix.as_bytes().to_vec()), Revision::ABSENT);
    for transaction in &model.log {
        let below = |event: &&Event| event.key.as_bytes().starts_with(prefix.as_bytes());
        let expected: Vec<Event> = transaction.iter().filter(below).cloned().collect();
        if !expected.is_empty() {
            assert_eq!(watch.next().await.unwrap(), expected);
        }
    }
}

/// Polls all of them, in order, until all are done.
async fn join_all<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(done) = future.as_mut().poll(context)
            {
                *result = Some(done);
            }
        }
        if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}
