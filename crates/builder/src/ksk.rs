//! Brings a zone's keys to what its wish and the time ask for: rolls zone-signing keys, and has the
//! key-signing keys sign the DNSKEY set ahead. When they refuse, what there is in stock goes on.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_zone::dnskeys::{DnskeyStock, window_jobs};
use keyward_zone::keys::{Dnskey, dnskey_set};
use keyward_zone::plan::Signing;
use keyward_zone::publication::ZoneId;
use keyward_zone::rollover::{self, Facts, ZskPhase};
use keyward_zone::{Policy, Rrset};

use crate::load::State;
use crate::rows::{SigningRow, ZskRow};
use crate::{BuildError, Builder, Ksk, KskTrouble, ZoneSource, ZoneWish, keys};

/// How long after a refusal the key-signing keys are asked again, unless the source says so before.
const RETRY_REFUSED: Duration = Duration::from_secs(300);
/// The same when something is away.
const RETRY_AWAY: Duration = Duration::from_secs(15);

/// What a pass signs with.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// The row to store with what is published.
    pub(crate) row: SigningRow,
    /// Whether the DNSKEY set is the one that the wish asks for.
    pub(crate) fulfils: bool,
}

/// What a zone's keys shall be.
struct Wanted<'a> {
    zone: &'a ZoneId,
    ksks: &'a [Ksk],
    set: Rrset,
    zsks: Vec<ZskRow>,
    policy: &'a Policy,
    now: Timestamp,
}

impl Prepared {
    /// The zone-signing key in use.
    pub(crate) fn active(&self) -> Option<&ZskRow> {
        self.row.zsks.iter().find(|row| matches!(row.zsk.phase, ZskPhase::Active { .. }))
    }

    /// What the plan needs.
    pub(crate) fn signing(&self, policy: &Policy, now: Timestamp) -> Result<Signing, BuildError> {
        let active = self.active().ok_or(BuildError::Broken("no zone-signing key is active"))?;
        let dnskey_signatures = self.row.stock.current(policy, now).ok_or(BuildError::DnskeysExpired)?;
        Ok(Signing { zsk: active.zsk.key.clone(), dnskeys: self.row.stock.set().clone(), dnskey_signatures })
    }

    /// The key-signing keys that a generation made with this must be signed by.
    pub(crate) fn ksks(&self, policy: &Policy, now: Timestamp) -> Vec<Dnskey> {
        self.row.stock.current_ksks(policy, now)
    }

    /// When the keys have to be looked at again.
    pub(crate) fn due(&self, policy: &Policy, now: Timestamp) -> Timestamp {
        let stock = &self.row.stock;
        let keys = self.row.ksk_retry.unwrap_or_else(|| stock.refresh_due(policy));
        let rolling = self.row.zsks.iter().map(|row| match row.zsk.phase {
            ZskPhase::Active { since } => since.plus(policy.zsk_lifetime).max(now.plus(policy.safety_margin)),
            ZskPhase::Published { .. } | ZskPhase::Retired { .. } => now.plus(policy.safety_margin),
        });
        rolling.chain(stock.next_window(policy, now)).fold(keys, Timestamp::min)
    }
}

impl Builder {
    /// The keys for this pass. `check` has the key-signing keys sign in any case.
    pub(crate) async fn prepare_keys(
        &self,
        source: &dyn ZoneSource,
        zone: &ZoneId,
        wish: &ZoneWish,
        ksks: &[Ksk],
        state: &State,
        check: bool,
    ) -> Result<Prepared, BuildError> {
        let old = state.signing.as_ref().map(|(row, _)| row);
        let mut wanted = self.wanted(zone, wish, ksks, state).await?;
        let fits = old.is_some_and(|old| fits(&old.stock, &wanted));
        if !(check || old.is_none_or(|old| is_due(old, wish, fits, wanted.now))) {
            return old
                .map_or(Err(BuildError::BadRow), |old| Ok(stay(old, wanted, fits, wish, old.ksk_retry)));
        }
        let (mut stock, trouble) = sign_stock(source, &wanted).await;
        let Some(trouble) = trouble else {
            keys::rewrap(&self.vault, zone, &mut wanted.zsks).await;
            return Ok(prepared(wanted, stock, wish, None));
        };
        tracing::warn!(%zone, ?trouble, "a key-signing key did not sign; the zone goes on with what is in stock");
        let old = old.ok_or(BuildError::Ksk(trouble.clone()))?;
        let wait = if matches!(trouble, KskTrouble::Away(_)) { RETRY_AWAY } else { RETRY_REFUSED };
        let retry = Some(wanted.now.plus(wait));
        if !fits {
            return Ok(stay(old, wanted, fits, wish, retry));
        }
        stock.keep(&old.stock);
        Ok(prepared(wanted, stock, wish, retry))
    }

