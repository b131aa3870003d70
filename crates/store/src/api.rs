//! The store's interface: rows, transactions, watches, leases. No backend is known here.

use std::fmt;
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// A boxed future, so that the store can stand behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What etcd allows, kept by every store so that nothing works on a laptop and fails in a fleet.
pub mod limits {
    /// Puts, deletes and compares in one transaction: the value of `--max-txn-ops` with which a fleet's
    /// etcd is started. Its default of 128 would not hold Route 53's largest change batch, 1,000 changes.
    pub const TXN_OPERATIONS_MAX: usize = 4096;
    /// Bytes of keys and values in one transaction (etcd's `--max-request-bytes`, less its overhead).
    pub const TXN_BYTES_MAX: usize = 1_400_000;
    /// Bytes of a key.
    pub const KEY_BYTES_MAX: usize = 1024;
}

/// A row's key. Keys are ordered bytewise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Bytes);

impl Key {
    /// The key with these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// Joins `parts` with `/`. Parts come from ids, which hold no `/`.
    pub fn of(parts: &[&str]) -> Self {
        Self(Bytes::from(parts.join("/")))
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// The store's revision at which a row was last written. Revisions only grow; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Compares equal to a row that is not there.
    pub const ABSENT: Self = Self(0);
}

/// A row as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// Its value, opaque to the store.
    pub value: Bytes,
    /// When it was last written.
    pub revision: Revision,
}

/// A range of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it begins.
    pub start: Bound<Key>,
    /// Where it ends.
    pub end: Bound<Key>,
}

impl KeyRange {
    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &Key) -> Self {
        Self { start: Bound::Included(prefix.clone()), end: after_prefix(prefix) }
    }

    /// The keys that begin with `prefix` and come after `key`: the next page.
    pub fn prefix_after(prefix: &Key, key: &Key) -> Self {
        Self { start: Bound::Excluded(key.clone()), end: after_prefix(prefix) }
    }

    /// Whether no key can lie in it.
    pub fn is_empty(&self) -> bool {
        match (&self.start, &self.end) {
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (
                Bound::Included(start) | Bound::Excluded(start),
                Bound::Included(end) | Bound::Excluded(end),
            ) => start >= end,
            _ => false,
        }
    }
}

fn after_prefix(prefix: &Key) -> Bound<Key> {
    let mut bytes = prefix.as_bytes().to_vec();
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return Bound::Excluded(Key::new(bytes));
        }
    }
    Bound::Unbounded
}

/// A condition under which a transaction commits: the row at `key` has exactly this revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The row's key.
    pub key: Key,
    /// Its revision; `Revision::ABSENT` when there must be no row.
    pub revision: Revision,
}

/// All or nothing: commits when every compare holds. A key is put or deleted at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a transaction does nothing until it is given to a store"]
pub struct Txn {
    /// Conditions on rows.
    pub compares: Vec<Compare>,
    /// Rows to write.
    pub puts: Vec<(Key, Bytes)>,
    /// Rows to remove; removing an absent row is no error.
    pub deletes: Vec<Key>,
}

impl Txn {
    /// A transaction that compares on `compares` and so far changes nothing.
    pub fn when(compares: Vec<Compare>) -> Self {
        Self { compares, ..Self::default() }
    }

    /// Adds a condition.
    pub fn compare(mut self, key: Key, revision: Revision) -> Self {
        self.compares.push(Compare { key, revision });
        self
    }

    /// Adds a row to write.
    pub fn put(mut self, key: Key, value: impl Into<Bytes>) -> Self {
        self.puts.push((key, value.into()));
        self
    }

    /// Adds a row to write that must not exist yet.
    pub fn create(self, key: Key, value: impl Into<Bytes>) -> Self {
        self.compare(key.clone(), Revision::ABSENT).put(key, value)
    }

    /// Adds a row to remove.
    pub fn delete(mut self, key: Key) -> Self {
        self.deletes.push(key);
        self
    }
}

/// Why the store could not do something. Never the caller's fault.
#[derive(Debug)]
pub enum StoreError {
    /// The backend failed; whether a write took place is unknown until the store is read again.
    Backend(Box<dyn std::error::Error + Send + Sync>),
    /// A request breaks one of the `limits`; nothing was changed.
    TooLarge(&'static str),
    /// A transaction names an empty key, or puts or deletes a key twice; nothing was changed.
    Malformed(&'static str),
    /// The store has shut down.
    Closed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(cause) => write!(f, "the store failed: {cause}"),
            Self::TooLarge(what) => write!(f, "a store request is too large: {what}"),
            Self::Malformed(what) => write!(f, "a store request is malformed: {what}"),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Why a transaction did not commit.
#[derive(Debug)]
pub enum TxnError {
    /// A compare did not hold; nothing was changed.
    Conflict,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for TxnError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for TxnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("another write came first"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TxnError {}

/// One change of one row. The events of one transaction share its revision and come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The row's key.
    pub key: Key,
    /// The new value; `None` when the row was removed.
    pub value: Option<Bytes>,
    /// The revision of the transaction.
    pub revision: Revision,
}

/// The watch fell too far behind, or its starting revision is no longer remembered: read the rows
/// again and watch from the revision at which they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLost;

/// Delivers the changes below a prefix, in order, each exactly once.
pub trait Watch: Send {
    /// Waits for the next transaction that touched the prefix; its events in key order.
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchLost>>;
}

/// Why a lease could not be had or kept.
#[derive(Debug)]
pub enum LeaseError {
    /// Somebody else holds it.
    Held,
    /// The store failed.
    Store(StoreError),
}

/// Ownership of a periodic duty. Whoever holds it does the work; it ends by itself when it is not renewed.
pub trait Lease: Send + Sync {
    /// Keeps the lease for another term. `Err(Held)` when it was lost meanwhile.
    fn renew(&mut self) -> BoxFuture<'_, Result<(), LeaseError>>;

    /// A compare that fails once the lease was lost, to fence the holder's writes.
    fn fence(&self) -> Compare;

    /// Gives the lease up at once.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Ordered rows behind transactions. Reads see every transaction acknowledged before they began.
pub trait Store: Send + Sync + 'static {
    /// The row at `key`.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>>;

    /// The first `limit` rows of `range` in key order, all of one moment, and the store's revision then.
    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>>;

    /// Commits `txn` durably, all or nothing, and answers its revision. One that changes nothing (only
    /// compares, or deletes of absent rows) answers the store's revision as it is.
    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>>;

    /// Watches the rows whose keys begin with `prefix`, from the transaction after `after` on.
    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch>;

    /// Takes the lease `name` for `term` of the store's clock; `Err(Held)` while somebody else has it.
    /// Its row lies below `lease/`, which belongs to the store.
    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>>;
}
