//! What a user who is logged in can do.

use std::sync::Arc;

use crate::api::attributes::Change;
use crate::api::error::HsmError;
use crate::api::ids::{KeyHandle, UserName};
use crate::api::key::{KeyFilter, KeyInfo, KeyTemplate, PairTemplate, UnwrapTemplate};
use crate::api::mechanism::{CipherMechanism, SignMechanism, WrapMechanism};
use crate::api::password::Password;
use crate::api::quorum::{Approval, ApprovalToken, QuorumService};
use crate::api::secret::Plaintext;
use crate::api::user::Role;
use crate::client::DataKey;
use crate::cluster::login::Login;
use crate::cluster::write::Terms;

/// A user's login at a cluster, on all HSMs that serve; on those that come back it is made again. Dropping it logs out in
/// the background, [`ClusterSession::close`] waits for it.
///
/// Calls of one session may run at the same time. Besides what each names, a call may end with
/// [`HsmError::NoActiveHsm`], [`HsmError::Busy`], and [`HsmError::WrongPassword`] or [`HsmError::UserLocked`] when an HSM
/// came back and the user's password is another by now: log in anew then.
pub struct ClusterSession {
    login: Arc<Login>,
}

impl ClusterSession {
    pub(crate) fn new(login: Arc<Login>) -> Self {
        Self { login }
    }

    /// Who is logged in.
    pub fn user(&self) -> &UserName {
        &self.login.user
    }

    /// In which role.
    pub fn role(&self) -> Role {
        self.login.role
    }

    /// Logs out.
    pub async fn close(self) {
        self.login.close().await;
    }
}

impl Drop for ClusterSession {
    fn drop(&mut self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let login = Arc::clone(&self.login);
            runtime.spawn(async move { login.close().await });
        }
    }
}

/// Users and quorums.
impl ClusterSession {
    /// Makes a user (an admin's right).
    pub async fn create_user(
        &self,
        name: &UserName,
        role: Role,
        password: &Password,
        approvals: &[Approval],
    ) -> Result<(), HsmError> {
        let (name, password, approvals) = (name.clone(), password.clone(), approvals.to_vec());
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let (name, password, approvals) = (name.clone(), password.clone(), approvals.clone());
                async move { hsm.create_user(session, operation, &name, role, &password, &approvals).await }
            })
            .await
    }

    /// Deletes a user who owns no keys (an admin's right). [`HsmError::UserInUse`].
    pub async fn delete_user(&self, name: &UserName, approvals: &[Approval]) -> Result<(), HsmError> {
        let (name, approvals) = (name.clone(), approvals.to_vec());
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let (name, approvals) = (name.clone(), approvals.clone());
                async move { hsm.delete_user(session, operation, &name, &approvals).await }
            })
            .await
    }

    /// Changes one's own password, or another's as an admin, which unlocks the user on every HSM. Logins stay open.
    pub async fn change_password(
        &self,
        name: &UserName,
        password: &Password,
        approvals: &[Approval],
    ) -> Result<(), HsmError> {
        let (user, new, approvals) = (name.clone(), password.clone(), approvals.to_vec());
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let (user, new, approvals) = (user.clone(), new.clone(), approvals.clone());
                async move { hsm.change_password(session, operation, &user, &new, &approvals).await }
            })
            .await?;
        if *name == self.login.user {
            self.login.now_with(password.clone());
        }
        Ok(())
    }

    /// Makes this user a quorum token for a service, in place of one that it had.
    pub async fn make_quorum_token(&self, service: QuorumService) -> Result<ApprovalToken, HsmError> {
        self.login
            .write(Terms::default(), move |hsm, session, operation| async move {
                hsm.make_quorum_token(session, operation, service).await
            })
            .await
    }

    /// Deletes this user's token for a service; none is no error.
    pub async fn delete_quorum_token(&self, service: QuorumService) -> Result<(), HsmError> {
        self.login
            .write(Terms::default(), move |hsm, session, operation| async move {
                hsm.delete_quorum_token(session, operation, service).await
            })
            .await
    }

    /// Registers the public key (RSA 2048, SPKI DER) with which this user approves. `signature` is of the user's token for
    /// [`QuorumService::Registration`], which is spent.
    pub async fn register_token_sign(&self, public_spki: &[u8], signature: &[u8]) -> Result<(), HsmError> {
        let (spki, signature) = (public_spki.to_vec(), signature.to_vec());
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let (spki, signature) = (spki.clone(), signature.clone());
                async move { hsm.register_token_sign(session, operation, &spki, &signature).await }
            })
            .await
    }

    /// Sets how many approvals a service's operations need (an admin's right).
    pub async fn set_quorum_value(
        &self,
        service: QuorumService,
        value: u8,
        approvals: &[Approval],
    ) -> Result<(), HsmError> {
        let approvals = approvals.to_vec();
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let approvals = approvals.clone();
                async move { hsm.set_quorum_value(session, operation, service, value, &approvals).await }
            })
            .await
    }
}

