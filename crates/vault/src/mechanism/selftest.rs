//! Known answers, checked before the vault takes a request: a broken library or machine must not sign.
//!
//! Fast ones only, a few milliseconds together. The keys here are published test keys.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;

use crate::api::algorithm::{MessageType, SigningAlgorithm};
use crate::api::binding::{KeyBinding, MaterialId};
use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};
use crate::mechanism::symmetric::counter_kdf;
use crate::mechanism::{LoadedKey, Message, Secret, registry};
use crate::protocol::request::SignatureForm;

const SAMPLE: Message<'static> = Message { kind: MessageType::Raw, bytes: b"sample" };

/// One check: what it is called and whether the answer was right.
type Check = (&'static str, fn() -> Option<bool>);

const CHECKS: [Check; 9] = [
    ("AES-256-GCM", aes_gcm),
    ("HMAC-SHA256", hmac_sha256),
    ("counter KDF", kdf),
    ("ECDSA P-256", ecdsa_p256),
    ("RSASSA-PKCS1-v1_5", rsa),
    ("Ed25519", ed25519),
    ("ML-DSA", ml_dsa),
    ("ML-KEM", ml_kem),
    ("SM2", sm2),
];

/// Runs them all; the error names the first that gave a wrong answer.
pub(crate) fn run() -> Result<(), String> {
    run_all(&CHECKS)
}

fn run_all(checks: &[Check]) -> Result<(), String> {
    match checks.iter().find(|(_, check)| check() != Some(true)) {
        None => Ok(()),
        Some((name, _)) => Err(format!("the self test of {name} failed: this machine must not hold keys")),
    }
}

/// The Galois/Counter Mode of Operation (McGrew, Viega), test case 14.
fn aes_gcm() -> Option<bool> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[0; 32]).ok()?);
    let mut block = [0; 16];
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut block).ok()?;
    let expected = 0xcea7_403d_4d60_6b6e_074e_c5d3_baf3_9d18_u128.to_be_bytes();
    let expected_tag = 0xd0d1_c8a7_9999_6bf0_265b_98b5_d48a_b919_u128.to_be_bytes();
    Some(block == expected && tag.as_ref() == expected_tag)
}

/// RFC 4231 section 4.2.
fn hmac_sha256() -> Option<bool> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[0x0b; 20]), b"Hi There");
    Some(tag.as_ref() == bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")?)
}

/// NIST CAVS, KDFCTR_gen: HMAC_SHA256, counter before the fixed data, 32 bits, count 0.
fn kdf() -> Option<bool> {
    let key = bytes("dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0")?;
    let info = bytes(
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d8\
         0a0e8aba17f3b413faac",
    )?;
    let mut output = [0; 16];
    counter_kdf(&key, &info, &mut output).ok()?;
    Some(output.as_slice() == bytes("10621342bfb0fd40046c0e29f2cfdbf0")?)
}

/// RFC 6979 section A.2.5, and a signature of our own.
fn ecdsa_p256() -> Option<bool> {
    let key = load(KeySpec::EccNistP256, include_bytes!("selftest/p256_pkcs8.der"))?;
    let algorithm = SigningAlgorithm::EcdsaSha256;
    let known = include_bytes!("selftest/p256_signature.der");
    let own = key.sign(algorithm, SAMPLE, SignatureForm::Kms).ok()?;
    let other = Message { kind: MessageType::Raw, bytes: b"test" };
    Some(
        key.verify(algorithm, SAMPLE, known).is_ok()
            && key.verify(algorithm, SAMPLE, &own).is_ok()
            && key.verify(algorithm, other, &own).is_err(),
    )
}

/// A deterministic signature, compared with another implementation's.
fn rsa() -> Option<bool> {
    let key = load(KeySpec::Rsa2048, include_bytes!("selftest/rsa_pkcs8.der"))?;
    let algorithm = SigningAlgorithm::RsassaPkcs1V15Sha256;
    let signature = key.sign(algorithm, SAMPLE, SignatureForm::Kms).ok()?;
    Some(signature == include_bytes!("selftest/rsa_signature.bin"))
}

