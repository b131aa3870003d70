//! One method for each thing that an HSM does, but for what concerns its users (`users`).

use crate::api::attributes::Change;
use crate::api::backup::Backup;
use crate::api::error::HsmError;
use crate::api::ids::{ClusterId, KeyHandle, OperationId, SessionId, UserName};
use crate::api::key::{KeyFilter, KeyInfo, KeyTemplate, PairTemplate, UnwrapTemplate};
use crate::api::mechanism::{CipherMechanism, SignMechanism, WrapMechanism};
use crate::api::record::{MaskedRecord, RecordKey, Stamp};
use crate::api::secret::Plaintext;
use crate::api::status::{HsmStatus, HsmType, Membership};
use crate::client::{DataKey, HsmClient, Mutated};
use crate::protocol::answer::{Answer, Value};
use crate::protocol::bytes::{Bytes, Octets};
use crate::protocol::request::{Mutation, Request, Use};

/// The HSM itself.
impl HsmClient {
    /// Empties the HSM's token, before the HSM is destroyed. It is of no use from then on.
    pub(crate) async fn retire(&self) -> Result<(), HsmError> {
        done(self.call(&Request::Retire).await?)
    }

    /// How the HSM is.
    pub async fn status(&self) -> Result<HsmStatus, HsmError> {
        match self.call(&Request::Status).await? {
            Answer::Status(status) => Ok(*status),
            _ => Err(unfitting()),
        }
    }

    /// The public half of the hardware key (RSA 2048) in SPKI DER: what AWS's and the manufacturer's roots certify.
    pub async fn hardware_key(&self) -> Result<Vec<u8>, HsmError> {
        one(self.call(&Request::HardwareKey).await?)
    }

    /// A request for a certificate of the hardware key, PKCS#10 in PEM: its subject is the issuer of [`Self::hsm_certificate`], so
    /// that the certificates made of it by AWS's and the manufacturer's root complete the chain.
    pub async fn hardware_csr(&self) -> Result<String, HsmError> {
        text(self.call(&Request::HardwareCsr).await?)
    }

    /// Makes a blank HSM the first of a new cluster: masking key, cluster key, and the users `admin` (unactivated) and
    /// `app_user`. Asked again with the same membership it changes nothing. Takes as long as an RSA 2048 key.
    pub async fn found(&self, membership: &Membership) -> Result<(), HsmError> {
        done(self.call(&Request::Found(membership.clone())).await?)
    }

    /// Makes a blank HSM a member of `cluster` with all that the backup holds: masking key, users, keys. The one way in which an
    /// HSM joins a cluster, restores one, or starts a copy of it; it catches up afterwards by `absorb`.
    /// [`HsmError::BackupRefused`] when one bit of it was changed or another fleet made it. Asked again it changes nothing.
    pub async fn restore(
        &self,
        backup: &Backup,
        cluster: &ClusterId,
        hsm_type: HsmType,
    ) -> Result<(), HsmError> {
        let request =
            Request::Restore { backup: Bytes(backup.as_bytes()), cluster: cluster.clone(), hsm_type };
        done(self.call(&request).await?)
    }

    /// A backup of all that this HSM holds.
    pub async fn backup(&self) -> Result<Backup, HsmError> {
        one(self.call(&Request::Backup).await?).map(Backup)
    }

    /// The request for the cluster's certificate, PKCS#10 in PEM, signed by the cluster key
    /// (`CN=HSM:<serial>:PARTN:<n>, for FIPS mode`).
    pub async fn cluster_csr(&self) -> Result<String, HsmError> {
        text(self.call(&Request::ClusterCsr).await?)
    }

    /// A certificate (PEM) for the cluster key, signed by this HSM's hardware key.
    pub async fn hsm_certificate(&self) -> Result<String, HsmError> {
        text(self.call(&Request::HsmCertificate).await?)
    }

    /// Tells the HSM that the cluster was claimed with a certificate of this SHA-256; it goes into its backups' headers.
    pub async fn claim(&self, certificate_sha256: [u8; 32]) -> Result<(), HsmError> {
        done(self.call(&Request::Claim(certificate_sha256)).await?)
    }
}

/// In step with the other HSMs.
impl HsmClient {
    /// The stamps of all records, tombstones too, in order of their keys.
    pub async fn digest(&self) -> Result<Vec<Stamp>, HsmError> {
        match self.call(&Request::Digest).await? {
            Answer::Stamps(stamps) => Ok(stamps),
            _ => Err(unfitting()),
        }
    }

    /// These records, in their present versions; those that are not there are left out. Ask for at most a few thousand at once:
    /// an answer has at most 64 MB.
    pub async fn fetch(&self, keys: &[RecordKey]) -> Result<Vec<MaskedRecord>, HsmError> {
        match self.call(&Request::Fetch(keys.to_vec())).await? {
            Answer::Records(records) => Ok(records),
            _ => Err(unfitting()),
        }
    }

