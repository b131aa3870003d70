//! One session on one socket: the handshake, then requests in, answers out, until the client is gone.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use keyward_boundary::server::{Outbox, session};
use keyward_boundary::session::channel::Channel;
use keyward_boundary::session::credentials::Credentials;
use zeroize::Zeroizing;

use crate::api::error::{Refusal, VaultError};
use crate::protocol::KIND;
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
use crate::server::batch::Batch;
use crate::server::lane::{INLINE_MICROS_MAX, Lane, lane};
use crate::server::pool::{Job, Pool, guarded};
use crate::server::vault::Vault;

/// Serves one session. Ends without error when the client closes it.
pub(crate) fn serve(vault: Vault, mut socket: UnixStream, credentials: &Credentials) -> io::Result<()> {
    let Channel { sealer, opener } = session::accept(&mut socket, credentials, KIND.prologue)?;
    let vault = Arc::new(vault);
    let outbox = Arc::new(Outbox::new(sealer, socket.try_clone()?)?);
    let pool = Pool::start(&vault, &outbox)?;
    let mut reader = Reader { vault, outbox: outbox.clone(), pool, inline_micros: 0 };
    session::read(&mut socket, opener, &outbox, &mut reader)
}

struct Reader {
    vault: Arc<Vault>,
    outbox: Arc<Outbox>,
    pool: Pool,
    /// What this thread has done itself since it last read.
    inline_micros: u32,
}

impl session::Reader for Reader {
    fn batch_begins(&mut self) {
        self.inline_micros = 0;
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
}

impl Reader {
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