    /// The keys that the zone should have now.
    async fn wanted<'a>(
        &self,
        zone: &'a ZoneId,
        wish: &'a ZoneWish,
        ksks: &'a [Ksk],
        state: &State,
    ) -> Result<Wanted<'a>, BuildError> {
        let (policy, now) = (&wish.policy, self.clock.now());
        let old = state.signing.as_ref().map(|(row, _)| row);
        let old_zsks = old.map_or(&[][..], |old| &old.zsks);
        let served = state.generation.as_ref().filter(|zone| zone.is_signed());
        let settled = self.is_settled(zone, state, policy).await?;
        let ksks_sign = old.is_none_or(|old| old.ksk_retry.is_none());
        let phases: Vec<_> = old_zsks.iter().map(|row| row.zsk.clone()).collect();
        let step = rollover::step(&phases, &Facts { served, settled, ksks_sign, policy, now });
        let token = |zsk: rollover::Zsk| {
            let old = old_zsks.iter().find(|row| row.zsk.key == zsk.key)?;
            Some(ZskRow { zsk, ..old.clone() })
        };
        let mut zsks: Vec<ZskRow> = step.zsks.into_iter().filter_map(token).collect();
        let ksk_keys: Vec<Dnskey> = ksks.iter().map(|ksk| Dnskey::ksk(&ksk.point)).collect();
        if let Some(phase) = step.make_key {
            let taken: Vec<u16> =
                ksk_keys.iter().chain(phases.iter().map(|zsk| &zsk.key)).map(Dnskey::tag).collect();
            zsks.push(keys::make(&self.vault, &*self.random, zone, phase, &taken).await?);
        }
        let all = ksk_keys.iter().chain(zsks.iter().map(|row| &row.zsk.key));
        let set = dnskey_set(&wish.apex, policy.dnskey_ttl_seconds, all);
        Ok(Wanted { zone, ksks, set, zsks, policy, now })
    }
}

/// Whether `stock` is for this set, and by these key-signing keys.
fn fits(stock: &DnskeyStock, wanted: &Wanted<'_>) -> bool {
    let keys: Vec<Dnskey> = wanted.ksks.iter().map(|ksk| Dnskey::ksk(&ksk.point)).collect();
    stock.set() == &wanted.set
        && stock.ksks().count() == keys.len()
        && stock.ksks().all(|key| keys.contains(key))
}

/// Whether the key-signing keys have to sign now.
fn is_due(old: &SigningRow, wish: &ZoneWish, fits: bool, now: Timestamp) -> bool {
    if old.wish_version != wish.version {
        return true;
    }
    match old.ksk_retry {
        Some(retry) => now >= retry,
        None => !fits || now >= old.stock.refresh_due(&wish.policy),
    }
}

/// Goes on with the stock that there is: with the keys' new phases where the set stays the same.
fn stay(
    old: &SigningRow,
    wanted: Wanted<'_>,
    fits: bool,
    wish: &ZoneWish,
    retry: Option<Timestamp>,
) -> Prepared {
    let zsks = if fits { wanted.zsks } else { old.zsks.clone() };
    let row = SigningRow { zsks, stock: old.stock.clone(), wish_version: wish.version, ksk_retry: retry };
    Prepared { row, fulfils: fits }
}

/// The keys that the wish asks for, with what signs them.
fn prepared(wanted: Wanted<'_>, stock: DnskeyStock, wish: &ZoneWish, retry: Option<Timestamp>) -> Prepared {
    let row = SigningRow { zsks: wanted.zsks, stock, wish_version: wish.version, ksk_retry: retry };
    Prepared { row, fulfils: true }
}

/// Has every key-signing key sign the set ahead, and tells the source how each fared. What the others
/// signed is there even when one was in trouble.
async fn sign_stock(source: &dyn ZoneSource, wanted: &Wanted<'_>) -> (DnskeyStock, Option<KskTrouble>) {
    let mut stock = DnskeyStock::new(wanted.set.clone(), wanted.now);
    let mut trouble = None;
    for ksk in wanted.ksks {
        match sign_windows(source, wanted, ksk, &mut stock).await {
            Ok(()) => source.ksk_signed(wanted.zone, ksk).await,
            Err(error) => {
                if let KskTrouble::Refused(message) = &error {
                    source.ksk_refused(wanted.zone, ksk, message).await;
                }
                trouble = Some(error);
            }
        }
    }
    if wanted.ksks.is_empty() {
        trouble = Some(KskTrouble::Refused("the zone has no active key-signing key".to_owned()));
    }
    (stock, trouble)
}

async fn sign_windows(
    source: &dyn ZoneSource,
    wanted: &Wanted<'_>,
    ksk: &Ksk,
    stock: &mut DnskeyStock,
) -> Result<(), KskTrouble> {
    let key = Dnskey::ksk(&ksk.point);
    let jobs = window_jobs(wanted.set.name(), &wanted.set, &key, wanted.policy, wanted.now);
    let messages: Vec<&[u8]> = jobs.iter().map(|job| job.data()).collect();
    let signatures = source.sign(wanted.zone, ksk, &messages).await?;
    stock
        .add(key, &jobs, &signatures)
        .map_err(|_| KskTrouble::Refused("the key's signatures do not match its public key".to_owned()))
}
