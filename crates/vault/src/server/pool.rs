//! The vault's worker threads: some for signatures and the like, few for making RSA keys.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::{io, thread};

use zeroize::Zeroizing;

use crate::api::error::VaultError;
use crate::protocol::answer::Answer;
use crate::server::batch::Batch;
use crate::server::outbox::Outbox;
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
    work: Arc<Queue>,
    rsa_keys: Arc<Queue>,
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

fn spawn(name: &str, queue: &Arc<Queue>, vault: &Arc<Vault>, outbox: &Arc<Outbox>) -> io::Result<()> {
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

struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    filled: Condvar,
    jobs_max: usize,
}

impl Queue {
    fn new(jobs_max: usize) -> Arc<Self> {
        Arc::new(Self { jobs: Mutex::default(), filled: Condvar::new(), jobs_max })
    }

    fn push(&self, job: Job) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= self.jobs_max {
            return false;
        }
        jobs.push_back(job);
        self.filled.notify_one();
        true
    }

    fn pop(&self) -> Job {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = jobs.pop_front() {
                return job;
            }
            jobs = self.filled.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses() {
        let queue = Queue::new(1);
        let job = || Job::Request { id: 1, message: Zeroizing::new(vec![]) };
        assert!(queue.push(job()));
        assert!(!queue.push(job()));
        assert!(matches!(queue.pop(), Job::Request { id: 1, .. }));
        assert!(queue.push(job()));
    }

    #[test]
    fn a_panic_becomes_an_answer() {
        let answer = guarded(|| panic!("on purpose"));
        assert!(matches!(Answer::decode(&answer), Some(Answer::Failed(VaultError::Internal(_)))));
    }
}
