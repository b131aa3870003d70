//! Zones and clients for the tests of this crate.

use aws_lc_rs::digest;
use domain::base::iana::Rtype;
use domain::base::message_builder::MessageBuilder;
use domain::base::name::Name as WireName;
use keyward_base::Timestamp;
use keyward_zone::publication::{BlobRef, PublishedZone, ZoneKind};
use keyward_zone::{Delta, Generation, GenerationNumber, Name, Rrset};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A set of records with this data.
pub(crate) fn set(owner: &str, rtype: Rtype, rdata: &[&[u8]]) -> Rrset {
    Rrset::new(name(owner), rtype, 300, rdata.iter().map(|data| data.to_vec()))
}

fn soa(serial: u32) -> Vec<u8> {
    let mut data = Vec::new();
    data.extend(name("ns.example").as_wire());
    data.extend(name("admin.example").as_wire());
    for number in [serial, 7200, 900, 1_209_600, 300] {
        data.extend(number.to_be_bytes());
    }
    data
}

/// `example` with a server, a host, a set of 1 kB and one of 4 kB, and many names.
pub(crate) fn example(serial: u32) -> Generation {
    let big = |size: usize| -> Vec<Vec<u8>> {
        (0..size / 100).map(|at| [vec![99], format!("{at:099}").into_bytes()].concat()).collect()
    };
    let texts = |owner: &str, size| Rrset::new(name(owner), Rtype::TXT, 300, big(size));
    let mut sets = vec![
        set("example", Rtype::SOA, &[&soa(serial)]),
        set("example", Rtype::NS, &[name("ns.example").as_wire()]),
        set("ns.example", Rtype::A, &[&[127, 0, 0, 1]]),
        set("www.example", Rtype::A, &[&[192, 0, 2, 1], &[192, 0, 2, 2]]),
        texts("kilo.example", 1000),
        texts("four.example", 4000),
    ];
    sets.extend((0..2000).map(|at| set(&format!("n{at}.many.example"), Rtype::A, &[&[10, 0, 0, 1]])));
    Generation::unsigned(name("example"), GenerationNumber(u64::from(serial)), sets)
}

/// A query; `edns` is the payload size and DO.
pub(crate) fn query(owner: &str, rtype: Rtype, edns: Option<(u16, bool)>) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.header_mut().set_id(0x2bad);
    builder.header_mut().set_rd(true);
    builder.push((WireName::<Vec<u8>>::vec_from_str(owner).unwrap(), rtype)).unwrap();
    let mut builder = builder.additional();
    if let Some((octets, dnssec_ok)) = edns {
        let opt = builder.opt(|opt| {
            opt.set_udp_payload_size(octets);
            opt.set_dnssec_ok(dnssec_ok);
            Ok(())
        });
        opt.unwrap();
    }
    builder.finish()
}

/// The zone of a zone file.
pub(crate) fn zone(apex: &str, text: &str) -> Generation {
    keyward_zone::testing::unsigned(apex, text)
}

/// The least that a zone can be, with a text that tells it from others.
pub(crate) fn marked(apex: &str, mark: &str) -> Generation {
    zone(
        apex,
        &format!("$ORIGIN {apex}.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n@ 60 TXT \"{mark}\"\n"),
    )
}

/// What a builder would publish of `zone`: the row, with its whole as the base.
pub(crate) fn published(
    zone: &Generation,
    kind: ZoneKind,
    created: i64,
    servers: &[&str],
) -> (PublishedZone, Vec<u8>) {
    let blob = Delta::whole(zone).encode();
    let row = PublishedZone {
        apex: zone.apex().clone(),
        kind,
        source: "test".to_owned(),
        name_servers: servers.iter().map(|server| name(server)).collect(),
        created: Timestamp::from_unix_seconds(created),
        generation: zone.number(),
        base: blob_ref(&blob, zone.number()),
        deltas: Vec::new(),
        signed: zone.is_signed(),
        serial_grows: false,
        earliest_expiration: zone.earliest_expiration(),
        content_version: 1,
        wish_version: 1,
        published: Timestamp::EPOCH,
    };
    (row, blob)
}

/// Where `blob` lies, by its content.
pub(crate) fn blob_ref(blob: &[u8], generation: GenerationNumber) -> BlobRef {
    let sha256: [u8; 32] = digest::digest(&digest::SHA256, blob).as_ref().try_into().unwrap();
    let text: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    BlobRef { name: format!("zones/{text}"), size: blob.len() as u64, sha256, generation }
}
