//! Notices between rooms that must not know each other: one says that something changed, others look.
//!
//! A notice carries no state and may be missed (a restart, a slow reader): whoever depends on a thing also
//! looks at it when it starts and from time to time. Deliberately absent: what the change was.

use tokio::sync::broadcast;

/// How many notices a slow reader may lag behind before it is told `Notice::Missed`.
const BACKLOG: usize = 1024;

/// What a reader is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice<T> {
    /// This thing was changed.
    Changed(T),
    /// Notices were lost: look at everything again.
    Missed,
}

/// A place where changes of things named by a `T` are told, such as KMS keys by their ARN.
#[derive(Clone, Debug)]
pub struct NoticeBoard<T: Clone> {
    sender: broadcast::Sender<Notice<T>>,
}

impl<T: Clone> Default for NoticeBoard<T> {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

impl<T: Clone> NoticeBoard<T> {
    /// Tells every reader that `thing` was changed. Without readers it does nothing.
    pub fn tell(&self, thing: T) {
        let _readers = self.sender.send(Notice::Changed(thing));
    }

    /// Tells every reader to look at everything again.
    pub fn tell_missed(&self) {
        let _readers = self.sender.send(Notice::Missed);
    }

    /// A reader of what is told from now on.
    pub fn reader(&self) -> NoticeReader<T> {
        NoticeReader { receiver: self.sender.subscribe() }
    }
}

/// Reads a `NoticeBoard`.
#[derive(Debug)]
pub struct NoticeReader<T: Clone> {
    receiver: broadcast::Receiver<Notice<T>>,
}

impl<T: Clone> NoticeReader<T> {
    /// The next notice; waits for it, for ever when the board is gone.
    pub async fn next(&mut self) -> Notice<T> {
        match self.receiver.recv().await {
            Ok(notice) => notice,
            Err(broadcast::error::RecvError::Lagged(_)) => Notice::Missed,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_reader_hears_what_is_told() {
        let board = NoticeBoard::default();
        let (mut one, mut two) = (board.reader(), board.reader());
        board.tell("key");
        assert_eq!(one.next().await, Notice::Changed("key"));
        assert_eq!(two.next().await, Notice::Changed("key"));
    }

    #[tokio::test]
    async fn a_slow_reader_learns_that_it_missed_something() {
        let board = NoticeBoard::default();
        let mut reader = board.reader();
        for number in 0..=BACKLOG {
            board.tell(number);
        }
        assert_eq!(reader.next().await, Notice::Missed);
        assert_eq!(reader.next().await, Notice::Changed(1));
    }
}
