//! Known answers for key tags and DS digests.

use super::*;

fn key(flags: u16, base64: &str) -> Dnskey {
    let point = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    Dnskey::new(flags, &point.try_into().unwrap())
}

const ONE: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
const TWO: &str = "fPJ7GI0DT36KUjgDBLUaw8CJaeJ38hs1pgtI/EdmmXgHd1UQ247QQCk9msafdDDbun2t5jzpgimeBLedInhz0Q==";

#[test]
fn scalars_one_and_two_have_their_known_tags_and_ds() {
    let ksk = key(FLAGS_KSK, ONE);
    assert_eq!(ksk.tag(), 27578);
    let ds = ksk.ds(&"animalsforlife.org.".parse().unwrap());
    assert_eq!(ds.to_text(), "27578 13 2 21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA");
    assert_eq!(key(FLAGS_ZSK, TWO).tag(), 63471);
    assert_eq!(ksk.to_text(), format!("257 3 13 {ONE}"));
}

#[test]
fn agrees_with_rfc_6605_section_6_1() {
    let ksk = key(
        FLAGS_KSK,
        "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
    );
    assert_eq!(ksk.tag(), 55648);
    let ds = ksk.ds(&"example.net.".parse().unwrap());
    assert_eq!(ds.digest_text(), "B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
    assert_eq!(ds.rdata().len(), 36);
}

#[test]
fn takes_the_point_out_of_a_public_key_info() {
    let mut spki = SPKI_PREFIX.to_vec();
    spki.extend([7; 64]);
    assert_eq!(point_of_spki(&spki), Some([7; 64]));
    assert_eq!(point_of_spki(&spki[1..]), None);
    spki.push(0);
    assert_eq!(point_of_spki(&spki), None);
}

#[test]
fn turns_der_signatures_into_fixed_length() {
    // r is short and s has its top bit set.
    let mut der = vec![0x30, 2 + 1 + 2 + 33, 2, 1, 5, 2, 33, 0];
    der.extend([0xff; 32]);
    let signature = signature_of_der(&der).unwrap();
    assert_eq!(signature[..31], [0; 31]);
    assert_eq!(signature[31], 5);
    assert_eq!(signature[32..], [0xff; 32]);
    assert_eq!(signature_of_der(&der[..der.len() - 1]), None);
    assert_eq!(signature_of_der(&[]), None);
    assert_eq!(signature_of_der(&[0x30, 0]), None);
}
