//! Connects and disconnects custom key stores, and keeps this process logged in at the clusters of the connected ones.
//!
//! One process at a time (the one with the lease) moves stores from state to state; every process has its own logins.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{AccountId, Fault, Region};
use keyward_hsm::{ClusterSession, HsmError, Password, Role, UserName};
use keyward_store::{Compare, KeyRange, Lease, LeaseError, Revision, Row, Txn, TxnError};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::fault;
use crate::key::CustomKeyStoreId;
use crate::keystore::{
    Connection, FailureCode, KeyStorePlaces, KeyStoreRecord, KeyStoreRow, all_stores, parse_store,
};
use crate::kms::Kms;
use crate::rows;

/// The crypto user that KMS logs in as.
const KMSUSER: &str = "kmsuser";
/// The lease of whoever moves stores from state to state.
const LEASE: &str = "kms/connect-key-stores";
/// How soon another process takes it over.
const TERM: Duration = Duration::from_secs(15);
/// How often all stores are looked at, besides when one changes.
const INTERVAL: Duration = Duration::from_secs(5);
/// Logins end on the HSMs a moment after whoever had them is told so.
const LOGOUT_WAIT: Duration = Duration::from_secs(1);
const LOGOUT_POLL: Duration = Duration::from_millis(50);
/// How many rows are read at once.
const BATCH: usize = 256;
/// How long the passwords are that KMS sets for `kmsuser`.
const PASSWORD_LENGTH: usize = 32;
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A store as the duty meets it.
struct Subject {
    account: AccountId,
    region: Region,
    id: CustomKeyStoreId,
    record: KeyStoreRecord,
    revision: Revision,
}

impl Subject {
    fn places(&self) -> KeyStorePlaces<'_> {
        KeyStorePlaces { account: self.account, region: &self.region }
    }
}

impl Kms {
    /// Follows the rows of all key stores.
    pub(super) async fn keep_key_stores_connected(self: &Arc<Self>) {
        let mut lease = None;
        loop {
            if let Err(fault) = self.follow_key_stores(&mut lease).await {
                self.pause_after(&fault).await;
            }
        }
    }

    async fn follow_key_stores(self: &Arc<Self>, lease: &mut Option<Box<dyn Lease>>) -> Result<(), Fault> {
        loop {
            self.hold(lease).await?;
            let fence = lease.as_ref().map(|lease| lease.fence());
            let seen = self.reconcile_key_stores(fence).await?;
            let mut watch = self.store.watch(&all_stores(), seen);
            tokio::select! {
                // A watch that was lost is as good a reason to look as an event.
                _ = watch.next() => {}
                () = self.clock.sleep(INTERVAL) => {}
            }
        }
    }

    /// Takes the lease, or renews it; `None` while another process has it.
    async fn hold(&self, held: &mut Option<Box<dyn Lease>>) -> Result<(), Fault> {
        let outcome = match held {
            Some(lease) => lease.renew().await,
            None => self.store.lease(LEASE, TERM).await.map(|lease| *held = Some(lease)),
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(LeaseError::Held) => {
                *held = None;
                Ok(())
            }
            Err(LeaseError::Store(error)) => Err(fault::internal(error)),
        }
    }

    /// Does what the rows of all stores ask for, and answers up to which revision they were read. Without a `fence`
    /// another process moves the stores from state to state.
    pub(crate) async fn reconcile_key_stores(
        self: &Arc<Self>,
        fence: Option<Compare>,
    ) -> Result<Revision, Fault> {
        let mut range = KeyRange::prefix(&all_stores());
        let mut tasks = JoinSet::new();
        let mut first = None;
        loop {
            let (found, revision) = self.store.range(&range, BATCH).await.map_err(fault::internal)?;
            let seen = *first.get_or_insert(revision);
            for row in &found {
                let (kms, subject, fence) = (Arc::clone(self), subject(row)?, fence.clone());
                tasks.spawn(async move { kms.reconcile(subject, fence).await });
            }
            match found.last() {
                Some(last) if found.len() == BATCH => {
                    range = KeyRange::prefix_after(&all_stores(), &last.key)
                }
                _ => {
                    while let Some(done) = tasks.join_next().await {
                        if let Err(fault) = done.map_err(fault::internal).flatten() {
                            let cause = fault.cause().map(ToString::to_string);
                            warn!(%fault, ?cause, "a custom key store is left as it is for now");
                        }
                    }
                    return Ok(seen);
                }
            }
        }
    }

