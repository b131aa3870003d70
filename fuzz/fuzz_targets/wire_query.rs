//! Query forms: any form, and the rest of one that names its operation.

#![no_main]

use keyward_fuzz::{head, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let form = head("POST", "/", &[("content-type", "application/x-www-form-urlencoded")]);
    read(&form, body);
    for action in ["Action=CreateUser&Version=2010-05-08&", "Action=AssumeRole&Version=2011-06-15&"] {
        read(&form, &[action.as_bytes(), body].concat());
    }
});
