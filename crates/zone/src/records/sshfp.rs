//! SSHFP: algorithm, fingerprint type, fingerprint (RFC 4255 section 3.1).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    fields.number8("Algorithm", &mut rdata)?;
    fields.number8("FingerprintType", &mut rdata)?;
    rdata.extend(fields.hex("Fingerprint")?);
    Ok(rdata)
}
