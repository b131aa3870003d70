//! A fleet of HSMs in this process, which a test can kill.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use keyward_hsm::{HsmClient, HsmId, TestHsm};
use keyward_store::BoxFuture;

use crate::hsms::{Hsms, HsmsError};

/// The key that all HSMs of the fleet have.
const FLEET_KEY: [u8; 32] = [7; 32];

/// The fleet.
#[derive(Default)]
pub(super) struct TestFleet {
    hsms: Mutex<HashMap<HsmId, TestHsm>>,
    broken: Mutex<HashSet<HsmId>>,
}

impl TestFleet {
    /// Kills an HSM for good, or until it is revived.
    pub(super) fn kill(&self, hsm: &str) {
        self.hsms.lock().unwrap()[&hsm.parse().unwrap()].kill();
    }

    /// Starts a killed HSM again.
    pub(super) fn revive(&self, hsm: &str) {
        self.hsms.lock().unwrap()[&hsm.parse().unwrap()].revive().unwrap();
    }

    /// Makes an HSM not start any more.
    pub(super) fn break_down(&self, hsm: &str) {
        self.broken.lock().unwrap().insert(hsm.parse().unwrap());
    }

    /// How many HSMs there are.
    pub(super) fn count(&self) -> usize {
        self.hsms.lock().unwrap().len()
    }

    fn started(&self, hsm: &HsmId) -> Result<HsmClient, HsmsError> {
        if self.broken.lock().unwrap().contains(hsm) {
            return Err("broken".into());
        }
        let mut hsms = self.hsms.lock().unwrap();
        if let Some(there) = hsms.get(hsm) {
            return Ok(there.client());
        }
        let made = TestHsm::start(&FLEET_KEY)?;
        let client = made.client();
        hsms.insert(hsm.clone(), made);
        Ok(client)
    }
}

impl Hsms for TestFleet {
    fn start<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<HsmClient, HsmsError>> {
        Box::pin(async move { self.started(hsm) })
    }

    fn destroy<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<(), HsmsError>> {
        Box::pin(async move {
            self.hsms.lock().unwrap().remove(hsm);
            Ok(())
        })
    }
}
