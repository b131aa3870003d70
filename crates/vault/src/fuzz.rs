//! Doors for the fuzz targets: every reader of bytes that come from the other side or from the store. What comes
//! out does not matter: that something does, does; and that bytes which were tampered with are never taken.
#![cfg(feature = "fuzz")]

mod held;
pub mod import;

use keyward_boundary::frame;

use crate::api::binding::KeyBinding;
use crate::domain::{Domain, Keys};
use crate::fuzz::held::Held;
use crate::fuzz::import::Wrapping;
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
        Some(request) if lane(&request) != Lane::RsaKey => drop(vault.vault.answer(&request)),
        _ => {}
    }
}

/// A token and a binding, as the store may give them back.
pub fn token(vault: &TestVault, token: &[u8], binding: &[u8]) {
    let _ = KeyBinding::from_canonical(binding);
    let key = KeyArg { ekt: Bytes(token), binding: Bytes(binding) };
    drop(vault.vault.answer(&Request::PublicKey(key)));
}

/// A ciphertext, signature, MAC, peer's key or capsule of a stranger's; the first byte picks the key.
pub fn given(vault: &TestVault, bytes: &[u8]) {
    let Some((pick, bytes)) = bytes.split_first() else { return };
    let Some(held) = vault.pick(*pick) else { return };
    drop(vault.vault.answer(&held.taking(held.arg(), bytes)));
}

/// A token, a binding or something that a key made, changed in some places: the first two bytes pick the key and
/// which of the three, each three bytes after them a place and what it is changed by.
///
/// # Panics
/// When the vault takes what was tampered with.
pub fn tampered(vault: &TestVault, bytes: &[u8]) {
    let Some((&[pick, part], changes)) = bytes.split_first_chunk() else { return };
    let Some(held) = vault.pick(pick) else { return };
    let (mut ekt, mut binding, mut made) = (held.ekt.clone(), held.binding.clone(), held.made.clone());
    change(
        match part % 3 {
            0 => &mut ekt,
            1 => &mut binding,
            _ => &mut made,
        },
        changes,
    );
    let is_key_whole = ekt == held.ekt && binding == held.binding;
    let is_whole = is_key_whole && made == held.made;
    let key = KeyArg { ekt: Bytes(&ekt), binding: Bytes(&binding) };
    let is_taken = !matches!(vault.vault.answer(&held.taking(key, &made)), Answer::Failed(_));
    assert!(is_taken || !is_whole, "what was made is not taken");
    assert!(is_key_whole || !is_taken, "a key that was tampered with is used");
    assert!(is_whole || !is_taken || !held.takes_its_own_only(), "what was tampered with is taken");
}

fn change(bytes: &mut [u8], changes: &[u8]) {
    for change in changes.as_chunks::<3>().0 {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]]));
        let place = place % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= change[2];
        }
    }
}

/// A vault without a process, with a key of each kind.
pub struct TestVault {
    vault: Vault,
    keys: Vec<Held>,
    wrapping: Vec<Wrapping>,
}

impl TestVault {
    /// A vault with a fresh domain key; `None` when there is no randomness.
    pub fn new() -> Option<Self> {
        let domain = Domain::ephemeral(Keys::fresh().ok()?);
        let vault = Vault::new(domain, Protections::default());
        let keys = Held::all(&vault)?;
        let wrapping = Wrapping::all(&vault)?;
        Some(Self { vault, keys, wrapping })
    }

    fn pick(&self, number: u8) -> Option<&Held> {
        self.keys.get(usize::from(number) % self.keys.len().max(1))
    }
}

#[cfg(test)]
mod tests;
