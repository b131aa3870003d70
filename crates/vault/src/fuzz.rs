//! Doors for the fuzz targets: every reader of bytes that come from the other side or from the store. What comes
//! out does not matter: that something does, does.
#![cfg(feature = "fuzz")]

use keyward_boundary::frame;

use crate::api::binding::KeyBinding;
use crate::domain::{Domain, Keys};
use crate::protocol::answer::Answer;
use crate::protocol::bytes::Bytes;
use crate::protocol::request::{KeyArg, Request};
use crate::server::lane::{Lane, lane};
use crate::server::vault::{Protections, Vault};

/// A stretch of the decrypted stream: frames, and in each a request or an answer.
pub fn stream(mut bytes: &[u8]) {
    while let Ok(Some(frame)) = frame::parse(bytes) {
        let _ = (Request::decode(frame.body), Answer::decode(frame.body));
        bytes = bytes.get(frame.consumed..).unwrap_or_default();
    }
}

/// A request, done by a vault; RSA keys are not made, because each takes seconds.
pub fn request(vault: &TestVault, message: &[u8]) {
    match Request::decode(message) {
        Some(request) if lane(&request) != Lane::RsaKey => drop(vault.0.answer(&request)),
        _ => {}
    }
}

/// A token and a binding, as the store may give them back.
pub fn token(vault: &TestVault, token: &[u8], binding: &[u8]) {
    let _ = KeyBinding::from_canonical(binding);
    let key = KeyArg { ekt: Bytes(token), binding: Bytes(binding) };
    drop(vault.0.answer(&Request::PublicKey(key)));
}

/// A vault without a process.
pub struct TestVault(Vault);

impl TestVault {
    /// A vault with a fresh domain key; `None` when there is no randomness.
    pub fn new() -> Option<Self> {
        let domain = Domain::ephemeral(Keys::fresh().ok()?);
        Some(Self(Vault::new(domain, Protections::default())))
    }
}
