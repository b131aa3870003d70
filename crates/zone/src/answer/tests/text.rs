//! Zones from zone-file text, for tests.

use std::collections::BTreeMap;

use domain::base::name::ToName;
use domain::base::rdata::ComposeRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};

use crate::{Generation, GenerationNumber, Name, Rrset, Rtype};

/// The sets of a zone file.
pub(crate) fn sets(text: &str) -> Vec<Rrset> {
    let mut file = Zonefile::from(text);
    let mut sets: BTreeMap<(Name, u16), (u32, Vec<Vec<u8>>)> = BTreeMap::new();
    while let Some(entry) = file.next_entry().unwrap() {
        let Entry::Record(record) = entry else { panic!("no $INCLUDE here") };
        let mut owner = Vec::new();
        record.owner().compose(&mut owner).unwrap();
        let mut rdata = Vec::new();
        record.data().compose_canonical_rdata(&mut rdata).unwrap();
        let key = (Name::from_wire(&owner).unwrap(), record.rtype().to_int());
        let set = sets.entry(key).or_insert((record.ttl().as_secs(), Vec::new()));
        set.1.push(rdata);
    }
    sets.into_iter()
        .map(|((name, rtype), (ttl, rdata))| Rrset::new(name, Rtype::from_int(rtype), ttl, rdata))
        .collect()
}

/// The unsigned zone of a zone file.
pub(crate) fn unsigned(apex: &str, text: &str) -> Generation {
    Generation::unsigned(Name::parse(apex).unwrap(), GenerationNumber(1), sets(text))
}
