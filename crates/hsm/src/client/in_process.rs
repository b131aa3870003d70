//! An HSM without a process, for tests of what uses HSMs. Never part of the production wiring.
#![cfg(any(test, feature = "test-hsm"))]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_base::{Clock, SystemClock, SystemRandom};
use keyward_boundary::confine::Protections;
use keyward_simulation::Disk;
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::client::{Carried, HsmClient, Link, LinkError};
use crate::instance::{Identity, Instance};
use crate::records::Records;
use crate::token::Token;
use crate::token::software::SoftwareToken;

/// A software HSM in this process, on a simulated disk. It can be killed at any moment, and comes back with what was durable.
pub struct TestHsm {
    shared: Arc<Shared>,
}

struct Shared {
    token: Arc<dyn Token>,
    identity: Arc<Identity>,
    clock: Arc<dyn Clock>,
    disk: Mutex<Disk>,
    running: watch::Sender<Option<Arc<Instance>>>,
}

impl TestHsm {
    /// A blank HSM of the fleet with this key, running.
    pub fn start(fleet_key: &[u8; 32]) -> Result<Self, HsmError> {
        Self::start_with_clock(fleet_key, Arc::new(SystemClock))
    }

    /// The same, with a clock of the test's.
    pub fn start_with_clock(fleet_key: &[u8; 32], clock: Arc<dyn Clock>) -> Result<Self, HsmError> {
        let identity = Identity::ephemeral();
        identity.join_fleet(fleet_key)?;
        Self::with(Arc::new(SoftwareToken::ephemeral()), Arc::new(identity), clock)
    }

    pub(crate) fn with(
        token: Arc<dyn Token>,
        identity: Arc<Identity>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HsmError> {
        let (disk, running) = (Mutex::new(Disk::default()), watch::Sender::new(None));
        let hsm = Self { shared: Arc::new(Shared { token, identity, clock, disk, running }) };
        hsm.revive()?;
        Ok(hsm)
    }

    /// A client; it stays valid when the HSM is killed and comes back.
    pub fn client(&self) -> HsmClient {
        HsmClient::new(Arc::new(InProcess(self.shared.clone())))
    }

    /// Kills the HSM: answers under way are lost, and so are its sessions.
    pub fn kill(&self) {
        self.shared.running.send_replace(None);
        let mut disk = self.disk();
        // What is still under way inside must not reach the disk of the next life.
        disk.cut();
        *disk = disk.after_power_loss(&SystemRandom::default());
    }

    /// Takes everything from its token and starts it again: what is left are its records.
    #[cfg(test)]
    pub(crate) fn lose_token(&self) -> Result<(), HsmError> {
        self.kill();
        self.shared.token.erase()?;
        self.revive()
    }

    /// The disk of this life.
    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.shared.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it again with what was durable; without a kill before, a restart.
    pub fn revive(&self) -> Result<(), HsmError> {
        self.kill();
        let shared = &self.shared;
        let disk = self.disk().clone();
        let records = Records::on(move || disk.clone())?;
        let (token, identity) = (shared.token.clone(), shared.identity.clone());
        let instance = Instance::new(token, identity, records, shared.clock.clone(), Protections::default())?;
        shared.running.send_replace(Some(Arc::new(instance)));
        Ok(())
    }
}

struct InProcess(Arc<Shared>);

impl Link for InProcess {
    fn call(&self, message: Zeroizing<Vec<u8>>) -> Carried {
        let shared = self.0.clone();
        let Some(instance) = shared.running.borrow().clone() else {
            return Box::pin(async { Err(LinkError::Lost) });
        };
        let asked = instance.clone();
        let answer = tokio::task::spawn_blocking(move || asked.handle(&message));
        Box::pin(async move {
            let answer = answer.await.map_err(|_| LinkError::Lost)?;
            // An HSM that was killed meanwhile has told nobody.
            let same = shared.running.borrow().as_ref().is_some_and(|now| Arc::ptr_eq(now, &instance));
            if same { Ok(answer) } else { Err(LinkError::Lost) }
        })
    }

    fn is_up(&self) -> bool {
        self.0.running.borrow().is_some()
    }

    fn up(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut running = self.0.running.subscribe();
        Box::pin(async move {
            // The sender lives as long as the link that holds it.
            let _ = running.wait_for(Option::is_some).await;
        })
    }
}
