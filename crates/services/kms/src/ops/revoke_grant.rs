//! `RevokeGrant`: ends a grant, by who manages the key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{RevokeGrant as Shape, RevokeGrantRequest};

use super::{FoundGrant, find_grant, for_aws_resource, grant_id};
use crate::crypto::check_dry_run;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage_across_accounts("kms:RevokeGrant");

/// The operation.
pub(crate) struct RevokeGrant;

impl Operation for RevokeGrant {
    type Shape = Shape;
    type Service = Kms;
    type Subject = (Target, Result<FoundGrant, Fault>);
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::REVOKE_GRANT);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &RevokeGrantRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let check = check.with("kms:GrantIsForAWSResource", for_aws_resource(request));
        let found = match grant_id(&input.grant_id) {
            Ok(id) => find_grant(view, &target.key.arn, id).await,
            Err(fault) => Err(fault),
        };
        Ok(((target, found), vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let txn = permit.txn();
        let dry_run = permit.input().dry_run;
        let (target, found) = permit.into_subject();
        let found = found?;
        check_dry_run(dry_run)?;
        kms.store.txn(found.remove(txn, &target.key.arn)?).await?;
        Ok(Unit)
    }
}

#[cfg(test)]
mod tests;
