//! One message in, one message out: a pure function of the zones and the client's bytes.

use domain::base::Question as WireQuestion;
use domain::base::iana::{Class, OptRcode, Rtype};
use domain::base::name::Name as WireName;
use keyward_zone::Name;
use keyward_zone::answer::{Answer, Question, Section as Place, ZoneSet, answer};

use crate::message::{Full, Head, Query, Reply, Section, Unanswerable, read};
use crate::records;

/// Octets of a message that every client takes over UDP (RFC 1035 section 4.2.1).
const PLAIN_UDP_OCTETS: usize = 512;
/// Octets of the longest message over TCP.
pub(crate) const TCP_OCTETS_MAX: usize = 65_535;

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In a datagram; a reply has at most this many octets, whatever the client takes.
    Udp {
        /// The limit.
        octets_max: usize,
    },
    /// Over a connection.
    Tcp,
}

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No reply: it was no query.
    Silence,
    /// A reply stands in the buffer.
    Reply {
        /// Its octets.
        length: usize,
        /// Its code.
        rcode: OptRcode,
        /// Whether TC is set.
        truncated: bool,
    },
}

/// Answers `message` from `zones` into `buffer`; SERVFAIL while there are none to answer from. Transfers of
/// whole zones are not its business: over UDP they are refused, over TCP the caller takes them out first.
pub(crate) fn respond(
    zones: Option<&ZoneSet>,
    message: &[u8],
    transport: Transport,
    nsid: Option<&[u8]>,
    buffer: &mut [u8],
) -> Outcome {
    match read(message) {
        Ok(query) => to_query(zones, &query, transport, nsid, buffer),
        Err(Unanswerable::Ignored) => Outcome::Silence,
        Err(Unanswerable::Rejected { header, question, edns, rcode }) => {
            let head = Head { rcode, edns: edns.then_some(false), ..Head::to(header, None, None) };
            bare(&head, question.as_ref(), buffer)
        }
    }
}

/// A reply that says a code and nothing more.
pub(crate) fn refuse(query: &Query<'_>, rcode: OptRcode, buffer: &mut [u8]) -> Outcome {
    let head = Head { rcode, ..Head::to(query.header, query.edns, None) };
    bare(&head, Some(&query.question), buffer)
}

fn to_query(
    zones: Option<&ZoneSet>,
    query: &Query<'_>,
    transport: Transport,
    nsid: Option<&[u8]>,
    buffer: &mut [u8],
) -> Outcome {
    let rtype = query.question.qtype();
    if query.question.qclass() != Class::IN {
        return refuse(query, OptRcode::REFUSED, buffer);
    }
    if matches!(rtype, Rtype::AXFR | Rtype::IXFR) {
        return refuse(query, OptRcode::REFUSED, buffer);
    }
    let Some(zones) = zones else { return refuse(query, OptRcode::SERVFAIL, buffer) };
    let Ok(name) = Name::from_wire(query.question.qname().as_slice()) else {
        return refuse(query, OptRcode::FORMERR, buffer);
    };
    let dnssec_ok = query.edns.is_some_and(|edns| edns.dnssec_ok);
    let answer = answer(zones, Question { name: &name, rtype, dnssec_ok });
    let mut head = Head::to(query.header, query.edns, nsid);
    head.rcode = OptRcode::from_rcode(answer.rcode);
    head.authoritative = answer.authoritative;
    let written = write(&answer, query, head, octets_max(query, transport), buffer);
    written.unwrap_or_else(|Full| refuse(query, OptRcode::SERVFAIL, buffer))
}

fn octets_max(query: &Query<'_>, transport: Transport) -> usize {
    match transport {
        Transport::Tcp => TCP_OCTETS_MAX,
        Transport::Udp { octets_max } => {
            //= rfc6891#section-6.2.5: values below 512 are 512.
            let taken = query.edns.map_or(0, |edns| usize::from(edns.payload_octets));
            taken.max(PLAIN_UDP_OCTETS).min(octets_max.max(PLAIN_UDP_OCTETS))
        }
    }
}

fn write(
    answer: &Answer<'_>,
    query: &Query<'_>,
    mut head: Head<'_>,
    octets_max: usize,
    buffer: &mut [u8],
) -> Result<Outcome, Full> {
    let mut reply = Reply::begin(buffer, octets_max, &head)?;
    reply.question(&query.question)?;
    head.truncated = write_parts(&mut reply, answer).is_err();
    let (rcode, truncated) = (head.rcode, head.truncated);
    Ok(Outcome::Reply { length: reply.finish(&head), rcode, truncated })
}

/// Writes each set whole. The first that is needed and does not fit ends the reply (RFC 2181 section 9);
/// addresses that only spare a question are left out silently.
fn write_parts(reply: &mut Reply<'_>, answer: &Answer<'_>) -> Result<(), Full> {
    let needed = [
        (Place::Answer, Section::Answer),
        (Place::Authority, Section::Authority),
        (Place::Glue, Section::Additional),
    ];
    for (place, section) in needed {
        for part in answer.section(place) {
            reply.records(section, records::of_part(part))?;
        }
    }
    for part in answer.section(Place::Additional) {
        let _left_out = reply.records(Section::Additional, records::of_part(part));
    }
    Ok(())
}

fn bare(head: &Head<'_>, question: Option<&WireQuestion<WireName<&[u8]>>>, buffer: &mut [u8]) -> Outcome {
    let length = Reply::begin(buffer, PLAIN_UDP_OCTETS, head).and_then(|mut reply| {
        if let Some(question) = question {
            reply.question(question)?;
        }
        Ok(reply.finish(head))
    });
    match length {
        Ok(length) => Outcome::Reply { length, rcode: head.rcode, truncated: false },
        Err(Full) => Outcome::Silence,
    }
}

#[cfg(test)]
mod tests;
