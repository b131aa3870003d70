//! Domain keys and tokens: bound to their key, opened after a rotation and after a restart, and by nobody else.

use proptest::prelude::*;

use super::*;

const BINDING: &[u8] = b"binding of one key";

fn domain() -> Domain {
    Domain::ephemeral(Keys::fresh().unwrap())
}

fn material() -> Secret {
    Secret::new(vec![42; 32])
}

fn error(result: Result<Secret, VaultError>) -> Option<VaultError> {
    result.err()
}

#[test]
fn a_token_opens_under_its_own_binding_only() {
    let domain = domain();
    let ekt = domain.wrap(BINDING, &material()).unwrap();
    assert_eq!(domain.unwrap(BINDING, &ekt).unwrap_or_else(|_| panic!()).expose(), material().expose());
    assert_eq!(error(domain.unwrap(b"binding of two keys", &ekt)), Some(VaultError::WrongToken));
}

#[test]
fn a_token_of_another_domain_is_refused() {
    let ekt = domain().wrap(BINDING, &material()).unwrap();
    assert_eq!(error(domain().unwrap(BINDING, &ekt)), Some(VaultError::WrongToken));
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let domain = domain();
    let ekt = domain.wrap(BINDING, &material()).unwrap();
    for at in 0..ekt.len() {
        let mut changed = ekt.clone();
        changed[at] ^= 1;
        assert_eq!(error(domain.unwrap(BINDING, &changed)), Some(VaultError::WrongToken), "byte {at}");
    }
}

#[test]
fn the_token_does_not_show_the_material() {
    let ekt = domain().wrap(BINDING, &material()).unwrap();
    assert!(!ekt.windows(8).any(|window| window == [42; 8]));
}

#[test]
fn after_a_rotation_old_tokens_open_and_new_ones_are_under_the_new_key() {
    let domain = domain();
    let old = domain.wrap(BINDING, &material()).unwrap();
    assert_eq!(domain.rotate(), Ok(1));
    let new = domain.wrap(BINDING, &material()).unwrap();
    assert_eq!((token::domain_key(&old), token::domain_key(&new)), (Some(0), Some(1)));
    assert!(domain.unwrap(BINDING, &old).is_ok() && domain.unwrap(BINDING, &new).is_ok());
}

#[test]
fn a_rotation_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = || Folder::create(folder.path()).unwrap();
    stored::write(&sealed(), Keys::fresh().unwrap().raw()).unwrap();
    let domain = Domain::open(sealed()).unwrap_or_else(|error| panic!("{error}"));
    let old = domain.wrap(BINDING, &material()).unwrap();
    domain.rotate().unwrap();
    let new = domain.wrap(BINDING, &material()).unwrap();
    drop(domain);
    let domain = Domain::open(sealed()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(domain.active_version(), Ok(1));
    assert!(domain.unwrap(BINDING, &old).is_ok() && domain.unwrap(BINDING, &new).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_as_a_token_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(error(domain().unwrap(BINDING, &bytes)), Some(VaultError::WrongToken));
    }
}
