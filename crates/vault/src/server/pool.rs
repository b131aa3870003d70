//! The vault's worker threads: some for signatures and the like, few for making RSA keys.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{io, thread};

use keyward_boundary::server::{Outbox, Queue};
use zeroize::Zeroizing;

use crate::api::error::VaultError;
use crate::protocol::answer::Answer;
use crate::server::batch::Batch;
use crate::server::vault::Vault;

/// More than this waiting is answered with `Busy`.
const WORK_MAX: usize = 8192;
/// RSA keys take up to seconds each: whoever would wait for minutes is told at once.
const RSA_KEYS_MAX: usize = 32;

/// Something for a worker.
pub(crate) enum Job {
    /// A request to answer.
    Request { id: u64, message: Zeroizing<Vec<u8>> },
    /// A batch to help with.
    Help(Arc<Batch>),
}

/// Two queues with their threads.
pub(crate) struct Pool {
    work: Arc<Queue<Job>>,
    rsa_keys: Arc<Queue<Job>>,
    pub(crate) workers: usize,
}

impl Pool {
    /// Starts the threads: one worker a core, and one maker of RSA keys for every two.
    pub(crate) fn start(vault: &Arc<Vault>, outbox: &Arc<Outbox>) -> io::Result<Self> {
        let workers = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let pool = Self { work: Queue::new(WORK_MAX), rsa_keys: Queue::new(RSA_KEYS_MAX), workers };
        for _ in 0..workers {
            spawn("vault-worker", &pool.work, vault, outbox)?;
        }
        for _ in 0..workers.div_ceil(2) {
            spawn("vault-rsa", &pool.rsa_keys, vault, outbox)?;
        }
        Ok(pool)
    }

    /// Hands over work; false when too much waits already.
    #[must_use]
    pub(crate) fn work(&self, job: Job) -> bool {
        self.work.push(job)
    }

    /// Hands over the making of an RSA key; false when too many wait already.
    #[must_use]
    pub(crate) fn make_rsa_key(&self, job: Job) -> bool {
        self.rsa_keys.push(job)
    }
}

fn spawn(name: &str, queue: &Arc<Queue<Job>>, vault: &Arc<Vault>, outbox: &Arc<Outbox>) -> io::Result<()> {
    let (queue, vault, outbox) = (queue.clone(), vault.clone(), outbox.clone());
    let body = move || {
        loop {
            run(queue.pop(), &vault, &outbox);
        }
    };
    // The threads end with the process.
    thread::Builder::new().name(name.to_owned()).spawn(body).map(|_| ())
}

fn run(job: Job, vault: &Vault, outbox: &Outbox) {
    match job {
        Job::Request { id, message } => outbox.push(id, &guarded(|| vault.handle(&message))),
        Job::Help(batch) => {
            let mut ended = true;
            let answer = guarded(|| match batch.help() {
                Some(answer) => answer.encode(),
                None => {
                    ended = false;
                    Zeroizing::default()
                }
            });
            if !ended {
                return;
            }
            outbox.push(batch.id, &answer);
        }
    }
    outbox.flush();
}

/// A defect in one request must not take the thread away from the others.
pub(crate) fn guarded(handle: impl FnOnce() -> Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(handle)).unwrap_or_else(|_| {
        Answer::Failed(VaultError::Internal("a request made the vault panic".to_owned())).encode()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_answer() {
        let answer = guarded(|| panic!("on purpose"));
        assert!(matches!(Answer::decode(&answer), Some(Answer::Failed(VaultError::Internal(_)))));
    }
}
