//! The HSM's worker threads, by lane.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{io, thread};

use keyward_boundary::server::{Outbox, Queue};
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::instance::Instance;
use crate::protocol::answer::Answer;

/// More than this waiting is answered with `Busy`.
const WORK_MAX: usize = 8192;
const WAIT_MAX: usize = 1024;
/// RSA pairs take up to seconds each: whoever would wait for minutes is told at once.
const RSA_PAIRS_MAX: usize = 32;
/// A module behind which several sessions are open is used by so many threads, even on one core.
const WORKERS_MIN: usize = 2;
/// One waits for the disk, one for a PIN's hash.
const WAITERS: usize = 2;

/// A request to answer.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) message: Zeroizing<Vec<u8>>,
}

/// Queues with their threads.
pub(crate) struct Pool {
    pub(crate) work: Arc<Queue<Job>>,
    pub(crate) wait: Arc<Queue<Job>>,
    pub(crate) rsa_pairs: Arc<Queue<Job>>,
}

impl Pool {
    /// Starts the threads.
    pub(crate) fn start(instance: &Arc<Instance>, outbox: &Arc<Outbox>) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let pool = Self {
            work: Queue::new(WORK_MAX),
            wait: Queue::new(WAIT_MAX),
            rsa_pairs: Queue::new(RSA_PAIRS_MAX),
        };
        let lanes = [
            ("hsm-worker", &pool.work, cores.max(WORKERS_MIN)),
            ("hsm-waiter", &pool.wait, WAITERS),
            ("hsm-rsa", &pool.rsa_pairs, cores.div_ceil(2)),
        ];
        for (name, queue, count) in lanes {
            for _ in 0..count {
                spawn(name, queue, instance, outbox)?;
            }
        }
        Ok(pool)
    }
}

fn spawn(
    name: &str,
    queue: &Arc<Queue<Job>>,
    instance: &Arc<Instance>,
    outbox: &Arc<Outbox>,
) -> io::Result<()> {
    let (queue, instance, outbox) = (queue.clone(), instance.clone(), outbox.clone());
    let body = move || {
        loop {
            let Job { id, message } = queue.pop();
            outbox.push(id, &guarded(|| instance.handle(&message)));
            outbox.flush();
        }
    };
    // The threads end with the process.
    thread::Builder::new().name(name.to_owned()).spawn(body).map(|_| ())
}

/// A defect in one request must not take the thread away from the others.
pub(crate) fn guarded(handle: impl FnOnce() -> Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(handle)).unwrap_or_else(|_| {
        Answer::Failed(HsmError::Internal("a request made the HSM panic".to_owned())).encode()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_answer() {
        let answer = guarded(|| panic!("on purpose"));
        assert!(matches!(Answer::decode(&answer), Some(Answer::Failed(HsmError::Internal(_)))));
    }
}
