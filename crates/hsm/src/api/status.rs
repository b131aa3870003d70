//! What an HSM tells about itself.

use serde::{Deserialize, Serialize};

use crate::api::ids::{ClusterId, HsmSerial};

/// The HSM type of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HsmType {
    /// `hsm1.medium`: 3300 keys.
    Hsm1Medium,
    /// `hsm2m.medium`: 16666 keys.
    Hsm2mMedium,
}

impl HsmType {
    /// The API's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hsm1Medium => "hsm1.medium",
            Self::Hsm2mMedium => "hsm2m.medium",
        }
    }

    /// How many keys an HSM of this type holds.
    pub fn keys_max(self) -> usize {
        match self {
            Self::Hsm1Medium => 3300,
            Self::Hsm2mMedium => 16_666,
        }
    }
}

/// The mode of a cluster; never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HsmMode {
    /// `FIPS`.
    Fips,
    /// `NON_FIPS`.
    NonFips,
}

/// The cluster that an HSM is of, since it was founded or restored there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its mode.
    pub mode: HsmMode,
    /// Its type.
    pub hsm_type: HsmType,
    /// SHA-256 of the cluster certificate's DER, once the HSM was told of the claim.
    pub certificate_sha256: Option<[u8; 32]>,
}

/// How an HSM is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HsmStatus {
    /// Its serial number.
    pub serial: HsmSerial,
    /// Its process.
    pub pid: u32,
    /// The cluster it is of; `None` for a blank one.
    pub membership: Option<Membership>,
    /// Whether its token lost the cluster's masking key. Such an HSM can't read its own records until another of the cluster gives it
    /// that key again.
    pub is_bereft: bool,
    /// `software` or `pkcs11`.
    pub token: String,
    /// How many keys it holds.
    pub keys: u32,
    /// How many users it knows.
    pub users: u32,
    /// A sum over the stamps of all its records: two HSMs with the same one are in step.
    pub state_sum: [u8; 32],
    /// Protections that are active, such as `seccomp`.
    pub active: Vec<String>,
    /// Protections that this system does not give, with the reason.
    pub missing: Vec<String>,
}
