//! The channel after the handshake: frames packed into encrypted messages, and unpacked again.
//!
//! On the wire: `length (2, big endian) | Noise message`. Frames run through the messages as one stream: many
//! small ones share a message, and a large one spans several. Messages are numbered by both sides, so
//! that none can be left out, repeated or moved.

use std::sync::Arc;

use snow::StatelessTransportState;

use crate::frame::{self, Frame};
use crate::session::SessionError;
use crate::session::buffer::WipedQueue;

/// Noise's limit.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
const TAG_BYTES: usize = 16;
const PLAIN_BYTES_MAX: usize = MESSAGE_BYTES_MAX - TAG_BYTES;
const LENGTH_BYTES: usize = 2;

/// Both directions of an established session.
pub struct Channel {
    /// What we send with.
    pub sealer: Sealer,
    /// What we receive with.
    pub opener: Opener,
}

/// The sending direction.
pub struct Sealer {
    state: Arc<StatelessTransportState>,
    sent: u64,
}

/// The receiving direction, with what came in and is not yet read.
pub struct Opener {
    state: Arc<StatelessTransportState>,
    received: u64,
    wire: Vec<u8>,
    plain: WipedQueue,
}

impl Channel {
    /// The channel of a finished handshake.
    pub fn new(state: StatelessTransportState) -> Self {
        let state = Arc::new(state);
        Self {
            sealer: Sealer { state: state.clone(), sent: 0 },
            opener: Opener { state, received: 0, wire: Vec::new(), plain: WipedQueue::default() },
        }
    }
}

impl Sealer {
    /// Encrypts a stretch of the frame stream and appends the messages to `wire`.
    pub fn seal(&mut self, stream: &[u8], wire: &mut Vec<u8>) -> Result<(), SessionError> {
        for piece in stream.chunks(PLAIN_BYTES_MAX) {
            let length = piece.len() + TAG_BYTES;
            let field = u16::try_from(length).map_err(|_| SessionError::Message)?;
            wire.extend_from_slice(&field.to_be_bytes());
            let start = wire.len();
            wire.resize(start + length, 0);
            let place = wire.get_mut(start..).unwrap_or_default();
            self.state.write_message(self.sent, piece, place).map_err(|_| SessionError::Message)?;
            self.sent += 1;
        }
        Ok(())
    }
}

impl Opener {
    /// Takes in bytes from the socket and decrypts every message that is whole.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        if self.wire.is_empty() {
            let used = self.open(bytes)?;
            self.wire.extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            self.wire.extend_from_slice(bytes);
            let wire = std::mem::take(&mut self.wire);
            let used = self.open(&wire)?;
            self.wire = wire;
            self.wire.drain(..used);
        }
        Ok(())
    }

    /// Calls `take` for each frame that has come whole.
    pub fn frames(&mut self, mut take: impl FnMut(u64, &[u8])) -> Result<(), SessionError> {
        while let Some(Frame { id, body, consumed }) =
            frame::parse(self.plain.unread()).map_err(|_| SessionError::Frame)?
        {
            take(id, body);
            self.plain.consume(consumed);
        }
        Ok(())
    }

    fn open(&mut self, wire: &[u8]) -> Result<usize, SessionError> {
        let mut used = 0;
        while let Some(message) = whole_message(wire.get(used..).unwrap_or_default()) {
            let length = message.len();
            let place = self.plain.extend(length);
            let opened = self.state.read_message(self.received, message, place);
            let plain = opened.map_err(|_| SessionError::Message)?;
            self.plain.retract(length.saturating_sub(plain));
            self.received += 1;
            used += LENGTH_BYTES + length;
        }
        Ok(used)
    }
}

/// The first message of `wire`, if it has come whole.
pub fn whole_message(wire: &[u8]) -> Option<&[u8]> {
    let (length, rest) = wire.split_first_chunk::<LENGTH_BYTES>()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}

/// A handshake message as it goes over the wire.
pub fn with_length(message: &[u8]) -> Result<Vec<u8>, SessionError> {
    let field = u16::try_from(message.len()).map_err(|_| SessionError::Handshake)?;
    Ok([&field.to_be_bytes()[..], message].concat())
}

#[cfg(test)]
mod tests;
