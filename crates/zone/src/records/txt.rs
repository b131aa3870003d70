//! TXT and SPF: character-strings (RFC 1035 section 3.3.14, RFC 7208 section 3.1), each in quotation marks.

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.string(&mut rdata)?;
    while fields.left() > 0 {
        fields.string(&mut rdata)?;
    }
    Ok(rdata)
}
