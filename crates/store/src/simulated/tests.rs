//! The simulated store passes the suite and behaves like a plain map.

use proptest::prelude::*;

use super::*;
use crate::suite::{Harness, model};

fn harness() -> Harness {
    let clock = Harness::clock();
    Harness { store: Arc::new(SimulatedStore::new(clock.clone())), clock, keep: Box::new(()) }
}

crate::store_suite!(harness());

proptest! {
    #[test]
    fn behaves_like_a_map(steps in model::steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(model::compare(&SimulatedStore::new(Harness::clock()), &steps));
    }
}
