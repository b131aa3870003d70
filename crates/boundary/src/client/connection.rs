//! The client's end of a session: requests out with ids, answers in by id, and who waits for what.
//!
//! The link may go down and come up again (the supervisor's work); a request whose answer was lost is sent
//! once more when that is safe, and never gets another request's answer: ids are used once in a process's
//! life, and every session has its own keys.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use zeroize::{Zeroize, Zeroizing};

use crate::frame;
use crate::session::channel::{Channel, Opener, Sealer};

/// More requests than this under way are refused as [`CallError::Busy`].
const IN_FLIGHT_MAX: usize = 8192;
/// A longer one would end the session for everyone.
const MESSAGE_BYTES_MAX: usize = frame::FRAME_BYTES_MAX - 1024;
const READ_BYTES: usize = 64 * 1024;
/// The writer gathers up to so much before it encrypts and sends.
const WRITE_BYTES: usize = 256 * 1024;

type Message = Arc<Zeroizing<Vec<u8>>>;
type Reply = Zeroizing<Vec<u8>>;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The link is down and did not come back in time, or broke before the answer came.
    Lost,
    /// Too many requests are under way; this one was not sent.
    Busy,
    /// The message is longer than a frame may be; it was not sent.
    TooLong,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "the other side went away before it answered",
            Self::Busy => "too many requests are under way",
            Self::TooLong => "the message is too long",
        })
    }
}

impl std::error::Error for CallError {}

/// The link to the child, up or down.
pub struct Connection {
    /// How long a request waits for the link to come back.
    patience: Duration,
    link: watch::Sender<Option<Arc<Link>>>,
    next_id: AtomicU64,
}

/// One session that is up.
struct Link {
    outgoing: mpsc::UnboundedSender<(u64, Message)>,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    replies: HashMap<u64, oneshot::Sender<Reply>>,
    closed: bool,
}

impl Connection {
    /// A connection that is down. A request that finds it so, or that may be repeated and lost its answer, waits as long as
    /// `patience` for the next link; with no patience it is lost at once.
    pub fn new(patience: Duration) -> Arc<Self> {
        Arc::new(Self { patience, link: watch::Sender::new(None), next_id: AtomicU64::new(1) })
    }

    /// Brings the link up over an established session, and holds it until it breaks. Every request that has no
    /// answer by then is lost.
    pub async fn hold(&self, socket: UnixStream, channel: Channel) -> io::Error {
        let (outgoing, requests) = mpsc::unbounded_channel();
        let waiting = Mutex::new(Waiting { replies: HashMap::new(), closed: false });
        let link = Arc::new(Link { outgoing, waiting });
        let (reading, writing) = socket.into_split();
        self.link.send_replace(Some(link.clone()));
        let error = tokio::select! {
            error = read(reading, channel.opener, &link) => error,
            error = write(writing, channel.sealer, requests) => error,
        };
        self.release();
        error
    }

    /// Takes the link down; whoever waits for an answer is told that it is lost.
    pub fn release(&self) {
        if let Some(link) = self.link.send_replace(None) {
            link.close();
        }
    }

    /// Sends a request; it is on its way before the future is polled, when the link is up.
    pub fn start(
        self: &Arc<Self>,
        message: Zeroizing<Vec<u8>>,
        repeatable: bool,
    ) -> impl Future<Output = Result<Zeroizing<Vec<u8>>, CallError>> + Send + use<> {
        let message = Arc::new(message);
        let sent = self.send(&message);
        let connection = self.clone();
        async move {
            let mut reply = sent?.wait().await;
            // Never sent, or sent and lost: once more on the next link, if a second time does no harm.
            if matches!(reply, Outcome::NotSent) || (repeatable && matches!(reply, Outcome::Lost)) {
                connection.await_link().await?;
                reply = connection.send(&message)?.wait().await;
            }
            if let Outcome::Reply(reply) = reply { Ok(reply) } else { Err(CallError::Lost) }
        }
    }

    /// Whether the link is up.
    pub fn is_up(&self) -> bool {
        self.link.borrow().is_some()
    }

