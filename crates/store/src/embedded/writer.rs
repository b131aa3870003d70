//! Group commit: one thread drains a queue of transactions into one durable commit after another.
//!
//! While one batch is being synced the next one gathers, so that the cost of a sync is shared by all who
//! wait for it. Nobody gets an answer, not even a refusal, before the batch that it was judged in is on disk.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::engine::{Engine, Outcome};
use super::medium::Medium;
use crate::{Revision, StoreError, Txn, TxnError, check};

/// Transactions that may wait for the writer before callers are held back.
pub(super) const QUEUE_LENGTH: usize = 4096;
const BATCH_TRANSACTIONS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 8 << 20;

/// What the writer is asked for.
pub(super) enum Request {
    /// Commit a checked transaction.
    Commit(Txn, oneshot::Sender<Result<Revision, TxnError>>),
    /// Open the file again, if it is closed after a failure, and say when that was tried.
    Reopen(oneshot::Sender<()>),
    /// Finish what came before, close the file, and say so.
    Close(oneshot::Sender<()>),
}

/// The only one who writes.
pub(super) struct Writer {
    medium: Medium,
    /// `None` when the file could not be opened again after a failure.
    engine: Option<Engine>,
    /// The last commit failed: the engine serves readers only, until the file is opened again.
    failed: bool,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Request>,
}

#[derive(Default)]
struct Batch {
    transactions: Vec<Txn>,
    replies: Vec<oneshot::Sender<Result<Revision, TxnError>>>,
    bytes: usize,
    reopen: Vec<oneshot::Sender<()>>,
    close: Option<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, request: Request) {
        match request {
            Request::Commit(txn, reply) => {
                self.bytes += check::size(&txn);
                self.transactions.push(txn);
                self.replies.push(reply);
            }
            Request::Reopen(done) => self.reopen.push(done),
            Request::Close(done) => self.close = Some(done),
        }
    }

    fn has_room(&self) -> bool {
        self.close.is_none()
            && self.transactions.len() < BATCH_TRANSACTIONS_MAX
            && self.bytes < BATCH_BYTES_MAX
    }
}

impl Writer {
    /// A writer to `engine`, which `medium` opened.
    pub(super) fn new(
        medium: Medium,
        engine: Engine,
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Request>,
    ) -> Self {
        Self { medium, engine: Some(engine), failed: false, shared, queue }
    }

    /// Serves the queue until it is closed, then closes the file.
    pub(super) fn run(mut self) {
        let mut done = None;
        while let Some(first) = self.queue.blocking_recv() {
            let mut batch = self.gather(first);
            done = batch.close.take();
            if !batch.reopen.is_empty() {
                self.reopen_for_readers(std::mem::take(&mut batch.reopen));
            }
            self.commit(batch);
            if done.is_some() {
                break;
            }
        }
        self.shared.close();
        drop(self);
        if let Some(done) = done {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }

    fn gather(&mut self, first: Request) -> Batch {
        let mut batch = Batch::default();
        batch.add(first);
        while batch.has_room() {
            match self.queue.try_recv() {
                Ok(request) => batch.add(request),
                Err(_) => break,
            }
        }
        batch
    }

    fn commit(&mut self, batch: Batch) {
        if batch.transactions.is_empty() {
            return;
        }
        match self.try_commit(&batch.transactions) {
            Ok(results) => {
                for (reply, result) in batch.replies.into_iter().zip(results) {
                    // A caller that went away has its transaction committed all the same.
                    let _ = reply.send(result);
                }
            }
            Err(cause) => {
                tracing::error!(%cause, transactions = batch.transactions.len(), "the store cannot write");
                self.failed = true;
                for reply in batch.replies {
                    let error = StoreError::Backend(cause.to_string().into());
                    let _ = reply.send(Err(TxnError::Store(error)));
                }
            }
        }
    }

    fn try_commit(
        &mut self,
        transactions: &[Txn],
    ) -> Result<Vec<Result<Revision, TxnError>>, Box<dyn std::error::Error + Send + Sync>> {
        if self.failed || self.engine.is_none() {
            self.reopen()?;
        }
        let engine = self.engine.as_mut().ok_or("the file is closed")?;
        let outcomes = engine.commit(transactions)?;
        self.shared.show(engine.snapshot()?);
        let mut changes = Vec::new();
        let results = outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Outcome::Committed(revision, events) => {
                    changes.push(events);
                    Ok(revision)
                }
                Outcome::Conflict => Err(TxnError::Conflict),
            })
            .collect();
        self.shared.history.publish(changes);
        Ok(results)
    }

    /// Nobody writes who can't read before: without this the file would stay closed when the trouble is over. An engine
    /// whose commit failed still has what it read before, and reads no more.
    fn reopen_for_readers(&mut self, waiting: Vec<oneshot::Sender<()>>) {
        if (self.failed || self.engine.is_none())
            && let Err(cause) = self.reopen()
        {
            tracing::error!(%cause, "the store can not be opened again");
        }
        for done in waiting {
            // A reader that went away does not wait.
            let _ = done.send(());
        }
    }

    /// Opens the file again after a failure. What the failed batch did is now certain: all or nothing.
    fn reopen(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.medium.check_usable()?;
        // Closed first: it holds the file's lock.
        self.engine = None;
        let engine = self.medium.open()?;
        let snapshot = engine.snapshot()?;
        self.shared.history.restart(snapshot.revision);
        self.shared.show(snapshot);
        self.engine = Some(engine);
        self.failed = false;
        tracing::info!("the store writes again");
        Ok(())
    }
}
