//! Channels: frames of any size come through whole, in any cutting; changed messages do not.

use proptest::prelude::*;

use super::*;
use crate::session::handshake::tests::{enrolled, shake};

fn ends() -> (Channel, Channel) {
    let (client, vault) = enrolled();
    shake(&client, &vault).unwrap()
}

fn sealed(sealer: &mut Sealer, frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (id, body) in frames {
        assert!(frame::append(&mut stream, *id, body));
    }
    let mut wire = Vec::new();
    sealer.seal(&stream, &mut wire).unwrap();
    wire
}

fn received(opener: &mut Opener, wire: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, SessionError> {
    opener.receive(wire)?;
    let mut frames = Vec::new();
    opener.frames(|id, body| frames.push((id, body.to_vec())))?;
    Ok(frames)
}

#[test]
fn a_frame_larger_than_a_message_comes_whole() {
    let (mut client, mut vault) = ends();
    let frames = vec![(1, vec![7; 200_000]), (2, b"small".to_vec())];
    let wire = sealed(&mut client.sealer, &frames);
    assert_eq!(received(&mut vault.opener, &wire).unwrap(), frames);
}

#[test]
fn a_changed_repeated_or_left_out_message_ends_the_session() {
    let one = |id| vec![(id, b"body".to_vec())];
    let (mut client, mut vault) = ends();
    let (first, second) = (sealed(&mut client.sealer, &one(1)), sealed(&mut client.sealer, &one(2)));
    let mut changed = first.clone();
    changed[10] ^= 1;
    assert_eq!(received(&mut vault.opener, &changed), Err(SessionError::Message));
    let (mut client_again, mut vault) = ends();
    let first_again = sealed(&mut client_again.sealer, &one(1));
    assert!(received(&mut vault.opener, &first_again).is_ok());
    assert_eq!(received(&mut vault.opener, &first_again), Err(SessionError::Message), "repeated");
    let (mut client_third, mut vault) = ends();
    sealed(&mut client_third.sealer, &one(1));
    let left = sealed(&mut client_third.sealer, &one(2));
    assert_eq!(received(&mut vault.opener, &left), Err(SessionError::Message), "left out");
    assert_ne!(first, second);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn frames_come_whole_in_any_cutting(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 1..8),
        cuts in proptest::collection::vec(1usize..2000, 1..20),
    ) {
        let (mut client, mut vault) = ends();
        let frames: Vec<_> = (0u64..).zip(bodies).collect();
        let wire = sealed(&mut client.sealer, &frames);
        let mut came = Vec::new();
        let mut rest = &wire[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            came.extend(received(&mut vault.opener, now).unwrap());
            rest = later;
        }
        prop_assert_eq!(came, frames);
    }

    #[test]
    fn any_bytes_from_the_socket_are_refused_or_waited_for(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, mut vault) = ends();
        if let Ok(frames) = received(&mut vault.opener, &bytes) {
            prop_assert!(frames.is_empty());
        }
    }
}
