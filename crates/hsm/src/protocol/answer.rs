//! What an HSM answers.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::api::ids::SessionId;
use crate::api::key::KeyInfo;
use crate::api::quorum::{ApprovalToken, QuorumService};
use crate::api::record::{MaskedRecord, Stamp};
use crate::api::status::HsmStatus;
use crate::api::user::{Role, UserInfo};
use crate::protocol::bytes::Octets;

/// One answer.
#[expect(clippy::large_enum_variant, reason = "an answer is encoded or taken apart at once, and never kept")]
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Failed(HsmError),
    Done,
    Status(Box<HsmStatus>),
    One(Octets),
    Text(String),
    Stamps(Vec<Stamp>),
    Records(Vec<MaskedRecord>),
    LoggedIn { session: SessionId, role: Role },
    Users(Vec<UserInfo>),
    QuorumValues(Vec<(QuorumService, u8)>),
    QuorumTokens(Vec<ApprovalToken>),
    Mutated { value: Value, records: Vec<MaskedRecord> },
    Keys(Vec<KeyInfo>),
    DataKey { plaintext: Octets, ciphertext: Octets },
}

/// What a mutation gave.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Value {
    Nothing,
    Key(KeyInfo),
    Pair { public: KeyInfo, private: KeyInfo },
    Token(ApprovalToken),
}

impl Answer {
    /// As it travels; wiped when dropped.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let large = match self {
            Self::One(octets) => octets.0.len(),
            Self::DataKey { plaintext, ciphertext } => plaintext.0.len() + ciphertext.0.len(),
            _ => 0,
        };
        Zeroizing::new(postcard::to_extend(self, Vec::with_capacity(512 + large)).unwrap_or_default())
    }

    /// Reads an answer; `None` when it is none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(bytes) {
            Ok((answer, [])) => Some(answer),
            _ => None,
        }
    }
}
