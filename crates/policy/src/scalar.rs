//! Decimal numbers, dates and networks as policies write them.

use std::net::IpAddr;

use keyward_base::Timestamp;

const FRACTION_DIGITS_MAX: usize = 12;

/// A decimal number with up to 25 digits before and 12 after the point, compared exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i128);

impl Decimal {
    /// Reads `-12.5`; `None` when it is not such a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fits = whole.len() <= 25 && fraction.len() <= FRACTION_DIGITS_MAX;
        if digits.is_empty() || digits == "." || !numeric(whole) || !numeric(fraction) || !fits {
            return None;
        }
        let scaled: i128 = format!("{whole}{fraction:0<FRACTION_DIGITS_MAX$}").parse().ok()?;
        Some(Self(if negative { -scaled } else { scaled }))
    }
}

/// Reads a date in one of the W3C forms of ISO 8601 (`2026`, `2026-05`, `2026-05-01`,
/// `2026-05-01T10:00Z`, with seconds, with fractions, with any offset), or seconds since the epoch.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !four_digits && let Ok(seconds) = text.parse::<f64>() {
        return epoch(seconds);
    }
    let full = match (text.len(), text.split_once('T')) {
        (4, None) => format!("{text}-01-01T00:00:00Z"),
        (7, None) => format!("{text}-01T00:00:00Z"),
        (_, None) => format!("{text}T00:00:00Z"),
        (_, Some((day, time))) if time.get(5..6).is_some_and(|next| next != ":") => {
            format!("{day}T{}:00{}", time.get(..5)?, time.get(5..)?)
        }
        _ => text.to_owned(),
    };
    Timestamp::parse_rfc3339(&full)
}

fn epoch(seconds: f64) -> Option<Timestamp> {
    // Beyond this, a double has no milliseconds any more.
    const LIMIT: f64 = 1e12;
    #[expect(clippy::cast_possible_truncation, reason = "the range was just checked")]
    (seconds.abs() < LIMIT).then(|| Timestamp::from_unix_millis((seconds * 1000.0).round() as i64))
}

/// An IPv4 or IPv6 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: u128,
    mask: u128,
    v4: bool,
}

impl Network {
    /// Reads `203.0.113.0/24`, `2001:db8::/32`, or a bare address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (address, v4) = bits(address.parse().ok()?);
        let width = if v4 { 32 } else { 128 };
        let length = length.unwrap_or(width);
        if length > width {
            return None;
        }
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Self { address: address & mask, mask, v4 })
    }

    /// Whether `address` is in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (address, v4) = bits(address);
        v4 == self.v4 && address & self.mask == self.address
    }
}

/// The address as a number; a v4 address that was mapped into v6 counts as v4.
fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), true),
        IpAddr::V6(address) => (address.to_bits(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_exactly() {
        let number = |text| Decimal::parse(text).unwrap();
        assert!(number("9007199254740993") > number("9007199254740992"));
        assert_eq!(number("1.50"), number("+1.5"));
        assert!(number("-2") < number("-1.999"));
        for wrong in ["", ".", "-", "1e3", "1.2.3", "0x1", " 1"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_every_form_of_date() {
        let seconds = |text| date(text).map(Timestamp::unix_seconds);
        assert_eq!(seconds("2026"), seconds("2026-01-01T00:00:00Z"));
        assert_eq!(seconds("2026-05"), seconds("2026-05-01"));
        assert_eq!(seconds("2026-05-01T10:00Z"), seconds("2026-05-01T12:00:00+02:00"));
        assert_eq!(date("2026-05-01T10:00:00.250Z").map(|date| date.unix_millis() % 1000), Some(250));
        assert_eq!(seconds("1490636896"), Some(1_490_636_896));
        assert_eq!(seconds("tomorrow"), None);
        assert_eq!(seconds("2026-13-01"), None);
    }

    #[test]
    fn networks_hold_their_addresses_only() {
        let contains = |network: &str, address: &str| {
            Network::parse(network).unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("203.0.113.0/24", "203.0.113.9"));
        assert!(!contains("203.0.113.0/24", "203.0.114.9"));
        assert!(contains("203.0.113.9", "::ffff:203.0.113.9"));
        assert!(contains("0.0.0.0/0", "1.2.3.4"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert_eq!(Network::parse("1.2.3.4/33"), None);
        assert_eq!(Network::parse("1.2.3"), None);
    }
}
