//! Removes the grants of destroyed keys, some at a time: there may be more than one transaction can hold.
//! Nothing can be done with them meanwhile, because ids of keys are not used again.

use keyward_base::Fault;
use keyward_store::{KeyRange, Txn, TxnError};

use super::planned::Outcome;
use crate::fault;
use crate::grant::{GrantId, GrantPlaces, GrantRow};
use crate::key::KeyArn;
use crate::kms::Kms;
use crate::planned::Planned;
use crate::rows;

/// How many grants are removed at once, each with what it is found by.
const BATCH: usize = 256;

impl Kms {
    pub(super) async fn sweep(&self, planned: &Planned, start: Txn) -> Result<(Txn, Outcome), Fault> {
        let arn = planned.arn(&self.partition);
        loop {
            let (txn, more) = self.without_grants(start.clone(), &arn).await?;
            if !more {
                let txn = txn.delete(GrantPlaces(&arn).count()).delete(planned.row());
                return Ok((txn, Outcome::Done));
            }
            match self.store.txn(txn).await {
                Ok(_) => {}
                Err(TxnError::Conflict) => return Ok((start, Outcome::Raced)),
                Err(error) => return Err(fault::internal(error)),
            }
        }
    }

    async fn without_grants(&self, mut txn: Txn, arn: &KeyArn) -> Result<(Txn, bool), Fault> {
        let places = GrantPlaces(arn);
        let prefix = places.grants();
        let (found, _) =
            self.store.range(&KeyRange::prefix(&prefix), BATCH).await.map_err(fault::internal)?;
        for row in &found {
            let id = rows::name_below(&prefix, &row.key).and_then(GrantId::parse);
            let id = id.ok_or_else(|| fault::internal("a grant's place is malformed"))?;
            let GrantRow::V1(record) = rows::decode(&row.value)?;
            txn = places.remove(txn, &id, &record)?;
        }
        Ok((txn, found.len() == BATCH))
    }
}
