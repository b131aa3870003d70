//! Import blobs: wrapped material, the material inside, tokens and bindings. The first byte picks the reader.

#![no_main]

use std::sync::LazyLock;

use keyward_vault::fuzz::{TestVault, import};
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<TestVault> = LazyLock::new(|| TestVault::new().expect("there is randomness"));

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0..=63, rest)) => import::wrapped(&VAULT, rest),
        Some((64..=127, rest)) => import::parts(rest),
        Some((_, rest)) => import::material(rest),
        None => {}
    }
});
