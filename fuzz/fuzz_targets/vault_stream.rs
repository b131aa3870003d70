//! The frames of a vault session, after decryption: requests and answers.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| keyward_vault::fuzz::stream(bytes));
