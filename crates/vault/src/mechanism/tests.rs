//! Mechanisms against known answers of others, and against what they must refuse.

mod ciphers_and_macs;
mod curves;
mod imports;
mod lattices;
mod national;

use std::collections::HashMap;

use super::*;
use crate::api::binding::MaterialId;
use crate::api::spec::{KeyOrigin, KeyUsage};

fn vectors() -> HashMap<&'static str, Vec<u8>> {
    let lines = include_str!("tests/vectors.txt").lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &'static str| line.split_once(' ').unwrap();
    let decode = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    lines.map(pair).map(|(name, hex)| (name, decode(hex))).collect()
}

fn binding(spec: KeySpec, usage: KeyUsage) -> KeyBinding {
    KeyBinding {
        owner: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".into(),
        spec,
        usage,
        origin: KeyOrigin::AwsKms,
        material_id: MaterialId([1; 32]),
    }
}

fn load(spec: KeySpec, usage: KeyUsage, material: &[u8]) -> Box<dyn LoadedKey> {
    registry::load(&binding(spec, usage), &Secret::new(material.to_vec()))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn raw(bytes: &[u8]) -> Message<'_> {
    Message { kind: MessageType::Raw, bytes }
}

fn digest(bytes: &[u8]) -> Message<'_> {
    Message { kind: MessageType::Digest, bytes }
}

const CURVES: [(KeySpec, &str, SigningAlgorithm); 4] = [
    (KeySpec::EccNistP256, "p256", SigningAlgorithm::EcdsaSha256),
    (KeySpec::EccNistP384, "p384", SigningAlgorithm::EcdsaSha384),
    (KeySpec::EccNistP521, "p521", SigningAlgorithm::EcdsaSha512),
    (KeySpec::EccSecgP256k1, "p256k1", SigningAlgorithm::EcdsaSha256),
];

const RSA: [(SigningAlgorithm, &str); 6] = [
    (SigningAlgorithm::RsassaPkcs1V15Sha256, "rsa_pkcs1_256"),
    (SigningAlgorithm::RsassaPkcs1V15Sha384, "rsa_pkcs1_384"),
    (SigningAlgorithm::RsassaPkcs1V15Sha512, "rsa_pkcs1_512"),
    (SigningAlgorithm::RsassaPssSha256, "rsa_pss_256"),
    (SigningAlgorithm::RsassaPssSha384, "rsa_pss_384"),
    (SigningAlgorithm::RsassaPssSha512, "rsa_pss_512"),
];

fn hash(algorithm: SigningAlgorithm, message: &[u8]) -> Vec<u8> {
    use aws_lc_rs::digest::{SHA256, SHA384, SHA512};
    let function = match algorithm.digest_bytes() {
        Some(32) => &SHA256,
        Some(48) => &SHA384,
        _ => &SHA512,
    };
    aws_lc_rs::digest::digest(function, message).as_ref().to_vec()
}

/// A signature verifies as a message and as its digest, and for nothing else.
fn check(key: &dyn LoadedKey, algorithm: SigningAlgorithm, signature: &[u8]) {
    let hashed = hash(algorithm, b"sample");
    assert_eq!(key.verify(algorithm, raw(b"sample"), signature), Ok(()), "{algorithm}");
    assert_eq!(key.verify(algorithm, digest(&hashed), signature), Ok(()), "{algorithm}");
    let wrong = Err(VaultError::InvalidSignature);
    assert_eq!(key.verify(algorithm, raw(b"simple"), signature), wrong, "{algorithm}");
    let mut changed = signature.to_vec();
    changed[signature.len() / 2] ^= 1;
    assert_eq!(key.verify(algorithm, raw(b"sample"), &changed), wrong, "{algorithm}");
    assert_eq!(key.verify(algorithm, raw(b"sample"), b""), wrong, "{algorithm}");
}

#[test]
fn known_ecdsa_signatures_verify_and_so_do_ours() {
    let vectors = vectors();
    let part = |name: &str, part: &str| vectors[format!("{name}_{part}").as_str()].clone();
    for (spec, name, algorithm) in CURVES {
        let key = load(spec, KeyUsage::SignVerify, &part(name, "pkcs8"));
        assert_eq!(key.public_key(), Ok(part(name, "spki")));
        check(&*key, algorithm, &part(name, "signature"));
        check(&*key, algorithm, &key.sign(algorithm, raw(b"sample"), SignatureForm::Kms).unwrap());
        let hashed = hash(algorithm, b"sample");
        check(&*key, algorithm, &key.sign(algorithm, digest(&hashed), SignatureForm::Kms).unwrap());
    }
}

#[test]
fn dnssec_signatures_are_r_and_s_in_fixed_width() {
    let vectors = vectors();
    let key = load(KeySpec::EccNistP256, KeyUsage::SignVerify, &vectors["p256_pkcs8"]);
    let point = crate::ec_point_from_spki(KeySpec::EccNistP256, &vectors["p256_spki"]).unwrap();
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        [&[4], point].concat(),
    );
    // Many, so that numbers with leading zeros come up.
    for number in 0..600u32 {
        let message = number.to_be_bytes();
        let algorithm = SigningAlgorithm::EcdsaSha256;
        let signature = key.sign(algorithm, raw(&message), SignatureForm::Dnssec).unwrap();
        assert_eq!(signature.len(), 64);
        public.verify(&message, &signature).unwrap();
    }
}

