//! One HSM's mind: a request in, an answer out, over its token, its records, its identity and a clock. No sockets, no threads.
//!
//! ```text
//! body      what is inside a masked record          mind      the records opened, in memory
//! commit    one change: sealed, durable, applied     rules     attributes, by PKCS#11
//! login     sessions, PINs, lockout                  users, quorum, keys   what changes the state
//! work      what uses keys                           sync      in step with the other HSMs
//! birth     blank, founded, restored                 backup, certificate, identity
//! ```
//!
//! Reads take no write lock and touch no disk. Changes are made one at a time; what takes long (an RSA pair, a PIN's hash) happens
//! before a change has its turn, and is judged again when it has.

mod backup;
mod birth;
mod body;
mod certificate;
mod commit;
mod identity;
mod keys;
mod login;
mod mind;
mod pin;
mod quorum;
mod rules;
mod sync;
mod users;
mod work;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use keyward_base::Clock;
use keyward_boundary::bytes::Octets;
use keyward_boundary::confine::Protections;
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::api::status::HsmStatus;
use crate::instance::login::Sessions;
use crate::instance::mind::Mind;
use crate::protocol::answer::{Answer, Value};
use crate::protocol::request::Request;
use crate::records::{Kept, Records};
use crate::token::{Token, TokenError};

pub(crate) use identity::Identity;

/// The most random bytes of one request.
const RANDOM_BYTES_MAX: u32 = 65_536;

/// An HSM.
pub(crate) struct Instance {
    token: Arc<dyn Token>,
    identity: Arc<Identity>,
    clock: Arc<dyn Clock>,
    protections: Protections,
    mind: RwLock<Mind>,
    /// Whoever holds it has the turn to change something.
    records: Mutex<Records>,
    sessions: RwLock<Sessions>,
    /// Logins are judged one at a time, so that nobody tries six PINs at once.
    logins: Mutex<()>,
}

impl Instance {
    /// An HSM with what was kept; brings the token's objects in line with the records.
    pub(crate) fn new(
        token: Arc<dyn Token>,
        identity: Arc<Identity>,
        (records, kept): (Records, Kept),
        clock: Arc<dyn Clock>,
        protections: Protections,
    ) -> Result<Self, HsmError> {
        let mind = birth::wake(kept, &*token)?;
        Ok(Self {
            token,
            identity,
            clock,
            protections,
            mind: RwLock::new(mind),
            records: Mutex::new(records),
            sessions: RwLock::default(),
            logins: Mutex::default(),
        })
    }

    /// Answers one request, from bytes to bytes.
    pub(crate) fn handle(&self, message: &[u8]) -> Zeroizing<Vec<u8>> {
        match Request::decode(message) {
            Some(request) => self.answer(&request).encode(),
            None => Answer::Failed(HsmError::Invalid("no request".to_owned())).encode(),
        }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Answer {
        self.run(request).unwrap_or_else(Answer::Failed)
    }

    fn run(&self, request: &Request<'_>) -> Result<Answer, HsmError> {
        match request {
            Request::Use { session, key, use_ } => self.use_key(session, *key, use_),
            Request::Random(bytes) => self.random(*bytes).map(|bytes| Answer::One(Octets(bytes))),
            Request::Status => self.status(),
            Request::HardwareKey => self.identity.hardware_spki().map(|spki| Answer::One(spki.into())),
            Request::HardwareCsr => self.hardware_csr().map(Answer::Text),
            Request::Found(membership) => self.found(membership).map(|()| Answer::Done),
            Request::Restore { backup, cluster, hsm_type } => {
                self.restore(backup.0, cluster, *hsm_type).map(|()| Answer::Done)
            }
            Request::Backup => self.backup().map(|backup| Answer::One(backup.0.into())),
            Request::ClusterCsr => self.cluster_csr().map(Answer::Text),
            Request::HsmCertificate => self.hsm_certificate().map(Answer::Text),
            Request::Claim(sha256) => self.claim(*sha256).map(|()| Answer::Done),
            Request::Retire => self.retire().map(|()| Answer::Done),
            Request::Digest => Ok(Answer::Stamps(self.member()?.stamps())),
            Request::Fetch(keys) => Ok(Answer::Records(self.member()?.records(keys))),
            Request::Absorb(records) => self.absorb(records).map(|()| Answer::Done),
            Request::Reaffirm(outranked) => self.reaffirm(outranked).map(Answer::Records),
            Request::Undo(operation) => self.undo(*operation).map(Answer::Records),
            Request::Login { user, password } => self.login(user, password),
            Request::Logout(session) => Ok(self.logout(session)),
            Request::Users => self.users(),
            Request::QuorumValues => self.quorum_values(),
            Request::QuorumTokens => self.quorum_tokens(),
            Request::Activate { operation, password } => self.activate(*operation, password),
            Request::Mutate { session, operation, mutation } => self.mutate(session, *operation, mutation),
            Request::FindKeys { session, filter } => self.find_keys(session, filter).map(Answer::Keys),
        }
    }

    fn status(&self) -> Result<Answer, HsmError> {
        let mind = self.mind();
        Ok(Answer::Status(Box::new(HsmStatus {
            serial: self.identity.serial,
            pid: std::process::id(),
            membership: mind.membership.as_ref().or(mind.bereft.as_ref()).cloned(),
            is_bereft: mind.bereft.is_some(),
            token: self.token.kind().to_owned(),
            keys: u32::try_from(mind.keys.len()).unwrap_or(u32::MAX),
            users: u32::try_from(mind.users.len()).unwrap_or(u32::MAX),
            state_sum: mind.sum(),
            active: self.protections.active.clone(),
            missing: self.protections.missing.clone(),
        })))
    }

    fn random(&self, bytes: u32) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        if !(1..=RANDOM_BYTES_MAX).contains(&bytes) {
            return Err(HsmError::Invalid("the number of bytes is out of range".to_owned()));
        }
        let mut out = Zeroizing::new(vec![0; bytes as usize]);
        self.token.random(&mut out)?;
        Ok(out)
    }

    fn mind(&self) -> RwLockReadGuard<'_, Mind> {
        self.mind.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mind of an HSM that belongs to a cluster.
    fn member(&self) -> Result<RwLockReadGuard<'_, Mind>, HsmError> {
        let mind = self.mind();
        if mind.membership.is_some() { Ok(mind) } else { Err(HsmError::Blank) }
    }

    fn now_millis(&self) -> i64 {
        let since = self.clock.now().since(keyward_base::Timestamp::EPOCH);
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

fn mutated(value: Value, records: Vec<crate::api::record::MaskedRecord>) -> Answer {
    Answer::Mutated { value, records }
}

impl From<TokenError> for HsmError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NoSuchKey => Self::NoSuchKey,
            TokenError::Unsupported(what) => Self::Unsupported(what),
            TokenError::KeyType => Self::KeyForbids("the mechanism does not fit the key".to_owned()),
            TokenError::InvalidCiphertext => Self::InvalidCiphertext,
            TokenError::InvalidSignature => Self::InvalidSignature,
            TokenError::TooLong => Self::Invalid("too long for the mechanism".to_owned()),
            TokenError::MaskingKey => Self::Blank,
            TokenError::Full => Self::Full,
            TokenError::Busy => Self::Busy,
            TokenError::Failed(cause) => Self::Internal(cause),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
