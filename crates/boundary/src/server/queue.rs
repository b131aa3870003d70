//! A bounded queue of work for threads.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Jobs that wait, in order.
pub struct Queue<J> {
    jobs: Mutex<VecDeque<J>>,
    filled: Condvar,
    jobs_max: usize,
}

impl<J> Queue<J> {
    /// An empty queue that takes so many.
    pub fn new(jobs_max: usize) -> Arc<Self> {
        Arc::new(Self { jobs: Mutex::new(VecDeque::new()), filled: Condvar::new(), jobs_max })
    }

    /// Puts a job at the end; false (and the job dropped) when too many wait already.
    #[must_use]
    pub fn push(&self, job: J) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= self.jobs_max {
            return false;
        }
        jobs.push_back(job);
        self.filled.notify_one();
        true
    }

    /// Takes the first job; waits for one.
    pub fn pop(&self) -> J {
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
        assert!(queue.push(1));
        assert!(!queue.push(2));
        assert_eq!(queue.pop(), 1);
        assert!(queue.push(3));
    }
}
