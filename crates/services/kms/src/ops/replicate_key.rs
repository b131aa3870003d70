//! `ReplicateKey`: makes a replica of a multi-Region primary in another Region. The answer shows it being made;
//! a duty finishes it at once.

use keyward_base::{Fault, Region};
use keyward_gate::{Charge, Charges, Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{ReplicateKey as Shape, ReplicateKeyRequest, ReplicateKeyResponse, Tag};
use keyward_store::Txn;

use crate::family::{self, Family, settle_pending};
use crate::key::{
    KeyArn, KeyRecord, Lifecycle, Material, MultiRegion, Profile, Tags, default_policy, metadata, relatives,
};
use crate::kms::Kms;
use crate::planned::Plan;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::{policy, rows};

const ACCESS: Access = Access::manage("kms:ReplicateKey");

/// The operation.
pub(crate) struct ReplicateKey;

/// The replica that is to be made.
pub(crate) struct NewReplica {
    target: Target,
    /// The key's relatives; `None` for a single-Region key.
    family: Option<Family>,
    /// Where it is to be.
    arn: KeyArn,
    tags: Tags,
    exists: bool,
}

impl Operation for ReplicateKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NewReplica;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::REPLICATE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ReplicateKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(NewReplica, Vec<Check>), Fault> {
        let tags = super::create_key::tags(input.tags.as_deref())?;
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let region = kms.served_region(&input.replica_region, "replicaRegion")?;
        let family = kms.family(view, &target.key).await?;
        let arn = target.key.arn.twin(&region);
        let exists = view.get(&rows::key(arn.account, &arn.region, &arn.id)).await?.is_some();
        let checks = checks(request, input, &target, &arn);
        Ok((NewReplica { target, family, arn, tags, exists }, checks))
    }

    fn charges(_: &ReplicateKeyRequest, new: &NewReplica, charges: &mut Charges) {
        charges.add(Charge::of(&quota::CREATE_KEY).times(2).in_region(new.arn.region.clone()));
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ReplicateKeyResponse, RunError> {
        let NewReplica { target, family, arn, tags, exists } = permit.subject();
        let (key, input) = (&target.key, permit.input());
        let Some(family) = family.as_ref().filter(|family| family.primary.arn == key.arn) else {
            return Err(family::not_primary(&key.arn).into());
        };
        key.admit(Profile::Replicate)?;
        if *exists {
            let message = format!("The key {arn} already exists");
            return Err(Fault::caller("AlreadyExistsException", message).into());
        }
        let mut replica = replica(&key.record, &key.arn, permit.request(), input, tags.clone());
        if let Some(text) = &input.policy {
            policy::put(kms, permit.request(), arn, &mut replica, (text, bypasses(input))).await?;
        }
        let mut primary = key.record.clone();
        primary.add_replica(arn.region.clone());
        let relatives_records = family.replica_records().map(|(_, record)| record);
        let all: Vec<_> = relatives_records.chain([replica.clone()]).collect();
        settle_pending(&mut primary, &all);
        let mut shown = metadata(arn, &replica)?;
        shown.multi_region_configuration = Some(relatives(arn, &key.arn.region, primary.replicas()));
        let answer = ReplicateKeyResponse {
            replica_key_metadata: Some(shown),
            replica_policy: Some(replica.policy.clone()),
            replica_tags: Some(shown_tags(&replica.tags)),
        };
        let txn = kms.count_key(permit.txn(), arn).await?;
        let txn = family::write(txn, &key.arn, primary)?;
        kms.store.txn(file(txn, permit.request(), arn, replica)?).await?;
        kms.settling.notify_one();
        Ok(answer)
    }
}

/// Adds the replica to `txn`, and that it is to be finished.
fn file(txn: Txn, request: &RequestContext, arn: &KeyArn, replica: KeyRecord) -> Result<Txn, Fault> {
    Ok(family::write(txn, arn, replica)?
        .put(rows::owner(&arn.region, &arn.id), rows::encode(&rows::OwnerRow::V1(arn.account))?)
        .put(Plan::Settling.of(arn, request.now).row(), Vec::new()))
}

/// A replica: it shares what the primary's material decides, and the rest is its own.
fn replica(
    primary: &KeyRecord,
    primary_arn: &KeyArn,
    request: &RequestContext,
    input: &ReplicateKeyRequest,
    tags: Tags,
) -> KeyRecord {
    KeyRecord {
        created: request.now,
        description: input.description.clone().unwrap_or_default(),
        lifecycle: Lifecycle::Creating,
        multi_region: MultiRegion::Replica { primary: primary_arn.region.clone() },
        policy: default_policy(&primary_arn.partition, primary_arn.account),
        bound_principals: Vec::new(),
        tags,
        aliases: Vec::new(),
        materials: primary.materials.iter().map(Material::replicated).collect(),
        ..primary.clone()
    }
}

fn bypasses(input: &ReplicateKeyRequest) -> bool {
    input.bypass_policy_lockout_safety_check == Some(true)
}

fn shown_tags(tags: &Tags) -> Vec<Tag> {
    let shown = tags.iter().map(|(key, value)| Tag { tag_key: key.to_owned(), tag_value: value.to_owned() });
    shown.collect()
}

/// `kms:ReplicateKey` on the primary; in the replica's Region `kms:CreateKey`, and `kms:TagResource` on the
/// replica where tags are given.
fn checks(
    request: &RequestContext,
    input: &ReplicateKeyRequest,
    target: &Target,
    arn: &KeyArn,
) -> Vec<Check> {
    let (tags, bypass) = (input.tags.as_deref().unwrap_or_default(), bypasses(input));
    let replicate = target
        .check(&ACCESS)
        .with("kms:ReplicaRegion", arn.region.to_string())
        .with("kms:BypassPolicyLockoutSafetyCheck", if bypass { "true" } else { "false" });
    let replicate = super::tag_resource::with_request_tags(replicate, tags);
    let create = super::create_key::check_create(request, target.key.record.kind(), bypass)
        .with("kms:MultiRegion", "true")
        .with("kms:MultiRegionKeyType", "REPLICA");
    let create = in_region(super::tag_resource::with_request_tags(create, tags), &arn.region);
    let mut checks = vec![replicate, create];
    if !tags.is_empty() {
        let tag = Check::identity("kms:TagResource", arn.to_string(), arn.account);
        checks.push(in_region(super::tag_resource::with_request_tags(tag, tags), &arn.region));
    }
    checks
}

/// A permission that is taken in another Region than the one that was asked.
fn in_region(check: Check, region: &Region) -> Check {
    check.with("aws:RequestedRegion", region.to_string())
}

#[cfg(test)]
mod tests;
