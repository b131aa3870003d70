//! Attestation documents of Nitro enclaves and NitroTPM: read, and verified up to a trusted root.
//!
//! The rules are those of the Nitro Enclaves attestation process (aws-nitro-enclaves-nsm-api,
//! `docs/attestation_process.md`). Pure: the time and the roots are handed in. Key usage bits of the
//! certificates are not looked at (webpki); validity, path lengths and critical extensions are.

mod chain;
mod document;
mod signed;

use std::fmt;
use std::time::Duration;

use keyward_base::Timestamp;

pub use chain::AttestationRoots;
pub(crate) use document::{Platform, Registers};

use document::Document;
use signed::Signed;

/// How old a document may be, and how far ahead of our clock.
const AGE_MAX: Duration = Duration::from_secs(5 * 60);

/// What a verified document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attestation {
    /// Where it runs, and what was measured there.
    pub(crate) registers: Registers,
    /// The RSA key (SPKI DER) to which only the attested environment has the private half.
    pub(crate) public_key: Vec<u8>,
}

/// Why a document is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is no COSE_Sign1 of an attestation document.
    Malformed(&'static str),
    /// Its certificate does not lead to a trusted root.
    Untrusted,
    /// It is not signed by its certificate's key.
    Unsigned,
    /// It is too old, or from the future.
    Stale,
    /// It carries no RSA public key.
    NoPublicKey,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "it is malformed: {what}"),
            Self::Untrusted => f.write_str("its certificate is not valid or does not lead to a trusted root"),
            Self::Unsigned => f.write_str("its signature is not valid"),
            Self::Stale => f.write_str("it was not made within the last five minutes"),
            Self::NoPublicKey => f.write_str("it has no RSA public key of 2048 to 8192 bits"),
        }
    }
}

/// Reads and verifies a document.
pub(crate) fn verify(bytes: &[u8], roots: &AttestationRoots, now: Timestamp) -> Result<Attestation, Unfit> {
    let signed = Signed::read(bytes)?;
    let document = Document::read(signed.payload)?;
    let key = roots.verify(&document.certificate, &document.bundle, now)?;
    signed.verify(&key)?;
    let ahead = document.made_at.since(now);
    if now.since(document.made_at) > AGE_MAX || ahead > AGE_MAX {
        return Err(Unfit::Stale);
    }
    let public_key = document.public_key.ok_or(Unfit::NoPublicKey)?;
    if aws_lc_rs::rsa::PublicEncryptingKey::from_der(&public_key).is_err() {
        return Err(Unfit::NoPublicKey);
    }
    Ok(Attestation { registers: document.registers, public_key })
}

/// A door for the fuzz target: any bytes, to the end of the way.
#[cfg(feature = "fuzz")]
pub fn fuzz(bytes: &[u8]) {
    let _ = verify(bytes, &AttestationRoots::default(), Timestamp::EPOCH);
    let _ = Document::read(bytes);
}

#[cfg(test)]
mod tests;