#[test]
fn known_rsa_signatures_verify_and_so_do_ours() {
    let vectors = vectors();
    let key = load(KeySpec::Rsa2048, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]);
    assert_eq!(key.public_key().as_ref(), Ok(&vectors["rsa_spki"]));
    for (algorithm, name) in RSA {
        check(&*key, algorithm, &vectors[name]);
        let own = key.sign(algorithm, raw(b"sample"), SignatureForm::Kms).unwrap();
        let of_digest = key.sign(algorithm, digest(&hash(algorithm, b"sample")), SignatureForm::Kms).unwrap();
        check(&*key, algorithm, &own);
        check(&*key, algorithm, &of_digest);
        if name.contains("pkcs1") {
            assert_eq!((&own, &of_digest), (&vectors[name], &vectors[name]));
        }
    }
}

#[test]
fn known_oaep_ciphertexts_decrypt() {
    let vectors = vectors();
    let key = load(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt, &vectors["rsa_pkcs8"]);
    assert_eq!(key.public_key().as_ref(), Ok(&vectors["rsa_spki"]));
    let known = [
        (EncryptionAlgorithm::RsaesOaepSha1, "rsa_oaep_1", 214),
        (EncryptionAlgorithm::RsaesOaepSha256, "rsa_oaep_256", 190),
    ];
    for (algorithm, name, limit) in known {
        assert_eq!(&**key.decrypt(algorithm, &vectors[name], b"").unwrap(), b"secret");
        let longest = key.encrypt(algorithm, &vec![7; limit], b"").unwrap();
        assert_eq!(longest.len(), 256);
        assert_eq!(&**key.decrypt(algorithm, &longest, b"").unwrap(), vec![7; limit]);
        let too_long = key.encrypt(algorithm, &vec![7; limit + 1], b"");
        assert_eq!(too_long, Err(Refusal::TooLong.into()));
        let mut changed = longest;
        changed[100] ^= 1;
        for wrong in [&changed[..], &changed[..255], b""] {
            assert_eq!(key.decrypt(algorithm, wrong, b"").err(), Some(VaultError::InvalidCiphertext));
        }
    }
    let crossed = key.decrypt(EncryptionAlgorithm::RsaesOaepSha1, &vectors["rsa_oaep_256"], b"");
    assert_eq!(crossed.err(), Some(VaultError::InvalidCiphertext));
}

#[test]
fn a_known_blob_decrypts_and_no_byte_of_it_can_be_changed() {
    let hbk: Vec<u8> = (0..32).collect();
    let key = load(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, &hbk);
    let algorithm = EncryptionAlgorithm::SymmetricDefault;
    let context: crate::EncryptionContext = [("k", "vw")].into_iter().collect();
    let (blob, context) = (vectors()["blob"].clone(), context.canonical());
    assert_eq!(&**key.decrypt(algorithm, &blob, &context).unwrap(), b"hello keyward");
    for at in 0..blob.len() {
        let mut changed = blob.clone();
        changed[at] ^= 1;
        let refused = key.decrypt(algorithm, &changed, &context).err();
        assert_eq!(refused, Some(VaultError::InvalidCiphertext), "byte {at}");
    }
    assert_eq!(key.decrypt(algorithm, &blob, b"").err(), Some(VaultError::InvalidCiphertext));
}

#[test]
fn two_ciphertexts_of_one_plaintext_differ_and_have_the_documented_length() {
    let key = load(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, &[7; 32]);
    let algorithm = EncryptionAlgorithm::SymmetricDefault;
    let one = key.encrypt(algorithm, &[1; 4096], b"").unwrap();
    assert_ne!(one, key.encrypt(algorithm, &[1; 4096], b"").unwrap());
    assert!(one.len() <= 6144, "KMS's CiphertextBlob is at most 6144 bytes");
    assert_eq!(key.encrypt(algorithm, &[1; 4097], b""), Err(Refusal::TooLong.into()));
}

