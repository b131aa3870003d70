//! A byte queue that leaves no copies behind: it wipes itself when it grows and when it is dropped.

use zeroize::{Zeroize, Zeroizing};

/// Bytes appended at the end and consumed at the front.
#[derive(Default)]
pub struct WipedQueue {
    bytes: Zeroizing<Vec<u8>>,
    start: usize,
}

impl WipedQueue {
    /// What was appended and not yet consumed.
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Makes room for `length` more bytes and gives the place to write them to.
    pub fn extend(&mut self, length: usize) -> &mut [u8] {
        self.make_room(length);
        let end = self.bytes.len();
        self.bytes.resize(end + length, 0);
        self.bytes.get_mut(end..).unwrap_or_default()
    }

    /// Takes back the last `length` bytes that `extend` gave.
    pub fn retract(&mut self, length: usize) {
        let end = self.bytes.len().saturating_sub(length);
        self.bytes.truncate(end);
    }

    /// Forgets the first `length` unread bytes.
    pub fn consume(&mut self, length: usize) {
        self.start = self.start.saturating_add(length).min(self.bytes.len());
        if self.start == self.bytes.len() {
            if let Some(used) = self.bytes.get_mut(..) {
                used.zeroize();
            }
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Growing a `Vec` would free its old memory with the bytes still in it.
    fn make_room(&mut self, length: usize) {
        if self.bytes.capacity() - self.bytes.len() >= length {
            return;
        }
        let unread = self.unread();
        let wanted = (unread.len() + length).next_power_of_two().max(4096);
        let mut larger = Zeroizing::new(Vec::with_capacity(wanted));
        larger.extend_from_slice(unread);
        self.bytes = larger;
        self.start = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(queue: &mut WipedQueue, bytes: &[u8]) {
        queue.extend(bytes.len()).copy_from_slice(bytes);
    }

    #[test]
    fn bytes_come_out_in_the_order_they_went_in() {
        let mut queue = WipedQueue::default();
        append(&mut queue, b"one");
        append(&mut queue, b"two");
        queue.consume(3);
        append(&mut queue, &[7; 5000]);
        assert_eq!(&queue.unread()[..3], b"two");
        queue.retract(4999);
        assert_eq!(queue.unread(), b"two\x07");
        queue.consume(100);
        assert!(queue.unread().is_empty());
    }
}
