//! A vault without a process, for unit tests of the rooms that use one. Never part of the production wiring.
#![cfg(feature = "test-vault")]

use std::sync::Arc;

use crate::client::{Transport, VaultClient};
use crate::domain::{Domain, Keys};
use crate::mechanism::Secret;
use crate::server::vault::{Protections, Vault};

impl VaultClient {
    /// A vault in this process whose domain key is gone with it.
    pub fn in_process() -> Self {
        #[expect(clippy::expect_used, reason = "tests only; aws-lc aborts rather than fail once seeded")]
        let keys = Keys::fresh().expect("the system's random generator works");
        Self::around(keys)
    }

    /// A vault in this process whose domain key is a function of `seed`, so that the tokens of one instance
    /// open in the next: for tests that restart the house.
    pub fn in_process_with_seed(seed: u64) -> Self {
        let key = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &seed.to_be_bytes());
        let raw = [(0, Secret::new(key.as_ref().to_vec()))];
        #[expect(clippy::expect_used, reason = "tests only; the key has the right length")]
        let keys = Keys::from_raw(raw).expect("32 bytes are an AES-256 key");
        Self::around(keys)
    }

    fn around(keys: Keys) -> Self {
        let vault = Vault::new(Domain::ephemeral(keys), Protections::default());
        Self::new(Transport::InProcess(Arc::new(vault)))
    }
}
