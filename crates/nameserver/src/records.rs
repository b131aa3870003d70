//! Sets of a zone as records of a message.

use domain::base::iana::{Class, Rtype};
use domain::base::name::Name as WireName;
use domain::base::rdata::{ComposeRecordData, RecordData};
use domain::base::record::ComposeRecord;
use domain::base::wire::Composer;
use domain::dep::octseq::Parser;
use keyward_zone::answer::{Part, Records};
use keyward_zone::{Name, Signature, SignedRrset};

/// The records of an answer's part, then their signatures where they are given.
pub(crate) fn of_part<'p>(part: &'p Part<'_>) -> impl Iterator<Item = OneRecord<'p>> {
    let give_records = part.records == Records::All;
    let give_signatures = part.signatures || part.records == Records::Signatures;
    records(part.set, part.owner(), part.ttl, give_records, give_signatures)
}

/// All records of a set and their signatures, as a zone transfer gives them.
pub(crate) fn of_set(set: &SignedRrset) -> impl Iterator<Item = OneRecord<'_>> {
    records(set, set.rrset.name(), set.rrset.ttl(), true, true)
}

fn records<'p>(
    set: &'p SignedRrset,
    owner: &'p Name,
    ttl: u32,
    give_records: bool,
    give_signatures: bool,
) -> impl Iterator<Item = OneRecord<'p>> {
    let rtype = set.rrset.rtype();
    let owner = wire_name(owner);
    let data = set.rrset.rdata().filter(move |_| give_records);
    let signatures = set.signatures.iter().filter(move |_| give_signatures).map(Signature::rdata);
    //= rfc4034#section-3: the TTL of a signature is that of the set it covers.
    let data = data.map(move |rdata| OneRecord { owner, ttl, data: Data { rtype, rdata } });
    let signatures =
        signatures.map(move |rdata| OneRecord { owner, ttl, data: Data { rtype: Rtype::RRSIG, rdata } });
    data.chain(signatures)
}

#[expect(clippy::expect_used, reason = "a zone's Name holds nothing but a valid wire-form name")]
fn wire_name(name: &Name) -> &WireName<[u8]> {
    WireName::from_slice(name.as_wire()).expect("a valid name")
}

/// One record, ready for a message.
#[derive(Clone, Copy)]
pub(crate) struct OneRecord<'p> {
    owner: &'p WireName<[u8]>,
    ttl: u32,
    data: Data<'p>,
}

impl ComposeRecord for OneRecord<'_> {
    fn compose_record<T: Composer + ?Sized>(&self, target: &mut T) -> Result<(), T::AppendError> {
        (self.owner, Class::IN, self.ttl, &self.data).compose_record(target)
    }
}

/// Record data in uncompressed wire form. Names in it are compressed for the types of RFC 1035 alone
/// (RFC 3597 section 4).
#[derive(Clone, Copy)]
struct Data<'p> {
    rtype: Rtype,
    rdata: &'p [u8],
}

/// Record data around the names in it.
struct SplitData<'p> {
    before: &'p [u8],
    names: [Option<WireName<&'p [u8]>>; 2],
    after: &'p [u8],
}

impl<'p> Data<'p> {
    /// Octets before the names, and how many names there are to compress.
    fn names(&self) -> Option<(usize, usize)> {
        match self.rtype {
            Rtype::NS | Rtype::CNAME | Rtype::PTR => Some((0, 1)),
            Rtype::MX => Some((2, 1)),
            Rtype::SOA => Some((0, 2)),
            _ => None,
        }
    }

    /// The data as octets, names, octets; `None` when it is not so.
    fn split(&self, (octets, names): (usize, usize)) -> Option<SplitData<'p>> {
        let (before, rest) = self.rdata.split_at_checked(octets)?;
        let mut parser = Parser::from_ref(rest);
        let mut found = [None, None];
        for slot in found.iter_mut().take(names) {
            *slot = Some(WireName::parse(&mut parser).ok()?);
        }
        Some(SplitData { before, names: found, after: rest.get(parser.pos()..)? })
    }
}

impl RecordData for Data<'_> {
    fn rtype(&self) -> Rtype {
        self.rtype
    }
}

impl ComposeRecordData for Data<'_> {
    fn rdlen(&self, compress: bool) -> Option<u16> {
        if compress && self.names().is_some() { None } else { u16::try_from(self.rdata.len()).ok() }
    }

    fn compose_rdata<T: Composer + ?Sized>(&self, target: &mut T) -> Result<(), T::AppendError> {
        let Some(SplitData { before, names, after }) = self.names().and_then(|layout| self.split(layout))
        else {
            return target.append_slice(self.rdata);
        };
        target.append_slice(before)?;
        for name in names.iter().flatten() {
            target.append_compressed_name(name)?;
        }
        target.append_slice(after)
    }

    fn compose_canonical_rdata<T: Composer + ?Sized>(&self, target: &mut T) -> Result<(), T::AppendError> {
        target.append_slice(self.rdata)
    }
}
