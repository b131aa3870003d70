//! Zones from zone-file text.

use std::collections::BTreeMap;

use domain::base::name::ToName;
use domain::base::rdata::ComposeRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};

use crate::{Generation, GenerationNumber, Name, Rrset, Rtype};

/// The sets of a zone file.
///
/// # Panics
/// When the text is no zone file.
#[expect(clippy::expect_used, clippy::panic, reason = "only tests use it, and they must stop")]
pub fn sets_of(text: &str) -> Vec<Rrset> {
    let mut file = Zonefile::from(text);
    type Data = Vec<Vec<u8>>;
    let mut sets: BTreeMap<(Name, u16), (u32, Data)> = BTreeMap::new();
    while let Some(entry) = file.next_entry().expect("a zone file") {
        let Entry::Record(record) = entry else { panic!("no $INCLUDE here") };
        let mut owner = Vec::new();
        record.owner().compose(&mut owner).expect("memory has room");
        let mut rdata = Vec::new();
        record.data().compose_canonical_rdata(&mut rdata).expect("memory has room");
        let owner = Name::from_wire(&owner).expect("a name is a name");
        let set =
            sets.entry((owner, record.rtype().to_int())).or_insert((record.ttl().as_secs(), Vec::new()));
        set.1.push(rdata);
    }
    let rrset = |((name, rtype), (ttl, rdata))| Rrset::new(name, Rtype::from_int(rtype), ttl, rdata);
    sets.into_iter().map(rrset).collect::<Vec<Rrset>>()
}

/// The unsigned zone of a zone file.
///
/// # Panics
/// When the text is no zone file.
#[expect(clippy::expect_used, reason = "only tests use it, and they must stop")]
pub fn unsigned(apex: &str, text: &str) -> Generation {
    let apex = Name::parse(apex).expect("a zone's name");
    Generation::unsigned(apex, GenerationNumber(1), sets_of(text))
}
