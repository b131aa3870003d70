//! A batch of messages to sign, shared by all workers; the one that ends last sends the answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::api::error::VaultError;
use crate::protocol::answer::Answer;
use crate::protocol::bytes::Octets;
use crate::server::vault::Signer;

/// How many messages a worker takes at a time.
const PORTION: usize = 8;

/// A batch under way.
pub(crate) struct Batch {
    pub(crate) id: u64,
    signer: Signer,
    messages: Vec<Vec<u8>>,
    next: AtomicUsize,
    done: Mutex<Done>,
}

struct Done {
    signatures: Vec<Option<Octets>>,
    left: usize,
    error: Option<VaultError>,
}

impl Batch {
    /// A batch of messages, none signed yet.
    pub(crate) fn new(id: u64, signer: Signer, messages: Vec<Vec<u8>>) -> Self {
        let done =
            Done { signatures: messages.iter().map(|_| None).collect(), left: messages.len(), error: None };
        Self { id, signer, messages, next: AtomicUsize::new(0), done: Mutex::new(done) }
    }

    /// Signs as long as there is something left. The answer, for the worker that ended last.
    pub(crate) fn help(&self) -> Option<Answer> {
        loop {
            let start = self.next.fetch_add(PORTION, Ordering::Relaxed);
            let end = self.messages.len().min(start.saturating_add(PORTION));
            let portion = self.messages.get(start..end).filter(|portion| !portion.is_empty())?;
            let signed: Vec<_> = portion.iter().map(|message| self.signer.sign(message)).collect();
            if let Some(answer) = self.record(start, signed) {
                return Some(answer);
            }
        }
    }

    fn record(&self, start: usize, signed: Vec<Result<Octets, VaultError>>) -> Option<Answer> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.left = done.left.saturating_sub(signed.len());
        for (at, result) in (start..).zip(signed) {
            match result {
                Ok(signature) => {
                    if let Some(place) = done.signatures.get_mut(at) {
                        *place = Some(signature);
                    }
                }
                Err(error) => done.error = Some(error),
            }
        }
        (done.left == 0).then(|| done.answer())
    }
}

impl Done {
    fn answer(&mut self) -> Answer {
        let missing = || VaultError::Internal("a batch ended with a message unsigned".to_owned());
        if let Some(error) = self.error.take() {
            return Answer::Failed(error);
        }
        let signatures: Option<_> = std::mem::take(&mut self.signatures).into_iter().collect();
        signatures.map_or_else(|| Answer::Failed(missing()), Answer::Signatures)
    }
}
