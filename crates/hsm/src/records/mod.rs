//! What an HSM keeps: masked records and a few facts of its own, in one redb file. Nothing is acknowledged before it is synced.
//!
//! One change is one transaction. When a commit fails nobody knows whether it is on the disk; the file is closed then, and the next
//! change opens it again: the instance reads everything anew and goes on from what is there.

mod stored;

use std::path::{Path, PathBuf};

use redb::{Database, ReadableTable, TableDefinition};

use crate::api::ids::{KeyHandle, OperationId, UserName};
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion};
use crate::api::status::Membership;
use crate::protocol::answer::Value;

const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
const OPERATIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("operations");
const FAILURES: TableDefinition<'_, &str, u32> = TableDefinition::new("failures");
const LOCAL: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("local");
const MEMBERSHIP: &str = "membership";

/// Everything that was durable.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) records: Vec<MaskedRecord>,
    pub(crate) membership: Option<Membership>,
    /// Failed logins since the last good one.
    pub(crate) failures: Vec<(UserName, u32)>,
    /// Mutations that were done, oldest first.
    pub(crate) operations: Vec<Done>,
}

/// A mutation that was done, so that asking again gives the same answer.
#[derive(Clone)]
pub(crate) struct Done {
    /// Its place in the order; the oldest are forgotten.
    pub(crate) order: u64,
    pub(crate) operation: OperationId,
    /// Who did it; nobody else gets the answer. `None` for the activation.
    pub(crate) user: Option<UserName>,
    pub(crate) value: Value,
    /// The records that it wrote.
    pub(crate) keys: Vec<RecordKey>,
    /// The version of those records. `None` where it was not kept.
    pub(crate) version: Option<RecordVersion>,
    /// The keys that were not there before it.
    pub(crate) made: Vec<KeyHandle>,
}

/// One change: all of it or nothing.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<MaskedRecord>,
    pub(crate) membership: Option<Membership>,
    /// Counts of failed logins; 0 forgets the user.
    pub(crate) failures: Vec<(UserName, u32)>,
    pub(crate) done: Option<Done>,
    /// Operations to forget, by their order.
    pub(crate) forgotten: Vec<u64>,
}

/// Why nothing could be kept or read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RecordsError {
    /// The disk is full.
    Full,
    /// The disk or the file: its own words.
    Failed(String),
}

/// Opens the medium: the file, or a test's disk.
type Opener = Box<dyn Fn() -> Result<Database, RecordsError> + Send>;

/// The file.
pub(crate) struct Records {
    open: Opener,
    /// `None` after a failed commit, until the next one.
    database: Option<Database>,
}

impl Records {
    /// Opens the file, or makes it; gives what it holds.
    pub(crate) fn open(path: &Path) -> Result<(Self, Kept), RecordsError> {
        let path: PathBuf = path.to_owned();
        Self::with(Box::new(move || Database::create(&path).map_err(failed)))
    }

    /// Opens a medium that a test made.
    #[cfg(any(test, feature = "test-hsm", feature = "fuzz"))]
    pub(crate) fn on<B: redb::StorageBackend>(
        medium: impl Fn() -> B + Send + 'static,
    ) -> Result<(Self, Kept), RecordsError> {
        Self::with(Box::new(move || Database::builder().create_with_backend(medium()).map_err(failed)))
    }

    fn with(open: Opener) -> Result<(Self, Kept), RecordsError> {
        let database = open()?;
        let kept = read(&database)?;
        Ok((Self { open, database: Some(database) }, kept))
    }

    /// Whether a commit failed, so that `reopen` must come before the next.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.database.is_none()
    }

    /// Opens the medium again; gives what it holds. After a failed commit, or to read it once more.
    pub(crate) fn reopen(&mut self) -> Result<Kept, RecordsError> {
        self.database = None;
        let database = (self.open)()?;
        let kept = read(&database)?;
        self.database = Some(database);
        Ok(kept)
    }

    /// Makes a change; it is on the disk when this returns.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), RecordsError> {
        let Some(database) = &self.database else {
            return Err(RecordsError::Failed("the records are closed".to_owned()));
        };
        let outcome = write(database, batch);
        if outcome.is_err() {
            self.database = None;
        }
        outcome
    }
}

fn write(database: &Database, batch: &Batch) -> Result<(), RecordsError> {
    let txn = database.begin_write().map_err(failed)?;
    {
        let mut records = txn.open_table(RECORDS).map_err(failed)?;
        for record in &batch.records {
            let key = stored::key(&record.stamp.key);
            records.insert(&*key, &*stored::record(record)).map_err(failed)?;
        }
        let mut failures = txn.open_table(FAILURES).map_err(failed)?;
        for (user, count) in &batch.failures {
            match count {
                0 => failures.remove(user.as_str()).map(drop),
                count => failures.insert(user.as_str(), count).map(drop),
            }
            .map_err(failed)?;
        }
        let mut operations = txn.open_table(OPERATIONS).map_err(failed)?;
        if let Some(done) = &batch.done {
            operations.insert(done.order, &*stored::done(done)).map_err(failed)?;
        }
        for order in &batch.forgotten {
            operations.remove(order).map_err(failed)?;
        }
        let mut local = txn.open_table(LOCAL).map_err(failed)?;
        if let Some(membership) = &batch.membership {
            local.insert(MEMBERSHIP, &*stored::membership(membership)).map_err(failed)?;
        }
    }
    txn.commit().map_err(failed)
}

fn read(database: &Database) -> Result<Kept, RecordsError> {
    // A new file has no tables yet.
    let txn = database.begin_write().map_err(failed)?;
    let mut kept = Kept::default();
    {
        for row in txn.open_table(RECORDS).map_err(failed)?.iter().map_err(failed)? {
            kept.records.push(stored::read_record(row.map_err(failed)?.1.value()).ok_or_else(newer)?);
        }
        for row in txn.open_table(OPERATIONS).map_err(failed)?.iter().map_err(failed)? {
            let (order, bytes) = row.map_err(failed)?;
            kept.operations.push(stored::read_done(order.value(), bytes.value()).ok_or_else(newer)?);
        }
        for row in txn.open_table(FAILURES).map_err(failed)?.iter().map_err(failed)? {
            let (user, count) = row.map_err(failed)?;
            kept.failures.push((user.value().parse().map_err(|_| newer())?, count.value()));
        }
        let local = txn.open_table(LOCAL).map_err(failed)?;
        if let Some(bytes) = local.get(MEMBERSHIP).map_err(failed)? {
            kept.membership = Some(stored::read_membership(bytes.value()).ok_or_else(newer)?);
        }
    }
    txn.commit().map_err(failed)?;
    Ok(kept)
}

fn newer() -> RecordsError {
    RecordsError::Failed("the records are damaged, or a newer version wrote them".to_owned())
}

fn failed(error: impl Into<redb::Error>) -> RecordsError {
    match error.into() {
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => RecordsError::Full,
        error => RecordsError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
