//! Lets go of imported material whose time is over. Operations see it gone at its moment already (`loaded`);
//! here its token is removed from the store.

use keyward_base::Fault;
use keyward_store::{Compare, Txn};

use super::planned::Outcome;
use crate::import::replan_expiries;
use crate::kms::Kms;
use crate::planned::{Plan, Planned};
use crate::rows;

impl Kms {
    /// Lets go of all imported material whose time is over now, and answers of how many keys. A `fence` makes
    /// it stop when somebody else has the duty. A key that fails is left for the next look.
    pub async fn expire_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        self.carry_out_due(Plan::Expiry, fence).await
    }

    pub(super) async fn expire(&self, planned: &Planned, txn: Txn) -> Result<(Txn, Outcome), Fault> {
        let place = rows::key(planned.account, &planned.region, &planned.id);
        let (txn, row) = self.read(txn, place.clone()).await?;
        let Some(row) = row else { return Ok((txn.delete(planned.row()), Outcome::Outdated)) };
        let before = rows::read_key(&row.value)?;
        let mut after = before.clone();
        if !after.expire(self.clock.now()) || before.expiries().all(|at| at != planned.at) {
            // What has expired has a plan of its own.
            return Ok((txn.delete(planned.row()), Outcome::Outdated));
        }
        let txn = replan_expiries(txn, &planned.arn(&self.partition), &before, &after);
        Ok((txn.put(place, rows::write_key(after)?), Outcome::Done))
    }
}
