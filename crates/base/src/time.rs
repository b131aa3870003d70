//! A moment in time with AWS's precision, one millisecond.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. AWS shows times with at most this precision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// From milliseconds since the epoch.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment plus `duration`, clamped to what can be represented.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(clamped_millis(duration)))
    }

    /// This moment minus `duration`, clamped to what can be represented.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(clamped_millis(duration)))
    }

    /// How long after `earlier` this moment is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// ISO 8601 in UTC with milliseconds, as Route 53 writes it: `2017-03-27T17:48:16.751Z`.
    pub fn iso8601_millis(self) -> String {
        let civil = self.civil();
        format!("{}.{:03}Z", civil.strftime("%Y-%m-%dT%H:%M:%S"), self.0.rem_euclid(1000))
    }

    /// ISO 8601 in UTC with whole seconds, as the Query services write it: `2026-01-02T03:04:05Z`.
    pub fn iso8601_seconds(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The basic form that SigV4 uses: `20260102T030405Z`.
    pub fn iso8601_basic(self) -> String {
        self.civil().strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Reads RFC 3339 (`2026-01-02T03:04:05[.678]Z`, any offset); `None` when it is not that.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self(parsed.as_millisecond()))
    }

    /// Reads SigV4's basic form (`20260102T030405Z`); `None` when it is not exactly that.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let ([y1, y2, month, day], [hour, minute, second]) = (pairs(date)?, pairs(time)?);
        let year = i16::from(y1) * 100 + i16::from(y2);
        let civil = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    /// Reads the date of an HTTP header (`Sun, 06 Nov 1994 08:49:37 GMT`); `None` when it is not that.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        static PARSER: jiff::fmt::rfc2822::DateTimeParser = jiff::fmt::rfc2822::DateTimeParser::new();
        let parsed = PARSER.parse_timestamp(text).ok()?;
        Some(Self(parsed.as_millisecond()))
    }

    fn civil(self) -> jiff::civil::DateTime {
        let clamped = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        clamped.to_zoned(jiff::tz::TimeZone::UTC).datetime()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601_millis())
    }
}

/// The two-digit numbers that `text` consists of.
fn pairs<const N: usize>(text: &str) -> Option<[i8; N]> {
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    let digits: &[[u8; 2]; N] = digits.try_into().ok().filter(|_| rest.is_empty())?;
    let mut numbers = [0; N];
    for (number, pair) in numbers.iter_mut().zip(digits) {
        let [tens, ones] = pair.map(|digit| char::from(digit).to_digit(10));
        *number = i8::try_from(tens? * 10 + ones?).ok()?;
    }
    Some(numbers)
}

fn clamped_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_each_aws_form() {
        let moment = Timestamp::from_unix_millis(1_490_636_896_751);
        assert_eq!(moment.iso8601_millis(), "2017-03-27T17:48:16.751Z");
        assert_eq!(moment.iso8601_seconds(), "2017-03-27T17:48:16Z");
        assert_eq!(moment.iso8601_basic(), "20170327T174816Z");
        assert_eq!(Timestamp::parse_rfc3339("2017-03-27T17:48:16.751Z"), Some(moment));
        assert_eq!(
            Timestamp::parse_basic("20170327T174816Z").map(Timestamp::unix_seconds),
            Some(1_490_636_896)
        );
        for wrong in [
            "2017",
            "2017032T174816Z",
            "20170327T174816",
            "20170327t174816Z",
            "20170327T174860Z",
            "20170327T17481Z",
            "2017 327T174816Z",
            "20170229T174816Z",
            "+0170327T174816Z",
        ] {
            assert_eq!(Timestamp::parse_basic(wrong), None, "{wrong}");
        }
        assert_eq!(
            Timestamp::parse_http_date("Mon, 27 Mar 2017 17:48:16 GMT").map(Timestamp::unix_seconds),
            Some(1_490_636_896)
        );
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
    }

    #[test]
    fn since_never_goes_negative() {
        let early = Timestamp::from_unix_seconds(10);
        let late = early.plus(Duration::from_secs(5));
        assert_eq!(late.since(early), Duration::from_secs(5));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
