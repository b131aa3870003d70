//! Reads a query. What can't be answered with data says with what it is refused.

use domain::base::iana::{Class, Opcode, OptRcode, Rtype};
use domain::base::name::Name;
use domain::base::opt::{Opt, OptRecord};
use domain::base::wire::ParseError;
use domain::base::{Header, HeaderSection, ParsedRecord, Question, Record, Serial};
use domain::dep::octseq::Parser;
use domain::rdata::Soa;

/// A well-formed query of one question.
#[derive(Clone, Debug)]
pub(crate) struct Query<'a> {
    /// The header as it came.
    pub(crate) header: Header,
    /// The question, its name spelled as it came.
    pub(crate) question: Question<Name<&'a [u8]>>,
    /// What the client said about itself by EDNS(0), if it did.
    pub(crate) edns: Option<Edns>,
    /// The serial of the zone that the client has, when it asks for what changed since (RFC 1995 section 3).
    pub(crate) known_serial: Option<Serial>,
}

/// What an OPT record of version 0 asks for (RFC 6891).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    /// The largest datagram that the client takes, in octets.
    pub(crate) payload_octets: u16,
    /// The DO bit: signatures and denials are wanted (RFC 3225).
    pub(crate) dnssec_ok: bool,
    /// The name server's identifier is wanted (RFC 5001).
    pub(crate) nsid: bool,
}

/// Why no data can be given.
#[derive(Clone, Debug)]
pub(crate) enum Unanswerable<'a> {
    /// Not a query at all; an answer could feed a loop or a reflection.
    Ignored,
    /// Refused with a code.
    Rejected {
        /// The header as it came.
        header: Header,
        /// The question, where one could be read.
        question: Option<Question<Name<&'a [u8]>>>,
        /// Whether the reply carries an OPT record.
        edns: bool,
        /// The code.
        rcode: OptRcode,
    },
}

/// Type 128, a pseudo-type that lives only in denial bitmaps (RFC 9824 section 3.5).
const NXNAME: Rtype = Rtype::from_int(128);

/// Reads `message`, a datagram or one length-prefixed message of a stream.
pub(crate) fn read(message: &[u8]) -> Result<Query<'_>, Unanswerable<'_>> {
    let mut parser = Parser::from_ref(message);
    parser.advance(size_of::<HeaderSection>()).map_err(|_| Unanswerable::Ignored)?;
    let head = *HeaderSection::for_message_slice(message);
    let header = *head.header();
    if header.qr() {
        return Err(Unanswerable::Ignored);
    }
    let reject = |question, edns, rcode| Unanswerable::Rejected { header, question, edns, rcode };
    if header.opcode() != Opcode::QUERY {
        return Err(reject(None, false, OptRcode::NOTIMP));
    }
    if head.counts().qdcount() != 1 {
        return Err(reject(None, false, OptRcode::FORMERR));
    }
    let question = read_question(&mut parser).map_err(|_| reject(None, false, OptRcode::FORMERR))?;
    let (edns, known_serial) = match read_records(&mut parser, head) {
        Ok(Extra { opt: None, known_serial }) => (None, known_serial),
        Ok(Extra { opt: Some(Opt0::Version0(edns)), known_serial }) => (Some(edns), known_serial),
        Ok(_) => return Err(reject(Some(question), true, OptRcode::BADVERS)),
        Err(_) => return Err(reject(Some(question), false, OptRcode::FORMERR)),
    };
    match refusal_of_type(question.qtype()) {
        None => Ok(Query { header, question, edns, known_serial }),
        Some(rcode) => Err(reject(Some(question), edns.is_some(), rcode)),
    }
}

/// A question's name stands first in the message, so that a compression pointer in it is an error.
fn read_question<'a>(parser: &mut Parser<'a, [u8]>) -> Result<Question<Name<&'a [u8]>>, ParseError> {
    let name = Name::parse(parser)?;
    let rtype = Rtype::parse(parser)?;
    let class = Class::parse(parser)?;
    Ok(Question::new(name, rtype, class))
}

/// What stands behind the question.
#[derive(Default)]
struct Extra {
    opt: Option<Opt0>,
    known_serial: Option<Serial>,
}

enum Opt0 {
    Version0(Edns),
    OtherVersion,
}

fn read_records(parser: &mut Parser<'_, [u8]>, head: HeaderSection) -> Result<Extra, ParseError> {
    let counts = head.counts();
    // A query brings no answers; IXFR alone brings a SOA in its authority section (RFC 1995 section 3).
    if counts.ancount() != 0 {
        return Err(ParseError::form_error("a query with answers"));
    }
    let mut extra = Extra::default();
    for _ in 0..counts.nscount() {
        let soa: Option<Record<_, Soa<_>>> = ParsedRecord::parse(parser)?.into_record()?;
        extra.known_serial = soa.map(|soa| soa.data().serial()).or(extra.known_serial);
    }
    for _ in 0..counts.arcount() {
        let record = ParsedRecord::parse(parser)?;
        if record.rtype() == Rtype::OPT {
            let opt = read_opt(&record)?;
            if extra.opt.replace(opt).is_some() {
                return Err(ParseError::form_error("two OPT records"));
            }
        }
    }
    if parser.remaining() > 0 {
        return Err(ParseError::form_error("octets after the message"));
    }
    Ok(extra)
}

fn read_opt(record: &ParsedRecord<'_, [u8]>) -> Result<Opt0, ParseError> {
    if !record.owner().is_root() {
        return Err(ParseError::form_error("an OPT record below the root"));
    }
    // Of a version that we don't know even the options may look otherwise (RFC 6891 section 6.1.3).
    if record.ttl().as_secs().to_be_bytes()[1] != 0 {
        return Ok(Opt0::OtherVersion);
    }
    let record: Option<Record<_, Opt<&[u8]>>> = record.to_record()?;
    let opt = OptRecord::from(record.ok_or(ParseError::form_error("not an OPT record"))?);
    let nsid = opt
        .opt()
        .iter::<domain::base::opt::UnknownOptData<_>>()
        .flatten()
        .any(|option| option.code() == domain::base::iana::OptionCode::NSID);
    Ok(Opt0::Version0(Edns { payload_octets: opt.udp_payload_size(), dnssec_ok: opt.dnssec_ok(), nsid }))
}

/// Types that are no data and that no zone can hold (RFC 6895 section 3.1). ANY, AXFR and IXFR have
/// meanings of their own.
fn refusal_of_type(rtype: Rtype) -> Option<OptRcode> {
    match rtype {
        Rtype::ANY | Rtype::AXFR | Rtype::IXFR => None,
        Rtype::OPT | NXNAME => Some(OptRcode::FORMERR),
        _ if rtype.to_int() == 0 => Some(OptRcode::FORMERR),
        _ if (128..=255).contains(&rtype.to_int()) => Some(OptRcode::NOTIMP),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
