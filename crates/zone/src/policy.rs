//! How a zone is signed: times, TTLs, serials.
//!
//! Each number is a field, so that a test can run a year with short ones; `Policy::default()` is what
//! zones are served with.

use std::time::Duration;

use keyward_base::Timestamp;

use crate::Name;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// What happens to the SOA's serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialPolicy {
    /// It is served as stored. Route 53 never changes the user's serial, and a user who compares `dig SOA`
    /// with the API must see the same number; the price is that secondaries do not notice new signatures.
    AsStored,
    /// Each generation has a higher serial than the one before (RFC 1982), so that secondaries follow. A
    /// stored serial that is higher still is taken over. For zones that are transferred, and registry zones.
    Increase,
}

/// How a zone is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far in the past signatures begin, for resolvers whose clocks are behind.
    pub inception_offset: Duration,
    /// How long signatures are valid at most, from now on.
    pub validity: Duration,
    /// By how much the validity of a set is shortened at most, so that expiries are spread out; how much of
    /// it a set gets follows from its name.
    pub jitter: Duration,
    /// A signature is replaced when it has no longer to live than this.
    pub refresh: Duration,
    /// How long signatures that grow old are gathered before they are replaced together.
    pub refresh_batch: Duration,
    /// The highest TTL that is served while signing (Route 53: 604800).
    pub ttl_seconds_max: u32,
    /// The TTL of the DNSKEY set.
    pub dnskey_ttl_seconds: u32,
    /// The serial's fate.
    pub serial: SerialPolicy,
    /// How many DNSKEY signatures are made ahead for each key-signing key (Route 53: 15).
    pub dnskey_windows: u32,
    /// How far apart their inceptions are.
    pub dnskey_window_step: Duration,
    /// How long each of them is valid.
    pub dnskey_window_validity: Duration,
    /// When the DNSKEY signatures are made anew although all is well.
    pub dnskey_refresh: Duration,
    /// How long a zone-signing key signs before the next takes over.
    pub zsk_lifetime: Duration,
    /// What is waited on top of TTLs before a key is used or removed: clocks, slow secondaries.
    pub safety_margin: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            inception_offset: HOUR,
            validity: DAY * 14,
            jitter: DAY * 4,
            refresh: DAY * 7,
            refresh_batch: HOUR,
            ttl_seconds_max: 604_800,
            dnskey_ttl_seconds: 3600,
            serial: SerialPolicy::AsStored,
            dnskey_windows: 15,
            dnskey_window_step: HOUR * 12,
            // As long as other signatures have left at least: name servers that are cut off last a week.
            dnskey_window_validity: DAY * 7,
            dnskey_refresh: DAY,
            zsk_lifetime: DAY * 30,
            safety_margin: HOUR,
        }
    }
}

impl Policy {
    /// From when to when a signature made now for the set whose place is `seed` is valid.
    pub(crate) fn window(&self, seed: u64, now: Timestamp) -> (u32, u32) {
        let spread = self.jitter.as_secs().max(1);
        let validity = self.validity.saturating_sub(Duration::from_secs(seed % spread));
        (dns_time(now.minus(self.inception_offset)), dns_time(now.plus(validity)))
    }
}

/// The seed of a set's jitter: from its name, so that the sets of one name stay together (FNV-1a).
pub(crate) fn jitter_seed(name: &Name) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325u64;
    name.as_wire().iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A moment as RRSIGs hold it: seconds since the epoch in 32 bits (RFC 4034 section 3.1.5).
pub fn dns_time(moment: Timestamp) -> u32 {
    u32::try_from(moment.unix_seconds().rem_euclid(1 << 32)).unwrap_or_default()
}
