//! Symmetric ciphertexts, as any caller of Decrypt sends them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    let _ = keyward_vault::parse_ciphertext_header(blob);
});
