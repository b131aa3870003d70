//! The software token against the suite that every token passes, and what is special about it.

use super::*;

fn run(_name: &str, test: fn(crate::token::conformance::Maker<'_>)) {
    test(&|| Box::new(SoftwareToken::ephemeral()));
}

crate::token::conformance::conformance!(run);

#[test]
fn a_restarted_token_has_its_masking_key_and_no_objects() {
    let place = tempfile::tempdir().unwrap();
    let open = || SoftwareToken::open(Folder::create(place.path()).unwrap()).unwrap();
    let first = open();
    first.make_masking_key().unwrap();
    let sealed = first.seal(b"", b"body").unwrap();
    drop(first);
    let second = open();
    assert_eq!(*second.open(b"", &sealed).unwrap(), b"body");
    assert_eq!(second.handles().unwrap(), []);
}

#[test]
fn sizes_that_it_can_not_make_are_named() {
    let token = SoftwareToken::ephemeral();
    token.make_masking_key().unwrap();
    for spec in [KeySpec::Rsa { bits: 2304 }, KeySpec::Aes { bytes: 20 }, KeySpec::GenericSecret { bytes: 0 }]
    {
        assert!(matches!(token.generate(spec).err(), Some(TokenError::Unsupported(_))), "{spec:?}");
    }
}
