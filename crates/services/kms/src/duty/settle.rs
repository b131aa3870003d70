//! Brings to an end what multi-Region operations begin: a replica that was being made can be used, a changed
//! primary Region is changed.

use keyward_base::Fault;
use keyward_store::{Compare, Txn};

use super::planned::Outcome;
use crate::kms::Kms;
use crate::planned::{Plan, Planned};
use crate::{family, rows};

impl Kms {
    /// Finishes every replica that is being made and every change of a primary Region, and answers how many
    /// keys that were. A `fence` makes it stop when somebody else has the duty.
    pub async fn settle_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        self.carry_out_due(Plan::Settling, fence).await
    }

    pub(super) async fn settle(&self, planned: &Planned, txn: Txn) -> Result<(Txn, Outcome), Fault> {
        let arn = planned.arn(&self.partition);
        let (txn, row) = self.read(txn, rows::key(arn.account, &arn.region, &arn.id)).await?;
        let txn = txn.delete(planned.row());
        let record = row.map(|row| rows::read_key(&row.value)).transpose()?;
        let settled = record.and_then(|mut record| {
            record.lifecycle = record.lifecycle.settle(record.has_material())?;
            Some(record)
        });
        Ok(match settled {
            Some(record) => (family::write(txn, &arn, record)?, Outcome::Done),
            // Its deletion was asked for meanwhile, or it is done already.
            None => (txn, Outcome::Outdated),
        })
    }
}
