//! HSMs and clusters of them, as CloudHSM has: users and keys that live inside the HSMs, kept in step by masked records.
//!
//! Key material exists only inside an HSM's process (or its PKCS#11 token). What leaves is handles, public keys,
//! ciphertexts, signatures, masked records and backups; no other crate can name a type that holds more. Deliberately absent: AWS's
//! states and errors, policies and accounts (`services/cloudhsm` and `services/kms` have them).

mod api;
mod certificate;
mod client;
mod cluster;
mod fleet;
pub mod fuzz;
mod instance;
mod protocol;
mod records;
pub mod server;
mod token;

pub use api::attributes::{Attributes, Change, Flag, Flags, KeyClass};
pub use api::backup::{Backup, BackupHeader};
pub use api::error::HsmError;
pub use api::ids::{ClusterId, HsmId, HsmSerial, IdError, KeyHandle, OperationId, SessionId, UserName};
pub use api::key::{KeyFilter, KeyInfo, KeyTemplate, PairTemplate, UnwrapTemplate};
pub use api::mechanism::{CipherMechanism, Hash, SignMechanism, WrapMechanism};
pub use api::password::{Password, PasswordError};
pub use api::quorum::{Approval, ApprovalToken, QuorumService};
pub use api::record::{MaskedRecord, RecordKey, RecordVersion, Stamp};
pub use api::secret::Plaintext;
pub use api::spec::{Curve, KeySpec, KeyType};
pub use api::status::{HsmMode, HsmStatus, HsmType, Membership};
pub use api::user::{Role, UserInfo};
pub use certificate::Certificate;
#[cfg(any(test, feature = "test-hsm"))]
pub use client::TestHsm;
pub use client::{Carried, DataKey, HsmClient, Link, LinkError, Mutated};
pub use cluster::{Cluster, ClusterSession, Clusters, MemberState, MemberStatus, NewMember};
pub use fleet::{Fleet, FleetConfig, FleetError, Tokens};
pub use token::pkcs11::settings::{LabelledToken, Pkcs11Settings, SettingsError};
