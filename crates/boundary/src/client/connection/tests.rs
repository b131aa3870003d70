//! The client's end against a scripted other end: order, loss, repetition.

use super::*;
use crate::session::handshake::tests::{enrolled, shake};

const PATIENCE: Duration = Duration::from_secs(10);
const ASK: &[u8] = b"ask";

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

    async fn answer(&mut self, id: u64, answer: &[u8]) {
        let (mut stream, mut wire) = (Vec::new(), Vec::new());
        assert!(frame::append(&mut stream, id, answer));
        self.channel.sealer.seal(&stream, &mut wire).unwrap();
        self.socket.write_all(&wire).await.unwrap();
    }
}

type Started = tokio::task::JoinHandle<Result<Zeroizing<Vec<u8>>, CallError>>;

fn start(connection: &Arc<Connection>, request: &[u8]) -> Started {
    tokio::spawn(connection.start(Zeroizing::new(request.to_vec()), true))
}

fn start_once(connection: &Arc<Connection>, request: &[u8]) -> Started {
    tokio::spawn(connection.start(Zeroizing::new(request.to_vec()), false))
}

async fn up(connection: &Arc<Connection>) {
    connection.await_link().await.unwrap();
}

#[tokio::test]
async fn answers_in_any_order_reach_who_asked() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, _held) = link(&connection);
    up(&connection).await;
    let calls: Vec<_> = (1..=3u8).map(|number| start(&connection, &[number])).collect();
    let mut requests = peer.requests(3).await;
    requests.reverse();
    for (id, body) in requests {
        peer.answer(id, &body.repeat(2)).await;
    }
    for (number, call) in (1..).zip(calls) {
        assert_eq!(*call.await.unwrap().unwrap(), [number, number]);
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_once_more_on_the_next_link() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start(&connection, ASK);
    let first = peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, _held) = link(&connection);
    let again = peer.requests(1).await;
    assert_eq!(first[0].1, again[0].1);
    assert_ne!(first[0].0, again[0].0, "an id is used once");
    peer.answer(again[0].0, b"done").await;
    assert_eq!(*call.await.unwrap().unwrap(), b"done");
}

#[tokio::test]
async fn a_request_lost_twice_is_told_lost() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start(&connection, ASK);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, held) = link(&connection);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    assert_eq!(call.await.unwrap().err(), Some(CallError::Lost));
}

#[tokio::test]
async fn what_may_not_be_repeated_is_not() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let call = start_once(&connection, b"once");
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    let (mut peer, _held) = link(&connection);
    assert_eq!(call.await.unwrap().err(), Some(CallError::Lost));
    // Only what comes after it reaches the next child.
    let _next = start(&connection, ASK);
    let next = peer.requests(1).await;
    assert_eq!(next[0].1, ASK);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_never_comes_back_is_told_lost_in_time() {
    let connection = Connection::new(PATIENCE);
    let message = Zeroizing::new(ASK.to_vec());
    assert_eq!(connection.start(message, true).await.err(), Some(CallError::Lost));
}

#[tokio::test]
async fn a_message_too_long_for_a_frame_is_refused_and_the_link_stays() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, _held) = link(&connection);
    up(&connection).await;
    let long = Zeroizing::new(vec![0; frame::FRAME_BYTES_MAX]);
    assert_eq!(connection.start(long, true).await.err(), Some(CallError::TooLong));
    let call = start(&connection, ASK);
    let (id, _) = peer.requests(1).await[0];
    peer.answer(id, b"done").await;
    assert_eq!(*call.await.unwrap().unwrap(), b"done");
}

#[tokio::test]
async fn a_changed_message_breaks_the_link() {
    let connection = Connection::new(PATIENCE);
    let (mut peer, held) = link(&connection);
    up(&connection).await;
    let _call = start(&connection, ASK);
    peer.requests(1).await;
    peer.socket
        .write_all(&[0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
        .await
        .unwrap();
    assert_eq!(held.await.unwrap().kind(), io::ErrorKind::Other);
}

#[tokio::test]
async fn without_patience_a_lost_answer_is_told_at_once_and_the_next_link_is_announced() {
    let connection = Connection::new(Duration::ZERO);
    assert!(!connection.is_up());
    assert_eq!(start(&connection, ASK).await.unwrap().err(), Some(CallError::Lost));
    let (mut peer, held) = link(&connection);
    connection.up().await;
    let call = start(&connection, ASK);
    peer.requests(1).await;
    drop(peer);
    held.await.unwrap();
    assert_eq!(call.await.unwrap().err(), Some(CallError::Lost));
}
