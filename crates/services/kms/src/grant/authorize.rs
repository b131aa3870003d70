//! How the gate finds a grant that allows what the policies don't: by the caller's names, in the key's index.

use std::future::Future;
use std::pin::Pin;

use keyward_base::Fault;
use keyward_gate::{Check, Grants, Principal, RequestContext, View};
use keyward_policy::Reach;
use keyward_schema::kms::GrantOperation;
use keyward_store::{Key, KeyRange};

use super::record::{Asked, GrantId, GrantRecord, GrantRow};
use super::rows::{GrantPlaces, after_operations, bit, parse_index};
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
            for bucket in places.fitting(&name, &asked)? {
                if self.any_allows(&bucket, &asked, view).await? {
                    return Ok(Some(reach));
                }
            }
        }
        Ok(None)
    }

    /// Whether a grant in the bucket allows what is asked. Grants with other operations are passed over
    /// together.
    async fn any_allows(&self, bucket: &Key, asked: &Asked<'_>, view: &mut View<'_>) -> Result<bool, Fault> {
        let wanted = bit(asked.operation);
        let (mut range, mut limit) = (KeyRange::prefix(bucket), 1);
        loop {
            let found = view.range(&range, limit).await?;
            let Some(last) = found.last() else { return Ok(false) };
            range = KeyRange::prefix_after(bucket, &last.key);
            limit = BATCH;
            for row in &found {
                let Some((operations, id)) = parse_index(bucket, &row.key) else { continue };
                if operations & wanted == 0 {
                    (range, limit) = (after_operations(bucket, operations), 1);
                    break;
                }
                if self.allows(&id, asked, view).await? {
                    return Ok(true);
                }
            }
        }
    }

    /// Whether the grant `id` allows what is asked. One that does is remembered: taking it back before the
    /// operation is done undoes that.
    async fn allows(&self, id: &GrantId, asked: &Asked<'_>, view: &mut View<'_>) -> Result<bool, Fault> {
        let place = GrantPlaces(&self.arn).grant(id);
        let Some(grant) = view.peek(&place).await? else { return Ok(false) };
        let GrantRow::V1(record) = rows::decode(&grant.value)?;
        let allows = record.allows(asked);
        if allows {
            view.remember(place, grant.revision);
        }
        Ok(allows)
    }
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
