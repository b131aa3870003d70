//! Forms of public values: ECDSA signatures and public keys as DNSSEC wants them. Pure; no secrets.

use crate::api::spec::KeySpec;

/// The width of a coordinate or scalar of the curve, in bytes; `None` for specs that are no Weierstrass curve.
pub const fn scalar_bytes(spec: KeySpec) -> Option<usize> {
    match spec {
        KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => Some(32),
        KeySpec::EccNistP384 => Some(48),
        KeySpec::EccNistP521 => Some(66),
        _ => None,
    }
}

/// An ECDSA signature from DER (`SEQUENCE { r, s }`, RFC 3279 section 2.2.3) to `r || s` in fixed width, as
/// RRSIGs carry it (RFC 6605 section 4). `None` when it is not strict DER or a number is too large.
pub fn ecdsa_fixed_from_der(spec: KeySpec, der: &[u8]) -> Option<Vec<u8>> {
    let width = scalar_bytes(spec)?;
    let (body, rest) = element(0x30, der)?;
    let (r, body) = element(0x02, body)?;
    let (s, body) = element(0x02, body)?;
    if !rest.is_empty() || !body.is_empty() {
        return None;
    }
    let mut fixed = Vec::with_capacity(2 * width);
    for number in [r, s] {
        let digits = unsigned(number)?;
        fixed.resize(fixed.len() + width.checked_sub(digits.len())?, 0);
        fixed.extend_from_slice(digits);
    }
    Some(fixed)
}

/// The uncompressed point `x || y` of an EC public key in SPKI DER, without the leading 4: the form of a
/// DNSKEY (RFC 6605 section 4). `None` when it is not such a key of that curve.
pub fn ec_point_from_spki(spec: KeySpec, spki: &[u8]) -> Option<&[u8]> {
    let width = scalar_bytes(spec)?;
    let (body, rest) = element(0x30, spki)?;
    let (_algorithm, body) = element(0x30, body)?;
    let (bits, after) = element(0x03, body)?;
    let point = bits.strip_prefix(&[0, 4])?;
    (rest.is_empty() && after.is_empty() && point.len() == 2 * width).then_some(point)
}

/// One DER element with the given tag: its content, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    match length {
        0..=0x7f => rest.split_at_checked(usize::from(length)),
        0x81 => {
            let (&length, rest) = rest.split_first()?;
            if length < 0x80 { None } else { rest.split_at_checked(usize::from(length)) }
        }
        _ => None,
    }
}

/// The digits of a non-negative DER INTEGER in its shortest form, without the sign's zero.
fn unsigned(number: &[u8]) -> Option<&[u8]> {
    match number {
        [] => None,
        [0] => Some(&[]),
        [0, next, ..] => number.get(1..).filter(|_| *next >= 0x80),
        [first, ..] => (*first < 0x80).then_some(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_numbers_are_padded_to_the_width() {
        let der = [&[0x30, 0x27, 0x02, 0x01, 0x05, 0x02, 0x21, 0x00, 0xff][..], &[1; 31], &[0][..0]].concat();
        let mut der = der;
        der[1] = u8::try_from(der.len() - 2).unwrap();
        der[6] = 33;
        let fixed = ecdsa_fixed_from_der(KeySpec::EccNistP256, &der);
        // 33 octets were announced: the zero, 0xff and 31 more.
        assert_eq!(fixed.map(|fixed| (fixed.len(), fixed[31], fixed[32])), Some((64, 5, 0xff)));
    }

    #[test]
    fn refuses_negative_padded_and_oversized_numbers() {
        for wrong in [
            &[0x30, 0x06, 0x02, 0x01, 0x80, 0x02, 0x01, 0x01][..],
            &[0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01],
            &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
            &[0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
            &[0x30],
            &[],
        ] {
            assert_eq!(ecdsa_fixed_from_der(KeySpec::EccNistP256, wrong), None, "{wrong:?}");
        }
        assert_eq!(ecdsa_fixed_from_der(KeySpec::Rsa2048, &[0x30, 0x06, 2, 1, 1, 2, 1, 1]), None);
    }
}