    /// Ends when the link is up: at once when it is already.
    pub fn up(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut link = self.link.subscribe();
        async move {
            // A connection that was dropped never comes up again; waiting on is the honest answer.
            if link.wait_for(Option::is_some).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn send(&self, message: &Message) -> Result<Pending, CallError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(CallError::TooLong);
        }
        let Some(link) = self.link.borrow().clone() else { return Ok(Pending(None)) };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        link.send(id, message.clone()).map(Pending)
    }

    async fn await_link(&self) -> Result<(), CallError> {
        if self.patience.is_zero() {
            return Err(CallError::Lost);
        }
        let mut link = self.link.subscribe();
        let up = link.wait_for(Option::is_some);
        let up = tokio::time::timeout(self.patience, up).await;
        if matches!(up, Ok(Ok(_))) { Ok(()) } else { Err(CallError::Lost) }
    }
}

/// A reply that may come; `None` when the link was down and nothing was sent.
struct Pending(Option<oneshot::Receiver<Reply>>);

enum Outcome {
    Reply(Reply),
    Lost,
    NotSent,
}

impl Pending {
    async fn wait(self) -> Outcome {
        let Some(reply) = self.0 else { return Outcome::NotSent };
        reply.await.map_or(Outcome::Lost, Outcome::Reply)
    }
}

impl Link {
    fn send(&self, id: u64, message: Message) -> Result<Option<oneshot::Receiver<Reply>>, CallError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return Ok(None);
        }
        if waiting.replies.len() >= IN_FLIGHT_MAX {
            return Err(CallError::Busy);
        }
        let (sender, receiver) = oneshot::channel();
        waiting.replies.insert(id, sender);
        drop(waiting);
        // When the writer is gone, the link is about to close, which drops the sender just entered.
        let _ = self.outgoing.send((id, message));
        Ok(Some(receiver))
    }

    fn reply(&self, id: u64, reply: &[u8]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = waiting.replies.remove(&id);
        drop(waiting);
        if let Some(sender) = sender {
            // Whoever asked may have gone meanwhile.
            let _ = sender.send(Zeroizing::new(reply.to_vec()));
        }
    }

    fn close(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.closed = true;
        waiting.replies.clear();
    }
}

async fn read(mut socket: OwnedReadHalf, mut opener: Opener, link: &Link) -> io::Error {
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let length = match socket.read(&mut bytes).await {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(length) => length,
            Err(error) => return error,
        };
        let received = opener
            .receive(bytes.get(..length).unwrap_or_default())
            .and_then(|()| opener.frames(|id, reply| link.reply(id, reply)));
        if let Err(error) = received {
            return io::Error::other(error);
        }
    }
}

async fn write(
    mut socket: OwnedWriteHalf,
    mut sealer: Sealer,
    mut requests: mpsc::UnboundedReceiver<(u64, Message)>,
) -> io::Error {
    let mut stream = Zeroizing::new(Vec::with_capacity(WRITE_BYTES));
    let mut wire = Vec::new();
    while let Some(first) = requests.recv().await {
        // Whoever is ready to ask too goes first, so that one system call carries all.
        tokio::task::yield_now().await;
        let mut next = Some(first);
        while let Some((id, message)) = next {
            if let Err(error) = append(&mut stream, id, &message) {
                return error;
            }
            next = if stream.len() < WRITE_BYTES / 2 { requests.try_recv().ok() } else { None };
        }
        wire.clear();
        if let Err(error) = sealer.seal(&stream, &mut wire) {
            return io::Error::other(error);
        }
        stream.as_mut_slice().zeroize();
        stream.clear();
        if let Err(error) = socket.write_all(&wire).await {
            return error;
        }
    }
    io::ErrorKind::BrokenPipe.into()
}

/// Appends a frame without leaving a copy of the stream behind when it has to grow.
fn append(stream: &mut Zeroizing<Vec<u8>>, id: u64, message: &[u8]) -> io::Result<()> {
    if stream.capacity() - stream.len() < message.len() + 16 {
        let mut larger = Zeroizing::new(Vec::with_capacity(stream.len() + message.len() + WRITE_BYTES));
        larger.extend_from_slice(stream);
        *stream = larger;
    }
    if frame::append(stream, id, message) { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

#[cfg(test)]
mod tests;
