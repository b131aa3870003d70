//! What a client and an HSM say to each other. Pure: bytes to values and back, no sockets, no keys.
//!
//! One request or answer a frame, in postcard. The version is part of the handshake's prologue: two versions that do not
//! understand each other never get as far as a frame.

pub(crate) mod answer;
pub(crate) mod bytes;
pub(crate) mod request;
