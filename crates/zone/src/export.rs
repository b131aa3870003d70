//! A zone as a zone file, with signatures and denial records: for people, and for other programs' checkers.

use std::fmt::Write;

use domain::base::iana::Rtype;

use crate::{Generation, SignedRrset, records};

/// Every record of `zone`, one a line, the SOA first.
pub fn zone_file(zone: &Generation) -> String {
    let mut text = String::new();
    if let Some(soa) = zone.soa() {
        write_set(soa, &mut text);
    }
    for set in zone.nodes().flat_map(|node| node.sets()).filter(|set| set.rrset.rtype() != Rtype::SOA) {
        write_set(set, &mut text);
    }
    for (_, record) in zone.nsec3_chain() {
        write_set(record, &mut text);
    }
    text
}

fn write_set(set: &SignedRrset, text: &mut String) {
    let (name, ttl, rtype) = (set.rrset.name(), set.rrset.ttl(), set.rrset.rtype());
    for rdata in set.rrset.rdata() {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name} {ttl} IN {rtype} {}", records::print(rtype, rdata));
    }
    for signature in &set.signatures {
        let _ = writeln!(text, "{name} {ttl} IN RRSIG {}", records::print(Rtype::RRSIG, signature.rdata()));
    }
}

#[cfg(test)]
mod tests {
    use keyward_base::Timestamp;

    use super::*;
    use crate::testing::TestSigner;
    use crate::{Name, Rrset};

    #[test]
    fn another_program_s_reader_finds_every_record() {
        let apex: Name = "example.com".parse().unwrap();
        let soa = records::parse(Rtype::SOA, "ns.example.com. host.example.com. 1 2 3 4 300").unwrap();
        let sets = vec![
            Rrset::new(apex.clone(), Rtype::SOA, 900, [soa]),
            Rrset::new(apex.clone(), Rtype::NS, 900, [records::parse(Rtype::NS, "ns.example.com").unwrap()]),
            Rrset::new(
                apex.wildcard().unwrap(),
                Rtype::TXT,
                900,
                [records::parse(Rtype::TXT, r#""a;\"b" "\001""#).unwrap()],
            ),
        ];
        let signer = TestSigner::default();
        let zone = signer.sign_zone(&apex, sets, Timestamp::from_unix_seconds(1_800_000_000)).unwrap();
        let text = zone_file(&zone);
        let read = domain::zonefile::inplace::Zonefile::from(text.as_str());
        let types: Vec<String> = read
            .map(|entry| match entry.unwrap() {
                domain::zonefile::inplace::Entry::Record(record) => record.rtype().to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        let count = |wanted: &str| types.iter().filter(|rtype| *rtype == wanted).count();
        assert_eq!(types[0], "SOA");
        assert_eq!((count("RRSIG"), count("NSEC3"), count("DNSKEY"), count("TXT")), (7, 2, 2, 1));
    }
}
