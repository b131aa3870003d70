//! REST-XML bodies.

#![no_main]

use keyward_fuzz::{head, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    read(&head("POST", "/2013-04-01/hostedzone", &[]), body);
    read(&head("POST", "/2013-04-01/hostedzone/Z1/rrset", &[]), body);
    read(&head("POST", "/2013-04-01/tags/hostedzone/Z1", &[]), body);
});