    /// Takes over records of other members, each if it wins over what is there; durable when this returns. All or nothing: one
    /// [`HsmError::ForeignRecord`] among them refuses all. Repeating and reordering change nothing.
    pub async fn absorb(&self, records: &[MaskedRecord]) -> Result<(), HsmError> {
        done(self.call(&Request::Absorb(records.to_vec())).await?)
    }
}

/// Against writes that were never acknowledged.
impl HsmClient {
    /// Deletes the keys that this operation made on this HSM; one that it has not done yet it never will. Whoever knows the
    /// operation's id is who asked for it. Gives the tombstones.
    pub async fn undo(&self, operation: OperationId) -> Result<Vec<MaskedRecord>, HsmError> {
        match self.call(&Request::Undo(operation)).await? {
            Answer::Records(records) => Ok(records),
            _ => Err(unfitting()),
        }
    }

    /// Writes records anew as they are here, each above the version that a stamp names, so that what another HSM wrote without
    /// an acknowledgement does not win over what was acknowledged. Those that are not here, or supersede the stamp already, are
    /// left out; a key's tombstone can't be outranked and is left out, too.
    pub async fn reaffirm(&self, outranked: &[Stamp]) -> Result<Vec<MaskedRecord>, HsmError> {
        match self.call(&Request::Reaffirm(outranked.to_vec())).await? {
            Answer::Records(records) => Ok(records),
            _ => Err(unfitting()),
        }
    }
}

/// Keys: what changes them.
impl HsmClient {
    /// Makes a secret key (a crypto user's right).
    pub async fn generate_key(
        &self,
        session: SessionId,
        operation: OperationId,
        template: &KeyTemplate,
    ) -> Result<Mutated<KeyInfo>, HsmError> {
        key(self.mutate(session, operation, Mutation::GenerateKey(template.clone())).await?)
    }

    /// Makes a pair (a crypto user's right): the public key and the private key. RSA takes up to seconds.
    pub async fn generate_pair(
        &self,
        session: SessionId,
        operation: OperationId,
        template: &PairTemplate,
    ) -> Result<Mutated<(KeyInfo, KeyInfo)>, HsmError> {
        match self.mutate(session, operation, Mutation::GeneratePair(template.clone())).await? {
            Answer::Mutated { value: Value::Pair { public, private }, records } => {
                Ok(Mutated { value: (public, private), records })
            }
            _ => Err(unfitting()),
        }
    }

    /// Makes a key of a wrapped one (a crypto user's right).
    pub async fn unwrap(
        &self,
        session: SessionId,
        operation: OperationId,
        with: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        template: &UnwrapTemplate,
    ) -> Result<Mutated<KeyInfo>, HsmError> {
        let (wrapped, template) = (Bytes(wrapped), template.clone());
        let mutation = Mutation::Unwrap { with, mechanism, wrapped, template };
        key(self.mutate(session, operation, mutation).await?)
    }

    /// Changes attributes (the owner's right; `trusted` is the admins').
    pub async fn set_attributes(
        &self,
        session: SessionId,
        operation: OperationId,
        handle: KeyHandle,
        changes: &[Change],
    ) -> Result<Mutated<KeyInfo>, HsmError> {
        let mutation = Mutation::SetAttributes { key: handle, changes: changes.to_vec() };
        key(self.mutate(session, operation, mutation).await?)
    }

    /// Lets another crypto user use the key (the owner's right).
    pub async fn share(
        &self,
        session: SessionId,
        operation: OperationId,
        handle: KeyHandle,
        with: &UserName,
    ) -> Result<Mutated<KeyInfo>, HsmError> {
        let mutation = Mutation::Share { key: handle, with: with.clone() };
        key(self.mutate(session, operation, mutation).await?)
    }

    /// Ends that.
    pub async fn unshare(
        &self,
        session: SessionId,
        operation: OperationId,
        handle: KeyHandle,
        with: &UserName,
    ) -> Result<Mutated<KeyInfo>, HsmError> {
        let mutation = Mutation::Unshare { key: handle, with: with.clone() };
        key(self.mutate(session, operation, mutation).await?)
    }

    /// Deletes a key (the owner's right), leaving a tombstone. A cluster takes back a key with this, too, that too few
    /// members could hold.
    pub async fn delete_key(
        &self,
        session: SessionId,
        operation: OperationId,
        handle: KeyHandle,
    ) -> Result<Mutated<()>, HsmError> {
        nothing(self.mutate(session, operation, Mutation::DeleteKey(handle)).await?)
    }

    pub(crate) async fn mutate(
        &self,
        session: SessionId,
        operation: OperationId,
        mutation: Mutation<'_>,
    ) -> Result<Answer, HsmError> {
        self.call(&Request::Mutate { session, operation, mutation }).await
    }
}

