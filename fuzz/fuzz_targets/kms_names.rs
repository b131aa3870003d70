//! What names things in KMS: pagination markers and grant tokens, key ids, ARNs and aliases.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| keyward_kms::fuzz::names(text));
