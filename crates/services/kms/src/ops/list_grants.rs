//! `ListGrants`: a key's grants, in every key state.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Page, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    GrantConstraints, GrantListEntry, ListGrants as Shape, ListGrantsRequest, ListGrantsResponse,
};
use keyward_store::KeyRange;

use crate::fault;
use crate::grant::{GrantId, GrantPlaces, GrantRecord, GrantRow};
use crate::key::{KeyArn, shown as shown_name};
use crate::kms::Kms;
use crate::page::PageSize;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::rows;

const ACCESS: Access = Access::manage_across_accounts("kms:ListGrants");
/// Shared with `ListRetirableGrants`.
pub(super) const PAGE: PageSize = PageSize { default: 50, max: 100 };
/// The operation.
pub(crate) struct ListGrants;

impl Operation for ListGrants {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_GRANTS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ListGrantsRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check.with("kms:GrantIsForAWSResource", super::for_aws_resource(request))]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListGrantsResponse, RunError> {
        let (input, arn) = (permit.input(), &permit.subject().key.arn);
        if let Some(id) = &input.grant_id {
            super::grant_id(id)?;
        }
        let filter = (&input.grant_id, &input.grantee_principal, &input.grantee_service_principal);
        let (key, filter) = (arn.id.to_string(), format!("{filter:?}"));
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(permit.request(), ("ListGrants", &[&key, &filter]), PAGE, wanted)?;
        let entries = matching(kms, arn, input, &page).await?;
        let paged = page.cut(&kms.tokens, entries, |entry| entry.grant_id.clone().unwrap_or_default())?;
        Ok(ListGrantsResponse {
            truncated: Some(paged.next.is_some()),
            grants: Some(paged.entries),
            next_marker: paged.next,
        })
    }
}

/// The grants after the page before that fit the filters: one more than the page holds, if there is. Those of
/// a grantee are found by an index of theirs, one grant by its id.
async fn matching(
    kms: &Kms,
    arn: &KeyArn,
    input: &ListGrantsRequest,
    page: &Page,
) -> Result<Vec<GrantListEntry>, Fault> {
    let places = GrantPlaces(arn);
    let grantee = input.grantee_principal.as_ref().or(input.grantee_service_principal.as_ref());
    // They are filed by the ARNs that were given, and shown by unique ids when these are nobody's.
    let grantee = grantee.filter(|grantee| !is_unique_id(grantee));
    let prefix = grantee.map_or_else(|| places.grants(), |grantee| places.of_grantee(grantee));
    if let Some(id) = &input.grant_id {
        let id = super::grant_id(id)?;
        let shown = if page.is_after(id.as_str()) { load(kms, arn, input, &id).await? } else { None };
        return Ok(shown.into_iter().collect());
    }
    let mut entries = Vec::new();
    let mut range = page.range(&prefix);
    loop {
        let wanted = page.limit() + 1 - entries.len();
        let (found, _) = kms.store.range(&range, wanted).await.map_err(fault::internal)?;
        for row in &found {
            let id = rows::name_below(&prefix, &row.key).and_then(GrantId::parse);
            let id = id.ok_or_else(|| fault::internal("a grant's place is malformed"))?;
            entries.extend(match grantee {
                None => shown(kms, arn, input, &id, &row.value).await?,
                Some(_) => load(kms, arn, input, &id).await?,
            });
        }
        match found.last() {
            Some(last) if found.len() == wanted && entries.len() <= page.limit() => {
                range = KeyRange::prefix_after(&prefix, &last.key);
            }
            _ => return Ok(entries),
        }
    }
}

/// The grant `id`, if it is there and fits the filters.
async fn load(
    kms: &Kms,
    arn: &KeyArn,
    input: &ListGrantsRequest,
    id: &GrantId,
) -> Result<Option<GrantListEntry>, Fault> {
    let row = kms.store.get(&GrantPlaces(arn).grant(id)).await.map_err(fault::internal)?;
    match row {
        Some(row) => shown(kms, arn, input, id, &row.value).await,
        None => Ok(None),
    }
}

fn is_unique_id(principal: &str) -> bool {
    principal.starts_with("AIDA") || principal.starts_with("AROA")
}

/// What the list shows of a grant; nothing when it does not fit the filters.
async fn shown(
    kms: &Kms,
    arn: &KeyArn,
    input: &ListGrantsRequest,
    id: &GrantId,
    value: &[u8],
) -> Result<Option<GrantListEntry>, Fault> {
    let GrantRow::V1(record) = rows::decode(value)?;
    let record = with_shown_parties(kms, record).await?;
    if fits(input, id, &record) { entry(arn, id, record).map(Some) } else { Ok(None) }
}

fn fits(input: &ListGrantsRequest, id: &GrantId, record: &GrantRecord) -> bool {
    let is = |wanted: &Option<String>, found: Option<String>| wanted.is_none() || *wanted == found;
    input.grant_id.as_deref().is_none_or(|wanted| wanted == id.as_str())
        && is(&input.grantee_principal, record.grantee.principal())
        && is(&input.grantee_service_principal, record.grantee.service())
}

/// The grant with its parties as lists show them.
pub(super) async fn with_shown_parties(kms: &Kms, mut record: GrantRecord) -> Result<GrantRecord, Fault> {
    record.grantee = kms.shown_party(record.grantee).await?;
    if let Some(retiring) = record.retiring.take() {
        record.retiring = Some(kms.shown_party(retiring).await?);
    }
    Ok(record)
}

/// A grant as lists show it; the token is not among it.
pub(super) fn entry(arn: &KeyArn, id: &GrantId, record: GrantRecord) -> Result<GrantListEntry, Fault> {
    let operations: Result<Vec<_>, _> = record.operations.iter().map(|name| shown_name(name)).collect();
    let constraints = record.constraints;
    let constrained = constraints != Default::default();
    Ok(GrantListEntry {
        key_id: Some(arn.to_string()),
        grant_id: Some(id.to_string()),
        name: Some(record.name),
        creation_date: Some(record.created),
        grantee_principal: record.grantee.principal(),
        retiring_principal: record.retiring.as_ref().and_then(|party| party.principal()),
        issuing_account: Some(format!("arn:{}:iam::{}:root", arn.partition, record.issuer)),
        operations: Some(operations?),
        constraints: constrained.then_some(GrantConstraints {
            encryption_context_subset: constraints.subset,
            encryption_context_equals: constraints.equals,
            source_arn: constraints.source_arn,
        }),
        grantee_service_principal: record.grantee.service(),
        retiring_service_principal: record.retiring.as_ref().and_then(|party| party.service()),
    })
}

#[cfg(test)]
mod tests;
