//! Throttling: how many requests an account may send to a service in a Region, by the service's quota classes.
//!
//! A class is a token bucket for each account and Region (and, where it says so, for each resource): it holds one
//! second's requests, and at least one, and fills up at its rate. Each operation declares what it counts
//! against (`Operation::QUOTA`, `Operation::charges`); without a `Throttle` in the gate nothing of this is
//! looked at. Pure but for the buckets: the time is handed in. Buckets are one process's: behind several API
//! nodes each of them grants the rate.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyward_base::{AccountId, Fault, Region, Timestamp};

/// Requests that share a rate.
#[derive(Debug)]
pub struct QuotaClass {
    /// The service, as `keyward.toml` names it.
    pub service: &'static str,
    /// The class, as `keyward.toml` names it.
    pub name: &'static str,
    /// AWS's default.
    pub rate: Rate,
    /// Regions in which AWS's default is another.
    pub elsewhere: &'static [(&'static str, Rate)],
    /// What the service says in its `ThrottlingException`.
    pub message: &'static str,
}

/// How many requests are let through: in thousandths of a request a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    thousandths: u64,
}

/// Requests that count against a class.
#[derive(Clone, Debug)]
pub struct Charge {
    class: &'static QuotaClass,
    requests: u64,
    region: Option<Region>,
    resource: Option<String>,
}

/// What one request counts against; all of it is charged, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Charges(Vec<Charge>);

/// Rates that a deployment sets; the other classes have AWS's.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    services: HashMap<String, HashMap<String, Rate>>,
}

/// The buckets of one process.
pub struct Throttle {
    rates: Rates,
    buckets: Mutex<HashMap<BucketName, Bucket>>,
}

/// More buckets than this are looked through for full ones, which say nothing.
const BUCKETS_MAX: usize = 65_536;

impl QuotaClass {
    fn default_in(&self, region: &Region) -> Rate {
        let elsewhere = self.elsewhere.iter().find(|(name, _)| *name == region.as_str());
        elsewhere.map_or(self.rate, |(_, rate)| *rate)
    }
}

impl Rate {
    /// So many requests a second.
    pub const fn per_second(requests: u64) -> Self {
        Self { thousandths: requests * 1000 }
    }

    /// So many requests in a thousand seconds.
    pub const fn per_thousand_seconds(requests: u64) -> Self {
        Self { thousandths: requests }
    }

    /// So many requests a second, to the thousandth; `None` for what is less, too large or no number.
    pub fn from_fraction(requests: f64) -> Option<Self> {
        // A duration is a decimal fraction too, and knows how to be read from one.
        let thousandths = Duration::try_from_secs_f64(requests).ok()?.as_millis();
        u64::try_from(thousandths)
            .ok()
            .filter(|rate| (1..=Self::MAX).contains(rate))
            .map(|thousandths| Self { thousandths })
    }

    const MAX: u64 = 1_000_000_000_000;

    /// What flows into a bucket in `elapsed`, in millionths of a request.
    fn millionths_in(self, elapsed: Duration) -> u64 {
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        millis.saturating_mul(self.thousandths)
    }

    /// What a bucket holds.
    fn capacity(self) -> u64 {
        self.millionths_in(Duration::from_secs(1)).max(REQUEST)
    }
}

/// A request, in millionths.
const REQUEST: u64 = 1_000_000;

impl Charge {
    /// One request against `class`, in the Region that is asked.
    pub fn of(class: &'static QuotaClass) -> Self {
        Self { class, requests: 1, region: None, resource: None }
    }

    /// As many requests as that.
    #[must_use]
    pub fn times(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// The same in another Region than the one that is asked.
    #[must_use]
    pub fn in_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// The same against the share of one resource.
    #[must_use]
    pub fn of_resource(mut self, resource: String) -> Self {
        self.resource = Some(resource);
        self
    }
}

impl Charges {
    /// Adds a charge.
    pub fn add(&mut self, charge: Charge) {
        self.0.push(charge);
    }

    /// Whether nothing is charged.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Rates {
    /// Turns the throttling of `service` on, at AWS's rates.
    pub fn throttle(&mut self, service: &str) {
        self.services.entry(service.to_owned()).or_default();
    }

    /// Sets the rate of a class of `service`, in every Region.
    pub fn set(&mut self, service: &str, class: &str, rate: Rate) {
        self.services.entry(service.to_owned()).or_default().insert(class.to_owned(), rate);
    }

    /// Whether nothing is throttled.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// The rate of `class` in `region`; `None` when its service is not throttled.
    fn of(&self, class: &QuotaClass, region: &Region) -> Option<Rate> {
        let service = self.services.get(class.service)?;
        Some(service.get(class.name).copied().unwrap_or_else(|| class.default_in(region)))
    }
}

/// Whose requests a bucket counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct BucketName {
    account: AccountId,
    region: Region,
    class: (&'static str, &'static str),
    resource: Option<String>,
}

/// What is left, in millionths of a request, as of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    left: u64,
    at: Timestamp,
    rate: Rate,
}

impl Bucket {
    fn full(rate: Rate, now: Timestamp) -> Self {
        Self { left: rate.capacity(), at: now, rate }
    }

    /// The bucket at `now`. A clock that went back fills nothing.
    fn filled(self, now: Timestamp) -> Self {
        let left = self.left.saturating_add(self.rate.millionths_in(now.since(self.at)));
        Self { left: left.min(self.rate.capacity()), at: self.at.max(now), rate: self.rate }
    }

    fn is_full(self) -> bool {
        self.left == self.rate.capacity()
    }

    /// The bucket after `requests` were taken; `None` when it holds too little. More than it can ever hold
    /// takes all of it.
    fn take(self, requests: u64) -> Option<Self> {
        let wanted = requests.saturating_mul(REQUEST).min(self.rate.capacity());
        self.left.checked_sub(wanted).map(|left| Self { left, ..self })
    }
}

impl Throttle {
    /// Full buckets; `None` when `rates` throttles nothing.
    pub fn new(rates: Rates) -> Option<Self> {
        (!rates.is_empty()).then(|| Self { rates, buckets: Mutex::default() })
    }

    /// Charges the account for a request in `region`; `ThrottlingException` when a bucket holds too little,
    /// and then nothing is charged.
    pub(crate) fn charge(
        &self,
        account: AccountId,
        region: &Region,
        charges: &Charges,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = Vec::with_capacity(charges.0.len());
        for charge in &charges.0 {
            let region = charge.region.as_ref().unwrap_or(region);
            let Some(rate) = self.rates.of(charge.class, region) else { continue };
            let name = BucketName {
                account,
                region: region.clone(),
                class: (charge.class.service, charge.class.name),
                resource: charge.resource.clone(),
            };
            let bucket = buckets.get(&name).copied().unwrap_or_else(|| Bucket::full(rate, now));
            let taken = bucket.filled(now).take(charge.requests).ok_or_else(|| refusal(charge.class))?;
            after.push((name, taken));
        }
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| !bucket.filled(now).is_full());
        }
        buckets.extend(after);
        Ok(())
    }
}

fn refusal(class: &QuotaClass) -> Fault {
    Fault::caller("ThrottlingException", class.message)
}

#[cfg(test)]
mod tests;
