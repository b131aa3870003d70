//! The embedded store's own promises: durability over reopening, clear refusals, recovery from failures.

mod crashes;

use std::fs;

use keyward_base::SystemClock;
use proptest::prelude::*;
use redb::{ReadableDatabase, TableDefinition};

use super::*;
use crate::suite::{Harness, model};

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

fn open(path: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(path, Arc::new(SystemClock))
}

fn put(key: &str, value: &'static str) -> Txn {
    Txn::default().put(Key::of(&[key]), value)
}

#[tokio::test]
async fn acknowledged_rows_are_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = open(&path).unwrap();
    assert_eq!(store.txn(put("a", "1")).await.unwrap(), Revision(1));
    assert_eq!(store.txn(put("b", "2")).await.unwrap(), Revision(2));
    drop(store);
    let store = open(&path).unwrap();
    let row = store.get(&Key::of(&["a"])).await.unwrap().unwrap();
    assert_eq!((row.value.as_ref(), row.revision), (b"1".as_slice(), Revision(1)));
    assert_eq!(store.revision().unwrap(), Revision(2));
    assert_eq!(store.txn(put("c", "3")).await.unwrap(), Revision(3));
}

#[tokio::test]
async fn refuses_a_file_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error.problem, OpenProblem::InUse), "{error}");
    assert!(error.to_string().contains("another process uses it"), "{error}");
    first.close().await;
    open(&path).unwrap();
}

#[tokio::test]
async fn refuses_a_file_of_a_newer_version_and_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(open(&path).unwrap());
    {
        let database = redb::Database::open(&path).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(META).unwrap().insert("format", format::VERSION + 1).unwrap();
        write.commit().unwrap();
    }
    let error = open(&path).unwrap_err();
    assert!(matches!(error.problem, OpenProblem::OtherFormat { found: 2, known: 1 }), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
    let database = redb::Database::open(&path).unwrap();
    let meta = database.begin_read().unwrap().open_table(META).unwrap();
    assert_eq!(meta.get("format").unwrap().unwrap().value(), format::VERSION + 1);
}

#[test]
fn refuses_a_file_that_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    fs::write(&path, "not a store at all, but long enough to hold a header").unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error.problem, OpenProblem::Damaged(_)), "{error:?}");
}

#[test]
fn says_which_folder_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(&folder.path().join("missing/store.redb")).unwrap_err();
    assert!(matches!(&error.problem, OpenProblem::Io(_)), "{error:?}");
    assert!(error.to_string().contains("missing/store.redb"));
}

#[test]
fn a_new_file_is_for_its_owner_only_and_no_draft_stays_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    fs::write(folder.path().join("store.redb.new-1"), "left by a crash").unwrap();
    let _store = open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_closed_store_answers_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store.redb")).unwrap();
    let mut watch = store.watch(&Key::of(&["a"]), Revision(0));
    store.close().await;
    store.close().await;
    assert!(matches!(store.txn(put("a", "1")).await, Err(TxnError::Store(StoreError::Closed))));
    assert!(matches!(store.get(&Key::of(&["a"])).await, Err(StoreError::Closed)));
    assert_eq!(watch.next().await, Err(crate::WatchLost));
}

#[test]
fn a_row_of_format_1_has_these_bytes() {
    let stored = format::encode(Revision(0x0102), b"value");
    assert_eq!(stored, b"\0\0\0\0\0\0\x01\x02value");
    assert_eq!(format::decode(&stored).unwrap(), (Revision(0x0102), b"value".as_slice()));
    assert!(format::decode(b"short").is_err());
}

fn harness() -> Harness {
    let folder = tempfile::tempdir().unwrap();
    let clock = Harness::clock();
    let store = EmbeddedStore::open(&folder.path().join("store.redb"), clock.clone()).unwrap();
    Harness { store: Arc::new(store), clock, keep: Box::new(folder) }
}

crate::store_suite!(harness());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn behaves_like_a_map(steps in model::steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let harness = harness();
        runtime.block_on(model::compare(&*harness.store, &steps));
    }
}

#[tokio::test]
async fn after_a_restart_a_watch_works_from_the_present_and_every_lease_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = open(&path).unwrap();
    let _dies_with_its_process = store.lease("duty", Duration::from_secs(60)).await.ok().unwrap();
    let written = store.txn(put("a", "1")).await.unwrap();
    store.close().await;
    let store = open(&path).unwrap();
    let mut older = store.watch(&Key::of(&["a"]), Revision(written.0 - 1));
    assert_eq!(older.next().await, Err(crate::WatchLost));
    let mut current = store.watch(&Key::of(&["a"]), written);
    let next = store.txn(put("a", "2")).await.unwrap();
    assert_eq!(current.next().await.unwrap()[0].revision, next);
    store.lease("duty", Duration::from_secs(60)).await.ok().unwrap();
}
