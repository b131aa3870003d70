//! Destroys keys whose waiting period is over: material, policy, tags, aliases and rotations go in one
//! transaction.

use std::collections::BTreeSet;

use keyward_base::{Fault, Partition};
use keyward_hsm::KeyHandle;
use keyward_store::{Compare, Txn};

use super::planned::Outcome;
use crate::family::settle_pending;
use crate::grant::GrantPlaces;
use crate::key::{Backing, KeyArn, KeyRecord, Lifecycle, MultiRegion};
use crate::keystore::KeyStorePlaces;
use crate::kms::Kms;
use crate::planned::{Plan, Planned};
use crate::{family, fault, rotation, rows};

impl Kms {
    /// Destroys every key whose waiting period is over now, and answers how many there were. A `fence` makes
    /// it stop when somebody else has the duty. A key that fails is left for the next look; the others go.
    pub async fn destroy_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        self.carry_out_due(Plan::Deletion, fence).await
    }

    /// Removes the grants of destroyed keys, and answers of how many keys. A `fence` makes it stop when
    /// somebody else has the duty.
    pub async fn sweep_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        self.carry_out_due(Plan::Sweep, fence).await
    }

    pub(super) async fn destroy(&self, planned: &Planned, txn: Txn) -> Result<(Txn, Outcome), Fault> {
        let place = rows::key(planned.account, &planned.region, &planned.id);
        let (txn, row) = self.read(txn, place.clone()).await?;
        let record = row.map(|row| rows::read_key(&row.value)).transpose()?;
        let txn = txn.delete(planned.row());
        Ok(match record {
            Some(record) if is_due(&record, planned) => {
                let txn = without_key(txn.delete(place), planned, &self.partition, &record);
                let txn = self.without_rotations(txn, planned).await?;
                let txn = self.uncount_key(txn, &planned.arn(&self.partition)).await?;
                let txn = self.without_relative(txn, &planned.arn(&self.partition), &record).await?;
                // Grants may be too many for one transaction; without their key they are nothing.
                let sweep = Planned { plan: Plan::Sweep, ..planned.clone() };
                let count = GrantPlaces(&planned.arn(&self.partition)).count();
                let granted = self.store.get(&count).await.map_err(fault::internal)?.is_some();
                (if granted { txn.put(sweep.row(), Vec::new()) } else { txn }, Outcome::Done)
            }
            _ => (txn, Outcome::Outdated),
        })
    }

    /// Takes a replica away from its primary, which may have waited for that.
    async fn without_relative(&self, txn: Txn, arn: &KeyArn, gone: &KeyRecord) -> Result<Txn, Fault> {
        let MultiRegion::Replica { primary: home } = &gone.multi_region else { return Ok(txn) };
        let (txn, mut primary) = self.read_twin(txn, arn, home).await?;
        primary.forget_replica(&arn.region);
        let (mut txn, others) = self.replicas_of(txn, arn, &primary).await?;
        settle_pending(&mut primary, others.iter().map(|(_, replica)| replica));
        if others.is_empty() {
            primary.lifecycle = primary.lifecycle.replicas_gone(self.clock.now());
            if let Some(at) = primary.lifecycle.deletion_at() {
                txn = txn.put(Plan::Deletion.of(&arn.twin(home), at).row(), Vec::new());
            }
        }
        family::write(txn, &arn.twin(home), primary)
    }

    /// Removes the key's rotations with their plan. Nobody changes them while the key waits for its deletion.
    async fn without_rotations(&self, txn: Txn, planned: &Planned) -> Result<Txn, Fault> {
        let place = rows::rotation(planned.account, &planned.region, &planned.id);
        let Some(row) = self.store.get(&place).await.map_err(fault::internal)? else { return Ok(txn) };
        let plan = rotation::read(&row.value)?.automatic;
        let txn = txn.delete(place);
        Ok(match plan {
            Some(plan) => {
                txn.delete(Planned { plan: Plan::Rotation, at: plan.next, ..planned.clone() }.row())
            }
            None => txn,
        })
    }
}

/// Whether the key still waits for exactly this deletion.
fn is_due(record: &KeyRecord, planned: &Planned) -> bool {
    record.lifecycle == Lifecycle::PendingDeletion { deletion_at: planned.at }
}

/// Removes what belongs to the key besides its row.
fn without_key(mut txn: Txn, planned: &Planned, partition: &Partition, record: &KeyRecord) -> Txn {
    for alias in &record.aliases {
        txn = txn.delete(rows::alias(planned.account, &planned.region, alias));
    }
    for at in record.expiries().collect::<BTreeSet<_>>() {
        txn = txn.delete(Planned { plan: Plan::Expiry, at, ..planned.clone() }.row());
    }
    let usage = rows::usage(&planned.arn(partition));
    let owner = rows::owner(&planned.region, &planned.id);
    without_cluster_key(txn, planned, record).delete(owner).delete(usage)
}

/// Takes the key out of its custom key store, and lists its material for deletion in the cluster: that can only be done
/// while the store is connected.
fn without_cluster_key(txn: Txn, planned: &Planned, record: &KeyRecord) -> Txn {
    let Some(store) = record.source.store() else { return txn };
    let places = KeyStorePlaces { account: planned.account, region: &planned.region };
    let backings = record.materials.iter().filter_map(|material| match &material.backing {
        Backing::CloudHsm(key) => Some(KeyHandle(key.reference)),
        Backing::Vault(_) | Backing::Imported { .. } => None,
    });
    let txn = txn.delete(places.key(store, &planned.id));
    backings.fold(txn, |txn, handle| txn.put(places.orphan(store, handle), Vec::new()))
}
