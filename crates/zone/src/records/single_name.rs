//! NS, CNAME, PTR: one name (RFC 1035 section 3.3). It is signed in lower case (RFC 4034 section 6.2).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.name(&mut rdata)?;
    Ok(rdata)
}
