//! How key material comes from outside: under which wrapping key, with which algorithm, for which key.

use keyward_base::Timestamp;

use crate::api::binding::KeyBinding;
use crate::api::spec::KeySpec;

coded_enum! {
    /// How material is wrapped: KMS's `WrappingAlgorithm`. `RSAES_PKCS1_V1_5`, which KMS refuses since 2023, is
    /// none of them.
    WrappingAlgorithm {
        /// RSAES-OAEP with SHA-1 over the material itself.
        RsaesOaepSha1 = 1, "RSAES_OAEP_SHA_1";
        /// RSAES-OAEP with SHA-256.
        RsaesOaepSha256 = 2, "RSAES_OAEP_SHA_256";
        /// RSAES-OAEP with SHA-1 over an AES-256 key, then the material under AES-KWP (RFC 5649).
        RsaAesKeyWrapSha1 = 3, "RSA_AES_KEY_WRAP_SHA_1";
        /// The same with SHA-256.
        RsaAesKeyWrapSha256 = 4, "RSA_AES_KEY_WRAP_SHA_256";
        /// SM2 public-key encryption of the material itself.
        Sm2Pke = 5, "SM2PKE";
    }
}

impl WrappingAlgorithm {
    /// Whether a wrapping key of `wrapping_key` unwraps with it.
    pub const fn fits(self, wrapping_key: KeySpec) -> bool {
        match self {
            Self::Sm2Pke => matches!(wrapping_key, KeySpec::Sm2),
            _ => matches!(wrapping_key, KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096),
        }
    }

    /// Whether it can carry the material of a key of `spec` under a wrapping key of `wrapping_key` (KMS API,
    /// GetParametersForImport): RSA private keys are too long for OAEP, and so is P-521's for RSA_2048.
    pub const fn carries(self, spec: KeySpec, wrapping_key: KeySpec) -> bool {
        use KeySpec::*;
        match self {
            Self::RsaesOaepSha1 | Self::RsaesOaepSha256 => {
                !matches!((spec, wrapping_key), (Rsa2048 | Rsa3072 | Rsa4096, _) | (EccNistP521, Rsa2048))
            }
            Self::RsaAesKeyWrapSha1 | Self::RsaAesKeyWrapSha256 => true,
            Self::Sm2Pke => !matches!(spec, Rsa2048 | Rsa3072 | Rsa4096),
        }
    }
}

/// What the token of a wrapping key is bound to; all of it is authenticated with the token. Such a token opens
/// nothing but an import: it is no key that could decrypt for anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportBinding {
    /// The one key that it is for, in one Region: its ARN.
    pub key_arn: String,
    /// What the imported material will be bound to; its material id is not known yet and does not count.
    pub key: KeyBinding,
    /// What kind of wrapping key.
    pub wrapping_key: KeySpec,
    /// How the material is wrapped.
    pub algorithm: WrappingAlgorithm,
    /// Until when it may be used. Whoever asks the vault checks that: the vault has no clock.
    pub valid_to: Timestamp,
}

const LABEL: &[u8] = b"keyward import key\x01";
const CODES: usize = 2;
const MOMENT: usize = 8;
const LENGTH: usize = 2;

impl ImportBinding {
    /// The canonical bytes: label, codes, moment, ARN behind its length, the key's binding. No canonical form
    /// of a `KeyBinding` begins like this one.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let arn = self.key_arn.as_bytes();
        let length = u16::try_from(arn.len()).unwrap_or(u16::MAX);
        let mut bytes = LABEL.to_vec();
        bytes.extend_from_slice(&[self.wrapping_key.code(), self.algorithm.code()]);
        bytes.extend_from_slice(&self.valid_to.unix_millis().to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(arn);
        bytes.extend_from_slice(&self.key.canonical());
        bytes
    }

    /// Reads the canonical form; `None` when it is none.
    pub(crate) fn from_canonical(bytes: &[u8]) -> Option<Self> {
        let (codes, rest) = bytes.strip_prefix(LABEL)?.split_first_chunk::<CODES>()?;
        let (moment, rest) = rest.split_first_chunk::<MOMENT>()?;
        let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
        let (arn, key) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let [wrapping_key, algorithm] = *codes;
        Some(Self {
            key_arn: std::str::from_utf8(arn).ok()?.to_owned(),
            key: KeyBinding::from_canonical(key).ok()?,
            wrapping_key: wrapping_key.try_into().ok()?,
            algorithm: algorithm.try_into().ok()?,
            valid_to: Timestamp::from_unix_millis(i64::from_be_bytes(*moment)),
        })
    }

    /// The spec of the wrapping key in a canonical form, unchecked.
    pub(crate) fn wrapping_key_of(canonical: &[u8]) -> Option<KeySpec> {
        canonical.strip_prefix(LABEL)?.first().and_then(|code| KeySpec::try_from(*code).ok())
    }
}

#[cfg(test)]
mod tests;
