//! Carries operations out: makes the registry say what was asked for, and ends each operation when every name
//! server serves it. Repeatable at any point; a lease keeps the processes of a fleet from doing it all at once.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_registry::RegistryError;
use keyward_store::{KeyRange, LeaseError, Revision, Txn, TxnError};

use crate::domain::{Domain, Effect};
use crate::fault::{internal, is_refusal};
use crate::operation::{Operation, Stage};
use crate::rows::{self, Place};
use crate::service::Domains;

const LEASE: &str = "domains/operations";
/// How soon another process takes the duty over.
const TERM: Duration = Duration::from_secs(15);
/// How often operations that wait for the name servers are looked at, at least.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait when nothing is under way; well within the lease's term.
const IDLE: Duration = Duration::from_secs(5);
/// A registration whose hosted zone is not there after this time was cut off by a crash.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// An operation with its domain, and when they were read.
struct Work {
    operation: Operation,
    operation_revision: Revision,
    domain: Domain,
    domain_revision: Revision,
}

impl Domains {
    /// Runs the service's duties until the future is dropped.
    pub async fn run_duties(&self) {
        loop {
            if let Err(fault) = self.settle_while_owner().await {
                warn(&fault);
                self.clock.sleep(IDLE).await;
            }
        }
    }

    async fn settle_while_owner(&self) -> Result<(), Fault> {
        let mut lease = match self.store.lease(LEASE, TERM).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => {
                self.clock.sleep(TERM).await;
                return Ok(());
            }
            Err(LeaseError::Store(error)) => return Err(internal(error)),
        };
        let mut served = self.registry.served_changes();
        let (_, revision) =
            self.store.range(&KeyRange::prefix(&rows::all_open()), 0).await.map_err(internal)?;
        let mut submitted = self.store.watch(&rows::all_open(), revision);
        loop {
            let pause = match self.settle_all().await {
                Ok(0) => IDLE,
                Ok(_) => INTERVAL,
                // The lease is kept: another process would fail no less, and only later.
                Err(fault) => {
                    warn(&fault);
                    IDLE
                }
            };
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                _ = served.next() => {}
                changed = submitted.next() => {
                    // A lost watch is made anew with the next lease.
                    if changed.is_err() {
                        lease.release().await;
                        return Ok(());
                    }
                }
            }
            match lease.renew().await {
                Ok(()) => {}
                Err(LeaseError::Held) => return Ok(()),
                Err(LeaseError::Store(error)) => return Err(internal(error)),
            }
        }
    }

    /// Takes every operation that is under way as far as it goes now, and answers how many stay under way.
    /// One that fails does not keep the others waiting.
    ///
    /// # Errors
    /// When the store, the vault or the registry failed for one of them.
    pub async fn settle_all(&self) -> Result<usize, Fault> {
        let (mut open, mut failure) = (0, None);
        for place in self.all::<Place>(&rows::all_open()).await? {
            match self.settle_at(&place).await {
                Ok(stays) => open += usize::from(stays),
                Err(fault) => failure = Some(fault),
            }
        }
        failure.map_or(Ok(open), Err)
    }

    async fn settle_at(&self, place: &Place) -> Result<bool, Fault> {
        match self.work(place).await? {
            Some(work) => self.settle(work).await,
            None => Ok(false),
        }
    }

    /// The operation at `place` with its domain; `None` when it has ended meanwhile.
    async fn work(&self, place: &Place) -> Result<Option<Work>, Fault> {
        let Some(row) = self.store.get(&place.key()).await.map_err(internal)? else { return Ok(None) };
        let (operation, operation_revision) = (rows::decode::<Operation>(&row.value)?, row.revision);
        if !operation.is_open() {
            return Ok(None);
        }
        let key = rows::domain(operation.account, &operation.domain);
        let Some(row) = self.store.get(&key).await.map_err(internal)? else { return Ok(None) };
        let (domain, domain_revision) = (rows::decode(&row.value)?, row.revision);
        Ok(Some(Work { operation, operation_revision, domain, domain_revision }))
    }

    /// Takes an operation as far as it goes; whether it stays under way.
    async fn settle(&self, work: Work) -> Result<bool, Fault> {
        let now = self.clock.now();
        if let Effect::Register(servers) = &work.operation.effect
            && servers.is_empty()
        {
            if now.since(work.operation.submitted) < ABANDONED_AFTER {
                return Ok(true);
            }
            return self
                .fail(work, "The registration was interrupted; register the domain again.", now)
                .await;
        }
        let Some(work) = self.take_up(work, now).await? else { return Ok(true) };
        let name = work.domain.name.to_name()?;
        let wanted = work.operation.effect.applied(&work.domain.delegation);
        let sponsor = work.operation.account.to_string();
        match self.registry.delegate(&name, &wanted, &sponsor).await {
            Ok(ticket) if self.registry.is_served(&ticket).await.map_err(internal)? => {
                self.succeed(work, now).await
            }
            Ok(_) => Ok(true),
            Err(refusal) if is_refusal(&refusal) => self.fail(work, &reason(&refusal), now).await,
            Err(error) => Err(internal(error)),
        }
    }

    /// Shows that the operation is in progress; `None` when something else changed it meanwhile.
    async fn take_up(&self, mut work: Work, now: Timestamp) -> Result<Option<Work>, Fault> {
        if work.operation.stage != Stage::Submitted {
            return Ok(Some(work));
        }
        work.operation = work.operation.further(Stage::InProgress, now);
        let key = Place::of(&work.operation).key();
        let txn = Txn::default()
            .compare(key.clone(), work.operation_revision)
            .put(key, rows::encode(&work.operation)?);
        match self.store.txn(txn).await {
            Ok(revision) => Ok(Some(Work { operation_revision: revision, ..work })),
            Err(TxnError::Conflict) => Ok(None),
            Err(error) => Err(internal(error)),
        }
    }

    async fn succeed(&self, work: Work, now: Timestamp) -> Result<bool, Fault> {
        let domain = work.domain.clone().succeeded(&work.operation.effect, now);
        self.end(work, Stage::Successful, Some(domain), now).await
    }

    async fn fail(&self, work: Work, why: &str, now: Timestamp) -> Result<bool, Fault> {
        let domain = work.domain.clone().failed();
        self.end(work, Stage::Failed(why.to_owned()), domain, now).await
    }

    /// Ends an operation: it, its domain and the marker in one transaction. Whether it stays under way,
    /// because something else changed it meanwhile.
    async fn end(
        &self,
        work: Work,
        stage: Stage,
        domain: Option<Domain>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let txn = Txn::default()
            .compare(Place::of(&work.operation).key(), work.operation_revision)
            .compare(rows::domain(work.domain.account, &work.domain.name), work.domain_revision);
        let txn = ended(txn, &work.operation.further(stage, now), &work.domain, domain)?;
        match self.store.txn(txn).await {
            Ok(_) => Ok(false),
            Err(TxnError::Conflict) => Ok(true),
            Err(error) => Err(internal(error)),
        }
    }

    /// Ends a registration that found no hosted zone.
    pub(crate) async fn fail_registration(&self, operation: &Operation, why: &str) -> Result<(), Fault> {
        if let Some(work) = self.work(&Place::of(operation)).await? {
            self.fail(work, why, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Notes the name servers of a registration's hosted zone, upon which the duty goes on.
    pub(crate) async fn note_hosted_zone(
        &self,
        operation: &Operation,
        servers: Vec<keyward_registry::NameServer>,
    ) -> Result<(), Fault> {
        let Some(work) = self.work(&Place::of(operation)).await? else { return Ok(()) };
        let key = Place::of(operation).key();
        let noted = Operation { effect: Effect::Register(servers), ..work.operation };
        let txn = Txn::default()
            .compare(key.clone(), work.operation_revision)
            .put(key, rows::encode(&noted)?)
            // Written again so that the duty's watch sees it.
            .put(rows::open(&noted), rows::encode(&Place::of(&noted))?);
        self.store.txn(txn).await.map_err(internal)?;
        Ok(())
    }
}

/// Adds the end of an operation to `txn`.
fn ended(txn: Txn, operation: &Operation, before: &Domain, after: Option<Domain>) -> Result<Txn, Fault> {
    let key = rows::domain(before.account, &before.name);
    let txn = txn.put(Place::of(operation).key(), rows::encode(operation)?).delete(rows::open(operation));
    Ok(match after {
        Some(domain) => txn.put(key, rows::encode(&domain)?),
        None => txn.delete(key).delete(rows::name(&before.name)),
    })
}

fn warn(fault: &Fault) {
    let cause = fault.cause().map(ToString::to_string);
    tracing::warn!(%fault, ?cause, "the registrar's duty failed; it is tried again");
}

fn reason(refusal: &RegistryError) -> String {
    format!("The registry refused the request: {refusal}.")
}
