//! Answers on their way to the client: whoever finds the writer free sends all that waits.
//!
//! So one system call carries the answers of many requests when there are many, and a single answer leaves
//! at once when there is one.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError, TryLockError};

use zeroize::{Zeroize, Zeroizing};

use crate::frame;
use crate::session::channel::Sealer;

/// The sending side of a session, shared by all threads.
pub struct Outbox {
    waiting: Mutex<Zeroizing<Vec<u8>>>,
    writer: Mutex<Writer>,
    socket: UnixStream,
}

struct Writer {
    sealer: Sealer,
    socket: UnixStream,
    wire: Vec<u8>,
}

impl Outbox {
    /// An outbox that writes to `socket`.
    pub fn new(sealer: Sealer, socket: UnixStream) -> std::io::Result<Self> {
        let writer = Mutex::new(Writer { sealer, socket: socket.try_clone()?, wire: Vec::new() });
        Ok(Self { waiting: Mutex::default(), writer, socket })
    }

    /// Puts an answer in; it leaves with the next `flush`.
    pub fn push(&self, id: u64, answer: &[u8]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let room = waiting.capacity() - waiting.len();
        if room < answer.len() + 16 {
            // A growing Vec would leave its bytes in freed memory.
            let mut larger = Vec::with_capacity((waiting.len() + answer.len() + 16).next_power_of_two());
            larger.extend_from_slice(&waiting);
            *waiting = Zeroizing::new(larger);
        }
        if !frame::append(&mut waiting, id, answer) {
            // No answer is that long; a client that waited for it would wait for ever.
            self.hang_up();
        }
    }

    /// Sends what waits, unless another thread is sending: then that one does.
    pub fn flush(&self) {
        loop {
            match self.writer.try_lock() {
                Ok(mut writer) => self.drain(&mut writer),
                Err(TryLockError::Poisoned(_)) => return self.hang_up(),
                Err(TryLockError::WouldBlock) => return,
            }
            // Something may have come between the last look and the unlocking.
            if self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
        }
    }

    fn drain(&self, writer: &mut Writer) {
        loop {
            let stream = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if stream.is_empty() {
                return;
            }
            if writer.send(&stream).is_err() {
                return self.hang_up();
            }
            self.give_back(stream);
        }
    }

    /// Lets the next answers use the same memory.
    fn give_back(&self, mut stream: Zeroizing<Vec<u8>>) {
        const KEPT_BYTES_MAX: usize = 256 * 1024;
        if stream.capacity() > KEPT_BYTES_MAX {
            return;
        }
        stream.as_mut_slice().zeroize();
        stream.clear();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.capacity() == 0 {
            *waiting = stream;
        }
    }

    /// Ends the session: the reading side then ends too.
    fn hang_up(&self) {
        // An error means that the socket is closed already.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

impl Writer {
    fn send(&mut self, stream: &[u8]) -> std::io::Result<()> {
        self.wire.clear();
        self.sealer.seal(stream, &mut self.wire).map_err(std::io::Error::other)?;
        self.socket.write_all(&self.wire)
    }
}
