//! `ListKeys`: the keys of an account in a Region, in every state.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    KeyListEntry, ListKeys as Shape, ListKeysRequest, ListKeysResponse, ResourceOwnerType,
};
use keyward_store::Row;

use crate::kms::Kms;
use crate::loaded::whole_account;
use crate::page::PageSize;
use crate::quota;
use crate::resolve::arn;
use crate::rows;

const PAGE: PageSize = PageSize { default: 100, max: 1000 };

/// The operation.
pub(crate) struct ListKeys;

impl Operation for ListKeys {
    type Shape = Shape;
    type Service = Kms;
    type Subject = ();
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_KEYS);

    async fn resolve(
        _kms: &Kms,
        request: &RequestContext,
        _input: &ListKeysRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![whole_account("kms:ListKeys", request.account())]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListKeysResponse, RunError> {
        let (input, request) = (permit.input(), permit.request());
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(request, ("ListKeys", &[]), PAGE, wanted)?;
        let prefix = rows::keys(request.account(), &request.region);
        let rows = if lists_own(input) { page.rows(&*kms.store, &prefix).await? } else { Vec::new() };
        let entry = |row: &Row| {
            let (account, _, id) = rows::parse_key(&row.key)?;
            let key_id = Some(id.to_string());
            Some(KeyListEntry { key_id, key_arn: Some(arn(request, account, id).to_string()) })
        };
        let keys = rows.iter().filter_map(entry);
        let paged =
            page.cut(&kms.tokens, keys, |key: &KeyListEntry| key.key_id.clone().unwrap_or_default())?;
        Ok(ListKeysResponse {
            truncated: Some(paged.next.is_some()),
            keys: Some(paged.entries),
            next_marker: paged.next,
        })
    }
}

/// Whether the account's own keys are asked for. Others have shared none with it: there is no RAM here.
fn lists_own(input: &ListKeysRequest) -> bool {
    input
        .resource_owners
        .as_ref()
        .is_none_or(|owners| owners.is_empty() || owners.contains(&ResourceOwnerType::SelfOwned))
}

#[cfg(test)]
mod tests;
