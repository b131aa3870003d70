//! SOA: two names and five numbers (RFC 1035 section 3.3.13).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.name(&mut rdata)?;
    fields.name(&mut rdata)?;
    for field in ["Serial", "Refresh", "Retry", "Expire", "Minimum"] {
        let number: u32 = fields.number(field)?;
        rdata.extend(number.to_be_bytes());
    }
    Ok(rdata)
}
