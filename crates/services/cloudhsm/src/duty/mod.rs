//! What CloudHSM does without being asked: it carries out what the rows ask for. A duty takes no input; it reads the rows,
//! compares and acts, and can be repeated or taken over at any point. One process at a time has it, by a lease.

mod backups;
mod hsms;
mod settle;
mod step;
mod take;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::Fault;
use keyward_store::{Compare, Key, KeyRange, Lease, LeaseError};
use tokio::task::JoinSet;
use tracing::warn;

use crate::service::CloudHsm;
use crate::{fault, rows};

pub(crate) use hsms::Watched;

const LEASE: &str = "cloudhsm/clusters";
/// How soon another process takes the duty over.
const TERM: Duration = Duration::from_secs(15);
/// How often the owner renews its lease.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often every cluster is looked at, at least: whether its HSMs are there, whether it was activated.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after the duty failed.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl CloudHsm {
    /// Runs the service's duties until the future is dropped.
    pub async fn run_duties(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.work_while_owner().await {
                complain("CloudHSM's duty", &fault);
                self.clock.sleep(RETRY_AFTER).await;
            }
        }
    }

    async fn work_while_owner(self: &Arc<Self>) -> Result<(), Fault> {
        let mut lease = match self.store.lease(LEASE, TERM).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => {
                self.clock.sleep(TERM).await;
                return Ok(());
            }
            Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
        };
        let fence = lease.fence();
        tokio::select! {
            ended = self.work(fence) => ended,
            ended = self.keep(&mut *lease) => ended,
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, lease: &mut dyn Lease) -> Result<(), Fault> {
        loop {
            self.clock.sleep(RENEWAL).await;
            match lease.renew().await {
                Ok(()) => {}
                Err(LeaseError::Held) => return Ok(()),
                Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
            }
        }
    }

    /// Looks at every cluster, again and again, each in a task of its own: one that takes long keeps no other waiting.
    async fn work(self: &Arc<Self>, fence: Compare) -> Result<(), Fault> {
        let (_, revision) =
            self.store.range(&KeyRange::prefix(&rows::all_clusters()), 0).await.map_err(fault::internal)?;
        let mut changed = self.store.watch(&rows::all_clusters(), revision);
        let mut looks = Looks::default();
        loop {
            for row in self.rows(&rows::all_clusters()).await? {
                if looks.begins(&row.key) {
                    looks.tasks.spawn(Arc::clone(self).look_after(row.key, Some(fence.clone())));
                }
            }
            if let Err(fault) = self.keep_backups(Some(fence.clone())).await {
                complain("The duty that keeps backups", &fault);
            }
            let mut pause = self.clock.sleep(INTERVAL);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    // A lost watch is made anew with the next lease; the interval does until then.
                    event = changed.next() => if event.is_err() { return Ok(()) } else { break },
                    Some(Ok(done)) = looks.tasks.join_next(), if !looks.tasks.is_empty() => {
                        if looks.ended(&done) {
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn look_after(self: Arc<Self>, key: Key, fence: Option<Compare>) -> Key {
        if let Err(fault) = self.settle(&key, fence).await {
            complain("The duty of a cluster", &fault);
        }
        key
    }

    /// Takes every cluster as far as it goes now. A `fence` makes it stop when somebody else has the duty.
    ///
    /// # Errors
    /// The last one's, when it failed for some; the others are taken on.
    pub async fn settle_all(&self, fence: Option<Compare>) -> Result<(), Fault> {
        let mut failure = None;
        for row in self.rows(&rows::all_clusters()).await? {
            failure = self.settle(&row.key, fence.clone()).await.err().or(failure);
        }
        failure = self.keep_backups(fence).await.err().or(failure);
        failure.map_or(Ok(()), Err)
    }
}

/// Who is looking after which clusters.
#[derive(Default)]
struct Looks {
    tasks: JoinSet<Key>,
    busy: HashSet<Key>,
    /// Those that were to be looked at while somebody did: they may have changed behind his back.
    missed: HashSet<Key>,
}

impl Looks {
    /// Whether somebody is to look at `cluster` now.
    fn begins(&mut self, cluster: &Key) -> bool {
        self.busy.insert(cluster.clone()) || {
            self.missed.insert(cluster.clone());
            false
        }
    }

    /// Nobody looks at `cluster` any more; whether somebody has to, at once.
    fn ended(&mut self, cluster: &Key) -> bool {
        self.busy.remove(cluster);
        self.missed.remove(cluster)
    }
}

fn complain(what: &str, fault: &Fault) {
    let cause = fault.cause().map(ToString::to_string);
    warn!(%fault, ?cause, "{what} failed; it is tried again");
}