/// Keys: what uses them.
impl HsmClient {
    /// The keys that fit, of those that the user owns or shares, by handle.
    pub async fn find_keys(&self, session: SessionId, filter: &KeyFilter) -> Result<Vec<KeyInfo>, HsmError> {
        match self.call(&Request::FindKeys { session, filter: filter.clone() }).await? {
            Answer::Keys(keys) => Ok(keys),
            _ => Err(unfitting()),
        }
    }

    /// Random bytes of the HSM's generator, 1 to 65,536. Needs no login.
    pub async fn random(&self, bytes: u32) -> Result<Plaintext, HsmError> {
        plain(self.call(&Request::Random(bytes)).await?)
    }

    /// Encrypts. AES-GCM gives `iv (12) | ciphertext | tag (16)`; `associated` is AES-GCM's, empty otherwise.
    pub async fn encrypt(
        &self,
        session: SessionId,
        handle: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, HsmError> {
        let (associated, plaintext) = (Bytes(associated), Bytes(plaintext));
        one(self.use_key(session, handle, Use::Encrypt { mechanism, associated, plaintext }).await?)
    }

    /// Decrypts what `encrypt` gave.
    pub async fn decrypt(
        &self,
        session: SessionId,
        handle: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Plaintext, HsmError> {
        let (associated, ciphertext) = (Bytes(associated), Bytes(ciphertext));
        plain(self.use_key(session, handle, Use::Decrypt { mechanism, associated, ciphertext }).await?)
    }

    /// Random bytes (1 to 1024), plain and encrypted by AES-GCM, in one round trip.
    pub async fn generate_data_key(
        &self,
        session: SessionId,
        handle: KeyHandle,
        associated: &[u8],
        bytes: u32,
    ) -> Result<DataKey, HsmError> {
        let use_ = Use::GenerateDataKey { bytes, associated: Bytes(associated) };
        match self.use_key(session, handle, use_).await? {
            Answer::DataKey { plaintext, ciphertext } => {
                Ok(DataKey { plaintext: Plaintext(plaintext.0), ciphertext: ciphertext.into_public() })
            }
            _ => Err(unfitting()),
        }
    }

    /// Signs a message, or makes its MAC.
    pub async fn sign(
        &self,
        session: SessionId,
        handle: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
    ) -> Result<Vec<u8>, HsmError> {
        one(self.use_key(session, handle, Use::Sign { mechanism, message: Bytes(message) }).await?)
    }

    /// Verifies a signature with the public key, or a MAC. [`HsmError::InvalidSignature`].
    pub async fn verify(
        &self,
        session: SessionId,
        handle: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), HsmError> {
        let (message, signature) = (Bytes(message), Bytes(signature));
        done(self.use_key(session, handle, Use::Verify { mechanism, message, signature }).await?)
    }

    /// Wraps an extractable key under another.
    pub async fn wrap(
        &self,
        session: SessionId,
        wrapping: KeyHandle,
        mechanism: WrapMechanism,
        target: KeyHandle,
    ) -> Result<Vec<u8>, HsmError> {
        one(self.use_key(session, wrapping, Use::Wrap { mechanism, target }).await?)
    }

    async fn use_key(&self, session: SessionId, key: KeyHandle, use_: Use<'_>) -> Result<Answer, HsmError> {
        self.call(&Request::Use { session, key, use_ }).await
    }
}

pub(crate) fn done(answer: Answer) -> Result<(), HsmError> {
    if matches!(answer, Answer::Done) { Ok(()) } else { Err(unfitting()) }
}

fn one(answer: Answer) -> Result<Vec<u8>, HsmError> {
    if let Answer::One(octets) = answer { Ok(Octets::into_public(octets)) } else { Err(unfitting()) }
}

fn plain(answer: Answer) -> Result<Plaintext, HsmError> {
    if let Answer::One(octets) = answer { Ok(Plaintext(octets.0)) } else { Err(unfitting()) }
}

fn text(answer: Answer) -> Result<String, HsmError> {
    if let Answer::Text(text) = answer { Ok(text) } else { Err(unfitting()) }
}

pub(crate) fn nothing(answer: Answer) -> Result<Mutated<()>, HsmError> {
    match answer {
        Answer::Mutated { value: Value::Nothing, records } => Ok(Mutated { value: (), records }),
        _ => Err(unfitting()),
    }
}

fn key(answer: Answer) -> Result<Mutated<KeyInfo>, HsmError> {
    match answer {
        Answer::Mutated { value: Value::Key(value), records } => Ok(Mutated { value, records }),
        _ => Err(unfitting()),
    }
}

pub(crate) fn unfitting() -> HsmError {
    HsmError::Internal("the HSM's answer does not fit the question".to_owned())
}
