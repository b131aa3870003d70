use super::*;

// Made with openssl as the CloudHSM guide says: `req -x509` for a CA, `x509 -req -CA` for the cluster's.
const CA: &str = include_str!("ca.pem");
/// Another root of the same name.
const NAMESAKE: &str = include_str!("ca2.pem");
const CLUSTER: &str = include_str!("hsm.pem");
const EC_CA: &str = include_str!("ec.pem");
const CLUSTER_BY_EC: &str = include_str!("hsm-ec.pem");

fn read(text: &str) -> Certificate {
    Certificate::from_pem(text).unwrap()
}

#[test]
fn a_root_signs_itself_and_what_it_issued() {
    for (root, issued) in [(CA, CLUSTER), (EC_CA, CLUSTER_BY_EC)] {
        assert!(read(root).is_root());
        assert!(read(issued).is_signed_by(&read(root)));
        assert!(!read(issued).is_root());
        assert!(!read(root).is_signed_by(&read(issued)));
    }
}

#[test]
fn a_namesake_or_another_root_has_not_signed() {
    assert!(!read(CLUSTER).is_signed_by(&read(NAMESAKE)));
    assert!(!read(CLUSTER).is_signed_by(&read(EC_CA)));
    assert!(!read(CLUSTER_BY_EC).is_signed_by(&read(CA)));
}

#[test]
fn the_same_key_in_two_certificates_is_the_same() {
    assert_eq!(read(CLUSTER).public_key(), read(CLUSTER_BY_EC).public_key());
    assert_ne!(read(CLUSTER).public_key(), read(CA).public_key());
    assert_ne!(read(CLUSTER).sha256(), read(CLUSTER_BY_EC).sha256());
}

#[test]
fn validity_has_a_beginning_and_an_end() {
    let cluster = read(CLUSTER);
    for (seconds, valid) in [(1_700_000_000, false), (1_800_000_000, true), (2_200_000_000, false)] {
        assert_eq!(cluster.is_valid_at(Timestamp::from_unix_seconds(seconds)), valid, "{seconds}");
    }
}

#[test]
fn one_certificate_and_nothing_else_is_read() {
    let twice = format!("{CA}{CLUSTER}");
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
    let cut = CA.get(..CA.len() / 2).unwrap();
    for wrong in ["", "certificate", &twice, request, cut, &CA.replace("MI", "AA")] {
        assert_eq!(Certificate::from_pem(wrong), None, "{wrong}");
    }
    assert!(Certificate::from_pem(&format!("  some text before\n{CA}\n\n")).is_some());
}

#[test]
fn a_changed_certificate_is_not_signed_any_more() {
    let root = read(CA);
    let Certificate(der) = read(CLUSTER);
    for place in (0..der.len()).step_by(7) {
        let mut changed = der.clone();
        changed[place] ^= 1;
        let changed = Certificate::from_der(changed);
        assert!(changed.is_none_or(|changed| !changed.is_signed_by(&root)), "byte {place}");
    }
}
