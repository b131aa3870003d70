//! Key tokens, bindings and whatever keys made, changed in some places: never taken.

#![no_main]

use std::sync::LazyLock;

use keyward_vault::fuzz::TestVault;
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<TestVault> = LazyLock::new(|| TestVault::new().expect("there is randomness"));

fuzz_target!(|bytes: &[u8]| keyward_vault::fuzz::tampered(&VAULT, bytes));
