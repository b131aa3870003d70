//! The client's end against a scripted other end: order, loss, repetition.

use super::*;
use crate::protocol::request::Request;
use crate::session::handshake::tests::{enrolled, shake};

/// The other end of one link.
struct Peer {
    socket: UnixStream,
    channel: Channel,
}

/// Brings the link up; the handle ends when it breaks.
fn link(connection: &Arc<Connection>) -> (Peer, tokio::task::JoinHandle<io::Error>) {
    let (client, vault) = enrolled();
    let (ours, theirs) = shake(&client, &vault).unwrap();
    let (near, far) = UnixStream::pair().unwrap();
    let connection = connection.clone();
    let held = tokio::spawn(async move { connection.hold(near, ours).await });
    (Peer { socket: far, channel: theirs }, held)
}

impl Peer {
    /// Reads until so many requests have come.
    async fn requests(&mut self, count: usize) -> Vec<(u64, Vec<u8>)> {
        let mut requests = Vec::new();
        let mut bytes = vec![0; READ_BYTES];
        while requests.len() < count {
            let length = self.socket.read(&mut bytes).await.unwrap();
            assert_ne!(length, 0, "the client hung up");
            self.channel.opener.receive(&bytes[..length]).unwrap();
            self.channel.opener.frames(|id, body| requests.push((id, body.to_vec()))).unwrap();
        }
        requests
    }

    async fn answer(&mut self, id: u64, answer: &Answer) {
        let (mut stream, mut wire) = (Vec::new(), Vec::new());
        assert!(frame::append(&mut stream, id, &answer.encode()));
        self.channel.sealer.seal(&stream, &mut wire).unwrap();
        self.socket.write_all(&wire).await.unwrap();
    }
}

fn start(
    connection: &Arc<Connection>,
    request: &Request<'_>,
) -> tokio::task::JoinHandle<Result<Answer, VaultError>> {
    tokio::spawn(connection.start(request.encode(), request.is_repeatable()))
}

async fn up(connection: &Arc<Connection>) {
    connection.await_link().await.unwrap();
}

#[tokio::test]
async fn answers_in_any_order_reach_who_asked() {
    let connection = Connection::new();
    let (mut peer, _held) = link(&connection);
    up(&connection).await;
    let calls: Vec<_> = (1..=3).map(|bytes| start(&connection, &Request::GenerateRandom(bytes))).collect();
    let mut requests = peer.requests(3).await;
    requests.reverse();
    for (id, body) in requests {
        let Some(Request::GenerateRandom(bytes)) = Request::decode(&body) else { panic!() };
        peer.answer(id, &Answer::DomainKey(bytes)).await;
    }
    for (bytes, call) in (1..).zip(calls) {
        assert!(call.await.unwrap() == Ok(Answer::DomainKey(bytes)));
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_once_more_on_the_next_link() {
    let connection = Connection::new();
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start(&connection, &Request::Status);
    let first = peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, _held) = link(&connection);
    let again = peer.requests(1).await;
    assert_eq!(first[0].1, again[0].1);
    assert_ne!(first[0].0, again[0].0, "an id is used once");
    peer.answer(again[0].0, &Answer::Done).await;
    assert!(call.await.unwrap() == Ok(Answer::Done));
}

#[tokio::test]
async fn a_request_lost_twice_is_told_lost() {
    let connection = Connection::new();
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start(&connection, &Request::Status);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, held) = link(&connection);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    assert!(call.await.unwrap() == Err(VaultError::Lost));
}

#[tokio::test]
async fn a_rotation_that_may_have_happened_is_not_repeated() {
    let connection = Connection::new();
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start(&connection, &Request::RotateDomainKey);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, _held) = link(&connection);
    assert!(call.await.unwrap() == Err(VaultError::Lost));
    // Only what comes after it reaches the next vault.
    let _next = start(&connection, &Request::Status);
    let next = peer.requests(1).await;
    assert!(matches!(Request::decode(&next[0].1), Some(Request::Status)));
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_never_comes_back_is_told_lost_in_time() {
    let connection = Connection::new();
    let message = Request::Status.encode();
    assert!(connection.start(message, true).await == Err(VaultError::Lost));
}

#[tokio::test]
async fn a_message_too_long_for_a_frame_is_refused_and_the_link_stays() {
    let connection = Connection::new();
    let (mut peer, _held) = link(&connection);
    up(&connection).await;
    let long = Zeroizing::new(vec![0; frame::FRAME_BYTES_MAX]);
    assert!(connection.start(long, true).await == Err(Refusal::TooLong.into()));
    let call = start(&connection, &Request::Status);
    let (id, _) = peer.requests(1).await[0];
    peer.answer(id, &Answer::Done).await;
    assert!(call.await.unwrap() == Ok(Answer::Done));
}

#[tokio::test]
async fn a_changed_message_breaks_the_link() {
    let connection = Connection::new();
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let _call = start(&connection, &Request::Status);
    peer.requests(1).await;
    peer.socket
        .write_all(&[0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
        .await
        .unwrap();
    assert_eq!(held.await.unwrap().kind(), io::ErrorKind::Other);
}
