//! AAAA: an IPv6 address (RFC 3596 section 2), in any text form of RFC 4291 section 2.2.

use std::net::Ipv6Addr;

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let raw = fields.raw()?;
    let address: Ipv6Addr = raw.parse().map_err(|_| RecordError::ipv6(raw))?;
    Ok(address.octets().to_vec())
}
