//! What client and vault say to each other. Pure: bytes to values and back, no sockets, no keys.
//!
//! Layers, from the outside: Noise messages and frames (`keyward-boundary`), one request or answer each
//! (`request`, `answer`, in postcard). The version is part of the handshake's prologue: two versions that do
//! not understand each other never get as far as a frame.

pub(crate) mod answer;
pub(crate) mod request;

use keyward_boundary::Kind;

pub(crate) use keyward_boundary::bytes;

/// The vault among the house's child processes. The prologue's number is raised whenever a request or answer changes its form.
pub(crate) const KIND: Kind = Kind {
    name: "vault",
    command: "keyward vault",
    without_folder: "if no key is to be kept, remove the client's session folder too, and a new vault is made",
    prologue: b"keyward vault session 1",
};
