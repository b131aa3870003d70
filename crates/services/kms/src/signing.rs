//! What `Sign` and `Verify` share: which message an algorithm takes.

use keyward_base::Fault;
use keyward_gate::Check;
use keyward_schema::kms::{MessageType as ShownType, SigningAlgorithmSpec};
use keyward_vault::{KeyUsage, MessageType, SigningAlgorithm};

use crate::fault;
use crate::key::shown;
use crate::loaded::LoadedKey;

/// FIPS 204, algorithm 7: the message representative μ.
const EXTERNAL_MU_BYTES: usize = 64;

/// How a message is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signing {
    /// The algorithm.
    pub(crate) algorithm: SigningAlgorithm,
    /// What the message is.
    pub(crate) message_type: MessageType,
}

/// How `message` is signed under `key`, if it can be.
pub(crate) fn signed(
    key: &LoadedKey,
    operation: &str,
    algorithm: SigningAlgorithmSpec,
    message_type: Option<ShownType>,
    message: &[u8],
) -> Result<Signing, Fault> {
    key.check_usage(KeyUsage::SignVerify, operation)?;
    let algorithm: SigningAlgorithm = shown(algorithm.as_str())?;
    if !algorithm.fits(key.record.spec) {
        return Err(fault::incompatible_algorithm(&algorithm, key.record.spec));
    }
    let message_type = shown(message_type.unwrap_or(ShownType::Raw).as_str())?;
    check_message(algorithm, message_type, message.len())?;
    Ok(Signing { algorithm, message_type })
}

/// A digest must have the length of the algorithm's hash, and ML-DSA's μ 64 bytes.
fn check_message(algorithm: SigningAlgorithm, message_type: MessageType, bytes: usize) -> Result<(), Fault> {
    match (message_type, algorithm.digest_bytes()) {
        (MessageType::Raw, _) if algorithm != SigningAlgorithm::Ed25519PhSha512 => Ok(()),
        (MessageType::Digest, Some(expected)) if bytes == expected => Ok(()),
        (MessageType::ExternalMu, _) if algorithm == SigningAlgorithm::MlDsaShake256 => {
            if bytes == EXTERNAL_MU_BYTES {
                return Ok(());
            }
            Err(fault::validation(format!("ExternalMu is invalid length for algorithm {algorithm}.")))
        }
        (MessageType::Digest, Some(_)) => {
            Err(fault::validation(format!("Digest is invalid length for algorithm {algorithm}.")))
        }
        (MessageType::Raw | MessageType::ExternalMu, _) | (MessageType::Digest, None) => {
            let message = format!("MessageType {message_type} is not valid for algorithm {algorithm}.");
            Err(fault::validation(message))
        }
    }
}

/// The condition keys of signing.
pub(crate) fn with_signing(
    check: Check,
    algorithm: SigningAlgorithmSpec,
    message_type: Option<ShownType>,
) -> Check {
    check
        .with("kms:SigningAlgorithm", algorithm.as_str())
        .with("kms:MessageType", message_type.unwrap_or(ShownType::Raw).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(algorithm: SigningAlgorithm, message_type: MessageType, bytes: usize) -> Option<String> {
        check_message(algorithm, message_type, bytes).err().map(|fault| fault.to_string())
    }

    #[test]
    fn a_digest_must_have_the_length_of_the_hash() {
        use MessageType::{Digest, ExternalMu, Raw};
        use SigningAlgorithm::{EcdsaSha384, RsassaPssSha256};
        assert_eq!(refusal(EcdsaSha384, Digest, 48), None);
        assert_eq!(refusal(EcdsaSha384, Raw, 1), None);
        let wrong = "ValidationException: Digest is invalid length for algorithm RSASSA_PSS_SHA_256.";
        assert_eq!(refusal(RsassaPssSha256, Digest, 48).as_deref(), Some(wrong));
        assert!(refusal(RsassaPssSha256, ExternalMu, 64).is_some());
    }

    #[test]
    fn edwards_curves_and_lattices_take_their_own_message_types() {
        use MessageType::{Digest, ExternalMu, Raw};
        use SigningAlgorithm::{Ed25519PhSha512, Ed25519Sha512, MlDsaShake256};
        for (algorithm, message_type, bytes) in [
            (Ed25519Sha512, Raw, 9),
            (Ed25519PhSha512, Digest, 64),
            (MlDsaShake256, Raw, 9),
            (MlDsaShake256, ExternalMu, 64),
        ] {
            assert_eq!(refusal(algorithm, message_type, bytes), None);
        }
        let not_valid = |kind, algorithm| {
            Some(format!("ValidationException: MessageType {kind} is not valid for algorithm {algorithm}."))
        };
        assert_eq!(refusal(Ed25519PhSha512, Raw, 64), not_valid(Raw, Ed25519PhSha512));
        assert_eq!(refusal(Ed25519Sha512, Digest, 64), not_valid(Digest, Ed25519Sha512));
        assert_eq!(refusal(Ed25519Sha512, ExternalMu, 64), not_valid(ExternalMu, Ed25519Sha512));
        assert_eq!(refusal(MlDsaShake256, Digest, 64), not_valid(Digest, MlDsaShake256));
        assert!(refusal(Ed25519PhSha512, Digest, 63).is_some_and(|text| text.contains("invalid length")));
        assert!(refusal(MlDsaShake256, ExternalMu, 63).is_some_and(|text| text.contains("invalid length")));
    }
}
