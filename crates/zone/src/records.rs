//! Record data as text and as canonical wire bytes, one file a type.
//!
//! Text is read as Route 53's API writes it, with octal escapes, or as zone files do, with decimal ones; it
//! is printed as zone files do. What comes out of reading is in canonical form already (RFC 4034 section
//! 6.2): names are lower-case and never compressed. Nothing here knows owners, TTLs or zones.

use domain::base::ParsedName;
use domain::base::Rtype;
use domain::base::rdata::ParseRecordData;
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::dep::octseq::Parser;
use domain::rdata::ZoneRecordData;

use crate::Escapes;

mod a;
mod aaaa;
mod caa;
mod ds;
mod error;
mod fields;
mod mx;
mod naptr;
mod single_name;
mod soa;
mod srv;
mod sshfp;
mod svcb;
#[cfg(test)]
mod tests;
mod tlsa;
mod txt;

pub use error::RecordError;
use fields::Fields;

/// How one type's data is read.
type Read = fn(&mut Fields<'_>) -> Result<Vec<u8>, RecordError>;

/// Every type that can be read, in the order of Route 53's `RRType`. A new type is one line here.
const TYPES: [(Rtype, Read); 17] = [
    (Rtype::SOA, soa::read),
    (Rtype::A, a::read),
    (Rtype::TXT, txt::read),
    (Rtype::NS, single_name::read),
    (Rtype::CNAME, single_name::read),
    (Rtype::MX, mx::read),
    (Rtype::NAPTR, naptr::read),
    (Rtype::PTR, single_name::read),
    (Rtype::SRV, srv::read),
    (Rtype::SPF, txt::read),
    (Rtype::AAAA, aaaa::read),
    (Rtype::CAA, caa::read),
    (Rtype::DS, ds::read),
    (Rtype::TLSA, tlsa::read),
    (Rtype::SSHFP, sshfp::read),
    (Rtype::SVCB, svcb::read),
    (Rtype::HTTPS, svcb::read),
];

/// Whether `parse` knows the type.
pub fn is_known(rtype: Rtype) -> bool {
    TYPES.iter().any(|(known, _)| *known == rtype)
}

/// Reads one value as Route 53's API writes it. The error prints as the inner part of AWS's
/// `Invalid Resource Record: '…'`.
pub fn parse(rtype: Rtype, value: &str) -> Result<Vec<u8>, RecordError> {
    parse_with(rtype, value, Escapes::Octal)
}

/// Reads one value with either kind of escapes. Names need no final dot; they are never relative.
pub fn parse_with(rtype: Rtype, value: &str, escapes: Escapes) -> Result<Vec<u8>, RecordError> {
    let known = TYPES.iter().find(|(known, _)| *known == rtype);
    let (_, read) = known.ok_or_else(|| RecordError::unknown_type(rtype))?;
    let mut fields = Fields::split(rtype, value, escapes)?;
    let rdata = read(&mut fields)?;
    fields.end()?;
    if rdata.len() > usize::from(u16::MAX) { Err(RecordError::too_long(value)) } else { Ok(rdata) }
}

/// Prints record data of any type as zone files write it; types that are not known in the form of RFC 3597.
pub fn print(rtype: Rtype, rdata: &[u8]) -> String {
    if let Rtype::SVCB | Rtype::HTTPS = rtype
        && let Some(text) = svcb::print(rdata)
    {
        return text;
    }
    let mut parser = Parser::from_ref(rdata);
    // SPF has TXT's form (RFC 4408 section 3.1.1); `domain` does not know it by name.
    let form = if rtype == Rtype::SPF { Rtype::TXT } else { rtype };
    let known = ZoneRecordData::<&[u8], ParsedName<&[u8]>>::parse_rdata(form, &mut parser);
    match known {
        Ok(Some(data)) if parser.remaining() == 0 => data.display_zonefile(DisplayKind::Simple).to_string(),
        _ => format!("\\# {} {}", rdata.len(), data_encoding::HEXUPPER.encode(rdata)),
    }
}
