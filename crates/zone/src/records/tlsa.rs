//! TLSA: certificate usage, selector, matching type, certificate association data (RFC 6698 section 2.1).

use super::{Fields, RecordError};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let mut rdata = Vec::new();
    for field in ["CertificateUsage", "Selector", "MatchingType"] {
        fields.number8(field, &mut rdata)?;
    }
    rdata.extend(fields.hex("CertificateAssociationData")?);
    Ok(rdata)
}
