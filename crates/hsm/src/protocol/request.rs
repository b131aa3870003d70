//! What a client asks of an HSM.
//!
//! Every mutation names an operation, so that it can be asked again when its answer was lost; everything else may be asked
//! again anyhow (a login then counts as two).

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::attributes::Change;
use crate::api::ids::{ClusterId, KeyHandle, OperationId, SessionId, UserName};
use crate::api::key::{KeyFilter, KeyTemplate, PairTemplate, UnwrapTemplate};
use crate::api::mechanism::{CipherMechanism, SignMechanism, WrapMechanism};
use crate::api::password::Password;
use crate::api::quorum::{Approval, QuorumService};
use crate::api::record::{MaskedRecord, RecordKey, Stamp};
use crate::api::spec::KeySpec;
use crate::api::status::{HsmType, Membership};
use crate::api::user::Role;
use crate::protocol::bytes::Bytes;

/// One request.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request<'a> {
    // About the HSM itself.
    Status,
    HardwareKey,
    HardwareCsr,
    Found(Membership),
    Restore {
        #[serde(borrow)]
        backup: Bytes<'a>,
        cluster: ClusterId,
        hsm_type: HsmType,
    },
    Backup,
    ClusterCsr,
    HsmCertificate,
    Claim([u8; 32]),
    Retire,
    // In step with the others.
    Digest,
    Fetch(Vec<RecordKey>),
    Absorb(Vec<MaskedRecord>),
    Reaffirm(Vec<Stamp>),
    Undo(OperationId),
    // Users.
    Login {
        user: UserName,
        password: Password,
    },
    Logout(SessionId),
    Users,
    QuorumValues,
    QuorumTokens,
    Activate {
        operation: OperationId,
        password: Password,
    },
    /// With a login.
    Mutate {
        session: SessionId,
        operation: OperationId,
        #[serde(borrow)]
        mutation: Mutation<'a>,
    },
    FindKeys {
        session: SessionId,
        filter: KeyFilter,
    },
    Random(u32),
    Use {
        session: SessionId,
        key: KeyHandle,
        #[serde(borrow)]
        use_: Use<'a>,
    },
}

/// What changes the cluster's state.
#[derive(Serialize, Deserialize)]
pub(crate) enum Mutation<'a> {
    CreateUser {
        name: UserName,
        role: Role,
        password: Password,
        approvals: Vec<Approval>,
    },
    DeleteUser {
        name: UserName,
        approvals: Vec<Approval>,
    },
    ChangePassword {
        name: UserName,
        password: Password,
        approvals: Vec<Approval>,
    },
    RegisterTokenSign {
        public_spki: Vec<u8>,
        signature: Vec<u8>,
    },
    SetQuorumValue {
        service: QuorumService,
        value: u8,
        approvals: Vec<Approval>,
    },
    MakeQuorumToken(QuorumService),
    DeleteQuorumToken(QuorumService),
    GenerateKey(KeyTemplate),
    GeneratePair(PairTemplate),
    Unwrap {
        with: KeyHandle,
        mechanism: WrapMechanism,
        #[serde(borrow)]
        wrapped: Bytes<'a>,
        template: UnwrapTemplate,
    },
    SetAttributes {
        key: KeyHandle,
        changes: Vec<Change>,
    },
    Share {
        key: KeyHandle,
        with: UserName,
    },
    Unshare {
        key: KeyHandle,
        with: UserName,
    },
    DeleteKey(KeyHandle),
}

/// What is done with one key and changes nothing.
#[derive(Serialize, Deserialize)]
pub(crate) enum Use<'a> {
    Encrypt {
        mechanism: CipherMechanism,
        #[serde(borrow)]
        associated: Bytes<'a>,
        #[serde(borrow)]
        plaintext: Bytes<'a>,
    },
    Decrypt {
        mechanism: CipherMechanism,
        #[serde(borrow)]
        associated: Bytes<'a>,
        #[serde(borrow)]
        ciphertext: Bytes<'a>,
    },
    GenerateDataKey {
        bytes: u32,
        #[serde(borrow)]
        associated: Bytes<'a>,
    },
    Sign {
        mechanism: SignMechanism,
        #[serde(borrow)]
        message: Bytes<'a>,
    },
    Verify {
        mechanism: SignMechanism,
        #[serde(borrow)]
        message: Bytes<'a>,
        #[serde(borrow)]
        signature: Bytes<'a>,
    },
    Wrap {
        mechanism: WrapMechanism,
        target: KeyHandle,
    },
}

impl<'a> Request<'a> {
    /// As it travels; wiped when dropped, since it may hold a password or a plaintext.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Passwords and plaintexts must not be left behind by a growing vector: one allocation for what is known to be large.
        let buffer = Vec::with_capacity(512 + self.large_bytes());
        // Encoding to memory fails only for types that postcard has no form for; ours all have one.
        Zeroizing::new(postcard::to_extend(self, buffer).unwrap_or_default())
    }

    /// Reads a request; `None` when it is none.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        match postcard::take_from_bytes(bytes) {
            Ok((request, [])) => Some(request),
            _ => None,
        }
    }

    /// Whether making it takes the token seconds: pairs of RSA keys do.
    pub(crate) fn makes_rsa_pair(&self) -> bool {
        let rsa = |spec: &KeySpec| matches!(spec, KeySpec::Rsa { .. });
        match self {
            Self::Mutate { mutation: Mutation::GeneratePair(template), .. } => rsa(&template.spec),
            Self::Found(_) => true,
            _ => false,
        }
    }

    fn large_bytes(&self) -> usize {
        match self {
            Self::Restore { backup, .. } => backup.0.len(),
            Self::Mutate { mutation: Mutation::Unwrap { wrapped, .. }, .. } => wrapped.0.len(),
            Self::Use { use_, .. } => use_.large_bytes(),
            _ => 0,
        }
    }
}

impl Use<'_> {
    fn large_bytes(&self) -> usize {
        match self {
            Self::Encrypt { associated, plaintext: text, .. }
            | Self::Decrypt { associated, ciphertext: text, .. } => associated.0.len() + text.0.len(),
            Self::GenerateDataKey { associated, .. } => associated.0.len(),
            Self::Sign { message, .. } => message.0.len(),
            Self::Verify { message, signature, .. } => message.0.len() + signature.0.len(),
            Self::Wrap { .. } => 0,
        }
    }
}