/// RFC 8032 section 7.1, test 2.
fn ed25519() -> Option<bool> {
    let key = bytes(
        "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    )?;
    let key = load(KeySpec::EccNistEdwards25519, &key)?;
    let message = Message { kind: MessageType::Raw, bytes: &[0x72] };
    let signature = key.sign(SigningAlgorithm::Ed25519Sha512, message, SignatureForm::Kms).ok()?;
    let expected = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
         387b2eaeb4302aeeb00d291612bb0c00",
    )?;
    Some(signature == expected)
}

/// Signatures of our own, over a message and over a μ, and none of them good for the other.
fn ml_dsa() -> Option<bool> {
    let head = bytes("3034020100300b060960864801650304031104228020")?;
    let key = load(KeySpec::MlDsa44, &[head, vec![7; 32]].concat())?;
    let algorithm = SigningAlgorithm::MlDsaShake256;
    let signature = key.sign(algorithm, SAMPLE, SignatureForm::Kms).ok()?;
    let other = Message { kind: MessageType::Raw, bytes: b"test" };
    let mu = Message { kind: MessageType::ExternalMu, bytes: &[7; 64] };
    let of_mu = key.sign(algorithm, mu, SignatureForm::Kms).ok()?;
    Some(
        key.verify(algorithm, SAMPLE, &signature).is_ok()
            && key.verify(algorithm, other, &signature).is_err()
            && key.verify(algorithm, mu, &of_mu).is_ok()
            && key.verify(algorithm, mu, &signature).is_err(),
    )
}

/// A secret that comes out again, and not of a changed ciphertext.
fn ml_kem() -> Option<bool> {
    let head = bytes("3054020100300b060960864801650304040104428040")?;
    let key = load_for(KeySpec::MlKem512, KeyUsage::EncapsulateDecapsulate, &[head, vec![7; 64]].concat())?;
    let (secret, mut ciphertext) = key.encapsulate().ok()?;
    let opened = key.decapsulate(&ciphertext).ok()?;
    *ciphertext.first_mut()? ^= 1;
    let rejected = key.decapsulate(&ciphertext).ok()?;
    Some(*opened == *secret && *rejected != *secret)
}

/// GB/T 32918.5 section A.2 (the key and signature of "message digest" on the recommended curve).
fn sm2() -> Option<bool> {
    let key = bytes(
        "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420\
         3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
    )?;
    let known = bytes(
        "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
         022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    )?;
    let key = load(KeySpec::Sm2, &key)?;
    let algorithm = SigningAlgorithm::Sm2Dsa;
    let message = Message { kind: MessageType::Raw, bytes: b"message digest" };
    let own = key.sign(algorithm, message, SignatureForm::Kms).ok()?;
    Some(
        key.verify(algorithm, message, &known).is_ok()
            && key.verify(algorithm, message, &own).is_ok()
            && key.verify(algorithm, SAMPLE, &own).is_err(),
    )
}

fn load(spec: KeySpec, pkcs8: &[u8]) -> Option<Box<dyn LoadedKey>> {
    load_for(spec, KeyUsage::SignVerify, pkcs8)
}

fn load_for(spec: KeySpec, usage: KeyUsage, pkcs8: &[u8]) -> Option<Box<dyn LoadedKey>> {
    let binding = KeyBinding {
        owner: "self test".into(),
        spec,
        usage,
        origin: KeyOrigin::External,
        material_id: MaterialId([0; 32]),
    };
    registry::load(&binding, &Secret::new(pkcs8.to_vec())).ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_answer_is_given() {
        for (name, check) in CHECKS {
            assert_eq!(check(), Some(true), "{name}");
        }
        assert_eq!(run(), Ok(()));
    }

    #[test]
    fn a_wrong_answer_is_named() {
        let error = run_all(&[("something", || Some(false))]).unwrap_err();
        assert!(error.contains("something"));
        assert!(run_all(&[("something", || None)]).is_err());
    }
}
