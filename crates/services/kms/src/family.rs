//! A multi-Region key with its relatives: the keys of other Regions that share its id and its materials.
//!
//! Each Region's key has a row of its own. The primary's row knows where the replicas are, a replica's row only
//! where the primary is. Whatever changes a shared property writes all of their rows in one transaction, so
//! that they never differ. Not here: what a single key's row holds (`key/`).

use std::sync::Arc;

use keyward_base::{Fault, Region};
use keyward_gate::View;
use keyward_schema::kms::KeyMetadata;
use keyward_store::Txn;

use crate::fault;
use crate::key::{KeyArn, KeyRecord, MaterialState, MultiRegion, relatives};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::rows;

/// The keys that share an id.
#[derive(Debug)]
pub(crate) struct Family {
    /// The primary.
    pub(crate) primary: Arc<LoadedKey>,
    /// Its replicas, in order of their Regions.
    pub(crate) replicas: Vec<Arc<LoadedKey>>,
}

impl Family {
    /// What is stored of the replicas.
    pub(crate) fn replica_records(&self) -> impl Iterator<Item = (KeyArn, KeyRecord)> {
        self.replicas.iter().map(|key| (key.arn.clone(), key.record.clone()))
    }
}

/// How often a primary's Region can change while it is looked for.
const HOPS_MAX: usize = 4;

impl Kms {
    /// The relatives of `key`, each remembered in `view`; `None` for a single-Region key.
    pub(crate) async fn family(
        &self,
        view: &mut View<'_>,
        key: &Arc<LoadedKey>,
    ) -> Result<Option<Family>, Fault> {
        let Some(primary) = self.primary(view, key).await? else { return Ok(None) };
        let regions = primary.record.replicas();
        let mut replicas = Vec::with_capacity(regions.len());
        for region in regions {
            // One that went away meanwhile changed the primary's row too: the transaction will conflict.
            let relative = self.load(view, key.arn.twin(region)).await?;
            replicas.extend(relative);
        }
        Ok(Some(Family { primary, replicas }))
    }

    /// The primary of `key`: the key itself, unless it is a replica. `None` for a single-Region key.
    async fn primary(
        &self,
        view: &mut View<'_>,
        key: &Arc<LoadedKey>,
    ) -> Result<Option<Arc<LoadedKey>>, Fault> {
        let mut found = Arc::clone(key);
        for _ in 0..=HOPS_MAX {
            let region = match &found.record.multi_region {
                MultiRegion::No => return Ok(None),
                MultiRegion::Primary { .. } => return Ok(Some(found)),
                MultiRegion::Replica { primary } => primary.clone(),
            };
            let next = self.load(view, key.arn.twin(&region)).await?;
            found = next.ok_or_else(|| fault::internal("a multi-Region key lacks its primary"))?;
        }
        Err(fault::internal("the primary of a multi-Region key can't be found"))
    }

    /// What `DescribeKey` shows of `key`.
    pub(crate) async fn describe(
        &self,
        view: &mut View<'_>,
        key: &Arc<LoadedKey>,
    ) -> Result<KeyMetadata, Fault> {
        let mut shown = key.metadata()?;
        if let Some(primary) = self.primary(view, key).await? {
            let all = relatives(&key.arn, &primary.arn.region, primary.record.replicas());
            shown.multi_region_configuration = Some(all);
        }
        Ok(shown)
    }
}

impl Kms {
    /// The Region `name`, if the deployment serves it; `path` is the member that names it.
    pub(crate) fn served_region(&self, name: &str, path: &str) -> Result<Region, Fault> {
        let region = self.regions.iter().find(|region| region.as_str() == name);
        region.cloned().ok_or_else(|| {
            let served: Vec<_> = self.regions.iter().map(Region::as_str).collect();
            let rule = format!("Member must satisfy enum value set: [{}]", served.join(", "));
            fault::constraint(&name, path, &rule)
        })
    }
}

/// Adds to `txn` that the key at `arn` is written.
pub(crate) fn write(txn: Txn, arn: &KeyArn, record: KeyRecord) -> Result<Txn, Fault> {
    Ok(txn.put(rows::key(arn.account, &arn.region, &arn.id), rows::write_key(record)?))
}

/// Sets whether the primary's new imported material can be rotated to: it waits until every replica has it.
pub(crate) fn settle_pending<'a>(primary: &mut KeyRecord, replicas: impl IntoIterator<Item = &'a KeyRecord>) {
    let waits =
        |state| matches!(state, MaterialState::PendingRotation | MaterialState::PendingMultiRegionImport);
    let Some(pending) = primary.materials.iter_mut().find(|material| waits(material.state)) else { return };
    let everywhere = replicas.into_iter().all(|replica| {
        replica.materials.iter().any(|material| material.id == pending.id && material.is_held())
    });
    pending.state =
        if everywhere { MaterialState::PendingRotation } else { MaterialState::PendingMultiRegionImport };
}

/// `UnsupportedOperationException` for what only a primary can do.
pub(crate) fn not_primary(arn: &KeyArn) -> Fault {
    fault::unsupported(format!("{arn} is not a multi-region primary key."))
}
