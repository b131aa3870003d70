//! The rows and the store's revision in one redb file; transactions applied a batch at a time.
//!
//! Synchronous, and without a clock or a thread. One batch is one redb transaction with immediate
//! durability: after a crash all of it is there or none.

use bytes::Bytes;
use redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend, Table,
    TableDefinition, TableError,
};

use super::format;
use super::open::OpenProblem;
use crate::{Event, Key, KeyRange, Revision, Row, Txn};

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const META_FORMAT: &str = "format";
const META_REVISION: &str = "revision";
/// redb's cache of pages; the operating system keeps its own beside it.
const CACHE_BYTES: usize = 128 << 20;

/// What became of one transaction of a batch.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Committed, with its changes in key order (none when it changed nothing).
    Committed(Revision, Vec<Event>),
    /// A compare did not hold.
    Conflict,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Engine {
    database: Database,
    revision: Revision,
}

impl Engine {
    /// Opens what is stored in `backend`, or makes an empty store in it.
    pub(super) fn open(backend: impl StorageBackend) -> Result<Self, OpenProblem> {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?;
        let revision = prepare(&database)?;
        Ok(Self { database, revision })
    }

    /// The state as of the last commit, for readers.
    pub(super) fn snapshot(&self) -> Result<Snapshot, redb::Error> {
        let rows = self.database.begin_read()?.open_table(ROWS)?;
        Ok(Snapshot { rows, revision: self.revision })
    }

    /// Applies `batch` in order, each transaction seeing the ones before it, and commits durably.
    pub(super) fn commit<'a>(
        &mut self,
        batch: impl IntoIterator<Item = &'a Txn>,
    ) -> Result<Vec<Outcome>, redb::Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        let mut revision = self.revision;
        let mut outcomes = Vec::new();
        {
            let mut rows = write.open_table(ROWS)?;
            for txn in batch {
                outcomes.push(apply(&mut rows, txn, &mut revision)?);
            }
            write.open_table(META)?.insert(META_REVISION, revision.0)?;
        }
        if revision == self.revision {
            write.abort()?;
        } else {
            write.commit()?;
            self.revision = revision;
        }
        Ok(outcomes)
    }
}

/// Makes the tables in an empty file; checks the format version; answers the revision.
fn prepare(database: &Database) -> Result<Revision, OpenProblem> {
    match read_meta(database)? {
        Some((format::VERSION, revision)) => Ok(revision),
        Some((found, _)) => Err(OpenProblem::OtherFormat { found, known: format::VERSION }),
        None => {
            let write = database.begin_write()?;
            write.open_table(ROWS)?;
            let mut meta = write.open_table(META)?;
            meta.insert(META_FORMAT, format::VERSION)?;
            meta.insert(META_REVISION, 0)?;
            drop(meta);
            write.commit()?;
            Ok(Revision::ABSENT)
        }
    }
}

/// Format version and revision; `None` when the file is new.
fn read_meta(database: &Database) -> Result<Option<(u64, Revision)>, OpenProblem> {
    let meta = match database.begin_read()?.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let read = |name| meta.get(name).map(|entry| entry.map(|value| value.value()));
    match (read(META_FORMAT)?, read(META_REVISION)?) {
        (Some(found), Some(revision)) => Ok(Some((found, Revision(revision)))),
        _ => Err(OpenProblem::Damaged("its version or revision is missing".into())),
    }
}

fn apply(
    rows: &mut Table<'_, &'static [u8], &'static [u8]>,
    txn: &Txn,
    revision: &mut Revision,
) -> Result<Outcome, redb::Error> {
    for compare in &txn.compares {
        let stored = rows.get(compare.key.as_bytes())?;
        let found = stored.map(|row| format::revision(row.value())).transpose()?;
        if found.unwrap_or(Revision::ABSENT) != compare.revision {
            return Ok(Outcome::Conflict);
        }
    }
    let next = Revision(revision.0 + 1);
    let mut events = Vec::with_capacity(txn.puts.len() + txn.deletes.len());
    for (key, value) in &txn.puts {
        rows.insert(key.as_bytes(), format::encode(next, value).as_slice())?;
        events.push(Event { key: key.clone(), value: Some(value.clone()), revision: next });
    }
    for key in &txn.deletes {
        if rows.remove(key.as_bytes())?.is_some() {
            events.push(Event { key: key.clone(), value: None, revision: next });
        }
    }
    if !events.is_empty() {
        *revision = next;
        events.sort_by(|a, b| a.key.cmp(&b.key));
    }
    Ok(Outcome::Committed(*revision, events))
}

/// The state of one moment. Keeps its pages until it is dropped.
pub(super) struct Snapshot {
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// The store's revision at that moment.
    pub(super) revision: Revision,
}

impl Snapshot {
    /// The row at `key`.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Row>, redb::Error> {
        let Some(stored) = self.rows.get(key.as_bytes())? else { return Ok(None) };
        let (revision, value) = format::decode(stored.value())?;
        Ok(Some(Row { key: key.clone(), value: Bytes::copy_from_slice(value), revision }))
    }

    /// Adds the first rows of `range` to `rows`, until it holds `limit`.
    pub(super) fn range(
        &self,
        range: &KeyRange,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<(), redb::Error> {
        if range.is_empty() {
            return Ok(());
        }
        let bounds = (range.start.as_ref().map(Key::as_bytes), range.end.as_ref().map(Key::as_bytes));
        for entry in self.rows.range::<&[u8]>(bounds)? {
            if rows.len() >= limit {
                break;
            }
            let (key, stored) = entry?;
            let (revision, value) = format::decode(stored.value())?;
            let key = Key::new(Bytes::copy_from_slice(key.value()));
            rows.push(Row { key, value: Bytes::copy_from_slice(value), revision });
        }
        Ok(())
    }
}
