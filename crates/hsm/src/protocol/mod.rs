//! What a client and an HSM say to each other. Pure: bytes to values and back, no sockets, no keys.
//!
//! One request or answer a frame, in postcard. The version is part of the handshake's prologue: two versions that do not
//! understand each other never get as far as a frame.

pub(crate) mod answer;
pub(crate) mod request;

use keyward_boundary::Kind;

pub(crate) use keyward_boundary::bytes;

/// An HSM among the house's child processes. The prologue's number is raised whenever a request or answer changes its form.
pub(crate) const KIND: Kind = Kind {
    name: "HSM",
    command: "keyward hsm",
    without_folder: "delete the HSM (DeleteHsm) and create another, which gets everything from the cluster's other HSMs",
    prologue: b"keyward hsm session 2",
};