/// RFC 4231 section 4.2; a key of 20 bytes equals one that zeros fill up to the block.
#[test]
fn known_macs_are_made_and_verified() {
    let known = [
        (KeySpec::Hmac224, "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22"),
        (KeySpec::Hmac256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            KeySpec::Hmac384,
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        ),
        (
            KeySpec::Hmac512,
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
             daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
    ];
    for (spec, expected) in known {
        let algorithm = spec.mac_algorithms().next().unwrap();
        let expected = data_encoding::HEXLOWER.decode(expected.as_bytes()).unwrap();
        let mut material = vec![0x0b; 20];
        material.resize(expected.len(), 0);
        let key = load(spec, KeyUsage::GenerateVerifyMac, &material);
        assert_eq!(key.generate_mac(algorithm, b"Hi There").as_ref(), Ok(&expected));
        assert_eq!(key.verify_mac(algorithm, b"Hi There", &expected), Ok(()));
        let shortened = key.verify_mac(algorithm, b"Hi There", &expected[..16]);
        assert_eq!(shortened, Err(VaultError::InvalidMac));
        assert_eq!(key.verify_mac(algorithm, b"Hi there", &expected), Err(VaultError::InvalidMac));
    }
}

#[test]
fn an_algorithm_of_another_spec_is_refused() {
    let vectors = vectors();
    let p256 = load(KeySpec::EccNistP256, KeyUsage::SignVerify, &vectors["p256_pkcs8"]);
    let rsa = load(KeySpec::Rsa2048, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]);
    let refused = Err(VaultError::Refused(Refusal::Algorithm));
    for algorithm in SigningAlgorithm::ALL {
        for (spec, key) in [(KeySpec::EccNistP256, &p256), (KeySpec::Rsa2048, &rsa)] {
            if !algorithm.fits(spec) {
                assert_eq!(key.sign(*algorithm, raw(b"x"), SignatureForm::Kms), refused, "{algorithm}");
            }
        }
    }
    let mac = load(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, &[7; 32]);
    assert_eq!(mac.generate_mac(MacAlgorithm::HmacSha512, b"x"), refused);
}

#[test]
fn digests_of_another_length_and_foreign_message_types_are_refused() {
    let vectors = vectors();
    let key = load(KeySpec::EccNistP256, KeyUsage::SignVerify, &vectors["p256_pkcs8"]);
    let sign = |message| key.sign(SigningAlgorithm::EcdsaSha256, message, SignatureForm::Kms);
    assert_eq!(sign(digest(&[0; 31])), Err(Refusal::DigestLength.into()));
    assert_eq!(sign(digest(&[0; 48])), Err(Refusal::DigestLength.into()));
    let mu = Message { kind: MessageType::ExternalMu, bytes: &[0; 64] };
    assert_eq!(sign(mu), Err(Refusal::MessageType.into()));
}

#[test]
fn a_loaded_key_refuses_what_its_mechanism_does_not_do() {
    let vectors = vectors();
    let usage = Some(VaultError::Refused(Refusal::Usage));
    let signing = load(KeySpec::Rsa2048, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]);
    let oaep = EncryptionAlgorithm::RsaesOaepSha256;
    assert_eq!(signing.encrypt(oaep, b"x", b"").err(), usage);
    assert_eq!(signing.decrypt(oaep, b"x", b"").err(), usage);
    let encrypting = load(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt, &vectors["rsa_pkcs8"]);
    let pss = SigningAlgorithm::RsassaPssSha256;
    assert_eq!(encrypting.sign(pss, raw(b"x"), SignatureForm::Kms).err(), usage);
    assert_eq!(encrypting.verify(pss, raw(b"x"), b"").err(), usage);
    assert_eq!(encrypting.generate_mac(MacAlgorithm::HmacSha256, b"x").err(), usage);
    let symmetric = load(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, &[7; 32]);
    assert_eq!(symmetric.public_key().err(), usage);
    assert_eq!(symmetric.verify_mac(MacAlgorithm::HmacSha256, b"x", b"").err(), usage);
}

#[test]
fn every_spec_and_usage_is_served_or_refused() {
    for spec in KeySpec::ALL {
        for usage in KeyUsage::ALL {
            let refused = registry::find(*spec, *usage).err();
            let expected = (!spec.allows(*usage)).then_some(VaultError::Refused(Refusal::Usage));
            assert_eq!(refused, expected, "{spec} {usage}");
        }
    }
}

#[test]
fn fresh_material_loads_and_shows_its_public_half() {
    let specs = CURVES.map(|(spec, ..)| (spec, KeyUsage::SignVerify));
    for (spec, usage) in specs.into_iter().chain([(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt)]) {
        let made = registry::generate(&binding(spec, usage)).unwrap_or_else(|error| panic!("{error}"));
        let key = load(spec, usage, made.material.expose());
        assert_eq!(key.public_key().ok(), made.public_key);
    }
    for (spec, length) in [(KeySpec::Hmac224, 28), (KeySpec::Hmac512, 64)] {
        let made =
            registry::generate(&binding(spec, KeyUsage::GenerateVerifyMac)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((made.material.expose().len(), made.public_key), (length, None));
    }
}

#[test]
fn material_of_another_spec_does_not_load() {
    let vectors = vectors();
    let wrong = [
        (KeySpec::EccNistP384, KeyUsage::SignVerify, "p256_pkcs8"),
        (KeySpec::Rsa3072, KeyUsage::SignVerify, "rsa_pkcs8"),
        (KeySpec::Rsa3072, KeyUsage::EncryptDecrypt, "rsa_pkcs8"),
        (KeySpec::Rsa2048, KeyUsage::SignVerify, "p256_pkcs8"),
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, "p256_pkcs8"),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, "p256_pkcs8"),
    ];
    for (spec, usage, name) in wrong {
        let loaded = registry::load(&binding(spec, usage), &Secret::new(vectors[name].clone()));
        assert!(matches!(loaded.err(), Some(VaultError::Internal(_))), "{spec} {name}");
    }
}
