//! Finds signatures that grow old, or whose key is no longer in the zone, and has them made again.

use std::sync::Arc;

use domain::base::iana::Rtype;
use keyward_base::Timestamp;

use super::Draft;
use crate::keys::Dnskey;
use crate::policy::dns_time;
use crate::{Generation, Policy, Signature, SignedRrset};

/// When signatures of `zone` are due to be made again: a while after the first grew old, so that those of
/// that while are replaced together. `None` for unsigned zones; the DNSKEY windows have a schedule of their own.
pub fn refresh_due(zone: &Generation, policy: &Policy) -> Option<Timestamp> {
    let earliest = zone.earliest_zsk_expiration()?;
    Some(Timestamp::from_unix_seconds(i64::from(earliest)).minus(policy.refresh).plus(policy.refresh_batch))
}

/// Takes away every signature that is due, so that it is made again. Looks at the whole zone, but only
/// when something is due or the set of keys changed.
pub(super) fn strip_due(draft: &mut Draft<'_>) {
    let (Some(signing), Some(previous)) = (draft.signing, draft.previous) else {
        return;
    };
    let apex = draft.next.apex().clone();
    let keys_changed = previous.set(&apex, Rtype::DNSKEY).map(|set| &set.rrset) != Some(&signing.dnskeys);
    let limit = dns_time(draft.now.plus(draft.policy.refresh));
    let due = refresh_due(&draft.next, draft.policy).is_some_and(|due| due <= draft.now);
    if !keys_changed && !due {
        return;
    }
    let tags: Vec<u16> =
        signing.dnskeys.rdata().filter_map(Dnskey::from_rdata).map(|key| key.tag()).collect();
    let due = |signature: &Signature| signature.expiration() <= limit || !tags.contains(&signature.key_tag());
    strip_sets(draft, &due);
    strip_chain(draft, &due);
}

fn strip_sets(draft: &mut Draft<'_>, due: &impl Fn(&Signature) -> bool) {
    let sets = draft.next.nodes().flat_map(|node| node.sets());
    let old: Vec<Arc<SignedRrset>> = sets
        .filter(|set| set.rrset.rtype() != Rtype::DNSKEY && set.signatures.iter().any(due))
        .cloned()
        .collect();
    for set in old {
        draft.put(SignedRrset::unsigned(set.rrset.clone()));
    }
}

fn strip_chain(draft: &mut Draft<'_>, due: &impl Fn(&Signature) -> bool) {
    let records = draft.next.nsec3_chain().filter(|(_, record)| record.signatures.iter().any(due));
    let old: Vec<_> = records.map(|(hash, record)| (*hash, record.rrset.clone())).collect();
    for (hash, rrset) in old {
        draft.next.put_nsec3(hash, Arc::new(SignedRrset::unsigned(rrset)));
        draft.dirty.nsec3.insert(hash);
    }
}
