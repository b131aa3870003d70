//! Masked records and backups that no HSM made: refused, all of them.

#![no_main]

use std::sync::LazyLock;

use keyward_hsm::fuzz::{self, FuzzHsm};
use libfuzzer_sys::fuzz_target;

static HSM: LazyLock<FuzzHsm> = LazyLock::new(|| FuzzHsm::new().expect("an HSM can be made"));

fuzz_target!(|bytes: &[u8]| fuzz::brought(&HSM, bytes));
