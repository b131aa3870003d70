//! Keys of every kind with what each made, for bytes that are meant for a key: ciphertexts, signatures, MACs,
//! public keys of peers, capsules.

use crate::api::algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::{KeyBinding, MaterialId};
use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};
use crate::protocol::answer::Answer;
use crate::protocol::bytes::{Bytes, Octets};
use crate::protocol::request::{KeyArg, Request, Sealed, SignatureForm};
use crate::server::vault::Vault;

const KINDS: [(KeySpec, KeyUsage); 11] = [
    (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
    (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
    (KeySpec::Sm2, KeyUsage::EncryptDecrypt),
    (KeySpec::Rsa2048, KeyUsage::SignVerify),
    (KeySpec::EccNistP256, KeyUsage::SignVerify),
    (KeySpec::EccNistEdwards25519, KeyUsage::SignVerify),
    (KeySpec::MlDsa44, KeyUsage::SignVerify),
    (KeySpec::Sm2, KeyUsage::SignVerify),
    (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
    (KeySpec::EccNistP384, KeyUsage::KeyAgreement),
    (KeySpec::MlKem768, KeyUsage::EncapsulateDecapsulate),
];
const MESSAGE: Bytes<'static> = Bytes(b"message");
const CONTEXT: Bytes<'static> = Bytes(b"");

/// A key, and what it made.
pub(super) struct Held {
    pub(super) ekt: Vec<u8>,
    pub(super) binding: Vec<u8>,
    spec: KeySpec,
    usage: KeyUsage,
    /// A ciphertext, signature, MAC, public key or capsule.
    pub(super) made: Vec<u8>,
}

impl Held {
    /// One key of each kind; `None` when the vault fails.
    pub(super) fn all(vault: &Vault) -> Option<Vec<Self>> {
        KINDS.iter().map(|(spec, usage)| Self::new(vault, *spec, *usage)).collect()
    }

    fn new(vault: &Vault, spec: KeySpec, usage: KeyUsage) -> Option<Self> {
        let origin = KeyOrigin::AwsKms;
        let binding =
            KeyBinding { owner: "fuzz".into(), spec, usage, origin, material_id: MaterialId([1; 32]) };
        let binding = binding.canonical();
        let Answer::Key { ekt, .. } = vault.answer(&Request::GenerateKey(Bytes(&binding))) else {
            return None;
        };
        let mut held = Self { ekt: ekt.into_public(), binding, spec, usage, made: Vec::new() };
        held.made = held.make(vault)?;
        Some(held)
    }

    fn make(&self, vault: &Vault) -> Option<Vec<u8>> {
        let key = self.arg();
        let request = match self.usage {
            KeyUsage::EncryptDecrypt => {
                Request::Encrypt { key, algorithm: self.encryption(), plaintext: MESSAGE, context: CONTEXT }
            }
            KeyUsage::SignVerify => Request::Sign {
                key,
                algorithm: self.signing(),
                message_type: MessageType::Raw,
                form: SignatureForm::Kms,
                messages: vec![MESSAGE],
            },
            KeyUsage::GenerateVerifyMac => {
                Request::GenerateMac { key, algorithm: MacAlgorithm::HmacSha256, message: MESSAGE }
            }
            KeyUsage::KeyAgreement => Request::PublicKey(key),
            KeyUsage::EncapsulateDecapsulate => Request::Encapsulate(key),
        };
        match vault.answer(&request) {
            Answer::One(made) => Some(made.into_public()),
            Answer::Signatures(made) => made.into_iter().next().map(Octets::into_public),
            Answer::Encapsulated { ciphertext, .. } => Some(ciphertext.into_public()),
            _ => None,
        }
    }

    pub(super) fn arg(&self) -> KeyArg<'_> {
        KeyArg { ekt: Bytes(&self.ekt), binding: Bytes(&self.binding) }
    }

    /// What takes such bytes as this key makes.
    pub(super) fn taking<'a>(&self, key: KeyArg<'a>, bytes: &'a [u8]) -> Request<'a> {
        let bytes = Bytes(bytes);
        match self.usage {
            KeyUsage::EncryptDecrypt => {
                let algorithm = self.encryption();
                Request::Decrypt(Sealed { key, algorithm, ciphertext: bytes, context: CONTEXT })
            }
            KeyUsage::SignVerify => Request::Verify {
                key,
                algorithm: self.signing(),
                message_type: MessageType::Raw,
                message: MESSAGE,
                signature: bytes,
            },
            KeyUsage::GenerateVerifyMac => {
                Request::VerifyMac { key, algorithm: MacAlgorithm::HmacSha256, message: MESSAGE, mac: bytes }
            }
            KeyUsage::KeyAgreement => Request::DeriveSharedSecret { key, peer: bytes },
            KeyUsage::EncapsulateDecapsulate => Request::Decapsulate { key, ciphertext: bytes },
        }
    }

    /// Whether no other bytes than those it made are taken: a peer's key may be any, and ML-KEM answers a
    /// secret that nobody has to a capsule that is none (FIPS 203, implicit rejection).
    pub(super) const fn takes_its_own_only(&self) -> bool {
        !matches!(self.usage, KeyUsage::KeyAgreement | KeyUsage::EncapsulateDecapsulate)
    }

    const fn encryption(&self) -> EncryptionAlgorithm {
        match self.spec {
            KeySpec::SymmetricDefault => EncryptionAlgorithm::SymmetricDefault,
            KeySpec::Sm2 => EncryptionAlgorithm::Sm2Pke,
            _ => EncryptionAlgorithm::RsaesOaepSha256,
        }
    }

    const fn signing(&self) -> SigningAlgorithm {
        match self.spec {
            KeySpec::Rsa2048 => SigningAlgorithm::RsassaPssSha256,
            KeySpec::EccNistEdwards25519 => SigningAlgorithm::Ed25519Sha512,
            KeySpec::MlDsa44 => SigningAlgorithm::MlDsaShake256,
            KeySpec::Sm2 => SigningAlgorithm::Sm2Dsa,
            _ => SigningAlgorithm::EcdsaSha256,
        }
    }
}
