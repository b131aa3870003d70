//! DNS messages as anybody may send them: whatever comes, the reply is well formed or there is none.

#![no_main]

use std::sync::LazyLock;

use keyward_zone::answer::ZoneSet;
use keyward_zone::testing::{random_sets, unsigned};
use keyward_zone::{Generation, GenerationNumber};
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<ZoneSet> = LazyLock::new(|| {
    let root = unsigned(".", ". 60 IN SOA a. b. 1 1 1 1 60\n. 60 NS a.\na. 60 A 192.0.2.1\nb. 60 NS a.\n");
    let apex = "a.".parse().expect("a name");
    let full =
        Generation::unsigned(apex, GenerationNumber(1), random_sets(&"a.".parse().expect("a name"), 12));
    [root, full].into_iter().collect()
});

fuzz_target!(|message: &[u8]| keyward_nameserver::fuzzing::answer(&ZONES, message));
