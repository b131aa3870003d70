//! The HSM boundary: a process of its own that holds every key, and the client that the house holds.
//!
//! What leaves the vault is an encrypted key token ([`Ekt`]), a public key, a ciphertext or a signature. The
//! types that hold plain key material are private to the server side of this crate, so that no other
//! crate can name them. Deliberately absent: policies, accounts, key states; the vault checks what
//! the token itself says (spec, usage, owner), and the services check the rest.

mod api;
mod client;
mod domain;
pub mod fuzz;
mod mechanism;
mod protocol;
pub mod server;
#[cfg(any(test, feature = "test-vault", feature = "fuzz"))]
pub mod testing;
mod token;

pub use api::algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
pub use api::binding::{BindingError, Ekt, KeyBinding, KeyOwner, KeyRef, MaterialId};
pub use api::blob::{BlobHeader, parse_ciphertext_header};
pub use api::context::EncryptionContext;
pub use api::error::{Refusal, VaultError};
pub use api::formats::{ec_point_from_spki, ecdsa_fixed_from_der, scalar_bytes};
pub use api::import::{ImportBinding, WrappingAlgorithm};
pub use api::spec::{KeyOrigin, KeySpec, KeyUsage};
pub use api::{UnknownCode, UnknownName};
pub use client::supervisor::{StartError, Supervisor, VaultConfig};
pub use client::{
    DataKey, Encapsulation, EnvelopedDataKey, ForRecipient, GeneratedKey, ImportedKey, Plaintext,
    VaultClient, VaultStatus,
};
