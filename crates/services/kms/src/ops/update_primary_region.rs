//! `UpdatePrimaryRegion`: makes a replica the primary, and the primary a replica. All keys of the family learn
//! it in one transaction; a duty ends the state `Updating` of the two.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Charge, Charges, Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{UpdatePrimaryRegion as Shape, UpdatePrimaryRegionRequest};
use keyward_store::Txn;

use crate::family::{self, Family};
use crate::fault;
use crate::key::{KeyArn, KeyRecord, MultiRegion};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::planned::Plan;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::{Rotating, relocate};

const ACCESS: Access = Access::manage("kms:UpdatePrimaryRegion");

/// The operation.
pub(crate) struct UpdatePrimaryRegion;

/// The change that is asked for.
pub(crate) struct NewPrimary {
    /// The key that the request names, with its rotations.
    found: Rotating,
    /// Its relatives; `None` for a single-Region key.
    family: Option<Family>,
    /// The key that is to be the primary; `None` where there is none in that Region.
    next: Option<Arc<LoadedKey>>,
    next_arn: KeyArn,
}

impl Operation for UpdatePrimaryRegion {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NewPrimary;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::UPDATE_PRIMARY_REGION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &UpdatePrimaryRegionRequest,
        view: &mut View<'_>,
    ) -> Result<(NewPrimary, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let region = kms.served_region(&input.primary_region, "primaryRegion")?;
        let family = kms.family(view, &found.target.key).await?;
        let next_arn = found.target.key.arn.twin(&region);
        let members = family.iter().flat_map(|family| family.replicas.iter().chain([&family.primary]));
        let next = members.into_iter().find(|key| key.arn == next_arn).map(Arc::clone);
        let asks = |check: Check| check.with("kms:PrimaryRegion", region.to_string());
        let mut checks = vec![asks(found.target.check(&ACCESS))];
        checks.extend(
            next.iter()
                .map(|next| asks(next.check(ACCESS.action)).with("aws:RequestedRegion", region.to_string())),
        );
        Ok((NewPrimary { found, family, next, next_arn }, checks))
    }

    fn charges(_: &UpdatePrimaryRegionRequest, change: &NewPrimary, charges: &mut Charges) {
        let there = change.next_arn.region.clone();
        charges.add(Charge::of(&quota::UPDATE_PRIMARY_REGION).in_region(there));
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let NewPrimary { found, family, next, next_arn } = permit.subject();
        let key = &found.target.key;
        let Some(family) = family.as_ref().filter(|family| family.primary.arn == key.arn) else {
            return Err(family::not_primary(&key.arn).into());
        };
        let next = next.as_ref().ok_or_else(|| fault::no_such_key(next_arn))?;
        if next.arn == key.arn {
            let message = format!("{} is the primary Region of {} already.", key.arn.region, key.arn);
            return Err(fault::validation(message).into());
        }
        let mut txn = relocate(permit.txn(), &key.arn, &next.arn, found.rotation.clone())?;
        for (old, record) in changed(family, next)? {
            txn = family::write(txn, &old.arn, record)?;
        }
        for changing in [key, next] {
            txn = settled_later(txn, &permit, &changing.arn);
        }
        kms.store.txn(txn).await?;
        kms.settling.notify_one();
        Ok(Unit)
    }
}

fn settled_later(txn: Txn, permit: &Permit<UpdatePrimaryRegion>, arn: &KeyArn) -> Txn {
    txn.put(Plan::Settling.of(arn, permit.request().now).row(), Vec::new())
}

/// Every key of the family with what it is to be when `next` is the primary.
fn changed<'a>(family: &'a Family, next: &'a LoadedKey) -> Result<Vec<(&'a LoadedKey, KeyRecord)>, Fault> {
    let updating = |key: &LoadedKey| {
        let next = key.record.lifecycle.update_primary();
        next.map_err(|refusal| fault::refusal(&key.arn, refusal))
    };
    let mut primary = next.record.clone();
    let mut replicas = family.primary.record.replicas().to_vec();
    replicas.retain(|region| *region != next.arn.region);
    primary.multi_region = MultiRegion::Primary { replicas };
    primary.add_replica(family.primary.arn.region.clone());

    let of = || MultiRegion::Replica { primary: next.arn.region.clone() };
    let mut former = KeyRecord { multi_region: of(), ..family.primary.record.clone() };
    former.lifecycle = updating(&family.primary)?;
    primary.lifecycle = updating(next)?;
    let mut all = vec![(&*family.primary, former), (next, primary)];
    for other in family.replicas.iter().filter(|other| other.arn != next.arn) {
        all.push((other, KeyRecord { multi_region: of(), ..other.record.clone() }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
