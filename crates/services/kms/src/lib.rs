//! AWS KMS: one operation, one file (`ops/`), over pure keys (`key/`) and aliases (`alias/`).
//!
//! Nothing here sees private key material: tokens go to the vault and come back. Deliberately absent: wire
//! formats (`wire`), who may do what (`gate`), and any other service's rows.

mod alias;
mod fault;
mod key;
mod marker;
mod names;
mod rows;

pub use alias::{AliasName, AliasRecord, AliasRow};
pub use key::{
    EncryptionAlgorithm, KeyArn, KeyId, KeyManager, KeyRecord, KeyRow, KeySpec, KeyState, KeyUsage,
    Lifecycle, MacAlgorithm, Material, MaterialId, MaterialState, MessageType, Origin, Profile, Refusal,
    SigningAlgorithm, Tags,
};
