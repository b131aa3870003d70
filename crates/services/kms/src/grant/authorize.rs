//! How the gate finds a grant that allows what the policies don't: by the caller's names, in the key's index.

use std::future::Future;
use std::pin::Pin;

use keyward_base::Fault;
use keyward_gate::{Check, Grants, Principal, RequestContext, View};
use keyward_policy::Reach;
use keyward_schema::kms::GrantOperation;
use keyward_store::{Key, KeyRange};

use super::record::{Asked, GrantId, GrantRecord, GrantRow};
use super::rows::GrantPlaces;
use crate::fault;
use crate::key::KeyArn;
use crate::rows;

/// How many index rows are read at once.
const BATCH: usize = 64;

/// The grants of one key.
#[derive(Debug)]
pub(crate) struct KeyGrants {
    /// The key.
    pub(crate) arn: KeyArn,
    /// The grant that is to be made, when `CreateGrant` asks.
    pub(crate) child: Option<GrantRecord>,
}

impl Grants for KeyGrants {
    fn reach<'a>(
        &'a self,
        request: &'a RequestContext,
        check: &'a Check,
        view: &'a mut View<'_>,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Reach>, Fault>> + Send + 'a>> {
        Box::pin(self.find(request, check, view))
    }
}

impl KeyGrants {
    async fn find(
        &self,
        request: &RequestContext,
        check: &Check,
        view: &mut View<'_>,
    ) -> Result<Option<Reach>, Fault> {
        let operation = check.action.strip_prefix("kms:").unwrap_or(check.action);
        if operation.parse::<GrantOperation>().is_err() {
            return Ok(None);
        }
        let source_arn = source_arn(request);
        let asked = Asked {
            operation,
            context: &check.context,
            source_arn: source_arn.as_deref(),
            child: self.child.as_ref(),
        };
        let places = GrantPlaces(&self.arn);
        for (name, reach) in request.caller.names() {
            // What does not depend on the context may be allowed by any of the grantee's grants.
            let any = matches!(operation, "DescribeKey" | "RetireGrant" | "CreateGrant");
            let prefixes = if any {
                vec![places.of_grantee(&name)]
            } else {
                places.fitting(&name, &check.context)?.into()
            };
            for prefix in prefixes {
                if self.any_allows(&prefix, &asked, view).await? {
                    return Ok(Some(reach));
                }
            }
        }
        Ok(None)
    }

    async fn any_allows(&self, prefix: &Key, asked: &Asked<'_>, view: &mut View<'_>) -> Result<bool, Fault> {
        let mut range = KeyRange::prefix(prefix);
        loop {
            let found = view.range(&range, BATCH).await?;
            for row in &found {
                let Some(id) = grant_id(&row.key) else { continue };
                let place = GrantPlaces(&self.arn).grant(&id);
                let Some(grant) = view.peek(&place).await? else { continue };
                let GrantRow::V1(record) = rows::decode(&grant.value)?;
                if record.allows(asked) {
                    view.remember(place, grant.revision);
                    return Ok(true);
                }
            }
            match found.last() {
                Some(last) if found.len() == BATCH => range = KeyRange::prefix_after(prefix, &last.key),
                _ => return Ok(false),
            }
        }
    }
}

/// The grant's id, with which the keys of the index end.
fn grant_id(key: &Key) -> Option<GrantId> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    GrantId::parse(text.rsplit('/').next()?)
}

/// The resource on whose behalf a service calls.
fn source_arn(request: &RequestContext) -> Option<String> {
    match request.caller.principal() {
        Principal::Service(service) => Some(service.source_arn.to_string()),
        _ => None,
    }
}

/// `NotFoundException` for a grant that is not there.
pub(crate) fn no_such_grant(id: &GrantId) -> Fault {
    fault::not_found(format!("Grant '{id}' does not exist"))
}
