//! Rotates keys by plan: new material, the old one's new part, the history and the next moment in one
//! transaction, so that a rotation happens once or not at all.

use keyward_base::Fault;
use keyward_store::{Compare, Txn};

use super::planned::Outcome;
use crate::key::{Cause, Profile};
use crate::kms::Kms;
use crate::planned::{Plan, Planned};
use crate::{rotation, rows};

impl Kms {
    /// Rotates every key whose moment has come, and answers how many there were. A `fence` makes it stop
    /// when somebody else has the duty. A key that fails is left for the next look; the others are rotated.
    pub async fn rotate_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        self.carry_out_due(Plan::Rotation, fence).await
    }

    pub(super) async fn rotate(&self, planned: &Planned, txn: Txn) -> Result<(Txn, Outcome), Fault> {
        let Planned { account, region, id, .. } = planned;
        let (txn, key) = self.read(txn, rows::key(*account, region, id)).await?;
        let (txn, made) = self.read(txn, rows::rotation(*account, region, id)).await?;
        let (Some(key), Some(made)) = (key, made) else {
            return Ok((txn.delete(planned.row()), Outcome::Outdated));
        };
        let record = rows::read_key(&key.value)?;
        let made = rotation::read(&made.value)?;
        match made.automatic.filter(|plan| plan.next == planned.at) {
            Some(plan) if Profile::Rotation.admit(record.lifecycle.shown()).is_ok() => {
                let arn = planned.arn(&self.partition);
                let (txn, replicas) = self.replicas_of(txn, &arn, &record).await?;
                let next = plan.after_rotation(self.clock.now());
                let turn = self.turn(&arn, record, made, Cause::Automatic).await?;
                Ok((turn.write(txn, &arn, Some(next), replicas)?, Outcome::Done))
            }
            // Paused: `EnableKey` puts the plan back. Or planned anew.
            _ => Ok((txn.delete(planned.row()), Outcome::Outdated)),
        }
    }
}
