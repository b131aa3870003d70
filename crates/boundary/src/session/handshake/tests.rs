//! Handshakes: between enrolled sides only.

use zeroize::Zeroizing;

use super::*;

const PROLOGUE: &[u8] = b"test session 1";

/// Two sides that know each other.
pub(crate) fn enrolled() -> (Credentials, Credentials) {
    let (client_private, client) = key_pair().unwrap();
    let (vault_private, vault) = key_pair().unwrap();
    let side = |private, public, peer| Credentials {
        private: Zeroizing::new(private),
        public,
        peer,
        psk: Zeroizing::new([9; 32]),
    };
    (side(client_private, client, vault), side(vault_private, vault, client))
}

pub(crate) fn shake(client: &Credentials, vault: &Credentials) -> Result<(Channel, Channel), SessionError> {
    let (initiator, message) = Initiator::start(client, PROLOGUE)?;
    let (answer, theirs) = respond(vault, PROLOGUE, &message)?;
    Ok((initiator.finish(&answer)?, theirs))
}

#[test]
fn enrolled_sides_meet() {
    let (client, vault) = enrolled();
    assert!(shake(&client, &vault).is_ok());
}

#[test]
fn a_wrong_pre_shared_key_is_refused() {
    let (mut client, vault) = enrolled();
    client.psk = Zeroizing::new([8; 32]);
    assert_eq!(shake(&client, &vault).err(), Some(SessionError::Handshake));
}

#[test]
fn a_client_with_another_static_key_is_refused() {
    let (mut client, vault) = enrolled();
    let (private, public) = key_pair().unwrap();
    (client.private, client.public) = (Zeroizing::new(private), public);
    assert_eq!(shake(&client, &vault).err(), Some(SessionError::Handshake));
}

#[test]
fn a_vault_with_another_static_key_is_refused() {
    let (client, mut vault) = enrolled();
    let (private, public) = key_pair().unwrap();
    (vault.private, vault.public) = (Zeroizing::new(private), public);
    assert_eq!(shake(&client, &vault).err(), Some(SessionError::Handshake));
}

#[test]
fn noise_that_is_no_handshake_is_refused() {
    let (client, vault) = enrolled();
    for junk in [&b""[..], b"GET / HTTP/1.1", &[0; 48], &[0xff; 4096]] {
        assert_eq!(respond(&vault, PROLOGUE, junk).err(), Some(SessionError::Handshake));
        let (initiator, _) = Initiator::start(&client, PROLOGUE).unwrap();
        assert_eq!(initiator.finish(junk).err(), Some(SessionError::Handshake));
    }
}

#[test]
fn another_version_of_the_protocol_is_refused() {
    let (client, vault) = enrolled();
    let (_, message) = Initiator::start(&client, b"test session 2").unwrap();
    assert_eq!(respond(&vault, PROLOGUE, &message).err(), Some(SessionError::Handshake));
}
