//! Keys: what they are, what they are called, which state they are in. Pure; no operation is known here.

mod algorithm;
mod id;
mod policy;
mod record;
mod reference;
mod spec;
mod state;
mod tags;

pub use algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
pub use id::{KeyArn, KeyId};
pub use policy::{POLICY_BYTES_MAX, POLICY_NAME, RESOURCE_SHARE_POLICY_NAME, default_policy};
pub use record::{KeyRecord, KeyRow, Material, MaterialId, MaterialState};
pub use reference::{Forms, Named, Place, Reference};
pub use spec::{Algorithms, KeyManager, KeySpec, KeyUsage, Origin};
pub use state::{KeyState, Lifecycle, Profile, Refusal};
pub use tags::{TAGS_MAX, Tags};
