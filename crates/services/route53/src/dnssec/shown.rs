//! A key-signing key as answers show it: its DNSKEY and DS forms.

use keyward_schema::route53;
use keyward_zone::keys::{DIGEST_SHA256, Dnskey, PUBLIC_KEY_BYTES};

use super::KeySigningKey;
use crate::RecordName;
use crate::parent::ParentDs;

impl KeySigningKey {
    /// The public point; zeros if the row held none, which nothing writes.
    pub(crate) fn point(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.public_key.as_slice().try_into().unwrap_or([0; PUBLIC_KEY_BYTES])
    }

    /// Its DNSKEY.
    fn dnskey(&self) -> Dnskey {
        Dnskey::ksk(&self.point())
    }

    /// Whether a DS record at the parent of `zone` is this key's.
    pub(crate) fn is_named_by(&self, ds: &ParentDs, zone: &RecordName) -> bool {
        let own = self.dnskey().ds(zone.as_name());
        let same_key = ds.key_tag == own.tag && ds.algorithm == own.algorithm;
        // A digest of another type can't be compared here; tag and algorithm decide.
        same_key && (ds.digest_type != DIGEST_SHA256 || *ds.digest == *own.digest)
    }

    /// The key as answers show it, for `zone`.
    pub(crate) fn shown(&self, zone: &RecordName) -> route53::KeySigningKey {
        let dnskey = self.dnskey();
        let ds = dnskey.ds(zone.as_name());
        route53::KeySigningKey {
            name: Some(self.name.clone()),
            kms_arn: Some(self.kms_arn.clone()),
            flag: Some(i32::from(dnskey.flags())),
            signing_algorithm_mnemonic: Some("ECDSAP256SHA256".to_owned()),
            signing_algorithm_type: Some(i32::from(dnskey.algorithm())),
            digest_algorithm_mnemonic: Some("SHA-256".to_owned()),
            digest_algorithm_type: Some(i32::from(DIGEST_SHA256)),
            key_tag: Some(i32::from(ds.tag)),
            digest_value: Some(ds.digest_text()),
            public_key: Some(data_encoding::BASE64.encode(dnskey.public_key())),
            ds_record: Some(ds.to_text()),
            dnskey_record: Some(dnskey.to_text()),
            status: Some(self.status.as_str().to_owned()),
            status_message: self.status.message().map(str::to_owned),
            created_date: Some(self.created),
            last_modified_date: Some(self.modified),
        }
    }
}

#[cfg(test)]
mod tests {
    use keyward_base::Timestamp;

    use super::*;
    use crate::dnssec::KeyStatus;

    const POINT: &str =
        "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
    const DIGEST: &str = "21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA";

    fn key() -> KeySigningKey {
        KeySigningKey {
            name: "A4LKSK".to_owned(),
            kms_arn: "arn".to_owned(),
            public_key: data_encoding::BASE64.decode(POINT.as_bytes()).unwrap(),
            caller_reference: "r".to_owned(),
            status: KeyStatus::Active,
            created: Timestamp::EPOCH,
            modified: Timestamp::EPOCH,
        }
    }

    fn zone() -> RecordName {
        RecordName::parse("animalsforlife.org").unwrap()
    }

    #[test]
    fn shows_the_worked_values() {
        let shown = key().shown(&zone());
        assert_eq!(
            (shown.flag, shown.signing_algorithm_type, shown.digest_algorithm_type),
            (Some(257), Some(13), Some(2))
        );
        assert_eq!(shown.key_tag, Some(27_578));
        assert_eq!(shown.digest_value.as_deref(), Some(DIGEST));
        assert_eq!(shown.public_key.as_deref(), Some(POINT));
        assert_eq!(shown.ds_record, Some(format!("27578 13 2 {DIGEST}")));
        assert_eq!(shown.dnskey_record, Some(format!("257 3 13 {POINT}")));
        assert_eq!((shown.status.as_deref(), shown.status_message), (Some("ACTIVE"), None));
    }

    #[test]
    fn knows_its_ds_at_the_parent() {
        let digest = data_encoding::HEXUPPER.decode(DIGEST.as_bytes()).unwrap();
        let ds = ParentDs { key_tag: 27_578, algorithm: 13, digest_type: 2, digest };
        assert!(key().is_named_by(&ds, &zone()));
        assert!(!key().is_named_by(&ds, &RecordName::parse("other.org").unwrap()));
        assert!(!key().is_named_by(&ParentDs { key_tag: 1, ..ds.clone() }, &zone()));
        assert!(key().is_named_by(&ParentDs { digest_type: 4, digest: vec![1], ..ds }, &zone()));
    }
}
