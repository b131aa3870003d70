//! Requests to the vault, done.

#![no_main]

use std::sync::LazyLock;

use keyward_vault::fuzz::TestVault;
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<TestVault> = LazyLock::new(|| TestVault::new().expect("there is randomness"));

fuzz_target!(|message: &[u8]| keyward_vault::fuzz::request(&VAULT, message));
