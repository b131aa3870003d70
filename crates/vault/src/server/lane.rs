//! Which thread does a request: the one that reads, a worker, or a maker of RSA keys.
//!
//! A hand-over to another thread costs more than an AES or HMAC operation, so short work is done where it was
//! read, as long as it does not keep the next requests waiting. The numbers are rough microseconds on one
//! present core; only their order matters.

use crate::api::import::ImportBinding;
use crate::api::spec::KeySpec;
use crate::protocol::request::{KeyArg, Request};

/// How much work the reading thread does itself, for all that one read brought.
pub(crate) const INLINE_MICROS_MAX: u32 = 150;
/// A batch of at least so many messages is shared among the workers.
pub(crate) const SHARED_BATCH_MIN: usize = 32;

/// Where a request belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Takes about so many microseconds.
    Work { micros: u32 },
    /// A batch that several workers share.
    Batch,
    /// Makes an RSA key: up to seconds.
    RsaKey,
}

/// The lane of a request.
pub(crate) fn lane(request: &Request<'_>) -> Lane {
    match request {
        Request::Status | Request::GenerateRandom(_) => Lane::Work { micros: 2 },
        Request::GenerateKey(binding) => generation(spec(binding.0)),
        Request::GenerateDataKeyPair { pair, .. } => generation(Some(*pair)),
        Request::Encrypt { key, .. } | Request::GenerateDataKey { key, .. } => public(key),
        Request::Decrypt(sealed) => private(&sealed.key),
        Request::ReEncrypt { source, .. } => private(&source.key),
        Request::Sign { messages, .. } if messages.len() >= SHARED_BATCH_MIN => Lane::Batch,
        Request::Sign { key, messages, .. } => repeated(private(key), messages.len()),
        Request::PublicKey(key) | Request::Verify { key, .. } | Request::Encapsulate(key) => public(key),
        Request::GenerateMac { key, .. }
        | Request::VerifyMac { key, .. }
        | Request::DeriveSharedSecret { key, .. }
        | Request::Decapsulate { key, .. }
        | Request::Rewrap(key) => private(key),
        Request::ForRecipient { what, .. } => match lane(&what.in_clear()) {
            Lane::Work { micros } => Lane::Work { micros: micros.saturating_add(60) },
            other => other,
        },
        Request::GenerateImportKey(binding) => generation(ImportBinding::wrapping_key_of(binding.0)),
        // Unwrapping, and checking an RSA key.
        Request::ImportKey { .. } => Lane::Work { micros: 5000 },
        // It waits for the disk.
        Request::RotateDomainKey => Lane::Work { micros: 10_000 },
    }
}

fn generation(spec: Option<KeySpec>) -> Lane {
    match spec {
        Some(KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096) => Lane::RsaKey,
        Some(KeySpec::SymmetricDefault) => Lane::Work { micros: 3 },
        Some(KeySpec::EccNistP256) => Lane::Work { micros: 30 },
        _ => Lane::Work { micros: 300 },
    }
}

/// With the private half, or a symmetric key.
fn private(key: &KeyArg<'_>) -> Lane {
    let micros = match spec(key.binding.0) {
        Some(KeySpec::EccNistP256) => 20,
        Some(KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096) => 1500,
        Some(spec) if spec.is_asymmetric() => 400,
        _ => 4,
    };
    Lane::Work { micros }
}

/// With the public half, or a symmetric key.
fn public(key: &KeyArg<'_>) -> Lane {
    match spec(key.binding.0) {
        Some(spec) if spec.is_asymmetric() => Lane::Work { micros: 100 },
        _ => Lane::Work { micros: 4 },
    }
}

fn repeated(lane: Lane, times: usize) -> Lane {
    match lane {
        Lane::Work { micros } => {
            Lane::Work { micros: micros.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)) }
        }
        lane => lane,
    }
}

/// The spec of a binding in canonical form, unchecked: a wrong one only misleads the scheduling.
fn spec(binding: &[u8]) -> Option<KeySpec> {
    binding.get(1).and_then(|code| KeySpec::try_from(*code).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::bytes::Bytes;

    #[test]
    fn rsa_keys_are_made_apart_and_short_work_is_short() {
        let binding = |spec: KeySpec| [1, spec.code(), 1, 1];
        assert_eq!(lane(&Request::GenerateKey(Bytes(&binding(KeySpec::Rsa4096)))), Lane::RsaKey);
        let binding = binding(KeySpec::SymmetricDefault);
        let key = KeyArg { ekt: Bytes(b""), binding: Bytes(&binding) };
        let context = Bytes(b"");
        let request = Request::GenerateDataKey { key, bytes: 32, with_plaintext: true, context };
        assert!(matches!(lane(&request), Lane::Work { micros } if micros < INLINE_MICROS_MAX));
    }
}
