//! RPC v2 CBOR bodies.

#![no_main]

use keyward_fuzz::{head, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for operation in ["RegisterDomain", "ListOperations", "ListDomains"] {
        let path = format!("/service/Route53Domains_v20140515/operation/{operation}");
        read(&head("POST", &path, &[("content-type", "application/cbor")]), body);
    }
});
