//! The canonical form, and what carries what.

use super::*;
use crate::api::binding::MaterialId;
use crate::api::spec::{KeyOrigin, KeyUsage};

fn binding() -> ImportBinding {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    ImportBinding {
        key_arn: arn.to_owned(),
        key: KeyBinding {
            owner: arn.into(),
            spec: KeySpec::Hmac256,
            usage: KeyUsage::GenerateVerifyMac,
            origin: KeyOrigin::External,
            material_id: MaterialId([0; 32]),
        },
        wrapping_key: KeySpec::Rsa3072,
        algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256,
        valid_to: Timestamp::from_unix_millis(1_569_973_196_214),
    }
}

#[test]
fn the_canonical_form_goes_there_and_back_and_says_everything() {
    let one = binding();
    let bytes = one.canonical();
    assert_eq!(ImportBinding::from_canonical(&bytes), Some(one.clone()));
    assert_eq!(ImportBinding::wrapping_key_of(&bytes), Some(KeySpec::Rsa3072));
    for other in [
        ImportBinding { key_arn: "arn:aws:kms:us-west-2:1:key/x".to_owned(), ..one.clone() },
        ImportBinding { wrapping_key: KeySpec::Rsa4096, ..one.clone() },
        ImportBinding { algorithm: WrappingAlgorithm::RsaesOaepSha1, ..one.clone() },
        ImportBinding { valid_to: Timestamp::EPOCH, ..one.clone() },
        ImportBinding { key: KeyBinding { spec: KeySpec::Hmac384, ..one.key.clone() }, ..one },
    ] {
        assert_ne!(other.canonical(), bytes);
    }
}

#[test]
fn it_is_no_key_binding_and_none_is_one() {
    let bytes = binding().canonical();
    assert!(KeyBinding::from_canonical(&bytes).is_err());
    assert_eq!(ImportBinding::from_canonical(&binding().key.canonical()), None);
    for end in 0..bytes.len() {
        // A shorter owner is another key's name; everything before it must be whole.
        if end <= bytes.len() - binding().key_arn.len() {
            assert_eq!(ImportBinding::from_canonical(&bytes[..end]), None, "{end}");
        }
    }
}

#[test]
fn what_is_too_long_for_oaep_needs_the_key_wrap() {
    use KeySpec::*;
    use WrappingAlgorithm::*;
    assert!(RsaesOaepSha256.carries(SymmetricDefault, Rsa2048));
    assert!(RsaesOaepSha1.carries(EccNistP521, Rsa3072));
    assert!(!RsaesOaepSha1.carries(EccNistP521, Rsa2048));
    assert!(!RsaesOaepSha256.carries(Rsa2048, Rsa4096));
    assert!(RsaAesKeyWrapSha1.carries(Rsa4096, Rsa2048));
    assert!(RsaAesKeyWrapSha256.fits(Rsa4096) && !RsaAesKeyWrapSha256.fits(Sm2));
    assert!(Sm2Pke.fits(Sm2) && !Sm2Pke.fits(Rsa2048));
}
