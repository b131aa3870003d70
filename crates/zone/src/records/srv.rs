//! SRV: priority, weight, port, target (RFC 2782). The target is signed in lower case (RFC 4034 section 6.2).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    for field in ["Priority", "Weight", "Port"] {
        fields.number16(field, &mut rdata)?;
    }
    fields.name(&mut rdata)?;
    Ok(rdata)
}
