//! AWS JSON bodies: a flat input, a nested one, one with a map.

#![no_main]

use keyward_fuzz::{head, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for target in ["TrentService.CreateKey", "TrentService.Encrypt", "Route53Domains_v20140515.RegisterDomain"] {
        read(&head("POST", "/", &[("x-amz-target", target)]), body);
    }
});
