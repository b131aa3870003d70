//! What strangers give to keys of every kind: ciphertexts, signatures, MACs, public keys of peers, capsules.

#![no_main]

use std::sync::LazyLock;

use keyward_vault::fuzz::TestVault;
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<TestVault> = LazyLock::new(|| TestVault::new().expect("there is randomness"));

fuzz_target!(|bytes: &[u8]| keyward_vault::fuzz::given(&VAULT, bytes));
