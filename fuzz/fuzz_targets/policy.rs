//! Policy documents, as anybody may attach them to a key, a user or a role.

#![no_main]

use keyward_policy::{Flavour, Policy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &str| {
    for flavour in [Flavour::Identity, Flavour::Resource, Flavour::Trust] {
        let _ = Policy::parse(document, flavour);
    }
});
