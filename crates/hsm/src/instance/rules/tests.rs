//! PKCS#11's rules for attributes, one by one.

use super::*;
use crate::api::spec::Curve;

const AES: KeySpec = KeySpec::Aes { bytes: 32 };
const RSA: KeySpec = KeySpec::Rsa { bits: 2048 };

fn aes(changes: &[Change]) -> Result<Attributes, HsmError> {
    new_key(KeyClass::Secret, AES, "k", changes, Origin::Generated)
}

fn flag(flag: Flag, value: bool) -> Change {
    Change::Flag(flag, value)
}

fn is_template(outcome: Result<Attributes, HsmError>) -> bool {
    matches!(outcome, Err(HsmError::Template(_)))
}

#[test]
fn a_key_begins_as_cloudhsm_makes_it() {
    let attributes = aes(&[]).unwrap();
    let set: Vec<_> = Flag::ALL.into_iter().filter(|flag| attributes.has(*flag)).map(Flag::name).collect();
    let expected = [
        "token",
        "always-sensitive",
        "destroyable",
        "extractable",
        "local",
        "modifiable",
        "private",
        "sensitive",
        "sign",
        "verify",
    ];
    assert_eq!(set, expected);
}

/// The KMS key of a custom key store (the seed's attributes).
#[test]
fn a_key_that_is_never_extractable_says_so() {
    let changes = [flag(Flag::Encrypt, true), flag(Flag::Decrypt, true), flag(Flag::Extractable, false)];
    let attributes = aes(&changes).unwrap();
    for wanted in [Flag::Encrypt, Flag::Decrypt, Flag::NeverExtractable, Flag::AlwaysSensitive, Flag::Local] {
        assert!(attributes.has(wanted), "{wanted:?}");
    }
    assert!(!attributes.has(Flag::Extractable));
}

#[test]
fn an_unwrapped_key_was_not_always_what_it_is() {
    let changes = [flag(Flag::Extractable, false)];
    let attributes = new_key(KeyClass::Secret, AES, "k", &changes, Origin::Unwrapped).unwrap();
    for not in [Flag::Local, Flag::AlwaysSensitive, Flag::NeverExtractable] {
        assert!(!attributes.has(not), "{not:?}");
    }
}

#[test]
fn refuses_what_no_new_key_may_be() {
    for (wish, value) in [
        (Flag::AlwaysSensitive, true),
        (Flag::NeverExtractable, true),
        (Flag::Local, false),
        (Flag::Sensitive, false),
        (Flag::Private, false),
    ] {
        assert!(is_template(aes(&[flag(wish, value)])), "{wish:?}");
    }
    assert_eq!(aes(&[flag(Flag::Trusted, true)]), Err(HsmError::NotPermitted));
    assert!(matches!(aes(&[flag(Flag::Token, false)]), Err(HsmError::Unsupported(_))));
    assert!(
        is_template(aes(&[Change::Label(String::new())])) && is_template(aes(&[Change::Id(vec![0; 129])]))
    );
    assert!(is_template(new_key(KeyClass::Secret, AES, &"x".repeat(129), &[], Origin::Generated)));
}

#[test]
fn a_use_fits_the_kind_of_key() {
    let allowed =
        |class, spec, use_| new_key(class, spec, "k", &[flag(use_, true)], Origin::Generated).is_ok();
    assert!(allowed(KeyClass::Public, RSA, Flag::Wrap) && allowed(KeyClass::Private, RSA, Flag::Unwrap));
    assert!(
        !allowed(KeyClass::Public, RSA, Flag::Decrypt) && !allowed(KeyClass::Private, RSA, Flag::Encrypt)
    );
    let ec = KeySpec::Ec { curve: Curve::P256 };
    assert!(!allowed(KeyClass::Private, ec, Flag::Decrypt) && allowed(KeyClass::Private, ec, Flag::Derive));
    assert!(!allowed(KeyClass::Secret, KeySpec::GenericSecret { bytes: 20 }, Flag::Encrypt));
}

#[test]
fn what_was_promised_of_a_key_stays_true() {
    let old = aes(&[]).unwrap();
    let change = |old: &Attributes, one: Change| changed(old, &[one], Role::CryptoUser);
    let closed = change(&old, flag(Flag::Extractable, false)).unwrap();
    assert!(!closed.has(Flag::Extractable) && !closed.has(Flag::NeverExtractable));
    assert!(is_template(change(&closed, flag(Flag::Extractable, true))));
    let bound = change(&old, flag(Flag::WrapWithTrusted, true)).unwrap();
    assert!(is_template(change(&bound, flag(Flag::WrapWithTrusted, false))));
    for never in [Flag::Sensitive, Flag::Token, Flag::Private, Flag::Local, Flag::AlwaysSensitive] {
        assert!(is_template(change(&old, flag(never, false))), "{never:?}");
    }
    // What is so already is no change.
    assert_eq!(change(&old, flag(Flag::Sensitive, true)), Ok(old));
}

#[test]
fn a_key_that_is_not_modifiable_never_changes_again() {
    let old = changed(&aes(&[]).unwrap(), &[flag(Flag::Modifiable, false)], Role::CryptoUser).unwrap();
    for change in [Change::Label("other".to_owned()), flag(Flag::Encrypt, true), flag(Flag::Modifiable, true)]
    {
        assert!(is_template(changed(&old, &[change], Role::CryptoUser)));
    }
}

#[test]
fn only_admins_trust_keys_and_that_is_all_they_change() {
    let old = aes(&[]).unwrap();
    let trust = [flag(Flag::Trusted, true)];
    assert_eq!(changed(&old, &trust, Role::CryptoUser), Err(HsmError::NotPermitted));
    assert!(changed(&old, &trust, Role::Admin).unwrap().has(Flag::Trusted));
    assert_eq!(changed(&old, &[flag(Flag::Encrypt, true)], Role::Admin), Err(HsmError::NotPermitted));
}
