//! Policy documents, as anybody may attach them to a key, a user or a role.

#![no_main]

use keyward_policy::{Flavour, Policy, rename_principals};
use libfuzzer_sys::fuzz_target;

const ID: &str = "AIDACKCEVSQ6C2EXAMPLE";

fuzz_target!(|document: &str| {
    for flavour in [Flavour::Identity, Flavour::Resource, Flavour::Trust] {
        let Ok(mut policy) = Policy::parse(document, flavour) else { continue };
        let names: Vec<String> = policy.principal_entities().map(str::to_owned).collect();
        let id_of = |name: &str| names.iter().any(|known| known == name).then(|| ID.to_owned());
        let renamed = rename_principals(document, id_of);
        policy.bind_principals(id_of);
        assert_eq!(Policy::parse(&renamed, flavour).as_ref(), Ok(&policy), "{renamed}");
        assert_eq!(rename_principals(document, |_| None), document);
    }
});
