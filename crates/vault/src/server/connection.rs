//! One session on one socket: the handshake, then requests in, answers out, until the client is gone.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::api::error::{Refusal, VaultError};
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
use crate::server::batch::Batch;
use crate::server::lane::{INLINE_MICROS_MAX, Lane, lane};
use crate::server::outbox::Outbox;
use crate::server::pool::{Job, Pool, guarded};
use crate::server::vault::Vault;
use crate::session::channel::{Channel, Opener, with_length};
use crate::session::credentials::Credentials;
use crate::session::handshake::respond;

/// A client that says nothing must not hold the vault.
const HANDSHAKE_SECONDS_MAX: u64 = 10;
const READ_BYTES: usize = 64 * 1024;

/// Serves one session. Ends without error when the client closes it.
pub(crate) fn serve(vault: Vault, mut socket: UnixStream, credentials: &Credentials) -> io::Result<()> {
    let Channel { sealer, opener } = shake(&mut socket, credentials)?;
    let vault = Arc::new(vault);
    let outbox = Arc::new(Outbox::new(sealer, socket.try_clone()?)?);
    let pool = Pool::start(&vault, &outbox)?;
    Reader { vault, outbox, pool, inline_micros: 0 }.read(&mut socket, opener)
}

fn shake(socket: &mut UnixStream, credentials: &Credentials) -> io::Result<Channel> {
    socket.set_read_timeout(Some(Duration::from_secs(HANDSHAKE_SECONDS_MAX)))?;
    let mut length = [0; 2];
    socket.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    socket.read_exact(&mut message)?;
    let (answer, channel) = respond(credentials, &message).map_err(io::Error::other)?;
    socket.write_all(&with_length(&answer).map_err(io::Error::other)?)?;
    socket.set_read_timeout(None)?;
    Ok(channel)
}

struct Reader {
    vault: Arc<Vault>,
    outbox: Arc<Outbox>,
    pool: Pool,
    /// What this thread has done itself since it last read.
    inline_micros: u32,
}

impl Reader {
    fn read(mut self, socket: &mut UnixStream, mut opener: Opener) -> io::Result<()> {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            let length = match socket.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            opener.receive(bytes.get(..length).unwrap_or_default()).map_err(io::Error::other)?;
            self.inline_micros = 0;
            opener.frames(|id, message| self.take(id, message)).map_err(io::Error::other)?;
            self.outbox.flush();
        }
    }

    fn take(&mut self, id: u64, message: &[u8]) {
        let Some(request) = Request::decode(message) else {
            return self.answer(id, &Answer::Failed(Refusal::Malformed.into()));
        };
        let job = || Job::Request { id, message: Zeroizing::new(message.to_vec()) };
        let taken = match lane(&request) {
            Lane::Batch => return self.share(id, &request),
            Lane::RsaKey => self.pool.make_rsa_key(job()),
            Lane::Work { micros } if self.inline_micros + micros <= INLINE_MICROS_MAX => {
                self.inline_micros += micros;
                let answer = guarded(|| self.vault.answer(&request).encode());
                return self.outbox.push(id, &answer);
            }
            Lane::Work { .. } => self.pool.work(job()),
        };
        if !taken {
            self.answer(id, &Answer::Failed(VaultError::Busy));
        }
    }

    /// Gives a batch to all workers.
    fn share(&self, id: u64, request: &Request<'_>) {
        let Request::Sign { messages, .. } = request else { return };
        let signer = match self.vault.signer(request) {
            Ok(signer) => signer,
            Err(error) => return self.answer(id, &Answer::Failed(error)),
        };
        let messages = messages.iter().map(|message| message.0.to_vec()).collect();
        let batch = Arc::new(Batch::new(id, signer, messages));
        let helpers = (0..self.pool.workers).filter(|_| self.pool.work(Job::Help(batch.clone()))).count();
        if helpers == 0 {
            self.answer(id, &Answer::Failed(VaultError::Busy));
        }
    }

    fn answer(&self, id: u64, answer: &Answer) {
        self.outbox.push(id, &answer.encode());
    }
}
