//! CAA: flags, tag, value (RFC 8659 section 4.1).

use super::{Fields, RecordError};

/// RFC 8659 leaves it open; certification authorities and AWS take up to 15 characters.
const TAG_BYTES_MAX: usize = 15;

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.number8("Flags", &mut rdata)?;
    let tag = fields.raw()?;
    let good =
        (1..=TAG_BYTES_MAX).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let length = u8::try_from(tag.len()).ok().filter(|_| good);
    rdata.push(length.ok_or_else(|| RecordError::field(fields.rtype(), "Tag", tag))?);
    rdata.extend_from_slice(tag.as_bytes());
    rdata.extend(fields.quoted()?);
    Ok(rdata)
}
