//! The session between client and child: Noise over a Unix socket.
//!
//! `Noise_KKpsk2_25519_AESGCM_SHA256`: each side knows the other's static key from the enrolment, and
//! both know a pre-shared key, so that neither a stolen static key alone nor a future break of X25519 alone
//! lets anyone in. Pure: bytes to bytes. The two sides bring their own sockets, the child a blocking one, the
//! client an asynchronous one.

pub mod buffer;
pub mod channel;
pub mod cipher;
pub mod credentials;
pub mod handshake;

use std::fmt;

/// Why a session could not be made or go on. Nothing more can be read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The peer does not hold the keys that were enrolled, or speaks another version.
    Handshake,
    /// A message was not authentic, or out of order.
    Message,
    /// The stream of messages is no sequence of frames.
    Frame,
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "the other side is not the one that was enrolled, or speaks another version",
            Self::Message => "a message was changed on its way",
            Self::Frame => "the messages make no sense",
        })
    }
}

impl std::error::Error for SessionError {}
