//! Signatures of the DNSKEY set, made ahead in staggered windows by each key-signing key, so that a zone
//! outlives the loss of a KMS key by days.
//!
//! Each generation takes from the stock what is valid when it is made. A stock is good for one DNSKEY set
//! only: another set needs the key-signing keys again.

use std::time::Duration;

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{Dnskey, SIGNATURE_BYTES};
use crate::policy::dns_time;
use crate::verify::is_signed_by;
use crate::{Name, Policy, Rrset, Signature, SigningJob};

#[cfg(test)]
mod tests;

/// What `ksk` has to sign so that `set` lasts, in the order of time.
pub fn window_jobs(
    apex: &Name,
    set: &Rrset,
    ksk: &Dnskey,
    policy: &Policy,
    now: Timestamp,
) -> Vec<SigningJob> {
    let windows = (0..policy.dnskey_windows).map(|number| {
        let start = now.minus(policy.inception_offset).plus(policy.dnskey_window_step * number);
        (dns_time(start), dns_time(start.plus(policy.dnskey_window_validity)))
    });
    windows.map(|window| SigningJob::new(set, ksk, apex, window)).collect()
}

/// A DNSKEY set with the signatures made ahead for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnskeyStock {
    set: Rrset,
    made: Timestamp,
    by_key: Vec<(Dnskey, Vec<Signature>)>,
}

/// A key-signing key gave a signature that is none of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongSignature;

impl DnskeyStock {
    /// The stock for `set`, so far without signatures.
    pub fn new(set: Rrset, made: Timestamp) -> Self {
        Self { set, made, by_key: Vec::new() }
    }

    /// Adds the signatures that `ksk` made for `jobs`, after verifying each.
    pub fn add(
        &mut self,
        ksk: Dnskey,
        jobs: &[SigningJob],
        signatures: &[[u8; SIGNATURE_BYTES]],
    ) -> Result<(), WrongSignature> {
        let finished: Option<Vec<Signature>> =
            jobs.iter().zip(signatures).map(|(job, bytes)| job.finish(bytes)).collect();
        let finished = finished.filter(|all| all.len() == jobs.len() && signatures.len() == jobs.len());
        let finished = finished.ok_or(WrongSignature)?;
        if !finished.iter().all(|signature| is_signed_by(&self.set, signature, &ksk)) {
            return Err(WrongSignature);
        }
        self.by_key.retain(|(key, _)| *key != ksk);
        self.by_key.push((ksk, finished));
        Ok(())
    }

    /// Takes from an older stock of the same set what keys signed that have not signed this one: while one
    /// key can't sign, the others go on.
    pub fn keep(&mut self, older: &Self) {
        if self.set != older.set {
            return;
        }
        for (key, signatures) in &older.by_key {
            if !self.by_key.iter().any(|(known, _)| known == key) {
                self.by_key.push((key.clone(), signatures.clone()));
            }
        }
    }

    /// The DNSKEY set.
    pub fn set(&self) -> &Rrset {
        &self.set
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// The keys that signed.
    pub fn ksks(&self) -> impl Iterator<Item = &Dnskey> {
        self.by_key.iter().map(|(key, _)| key)
    }

    /// For each key that has one the newest signature that has been valid for a while (`inception_offset`, for
    /// clocks that are behind) and still is; `None` when no key has one. A key whose signatures have
    /// all ended is left out: those of the others still serve whoever trusts them.
    pub fn current(&self, policy: &Policy, now: Timestamp) -> Option<Vec<Signature>> {
        let all: Vec<Signature> =
            self.in_force(policy, now).map(|(_, signature)| signature.clone()).collect();
        Some(all).filter(|all| !all.is_empty())
    }

    /// The keys whose signatures `current` gives.
    pub fn current_ksks(&self, policy: &Policy, now: Timestamp) -> Vec<Dnskey> {
        self.in_force(policy, now).map(|(key, _)| key.clone()).collect()
    }

    fn in_force(&self, policy: &Policy, now: Timestamp) -> impl Iterator<Item = (&Dnskey, &Signature)> {
        let begun = dns_time(now.minus(policy.inception_offset));
        let present = dns_time(now);
        let valid =
            move |signature: &&Signature| signature.inception() <= begun && signature.expiration() > present;
        self.by_key.iter().filter_map(move |(key, signatures)| {
            let newest = signatures.iter().filter(valid).max_by_key(|signature| signature.inception())?;
            Some((key, newest))
        })
    }

    /// When the next window's signatures take over; `None` when the last ones are in use.
    pub fn next_window(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        let starts = self.by_key.iter().flat_map(|(_, signatures)| signatures);
        let starts = starts.map(|signature| moment(signature.inception()).plus(policy.inception_offset));
        starts.filter(|start| *start > now).min()
    }

    /// When the first key's signatures have all ended, unless it signs again.
    pub fn exhausted(&self) -> Option<Timestamp> {
        let last = |signatures: &[Signature]| signatures.iter().map(Signature::expiration).max();
        self.by_key.iter().filter_map(|(_, signatures)| last(signatures)).min().map(moment)
    }

    /// When it is due to be made again although nothing changed.
    pub fn refresh_due(&self, policy: &Policy) -> Timestamp {
        self.made.plus(policy.dnskey_refresh.max(Duration::from_secs(1)))
    }
}

fn moment(seconds: u32) -> Timestamp {
    Timestamp::from_unix_seconds(i64::from(seconds))
}
