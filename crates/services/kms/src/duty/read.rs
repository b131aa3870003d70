//! What duties read: rows, each with the condition that it is still the same when the duty writes.

use keyward_base::{Fault, Region};
use keyward_store::{Key, Revision, Row, Txn};

use crate::key::{KeyArn, KeyRecord};
use crate::kms::Kms;
use crate::{fault, rows};

impl Kms {
    /// A row, and `txn` on the condition that it is still the same.
    pub(crate) async fn read(&self, txn: Txn, place: Key) -> Result<(Txn, Option<Row>), Fault> {
        let row = self.store.get(&place).await.map_err(fault::internal)?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        Ok((txn.compare(place, revision), row))
    }

    /// The key with the id of `arn` in `region`.
    pub(super) async fn read_twin(
        &self,
        txn: Txn,
        arn: &KeyArn,
        region: &Region,
    ) -> Result<(Txn, KeyRecord), Fault> {
        let (txn, row) = self.read(txn, rows::key(arn.account, region, &arn.id)).await?;
        let row = row.ok_or_else(|| fault::internal("a multi-Region key lacks a relative"))?;
        Ok((txn, rows::read_key(&row.value)?))
    }

    /// The replicas of the key at `arn`.
    pub(super) async fn replicas_of(
        &self,
        mut txn: Txn,
        arn: &KeyArn,
        record: &KeyRecord,
    ) -> Result<(Txn, Vec<(KeyArn, KeyRecord)>), Fault> {
        let mut replicas = Vec::new();
        for region in record.replicas() {
            let (next, replica) = self.read_twin(txn, arn, region).await?;
            replicas.push((arn.twin(region), replica));
            txn = next;
        }
        Ok((txn, replicas))
    }
}
