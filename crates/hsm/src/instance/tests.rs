//! The HSM through its own interface: a client, requests, answers; in this process.

mod bereft;
mod keys;
mod life;
mod quorum;
mod users;
mod vectors;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_base::{SimulatedClock, Timestamp};

use crate::api::attributes::{Change, Flag};
use crate::api::error::HsmError;
use crate::api::ids::{KeyHandle, OperationId, SessionId, UserName};
use crate::api::key::{KeyInfo, KeyTemplate, PairTemplate};
use crate::api::mechanism::CipherMechanism;
use crate::api::password::Password;
use crate::api::spec::KeySpec;
use crate::api::status::{HsmMode, HsmType, Membership};
use crate::api::user::Role;
use crate::client::{HsmClient, TestHsm};

pub(crate) const AES: KeySpec = KeySpec::Aes { bytes: 32 };
pub(crate) const GCM: CipherMechanism = CipherMechanism::AesGcm;
pub(crate) const FLEET_KEY: [u8; 32] = [9; 32];
/// The digest of the certificate with which the owner claimed the cluster.
pub(crate) const CLAIM: [u8; 32] = [5; 32];

/// A new operation.
pub(crate) fn operation() -> OperationId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    OperationId(id)
}

pub(crate) fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

pub(crate) fn pin(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn membership() -> Membership {
    Membership {
        cluster: "cluster-234567abcde".parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: None,
    }
}

/// An HSM of a cluster with the admin `admin` (PIN `password`), and its clock.
pub(crate) struct Founded {
    pub(crate) test: TestHsm,
    pub(crate) hsm: HsmClient,
    pub(crate) clock: Arc<SimulatedClock>,
}

pub(crate) async fn founded() -> Founded {
    let start = Timestamp::EPOCH.plus(Duration::from_secs(1_800_000_000));
    let clock = Arc::new(SimulatedClock::new(start));
    let test = TestHsm::start_with_clock(&FLEET_KEY, clock.clone()).unwrap();
    let hsm = test.client();
    hsm.found(&membership()).await.unwrap();
    hsm.claim(CLAIM).await.unwrap();
    hsm.activate(operation(), &pin("password")).await.unwrap();
    Founded { test, hsm, clock }
}

impl Founded {
    pub(crate) async fn admin(&self) -> SessionId {
        self.hsm.login(&UserName::admin(), &pin("password")).await.unwrap().0
    }

    /// Makes a user whose PIN is `password`.
    pub(crate) async fn user(&self, user: &str, role: Role) {
        let admin = self.admin().await;
        let user = name(user);
        self.hsm.create_user(admin, operation(), &user, role, &pin("password"), &[]).await.unwrap();
        self.hsm.logout(admin).await.unwrap();
    }

    pub(crate) async fn login(&self, user: &str) -> SessionId {
        self.hsm.login(&name(user), &pin("password")).await.unwrap().0
    }

    /// Makes a crypto user and logs in.
    pub(crate) async fn crypto_user(&self, user: &str) -> SessionId {
        self.user(user, Role::CryptoUser).await;
        self.login(user).await
    }

    pub(crate) async fn key(&self, session: SessionId, changes: &[(Flag, bool)]) -> KeyInfo {
        let template = template("label", changes);
        self.hsm.generate_key(session, operation(), &template).await.unwrap().value
    }

    pub(crate) async fn cipher(&self, session: SessionId) -> KeyInfo {
        self.key(session, &[(Flag::Encrypt, true), (Flag::Decrypt, true)]).await
    }

    pub(crate) async fn encrypt(&self, session: SessionId, key: KeyHandle) -> Result<Vec<u8>, HsmError> {
        self.hsm.encrypt(session, key, GCM, b"context", b"plaintext").await
    }
}

pub(crate) fn flags(changes: &[(Flag, bool)]) -> Vec<Change> {
    changes.iter().map(|(flag, value)| Change::Flag(*flag, *value)).collect()
}

pub(crate) fn template(label: &str, changes: &[(Flag, bool)]) -> KeyTemplate {
    KeyTemplate { spec: AES, label: label.to_owned(), changes: flags(changes), share_with: vec![] }
}

pub(crate) fn pair(spec: KeySpec, public: &[(Flag, bool)], private: &[(Flag, bool)]) -> PairTemplate {
    PairTemplate {
        spec,
        public_label: "public".to_owned(),
        public_changes: flags(public),
        private_label: "private".to_owned(),
        private_changes: flags(private),
        share_with: vec![],
    }
}
