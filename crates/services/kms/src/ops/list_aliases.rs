//! `ListAliases`: the aliases of an account in a Region, or those of one key.
//!
//! The account's list has every alias of an AWS managed key; the keys that are not made yet have no target.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Page, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{AliasListEntry, ListAliases as Shape, ListAliasesRequest, ListAliasesResponse};
use keyward_store::Row;

use crate::alias::AliasRow;
use crate::fault::alias_arn;
use crate::key::{Forms, ManagedService};
use crate::kms::Kms;
use crate::loaded::{LoadedKey, whole_account};
use crate::page::PageSize;
use crate::quota;
use crate::resolve::Access;
use crate::rows;

/// The key only filters; the permission is on the account's aliases.
const ACCESS: Access = Access { action: "kms:ListAliases", forms: Forms::KEY, across_accounts: false };
const PAGE: PageSize = PageSize { default: 50, max: 100 };

/// The operation.
pub(crate) struct ListAliases;

impl Operation for ListAliases {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Option<Arc<LoadedKey>>;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_ALIASES);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ListAliasesRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let key = match &input.key_id {
            Some(text) => Some(kms.find(request, view, &ACCESS, text).await?.key),
            None => None,
        };
        Ok((key, vec![whole_account(ACCESS.action, request.account())]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListAliasesResponse, RunError> {
        let (input, request) = (permit.input(), permit.request());
        let key = permit.subject().as_deref();
        let of = key.map(|key| key.arn.id.to_string());
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(request, ("ListAliases", of.as_deref().as_slice()), PAGE, wanted)?;
        let rows = match key {
            Some(key) => rows_of_key(kms, &page, key).await?,
            None => page.rows(&*kms.store, &rows::aliases(request.account(), &request.region)).await?,
        };
        let mut entries = rows.iter().map(|row| entry(request, row)).collect::<Result<Vec<_>, _>>()?;
        if key.is_none() {
            add_predefined(request, &page, &mut entries);
        }
        let paged = page.cut(&kms.tokens, entries, |entry| name(entry).to_owned())?;
        Ok(ListAliasesResponse {
            truncated: Some(paged.next.is_some()),
            aliases: Some(paged.entries),
            next_marker: paged.next,
        })
    }
}

/// What a marker holds: the name without its prefix, as it stands in the row's place.
fn name(entry: &AliasListEntry) -> &str {
    let name = entry.alias_name.as_deref().unwrap_or_default();
    name.strip_prefix("alias/").unwrap_or(name)
}

/// The rows of the key's aliases that come after the page's beginning.
async fn rows_of_key(kms: &Kms, page: &Page, key: &LoadedKey) -> Result<Vec<Row>, RunError> {
    let mut found = Vec::new();
    for alias in &key.record.aliases {
        let after = alias.as_str().strip_prefix("alias/").is_some_and(|name| page.is_after(name));
        if after && found.len() <= page.limit() {
            found.extend(kms.store.get(&rows::alias(key.arn.account, &key.arn.region, alias)).await?);
        }
    }
    Ok(found)
}

/// Adds the aliases of AWS managed keys that are not made yet. One that comes after the last row that was read may
/// have a row further on; it is beyond the page then, because there was one row more than the page holds.
fn add_predefined(request: &RequestContext, page: &Page, entries: &mut Vec<AliasListEntry>) {
    let listed: Vec<_> = entries.iter().filter_map(|entry| entry.alias_name.clone()).collect();
    let missing = ManagedService::all().map(|service| service.alias().to_string()).filter(|alias| {
        let name = alias.strip_prefix("alias/").unwrap_or(alias);
        page.is_after(name) && !listed.contains(alias)
    });
    entries.extend(missing.map(|alias| AliasListEntry {
        alias_arn: Some(alias_arn(&request.partition, &request.region, request.account(), &alias)),
        alias_name: Some(alias),
        ..AliasListEntry::default()
    }));
    entries.sort_by(|one, next| one.alias_name.cmp(&next.alias_name));
}

fn entry(request: &RequestContext, row: &Row) -> Result<AliasListEntry, Fault> {
    let AliasRow::V1(alias) = rows::decode(&row.value)?;
    let prefix = rows::aliases(request.account(), &request.region);
    let alias_name = format!("alias/{}", rows::name_below(&prefix, &row.key).unwrap_or_default());
    let arn = alias_arn(&request.partition, &request.region, request.account(), &alias_name);
    Ok(AliasListEntry {
        alias_name: Some(alias_name),
        alias_arn: Some(arn),
        target_key_id: Some(alias.target.to_string()),
        creation_date: Some(alias.created),
        last_updated_date: Some(alias.updated),
    })
}

#[cfg(test)]
mod tests;
