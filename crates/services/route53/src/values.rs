//! Values of records: read by `keyward_zone`, which refuses in AWS's words.

use keyward_zone::{Rtype, records};

use crate::record::RecordType;

/// The canonical octets of a value, or why it is none of `kind`.
pub(crate) fn read(kind: RecordType, text: &str) -> Result<Vec<u8>, String> {
    let rtype = rtype(kind).ok_or_else(|| format!("record type {kind} is unknown"))?;
    records::parse(rtype, text).map_err(|error| error.to_string())
}

/// The type's number. Every type that Route 53 hosts has one; a test sees to it.
pub(crate) fn rtype(kind: RecordType) -> Option<Rtype> {
    kind.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_read() {
        for kind in RecordType::ALL {
            assert!(rtype(kind).is_some_and(records::is_known), "{kind}");
        }
    }

    #[test]
    fn refusals_are_those_of_aws() {
        assert_eq!(
            read(RecordType::A, "1.2.3").unwrap_err(),
            "FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3'"
        );
        assert!(read(RecordType::Txt, "bare").unwrap_err().contains("InvalidCharacterString"));
    }
}
