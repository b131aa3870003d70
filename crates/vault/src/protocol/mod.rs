//! What client and vault say to each other. Pure: bytes to values and back, no sockets, no keys.
//!
//! Layers, from the outside: Noise messages (`session`), frames (`frame`), one request or answer each
//! (`request`, `answer`, in postcard). The version is part of the handshake's prologue: two versions that do
//! not understand each other never get as far as a frame.

pub(crate) mod answer;
pub(crate) mod bytes;
pub(crate) mod frame;
pub(crate) mod request;

/// Bound into the handshake; raised whenever a request or answer changes its form.
pub(crate) const PROLOGUE: &[u8] = b"keyward vault session 1";
