//! Why a DNSSEC operation is refused: AWS's codes and texts.

use std::fmt;

use keyward_base::Fault;

/// A refusal of one of the DNSSEC operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoSuchKey,
    NameInvalid,
    KeyExists,
    TooManyKeys,
    StatusInvalid,
    DeleteNotInactive { name: String },
    SigningStatus,
    KeyInUse,
    KeyInParentDs,
    ParentUnknown { zone: String },
    NoActiveKey { zone_id: String },
    NothingThere,
    PartiallyDelegated,
    PrivateZone,
    ConcurrentModification,
}

impl Refusal {
    /// AWS's error code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoSuchKey => "NoSuchKeySigningKey",
            Self::NameInvalid => "InvalidKeySigningKeyName",
            Self::KeyExists => "KeySigningKeyAlreadyExists",
            Self::TooManyKeys => "TooManyKeySigningKeys",
            Self::StatusInvalid | Self::DeleteNotInactive { .. } => "InvalidKeySigningKeyStatus",
            Self::SigningStatus => "InvalidSigningStatus",
            Self::KeyInUse => "KeySigningKeyInUse",
            Self::KeyInParentDs | Self::ParentUnknown { .. } => "KeySigningKeyInParentDSRecord",
            Self::NoActiveKey { .. } => "KeySigningKeyWithActiveStatusNotFound",
            Self::NothingThere => "DNSSECNotFound",
            Self::PartiallyDelegated => "HostedZonePartiallyDelegated",
            Self::PrivateZone => "InvalidArgument",
            Self::ConcurrentModification => "ConcurrentModification",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeleteNotInactive { name } => {
                return write!(
                    f,
                    "Key Signing Key with name {name} cannot be deleted because current status is not INACTIVE."
                );
            }
            Self::ParentUnknown { zone } => {
                return write!(
                    f,
                    "Due to DNS lookup failure, we cannot determine if disabling DNSSEC in hosted zone '{zone}' will break the authentication chain. Please retry later."
                );
            }
            Self::NoActiveKey { zone_id } => {
                return write!(
                    f,
                    "Hosted zone with ID '{zone_id}' does not have a Key Signing Key in ACTIVE status."
                );
            }
            Self::NoSuchKey => "The specified key-signing key (KSK) doesn't exist.",
            Self::NameInvalid => {
                "The key-signing key (KSK) name that you specified isn't a valid name. It can include letters, numbers, and underscores (_)."
            }
            Self::KeyExists => {
                "You've already created a key-signing key (KSK) with this name or with the same customer managed key ARN."
            }
            Self::TooManyKeys => {
                "You've reached the limit for the number of key-signing keys (KSKs). Remove at least one KSK, and then try again."
            }
            Self::StatusInvalid => {
                "The key-signing key (KSK) status isn't valid or another KSK has the status INTERNAL_FAILURE."
            }
            Self::SigningStatus => {
                "Your hosted zone status isn't valid for this operation. In the hosted zone, change the status to enable DNSSEC or disable DNSSEC."
            }
            Self::KeyInUse => {
                "The key-signing key (KSK) that you specified can't be deactivated because it's the only KSK for a currently-enabled DNSSEC. Disable DNSSEC signing, or add or enable another KSK."
            }
            Self::KeyInParentDs => "The key-signing key (KSK) is specified in a parent DS record.",
            Self::NothingThere => "The hosted zone doesn't have any DNSSEC resources.",
            Self::PartiallyDelegated => {
                "The hosted zone nameservers don't match the parent nameservers. The hosted zone and parent must have the same nameservers."
            }
            Self::PrivateZone => "DNSSEC signing is available for public hosted zones only.",
            Self::ConcurrentModification => {
                "Another user submitted a request to create, update, or delete the object at the same time that you did. Retry the request."
            }
        })
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::caller(refusal.code(), refusal.to_string())
    }
}
