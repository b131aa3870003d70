//! What the rotation operations and the rotation duty share: the rows, and making new material.

use keyward_base::Fault;
use keyward_gate::{RequestContext, View};
use keyward_store::Txn;
use keyward_vault::MaterialId;

use crate::key::{
    Automatic, Cause, KeyArn, KeyRecord, MaterialState, MultiRegion, Rotation, RotationRecord, RotationRow,
};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::planned::Plan;
use crate::resolve::{Access, Target};
use crate::{family, fault, rows};

/// A key that a request names, with its rotations.
pub(crate) struct Rotating {
    /// The key.
    pub(crate) target: Target,
    /// Its rotations.
    pub(crate) rotation: RotationRecord,
}

impl Rotating {
    /// Finds both.
    pub(crate) async fn find(
        kms: &Kms,
        request: &RequestContext,
        view: &mut View<'_>,
        access: &Access,
        text: &str,
    ) -> Result<Self, Fault> {
        let target = kms.find(request, view, access, text).await?;
        let rotation = of_key(view, &target.key).await?;
        Ok(Self { target, rotation })
    }
}

/// The rotations of `key`. Those of a multi-Region key are kept in its primary's Region.
pub(crate) async fn of_key(view: &mut View<'_>, key: &LoadedKey) -> Result<RotationRecord, Fault> {
    let arn = match &key.record.multi_region {
        MultiRegion::Replica { primary } => &key.arn.twin(primary),
        MultiRegion::No | MultiRegion::Primary { .. } => &key.arn,
    };
    let row = view.get(&rows::rotation(arn.account, &arn.region, &arn.id)).await?;
    row.map_or_else(|| Ok(RotationRecord::default()), |row| read(&row.value))
}

/// Reads a row's value.
pub(crate) fn read(value: &[u8]) -> Result<RotationRecord, Fault> {
    let RotationRow::V1(rotation) = rows::decode(value)?;
    Ok(rotation)
}

/// Adds to `txn` that the plan of the key at `arn` becomes `next`.
pub(crate) fn replan(
    txn: Txn,
    arn: &KeyArn,
    mut rotation: RotationRecord,
    next: Option<Automatic>,
) -> Result<Txn, Fault> {
    let before = std::mem::replace(&mut rotation.automatic, next);
    let [before, after] = [before, next].map(|plan| Some(Plan::Rotation.of(arn, plan?.next).row()));
    let place = rows::rotation(arn.account, &arn.region, &arn.id);
    let mut txn = txn.put(place, rows::encode(&RotationRow::V1(rotation))?);
    if let Some(before) = before.filter(|before| after.as_ref() != Some(before)) {
        txn = txn.delete(before);
    }
    Ok(match after {
        Some(after) => txn.put(after, Vec::new()),
        None => txn,
    })
}

/// Moves the rotations of a multi-Region key, and their plan, with its primary from `from` to `to`.
pub(crate) fn relocate(txn: Txn, from: &KeyArn, to: &KeyArn, rotation: RotationRecord) -> Result<Txn, Fault> {
    let mut txn = txn.delete(rows::rotation(from.account, &from.region, &from.id));
    if let Some(plan) = rotation.automatic {
        txn = txn
            .delete(Plan::Rotation.of(from, plan.next).row())
            .put(Plan::Rotation.of(to, plan.next).row(), Vec::new());
    }
    let place = rows::rotation(to.account, &to.region, &to.id);
    Ok(txn.put(place, rows::encode(&RotationRow::V1(rotation))?))
}

/// A rotation that is to be written.
pub(crate) struct Turn {
    /// The key with its new material.
    pub(crate) record: KeyRecord,
    /// Its rotations with this one.
    pub(crate) rotation: RotationRecord,
}

impl Turn {
    /// Adds both rows to `txn`, the plan that comes next, and the same rotation of the key's replicas.
    pub(crate) fn write(
        self,
        mut txn: Txn,
        arn: &KeyArn,
        next: Option<Automatic>,
        replicas: impl IntoIterator<Item = (KeyArn, KeyRecord)>,
    ) -> Result<Txn, Fault> {
        for (replica, record) in replicas {
            txn = family::write(txn, &replica, self.follow(record)?)?;
        }
        let txn = replan(txn, arn, self.rotation, next)?;
        family::write(txn, arn, self.record)
    }

    /// What the rotation makes of a replica.
    fn follow(&self, mut replica: KeyRecord) -> Result<KeyRecord, Fault> {
        let current = self.record.current().ok_or_else(|| fault::internal("a rotation to no material"))?;
        if !replica.materials.iter().any(|material| material.id == current.id) {
            replica.materials.push(current.clone());
        }
        replica.rotate_to(current.id);
        Ok(replica)
    }
}

impl Kms {
    /// Rotates the key at `arn` to new material of the vault's. Nothing is written yet.
    pub(crate) async fn turn(
        &self,
        arn: &KeyArn,
        mut record: KeyRecord,
        rotation: RotationRecord,
        cause: Cause,
    ) -> Result<Turn, Fault> {
        let material = self.make_in_vault(arn, &record, MaterialState::NonCurrent).await?;
        let id = material.id;
        record.materials.push(material);
        Ok(self.turn_to(id, record, rotation, cause))
    }

    /// Rotates a key to a material that it has. Nothing is written yet.
    pub(crate) fn turn_to(
        &self,
        id: MaterialId,
        mut record: KeyRecord,
        mut rotation: RotationRecord,
        cause: Cause,
    ) -> Turn {
        record.rotate_to(id);
        rotation.made.push(Rotation { material: id, at: self.clock.now(), cause });
        Turn { record, rotation }
    }
}

/// The imported material that waits for its rotation.
pub(crate) fn pending(arn: &KeyArn, record: &KeyRecord) -> Result<MaterialId, Fault> {
    record.pending().map(|material| material.id).ok_or_else(|| {
        let message = format!("No available key material pending rotation for the key: {arn}.");
        Fault::caller("KMSInvalidStateException", message)
    })
}

/// The period that is asked for, in days. The model's range is checked at the wire.
pub(crate) fn period_days(given: Option<i32>) -> Result<u16, Fault> {
    given.map_or(Ok(crate::key::PERIOD_DAYS_DEFAULT), |days| u16::try_from(days).map_err(fault::internal))
}
