//! Key tokens and bindings, as a damaged or hostile store gives them back.

#![no_main]

use std::sync::LazyLock;

use keyward_vault::fuzz::TestVault;
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<TestVault> = LazyLock::new(|| TestVault::new().expect("there is randomness"));

fuzz_target!(|parts: (&[u8], &[u8])| keyward_vault::fuzz::token(&VAULT, parts.0, parts.1));
