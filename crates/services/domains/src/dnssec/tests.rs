//! Keys become the DS records that Route 53 shows for them; wrong keys are refused.

use super::*;

/// The worked key of the private scalar 1 for animalsforlife.org.
const KSK: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
const DIGEST: &str = "21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA";

fn owner() -> Name {
    Name::parse("animalsforlife.org").unwrap()
}

fn attributes(algorithm: i32, flags: i32, public_key: &str) -> DnssecSigningAttributes {
    DnssecSigningAttributes {
        algorithm: Some(algorithm),
        flags: Some(flags),
        public_key: Some(public_key.to_owned()),
    }
}

#[test]
fn a_key_becomes_its_ds_record() {
    let ds = read(&owner(), &attributes(13, 257, KSK)).unwrap();
    assert_eq!(id(&ds), format!("DS:27578-13-2-{DIGEST}"));
    let shown = show(&ds);
    assert_eq!((shown.key_tag, shown.algorithm, shown.digest_type), (Some(27578), Some(13), Some(2)));
    assert_eq!((shown.digest.as_deref(), shown.flags, shown.public_key), (Some(DIGEST), None, None));
    let wrapped = format!("{} {}", &KSK[..40], &KSK[40..]);
    assert_eq!(read(&owner(), &attributes(13, 257, &wrapped)).unwrap(), ds);
}

#[test]
fn a_key_is_named_by_its_id_or_its_digest() {
    let ds = read(&owner(), &attributes(13, 257, KSK)).unwrap();
    assert!(is_named(&ds, &id(&ds)) && is_named(&ds, DIGEST) && is_named(&ds, &DIGEST.to_lowercase()));
    assert!(!is_named(&ds, "") && !is_named(&ds, "27578") && !is_named(&ds, &DIGEST[1..]));
}

#[test]
fn refuses_keys_that_no_validator_could_use() {
    let rsa = |bytes: usize| data_encoding::BASE64.encode(&[&[3, 1, 0, 1][..], &vec![0xff; bytes]].concat());
    let wrong = [
        attributes(5, 257, &rsa(256)),
        attributes(0, 257, KSK),
        attributes(300, 257, KSK),
        attributes(-1, 257, KSK),
        attributes(13, 0, KSK),
        attributes(13, 385, KSK),
        attributes(13, 257, ""),
        attributes(13, 257, "no base64!"),
        attributes(13, 257, &KSK[4..]),
        attributes(14, 257, KSK),
        attributes(8, 257, &rsa(64)),
        attributes(8, 257, &rsa(513)),
        attributes(8, 257, "AAAA"),
        DnssecSigningAttributes { algorithm: None, ..attributes(13, 257, KSK) },
        DnssecSigningAttributes { flags: None, ..attributes(13, 257, KSK) },
        DnssecSigningAttributes { public_key: None, ..attributes(13, 257, KSK) },
    ];
    for attributes in wrong {
        assert_eq!(read(&owner(), &attributes).unwrap_err().code(), "InvalidInput", "{attributes:?}");
    }
    for good in [attributes(8, 257, &rsa(256)), attributes(10, 256, &rsa(512)), attributes(13, 256, KSK)] {
        read(&owner(), &good).unwrap();
    }
}

#[test]
fn com_and_net_take_more_keys() {
    assert_eq!([keys_max("com"), keys_max("net"), keys_max("org"), keys_max("co.uk")], [13, 13, 4, 4]);
}
