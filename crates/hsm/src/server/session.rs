//! One session on one socket: requests in, answers out, until the client is gone.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use keyward_boundary::server::{Outbox, session};
use keyward_boundary::session::channel::Channel;
use keyward_boundary::session::credentials::Credentials;
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::instance::Instance;
use crate::protocol::KIND;
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
use crate::server::lane::{INLINE_MICROS_MAX, Lane, Speed, lane};
use crate::server::pool::{Job, Pool, guarded};

/// Serves one session. Ends without error when the client closes it.
pub(crate) fn serve(
    instance: Instance,
    speed: Speed,
    mut socket: UnixStream,
    credentials: &Credentials,
) -> io::Result<()> {
    let Channel { sealer, opener } = session::accept(&mut socket, credentials, KIND.prologue)?;
    let instance = Arc::new(instance);
    let outbox = Arc::new(Outbox::new(sealer, socket.try_clone()?)?);
    let pool = Pool::start(&instance, &outbox)?;
    let mut reader = Reader { instance, outbox: outbox.clone(), pool, speed, inline_micros: 0 };
    session::read(&mut socket, opener, &outbox, &mut reader)
}

struct Reader {
    instance: Arc<Instance>,
    outbox: Arc<Outbox>,
    pool: Pool,
    speed: Speed,
    /// What this thread has done itself since it last read.
    inline_micros: u32,
}

impl session::Reader for Reader {
    fn batch_begins(&mut self) {
        self.inline_micros = 0;
    }

    fn take(&mut self, id: u64, message: &[u8]) {
        let Some(request) = Request::decode(message) else {
            return self.answer(id, &Answer::Failed(HsmError::Invalid("no request".to_owned())));
        };
        let job = || Job { id, message: Zeroizing::new(message.to_vec()) };
        let taken = match lane(&request, self.speed) {
            Lane::RsaPair => self.pool.rsa_pairs.push(job()),
            Lane::Wait => self.pool.wait.push(job()),
            Lane::Work { micros } if self.inline_micros + micros <= INLINE_MICROS_MAX => {
                self.inline_micros += micros;
                let answer = guarded(|| self.instance.answer(&request).encode());
                return self.outbox.push(id, &answer);
            }
            Lane::Work { .. } => self.pool.work.push(job()),
        };
        if !taken {
            self.answer(id, &Answer::Failed(HsmError::Busy));
        }
    }
}

impl Reader {
    fn answer(&self, id: u64, answer: &Answer) {
        self.outbox.push(id, &answer.encode());
    }
}
