//! DS: key tag, algorithm, digest type, digest (RFC 4034 section 5).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.number16("KeyTag", &mut rdata)?;
    fields.number8("Algorithm", &mut rdata)?;
    let digest_type: u8 = fields.number("DigestType")?;
    rdata.push(digest_type);
    let digest = fields.hex("Digest")?;
    let fits = match digest_type {
        1 => digest.len() == 20,
        2 | 3 => digest.len() == 32,
        4 => digest.len() == 48,
        _ => !digest.is_empty(),
    };
    if !fits {
        return Err(RecordError::field(fields.rtype(), "Digest", &data_encoding::HEXUPPER.encode(&digest)));
    }
    rdata.extend(digest);
    Ok(rdata)
}
