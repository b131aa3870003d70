//! `RetireGrant`: ends a grant, by who was named to retire it, by its grantee if it says so, or by the account
//! that made it. A key policy can forbid it and can't allow it.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Judge, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_policy::Reach;
use keyward_schema::Unit;
use keyward_schema::kms::{RetireGrant as Shape, RetireGrantRequest};

use super::{FoundGrant, find_grant, grant_id, with_grant_constraints};
use crate::crypto::check_dry_run;
use crate::fault;
use crate::grant::{GrantRecord, no_such_grant};
use crate::key::KeyArn;
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota;
use crate::resolve::Access;
use crate::token;

const ACTION: &str = "kms:RetireGrant";
const ACCESS: Access = Access::manage_across_accounts(ACTION);

/// The operation.
pub(crate) struct RetireGrant;

impl Operation for RetireGrant {
    type Shape = Shape;
    type Service = Kms;
    type Subject = (KeyArn, FoundGrant);
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::RETIRE_GRANT);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &RetireGrantRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let (key, id) = match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(text), None, None) => {
                let (arn, id) = token::open(kms, request, text).ok_or_else(token::invalid)?;
                (kms.load(view, arn).await?.ok_or_else(|| no_such_grant(&id))?, id)
            }
            (None, Some(key), Some(id)) => {
                let id = grant_id(id)?;
                (kms.find(request, view, &ACCESS, key).await?.key, id)
            }
            _ => {
                let message = "You must specify either a GrantToken, or a KeyId and a GrantId.";
                return Err(fault::validation(message));
            }
        };
        let stranger = || request.refuse_unseen(ACTION, &key.arn.to_string());
        let found = match find_grant(view, &key.arn, id).await {
            Err(_) if key.arn.account != request.account() => return Err(stranger()),
            found => found?,
        };
        let reach = reach(request, &found.record).ok_or_else(stranger)?;
        Ok(((key.arn.clone(), found.clone()), vec![check(&key, &found.record, reach)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (arn, found) = permit.subject();
        check_dry_run(permit.input().dry_run)?;
        kms.store.txn(found.remove(permit.txn(), arn)?).await?;
        Ok(Unit)
    }
}

/// By which of its names the caller may retire the grant; the most direct one.
fn reach(request: &RequestContext, record: &GrantRecord) -> Option<Reach> {
    let names = request.caller.names();
    let named = |name: &str| names.iter().filter(|(own, _)| own == name).map(|(_, reach)| *reach).max();
    let retiring = record.retiring.as_ref().and_then(|party| named(party.caller_name()));
    let by_itself = record.operations.iter().any(|operation| operation == "RetireGrant");
    let grantee = if by_itself { named(record.grantee.caller_name()) } else { None };
    let issuer = (record.issuer == request.account()).then_some(Reach::Account);
    retiring.max(grantee).max(issuer)
}

fn check(key: &LoadedKey, record: &GrantRecord, reach: Reach) -> Check {
    let mut check = key.check(ACTION);
    // Another grant that lets the caller retire itself says nothing about this one.
    check.grants = None;
    check.judge = match check.judge {
        Judge::KeyPolicy(policy) => Judge::Denials(Arc::clone(&policy)),
        other => other,
    };
    with_grant_constraints(check.granted(reach), &record.constraints)
}

#[cfg(test)]
mod tests;
