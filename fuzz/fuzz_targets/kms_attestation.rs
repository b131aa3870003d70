//! Attestation documents, as any caller sends them in `Recipient`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| keyward_kms::fuzz_attestation(document));
