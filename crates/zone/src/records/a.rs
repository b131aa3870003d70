//! A: an IPv4 address (RFC 1035 section 3.4.1).

use std::net::Ipv4Addr;

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let raw = fields.raw()?;
    let address: Ipv4Addr = raw.parse().map_err(|_| RecordError::ipv4(raw))?;
    Ok(address.octets().to_vec())
}
