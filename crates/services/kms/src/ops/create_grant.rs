//! `CreateGrant`: allows somebody to use a key. A grant with the same name and parameters is the same grant.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{CreateGrant as Shape, CreateGrantRequest, CreateGrantResponse};

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::fault;
use crate::grant::{GrantId, GrantPlaces, GrantRecord, KeyGrants, bind, counted, new_record, validate};
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::rows;
use crate::token::seal;

const ACCESS: Access = Access::manage_across_accounts("kms:CreateGrant");

/// The operation.
pub(crate) struct CreateGrant;

/// The grant that is asked for.
pub(crate) struct NewGrant {
    target: Target,
    record: GrantRecord,
    /// The grant that is the same, if there is one.
    same: Option<GrantId>,
    /// How many the key has.
    count: u32,
}

impl Operation for CreateGrant {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NewGrant;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CREATE_GRANT);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &CreateGrantRequest,
        view: &mut View<'_>,
    ) -> Result<(NewGrant, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let record = bind(kms, new_record(request, input)).await?;
        let places = GrantPlaces(&target.key.arn);
        let same = if record.name.is_empty() { None } else { view.get(&places.named(&record)?).await? };
        let same = same.map(|row| rows::decode(&row.value)).transpose()?;
        let count = counted(view.get(&places.count()).await?.as_ref())?;
        let grants = KeyGrants { arn: target.key.arn.clone(), child: Some(record.clone()) };
        let check = with_grant(target.check(&ACCESS), request, &record).with_grants(Arc::new(grants));
        Ok((NewGrant { target, record, same, count }, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<CreateGrantResponse, RunError> {
        let (input, NewGrant { target, record, same, count }) = (permit.input(), permit.subject());
        let key = &target.key;
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        validate(kms, key, input, record).await?;
        key.admit(Profile::Grant)?;
        check_dry_run(input.dry_run)?;
        let id = match same {
            Some(id) => id.clone(),
            None => {
                let most = kms.quotas.grants_per_key;
                if *count >= most {
                    let message = format!("{} has {most} grants, which is the limit.", key.arn);
                    return Err(fault::limit_exceeded(message).into());
                }
                let (id, places) = (GrantId::random(&*kms.random), GrantPlaces(&key.arn));
                let txn = places.set_count(permit.txn(), count + 1)?;
                kms.store.txn(places.file(txn, &id, record)?).await?;
                id
            }
        };
        let token = seal(kms, &key.arn, &id)?;
        Ok(CreateGrantResponse { grant_token: Some(token), grant_id: Some(id.to_string()) })
    }
}

/// The condition keys of the grant that is to be made.
fn with_grant(check: Check, request: &RequestContext, record: &GrantRecord) -> Check {
    let constraints = &record.constraints;
    let mut check = check.with("kms:GrantIsForAWSResource", super::for_aws_resource(request));
    check.conditions.set_list("kms:GrantOperations", record.operations.iter().cloned());
    if let Some(grantee) = record.grantee.principal() {
        check.conditions.set("kms:GranteePrincipal", grantee);
    }
    if let Some(retiring) = record.retiring.as_ref().and_then(|retiring| retiring.principal()) {
        check.conditions.set("kms:RetiringPrincipal", retiring);
    }
    super::with_grant_constraints(check, constraints)
}

#[cfg(test)]
mod tests;
