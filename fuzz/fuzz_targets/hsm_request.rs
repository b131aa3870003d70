//! Requests to an HSM, done; and frames of its session.

#![no_main]

use std::sync::LazyLock;

use keyward_hsm::fuzz::{self, FuzzHsm};
use libfuzzer_sys::fuzz_target;

static HSM: LazyLock<FuzzHsm> = LazyLock::new(|| FuzzHsm::new().expect("an HSM can be made"));

fuzz_target!(|message: &[u8]| {
    fuzz::stream(message);
    fuzz::request(&HSM, message);
});