    async fn reconcile(&self, subject: Subject, fence: Option<Compare>) -> Result<(), Fault> {
        match (subject.record.connection, fence) {
            (Connection::Connected, fence) => self.stay_connected(subject, fence).await,
            (Connection::Connecting, Some(fence)) => self.connect(subject, fence).await,
            (Connection::Disconnecting, Some(fence)) => {
                self.key_stores.give_up(&subject.id).await;
                self.move_to(&subject, &fence, Connection::Disconnected).await
            }
            (Connection::Connecting, None) => Ok(()),
            (Connection::Disconnecting | Connection::Disconnected | Connection::Failed(_), _) => {
                self.key_stores.give_up(&subject.id).await;
                Ok(())
            }
        }
    }

    /// Logs in, gives `kmsuser` a password that nobody else knows, and keeps the login.
    async fn connect(&self, mut subject: Subject, fence: Compare) -> Result<(), Fault> {
        match self.log_in_first(&subject).await? {
            Ok(session) => {
                let password = self.new_password();
                let credentials = subject.record.credentials.clone();
                let sealed = credentials
                    .seal_another(self, subject.places(), &subject.id, password.expose().as_bytes())
                    .await?;
                // Written before the HSMs know it: whichever of the two they have after a crash is in the row.
                subject.record.credentials.next = Some(sealed.clone());
                let Some(revision) = self.write(&subject, &fence).await? else {
                    session.close().await;
                    return Ok(());
                };
                subject.revision = revision;
                if let Err(error) = session.change_password(&kmsuser()?, &password, &[]).await {
                    session.close().await;
                    return self.fail(&subject, &fence, self.failure(&subject, &error), &error).await;
                }
                subject.record.credentials.password = sealed;
                subject.record.credentials.next = None;
                subject.record.connection = Connection::Connected;
                self.key_stores.keep(subject.id.clone(), session);
                match self.write(&subject, &fence).await? {
                    Some(_) => info!(store = %subject.id, "a custom key store is connected"),
                    // Disconnected meanwhile, or changed: the next look decides.
                    None => self.key_stores.give_up(&subject.id).await,
                }
                Ok(())
            }
            Err((code, error)) => self.fail(&subject, &fence, code, &error).await,
        }
    }

    /// Logs in again where a store is connected and this process is not logged in: after a start.
    async fn stay_connected(&self, subject: Subject, fence: Option<Compare>) -> Result<(), Fault> {
        if self.key_stores.holds(&subject.id) {
            return match fence {
                Some(fence) => self.delete_orphans(&subject, &fence).await,
                None => Ok(()),
            };
        }
        match (self.log_in(&subject).await?, fence) {
            (Ok(session), _) => {
                self.key_stores.keep(subject.id, session);
                Ok(())
            }
            (Err((code, error)), Some(fence)) if code.is_lasting() => {
                self.fail(&subject, &fence, code, &error).await
            }
            (Err((_, error)), _) => {
                warn!(store = %subject.id, %error, "no login at the cluster of a connected key store yet");
                Ok(())
            }
        }
    }

    /// Deletes the cluster's keys whose KMS keys are gone. What can not be deleted is tried again.
    async fn delete_orphans(&self, subject: &Subject, fence: &Compare) -> Result<(), Fault> {
        let prefix = subject.places().orphans(&subject.id);
        let (orphans, _) =
            self.store.range(&KeyRange::prefix(&prefix), BATCH).await.map_err(fault::internal)?;
        let Some(session) = self.key_stores.login(&subject.id).await else { return Ok(()) };
        for orphan in orphans {
            let handle = rows::name_below(&prefix, &orphan.key).and_then(|name| name.parse().ok());
            let handle = handle.ok_or_else(|| fault::internal("an orphan's place is malformed"))?;
            match session.delete_key(handle).await {
                Ok(()) | Err(HsmError::NoSuchKey) => {
                    info!(store = %subject.id, key = %handle, "the material of a deleted key is deleted");
                    let txn = Txn::when(vec![fence.clone()]).delete(orphan.key);
                    self.store.txn(txn).await.map_err(fault::internal)?;
                }
                Err(error) => {
                    warn!(store = %subject.id, key = %handle, %error, "key material is left behind")
                }
            }
        }
        Ok(())
    }

    /// A login, if nobody else is logged in as `kmsuser`. Who is about to be logged out is waited for.
    async fn log_in_first(&self, subject: &Subject) -> Result<LogIn, Fault> {
        let Some(cluster) = self.key_stores.cluster(&subject.record.cluster_id) else {
            return Ok(Err((FailureCode::ClusterNotFound, HsmError::NoActiveHsm)));
        };
        let kmsuser = kmsuser()?;
        let patience = tokio::time::Instant::now() + LOGOUT_WAIT;
        loop {
            match cluster.is_logged_in(&kmsuser).await {
                Ok(false) => return self.log_in(subject).await,
                Ok(true) if tokio::time::Instant::now() < patience => tokio::time::sleep(LOGOUT_POLL).await,
                Ok(true) => return Ok(Err((FailureCode::UserLoggedIn, HsmError::UserInUse))),
                Err(error) => return Ok(Err((self.failure(subject, &error), error))),
            }
        }
    }