/// Keys: what changes them.
impl ClusterSession {
    /// Makes a secret key (a crypto user's right), acknowledged when it is on `copies_min` HSMs: CloudHSM's clients ask for
    /// two unless told otherwise. [`HsmError::TooFewHsms`] when it can't be: then there is no key.
    pub async fn generate_key(&self, template: &KeyTemplate, copies_min: usize) -> Result<KeyInfo, HsmError> {
        let template = template.clone();
        let terms = Terms { copies_min, makes_keys: true, takes_long: false };
        self.login
            .write(terms, move |hsm, session, operation| {
                let template = template.clone();
                async move { hsm.generate_key(session, operation, &template).await }
            })
            .await
    }

    /// Makes a pair, on the same terms: the public key and the private key.
    pub async fn generate_pair(
        &self,
        template: &PairTemplate,
        copies_min: usize,
    ) -> Result<(KeyInfo, KeyInfo), HsmError> {
        let template = template.clone();
        let terms = Terms { copies_min, makes_keys: true, takes_long: true };
        self.login
            .write(terms, move |hsm, session, operation| {
                let template = template.clone();
                async move { hsm.generate_pair(session, operation, &template).await }
            })
            .await
    }

    /// Makes a key of a wrapped one, on the same terms.
    pub async fn unwrap(
        &self,
        with: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        template: &UnwrapTemplate,
        copies_min: usize,
    ) -> Result<KeyInfo, HsmError> {
        let (wrapped, template) = (wrapped.to_vec(), template.clone());
        let terms = Terms { copies_min, makes_keys: true, takes_long: false };
        self.login
            .write(terms, move |hsm, session, operation| {
                let (wrapped, template) = (wrapped.clone(), template.clone());
                async move { hsm.unwrap(session, operation, with, mechanism, &wrapped, &template).await }
            })
            .await
    }

    /// Changes attributes (the owner's right; `trusted` is the admins').
    pub async fn set_attributes(&self, key: KeyHandle, changes: &[Change]) -> Result<KeyInfo, HsmError> {
        let changes = changes.to_vec();
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let changes = changes.clone();
                async move { hsm.set_attributes(session, operation, key, &changes).await }
            })
            .await
    }

    /// Lets another crypto user use the key (the owner's right).
    pub async fn share(&self, key: KeyHandle, with: &UserName) -> Result<KeyInfo, HsmError> {
        let with = with.clone();
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let with = with.clone();
                async move { hsm.share(session, operation, key, &with).await }
            })
            .await
    }

    /// Ends that.
    pub async fn unshare(&self, key: KeyHandle, with: &UserName) -> Result<KeyInfo, HsmError> {
        let with = with.clone();
        self.login
            .write(Terms::default(), move |hsm, session, operation| {
                let with = with.clone();
                async move { hsm.unshare(session, operation, key, &with).await }
            })
            .await
    }

    /// Deletes a key for good (the owner's right).
    pub async fn delete_key(&self, key: KeyHandle) -> Result<(), HsmError> {
        self.login
            .write(Terms::default(), move |hsm, session, operation| async move {
                hsm.delete_key(session, operation, key).await
            })
            .await
    }
}

/// Keys: what uses them.
impl ClusterSession {
    /// The keys that fit, of those that the user owns or shares, by handle.
    pub async fn find_keys(&self, filter: &KeyFilter) -> Result<Vec<KeyInfo>, HsmError> {
        self.login.read(|hsm, session| async move { hsm.find_keys(session, filter).await }).await
    }

    /// Encrypts; AES-GCM gives `iv (12) | ciphertext | tag (16)`.
    pub async fn encrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, HsmError> {
        self.login
            .read(|hsm, session| async move {
                hsm.encrypt(session, key, mechanism, associated, plaintext).await
            })
            .await
    }

    /// Decrypts what `encrypt` gave. [`HsmError::InvalidCiphertext`].
    pub async fn decrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Plaintext, HsmError> {
        self.login
            .read(|hsm, session| async move {
                hsm.decrypt(session, key, mechanism, associated, ciphertext).await
            })
            .await
    }

    /// Random bytes (1 to 1024), plain and encrypted by AES-GCM, in one round trip.
    pub async fn generate_data_key(
        &self,
        key: KeyHandle,
        associated: &[u8],
        bytes: u32,
    ) -> Result<DataKey, HsmError> {
        self.login
            .read(|hsm, session| async move { hsm.generate_data_key(session, key, associated, bytes).await })
            .await
    }

    /// Signs a message, or makes its MAC.
    pub async fn sign(
        &self,
        key: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
    ) -> Result<Vec<u8>, HsmError> {
        self.login.read(|hsm, session| async move { hsm.sign(session, key, mechanism, message).await }).await
    }

    /// Verifies a signature with the public key, or a MAC. [`HsmError::InvalidSignature`].
    pub async fn verify(
        &self,
        key: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), HsmError> {
        self.login
            .read(|hsm, session| async move { hsm.verify(session, key, mechanism, message, signature).await })
            .await
    }

    /// Wraps an extractable key under another.
    pub async fn wrap(
        &self,
        wrapping: KeyHandle,
        mechanism: WrapMechanism,
        target: KeyHandle,
    ) -> Result<Vec<u8>, HsmError> {
        self.login
            .read(|hsm, session| async move { hsm.wrap(session, wrapping, mechanism, target).await })
            .await
    }
}
