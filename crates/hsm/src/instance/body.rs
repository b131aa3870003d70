//! What is inside a masked record, and the seal around it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::attributes::Attributes;
use crate::api::error::HsmError;
use crate::api::ids::UserName;
use crate::api::record::{MaskedRecord, RecordVersion, Stamp};
use crate::api::user::Role;
use crate::instance::pin::PinHash;
use crate::token::Token;

/// A record's content.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Body {
    /// The thing is gone.
    Tombstone,
    KeyV1(KeyRow),
    UserV1(UserRow),
    QuorumV1(u8),
    ClusterKeyV1(ClusterKeyRow),
    QuorumTokenV1(QuorumTokenRow),
}

/// A key object.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRow {
    pub(crate) attributes: Attributes,
    pub(crate) owner: UserName,
    pub(crate) shared_with: BTreeSet<UserName>,
    pub(crate) material: KeyMaterial,
}

/// What a key object is made of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyMaterial {
    /// A secret or private key in masked form; the public half where it is known.
    Masked { masked: Vec<u8>, public_spki: Option<Vec<u8>> },
    /// A public key in SPKI DER.
    Public(Vec<u8>),
}

/// A user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRow {
    pub(crate) role: Role,
    /// `None` for those who can not log in: `app_user`, and the admin before its activation.
    pub(crate) pin: Option<PinHash>,
    /// What approvals are verified with, SPKI DER.
    pub(crate) token_sign: Option<Vec<u8>>,
    /// When the user was made: a login does not outlive its user to become one of the next with the same name.
    pub(crate) born: RecordVersion,
}

/// The cluster's own pair.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterKeyRow {
    pub(crate) masked: Vec<u8>,
    pub(crate) public_spki: Vec<u8>,
    /// Which HSM made it: its serial is in the request's subject.
    pub(crate) founder: crate::api::ids::HsmSerial,
}

/// An approval token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuorumTokenRow {
    pub(crate) approval_data: Vec<u8>,
    pub(crate) approvals_min: u8,
    pub(crate) created_millis: i64,
}

/// Seals a body under the masking key, bound to its stamp.
pub(crate) fn seal(token: &dyn Token, stamp: Stamp, body: &Body) -> Result<MaskedRecord, HsmError> {
    let plain = Zeroizing::new(postcard::to_extend(body, Vec::with_capacity(4096)).unwrap_or_default());
    let sealed = token.seal(&associated(&stamp), &plain)?;
    Ok(MaskedRecord { stamp, sealed })
}

/// Opens a record. [`HsmError::ForeignRecord`] when it is not of this cluster, was changed, or says another thing than its stamp.
pub(crate) fn open(token: &dyn Token, record: &MaskedRecord) -> Result<Body, HsmError> {
    let plain = token.open(&associated(&record.stamp), &record.sealed).map_err(|error| match error {
        crate::token::TokenError::InvalidCiphertext => HsmError::ForeignRecord,
        error => error.into(),
    })?;
    let body = match postcard::take_from_bytes::<Body>(&plain) {
        Ok((body, [])) => body,
        // Authentic, and yet unreadable: a newer version of the house made it.
        _ => return Err(HsmError::Internal("a record of a newer version".to_owned())),
    };
    if body.fits(&record.stamp) { Ok(body) } else { Err(HsmError::ForeignRecord) }
}

fn associated(stamp: &Stamp) -> Vec<u8> {
    let mut bytes = b"keyward record 1".to_vec();
    bytes.extend(postcard::to_allocvec(stamp).unwrap_or_default());
    bytes
}

impl Body {
    fn fits(&self, stamp: &Stamp) -> bool {
        use crate::api::record::RecordKey;
        match (&stamp.key, self) {
            (_, Self::Tombstone) => stamp.tombstone,
            (RecordKey::Key(_), Self::KeyV1(_))
            | (RecordKey::User(_), Self::UserV1(_))
            | (RecordKey::Quorum(_), Self::QuorumV1(_))
            | (RecordKey::ClusterKey, Self::ClusterKeyV1(_))
            | (RecordKey::QuorumToken(..), Self::QuorumTokenV1(_)) => !stamp.tombstone,
            _ => false,
        }
    }
}
