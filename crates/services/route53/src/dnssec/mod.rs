//! DNSSEC of a hosted zone: its key-signing keys, whether it is signed, and the moves between states.
//!
//! ```text
//! Create(INACTIVE) -> INACTIVE --Activate--> ACTIVE --Deactivate--> INACTIVE --Delete--> gone
//! Create(ACTIVE)   -> ACTIVE
//! ACTIVE --KMS key lost--> ACTION_NEEDED --Activate, once the key is mended--> ACTIVE
//! ACTION_NEEDED --Deactivate, unless the zone needs it--> INACTIVE
//!
//! zone: NOT_SIGNING --Enable, with an ACTIVE key--> SIGNING
//!       SIGNING --Disable, no DS at the parent--> DELETING --served unsigned--> NOT_SIGNING
//!       DELETING --Enable--> SIGNING
//! ```
//!
//! Pure. A key-signing key that is deleted was INACTIVE and so is not in the DNSKEY set any more: it goes at
//! once, and its status DELETING is never seen. Deliberately absent: calls to KMS, lookups at the parent.

mod refusal;
mod shown;
mod state;

pub(crate) use refusal::Refusal;
pub(crate) use state::check_key_name;
pub(crate) use state::{Dnssec, KeySigningKey, KeyStatus, Signing};