    /// A login with the password that is stored, or with the one that was being set.
    async fn log_in(&self, subject: &Subject) -> Result<LogIn, Fault> {
        let Some(cluster) = self.key_stores.cluster(&subject.record.cluster_id) else {
            return Ok(Err((FailureCode::ClusterNotFound, HsmError::NoActiveHsm)));
        };
        let credentials = &subject.record.credentials;
        let mut outcome = Err((FailureCode::InvalidCredentials, HsmError::NoSuchUser));
        for sealed in credentials.next.iter().chain([&credentials.password]) {
            let password = credentials.open(self, subject.places(), &subject.id, sealed).await?;
            let password = std::str::from_utf8(&password).ok().and_then(|text| Password::new(text).ok());
            // A password that no HSM takes is a wrong one.
            let Some(password) = password else { continue };
            match cluster.login(&kmsuser()?, &password).await {
                Ok(session) if session.role() == Role::CryptoUser => return Ok(Ok(session)),
                Ok(another) => {
                    another.close().await;
                    return Ok(Err((FailureCode::UserNotFound, HsmError::NoSuchUser)));
                }
                Err(error) => outcome = Err((self.failure(subject, &error), error)),
            }
            if !matches!(outcome, Err((FailureCode::InvalidCredentials, _))) {
                break;
            }
        }
        Ok(outcome)
    }

    fn new_password(&self) -> Password {
        let mut bytes = [0; PASSWORD_LENGTH];
        self.random.fill(&mut bytes);
        let letter = |byte: u8| ALPHANUMERIC.get(usize::from(byte) % ALPHANUMERIC.len()).copied();
        let text: String = bytes.into_iter().filter_map(letter).map(char::from).collect();
        #[expect(clippy::expect_used, reason = "32 letters and digits are a password")]
        Password::new(text).expect("letters and digits")
    }

    /// What an error at the cluster is to a connection. HSMs that run and don't answer are there, but are not reached.
    fn failure(&self, subject: &Subject, error: &HsmError) -> FailureCode {
        let is_linked =
            || self.key_stores.cluster(&subject.record.cluster_id).is_some_and(|cluster| cluster.is_linked());
        match error {
            HsmError::NoActiveHsm if is_linked() => FailureCode::NetworkErrors,
            HsmError::NoActiveHsm | HsmError::TooFewHsms | HsmError::Blank => FailureCode::InsufficientHsms,
            HsmError::WrongPassword { .. } => FailureCode::InvalidCredentials,
            HsmError::UserLocked => FailureCode::UserLockedOut,
            HsmError::NoSuchUser => FailureCode::UserNotFound,
            HsmError::Lost | HsmError::Busy => FailureCode::NetworkErrors,
            _ => FailureCode::InternalError,
        }
    }

    async fn fail(
        &self,
        subject: &Subject,
        fence: &Compare,
        code: FailureCode,
        error: &HsmError,
    ) -> Result<(), Fault> {
        warn!(store = %subject.id, ?code, %error, "a custom key store could not be connected");
        self.key_stores.give_up(&subject.id).await;
        self.move_to(subject, fence, Connection::Failed(code)).await
    }

    async fn move_to(&self, subject: &Subject, fence: &Compare, connection: Connection) -> Result<(), Fault> {
        let record = KeyStoreRecord { connection, ..subject.record.clone() };
        let moved = Subject {
            account: subject.account,
            region: subject.region.clone(),
            id: subject.id.clone(),
            record,
            revision: subject.revision,
        };
        self.write(&moved, fence).await.map(drop)
    }

    /// Writes the row unless it was changed meanwhile, or the lease was lost: then `None`.
    async fn write(&self, subject: &Subject, fence: &Compare) -> Result<Option<Revision>, Fault> {
        let place = subject.places().store(&subject.id);
        let row = rows::encode(&KeyStoreRow::V1(subject.record.clone()))?;
        let txn = Txn::when(vec![fence.clone()]).compare(place.clone(), subject.revision).put(place, row);
        match self.store.txn(txn).await {
            Ok(revision) => Ok(Some(revision)),
            Err(TxnError::Conflict) => Ok(None),
            Err(error) => Err(fault::internal(error)),
        }
    }
}

/// A login, or why there is none.
type LogIn = Result<ClusterSession, (FailureCode, HsmError)>;

fn subject(row: &Row) -> Result<Subject, Fault> {
    let place = parse_store(&row.key).ok_or_else(|| fault::internal("a key store's place is malformed"))?;
    let KeyStoreRow::V1(record) = rows::decode(&row.value)?;
    let (account, region, id) = place;
    Ok(Subject { account, region, id, record, revision: row.revision })
}

fn kmsuser() -> Result<UserName, Fault> {
    KMSUSER.parse().map_err(fault::internal)
}
