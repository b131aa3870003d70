use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::api::ids::{HsmSerial, KeyHandle};
use crate::api::record::RecordVersion;

type Hsm = BTreeMap<RecordKey, Stamp>;

fn absorb(hsm: &mut Hsm, stamp: &Stamp) {
    if hsm.get(&stamp.key).is_none_or(|old| stamp.supersedes(old)) {
        hsm.insert(stamp.key.clone(), stamp.clone());
    }
}

fn digest(hsm: &Hsm) -> Vec<Stamp> {
    hsm.values().cloned().collect()
}

/// Writes of several HSMs, and who has received each so far.
fn histories() -> impl Strategy<Value = Vec<Hsm>> {
    let write = (0..8_u64, 0..9_u64, 0..3_u64, prop::collection::vec(any::<bool>(), 3));
    prop::collection::vec(write, 0..60).prop_map(|writes| {
        let mut hsms = vec![Hsm::new(); 3];
        for (key, counter, origin, received) in writes {
            let stamp = Stamp {
                key: RecordKey::Key(KeyHandle(key)),
                version: RecordVersion { counter, origin: HsmSerial(origin) },
                tombstone: counter == 7,
            };
            for (hsm, _) in hsms.iter_mut().zip(received).filter(|(_, received)| *received) {
                absorb(hsm, &stamp);
            }
        }
        hsms
    })
}

/// One exchange; a message is lost when `keep` says so.
fn exchange(hsms: &mut [Hsm], left: usize, right: usize, mut keep: impl FnMut() -> bool) {
    let difference = compare(&digest(&hsms[left]), &digest(&hsms[right]));
    for (from, to, keys) in [(left, right, difference.to_right), (right, left, difference.to_left)] {
        for key in keys {
            let stamp = hsms[from][&key].clone();
            if keep() {
                absorb(&mut hsms[to], &stamp);
            }
        }
    }
}

proptest! {
    #[test]
    fn an_exchange_brings_two_in_step_and_sends_nothing_twice(mut hsms in histories()) {
        exchange(&mut hsms, 0, 1, || true);
        prop_assert_eq!(&hsms[0], &hsms[1]);
        prop_assert!(compare(&digest(&hsms[0]), &digest(&hsms[1])).is_empty());
    }

    #[test]
    fn any_order_of_lossy_exchanges_ends_where_one_whole_round_ends(
        hsms in histories(),
        steps in prop::collection::vec((0..3_usize, 0..3_usize, any::<u64>()), 0..20),
    ) {
        let whole = |mut hsms: Vec<Hsm>| {
            for (left, right) in [(0, 1), (0, 2), (0, 1)] {
                exchange(&mut hsms, left, right, || true);
            }
            hsms
        };
        let mut wandering = hsms.clone();
        for (left, right, losses) in steps {
            let mut losses = losses;
            exchange(&mut wandering, left, right, || { losses = losses.rotate_left(7) ^ 5; losses & 1 == 0 });
        }
        let (direct, wandering) = (whole(hsms), whole(wandering));
        prop_assert_eq!(&direct[0], &direct[1]);
        prop_assert_eq!(&direct[0], &direct[2]);
        prop_assert_eq!(direct, wandering);
    }
}
