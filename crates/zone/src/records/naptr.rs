//! NAPTR: order, preference, flags, service, regular expression, replacement (RFC 3403 section 4.1).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.number16("Order", &mut rdata)?;
    fields.number16("Preference", &mut rdata)?;
    for _ in ["flags", "service"] {
        fields.string(&mut rdata)?;
    }
    let before = rdata.len();
    fields.string(&mut rdata)?;
    let has_expression = rdata.len() > before + 1;
    let before = rdata.len();
    fields.name(&mut rdata)?;
    let has_replacement = rdata.len() > before + 1;
    //= rfc3403#section-4.1: the two fields are mutually exclusive.
    if has_expression && has_replacement {
        return Err(RecordError::field(fields.rtype(), "Replacement", "regexp and replacement"));
    }
    Ok(rdata)
}
