//! Zone blobs: whatever the bytes, reading and applying them ends with a generation or an error.

#![no_main]

use keyward_zone::Delta;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    if let Ok(delta) = Delta::decode(blob) {
        let _ = delta.apply(None);
    }
});
