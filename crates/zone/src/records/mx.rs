//! MX: preference and mail exchange (RFC 1035 section 3.3.9).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.number16("Preference", &mut rdata)?;
    fields.name(&mut rdata)?;
    Ok(rdata)
}
