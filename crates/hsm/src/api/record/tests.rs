use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn keys() -> impl Strategy<Value = RecordKey> {
    prop_oneof![
        (0..3_u64).prop_map(|handle| RecordKey::Key(KeyHandle(handle))),
        Just(RecordKey::User(UserName::admin())),
        Just(RecordKey::Quorum(QuorumService::User)),
    ]
}

fn stamps() -> impl Strategy<Value = Vec<Stamp>> {
    let stamp = (keys(), 0..6_u64, 0..3_u64, any::<bool>()).prop_map(|(key, counter, origin, tombstone)| {
        // An HSM writes a version once: what it says is a function of it.
        let tombstone = tombstone && counter % 2 == 0;
        Stamp { key, version: RecordVersion { counter, origin: HsmSerial(origin) }, tombstone }
    });
    prop::collection::vec(stamp, 0..40).prop_map(|stamps| {
        let mut written = BTreeMap::new();
        for stamp in stamps {
            written.entry((stamp.key.clone(), stamp.version)).or_insert(stamp);
        }
        written.into_values().collect()
    })
}

/// What an HSM holds after these arrived in this order.
fn held(arrived: impl IntoIterator<Item = Stamp>) -> BTreeMap<RecordKey, Stamp> {
    let mut held: BTreeMap<RecordKey, Stamp> = BTreeMap::new();
    for stamp in arrived {
        if held.get(&stamp.key).is_none_or(|old| stamp.supersedes(old)) {
            held.insert(stamp.key.clone(), stamp);
        }
    }
    held
}

proptest! {
    #[test]
    fn every_order_with_repetitions_ends_alike(
        (stamps, shuffled) in stamps().prop_flat_map(|stamps| {
            let twice: Vec<_> = stamps.iter().chain(&stamps).cloned().collect();
            (Just(stamps), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(held(stamps), held(shuffled));
    }

    #[test]
    fn a_deleted_key_stays_deleted(stamps in stamps()) {
        let end = held(stamps.clone());
        for stamp in stamps.iter().filter(|stamp| stamp.tombstone && matches!(stamp.key, RecordKey::Key(_))) {
            prop_assert!(end[&stamp.key].tombstone);
        }
    }
}

#[test]
fn a_user_can_be_made_again_after_its_deletion() {
    let stamp = |counter, tombstone| Stamp {
        key: RecordKey::User(UserName::admin()),
        version: RecordVersion { counter, origin: HsmSerial(1) },
        tombstone,
    };
    assert!(stamp(2, false).supersedes(&stamp(1, true)));
    assert!(!stamp(1, true).supersedes(&stamp(2, false)));
    assert!(!stamp(1, true).supersedes(&stamp(1, true)));
}
