//! A validating resolver with a cache, written from RFC 4035 section 5 alone. It shares with the signer
//! only the check of one signature by one key.

use std::collections::HashMap;

use keyward_base::Timestamp;
use keyward_zone::keys::{Dnskey, Ds};
use keyward_zone::verify::is_signed_by;
use keyward_zone::{Generation, Name, Rrset, Rtype, Signature, SignedRrset, dns_time, nsec3_hash};

/// What the resolver would get if it asked now.
pub(super) struct Truth<'a> {
    pub(super) zone: &'a Generation,
    pub(super) ds: &'a [Dnskey],
    pub(super) ds_ttl: u32,
    pub(super) now: Timestamp,
    /// Seconds by which the resolver's clock is off.
    pub(super) skew: i64,
}

#[derive(Default)]
pub(super) struct Resolver {
    sets: HashMap<(Name, u16), (SignedRrset, i64)>,
    ds: Option<(Vec<Ds>, i64)>,
    /// Signatures that a key was seen to have made over a set; only their time is looked at again.
    confirmed: HashMap<(Vec<u8>, Vec<u8>), Rrset>,
}

impl Resolver {
    /// Asks for a set, the SOA, or a name that is not there, and validates the answer. `Err` when bogus.
    pub(super) fn ask(&mut self, truth: &Truth<'_>, name: &Name, what: u32) -> Result<(), String> {
        let zone = truth.zone;
        let answer = match what {
            0 => self.get(truth, zone.apex(), Rtype::SOA),
            1 => {
                let label = format!("absent-{}", truth.now.unix_seconds());
                let absent = zone.apex().child(label.as_bytes()).map_err(|error| error.to_string())?;
                zone.nsec3_covering(&nsec3_hash(&absent)).map(|record| SignedRrset::clone(record))
            }
            _ => self.get(truth, name, Rtype::A),
        };
        let Some(answer) = answer else {
            return Ok(());
        };
        let dnskeys = self.get(truth, zone.apex(), Rtype::DNSKEY).ok_or("no DNSKEY")?;
        let ds = self.ds(truth);
        let keys: Vec<Dnskey> = dnskeys.rrset.rdata().filter_map(Dnskey::from_rdata).collect();
        let anchored: Vec<Dnskey> =
            keys.iter().filter(|key| ds.contains(&key.ds(zone.apex()))).cloned().collect();
        self.validate(&dnskeys, &anchored, truth).map_err(|why| format!("the DNSKEY set: {why}"))?;
        self.validate(&answer, &keys, truth).map_err(|why| format!("{:?}: {why}", answer.rrset.rtype()))
    }

    /// From the cache, else from the server.
    fn get(&mut self, truth: &Truth<'_>, name: &Name, rtype: Rtype) -> Option<SignedRrset> {
        let key = (name.clone(), rtype.to_int());
        let now = truth.now.unix_seconds();
        if let Some((set, expires)) = self.sets.get(&key)
            && *expires > now
        {
            return Some(set.clone());
        }
        let set = SignedRrset::clone(truth.zone.set(name, rtype)?);
        //= rfc4035#section-5.3.3: not longer than the TTL, nor than any signature lasts.
        let ends =
            set.signatures.iter().map(|signature| i64::from(signature.expiration()) - truth.skew).min()?;
        // A resolver whose clock is off may keep it as much longer or shorter.
        let expires = (now + i64::from(set.rrset.ttl())).min(ends - 3600);
        self.sets.insert(key, (set.clone(), expires));
        Some(set)
    }

    fn ds(&mut self, truth: &Truth<'_>) -> Vec<Ds> {
        let now = truth.now.unix_seconds();
        match &self.ds {
            Some((ds, expires)) if *expires > now => ds.clone(),
            _ => {
                let ds: Vec<Ds> = truth.ds.iter().map(|key| key.ds(truth.zone.apex())).collect();
                self.ds = Some((ds.clone(), now + i64::from(truth.ds_ttl)));
                ds
            }
        }
    }

    /// Whether one of `keys` made a signature of `set` that is valid now by this resolver's clock.
    fn validate(&mut self, set: &SignedRrset, keys: &[Dnskey], truth: &Truth<'_>) -> Result<(), String> {
        let now = dns_time(Timestamp::from_unix_seconds(truth.now.unix_seconds() + truth.skew));
        let mut untimely = false;
        for signature in &set.signatures {
            let by_a_key = keys.iter().any(|key| self.is_confirmed(set, signature, key));
            let timely = signature.inception() <= now && now <= signature.expiration();
            if by_a_key && timely {
                return Ok(());
            }
            untimely |= by_a_key;
        }
        if untimely {
            return Err("no signature is valid at this time".to_owned());
        }
        let tags: Vec<u16> = set.signatures.iter().map(Signature::key_tag).collect();
        let held: Vec<u16> = keys.iter().map(Dnskey::tag).collect();
        Err(format!("signed by {tags:?}, but the keys are {held:?}"))
    }

    fn is_confirmed(&mut self, set: &SignedRrset, signature: &Signature, key: &Dnskey) -> bool {
        if key.tag() != signature.key_tag() {
            return false;
        }
        let place = (signature.rdata().to_vec(), key.rdata().to_vec());
        if self.confirmed.get(&place) == Some(&set.rrset) {
            return true;
        }
        let confirmed = is_signed_by(&set.rrset, signature, key);
        if confirmed {
            self.confirmed.insert(place, set.rrset.clone());
        }
        confirmed
    }
}
