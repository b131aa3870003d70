//! `ListRetirableGrants`: the grants that a principal can retire, on keys of whichever account.

use keyward_base::{Arn, Fault};
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    GrantListEntry, ListGrantsResponse, ListRetirableGrants as Shape, ListRetirableGrantsRequest,
};
use keyward_store::Row;

use super::list_grants::{PAGE, entry, with_shown_parties};
use crate::fault;
use crate::grant::{Filed, GrantId, GrantPlaces, GrantRow};
use crate::key::{KeyArn, KeyId};
use crate::kms::Kms;
use crate::loaded::whole_account;
use crate::quota;
use crate::rows;

/// The operation.
pub(crate) struct ListRetirableGrants;

impl Operation for ListRetirableGrants {
    type Shape = Shape;
    type Service = Kms;
    type Subject = ();
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_RETIRABLE_GRANTS);

    async fn resolve(
        _kms: &Kms,
        request: &RequestContext,
        _input: &ListRetirableGrantsRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![whole_account("kms:ListRetirableGrants", request.account())]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListGrantsResponse, RunError> {
        let (input, request) = (permit.input(), permit.request());
        let retiring = retiring(request, input)?;
        let list = ("ListRetirableGrants", &[retiring][..]);
        let page = kms.page(request, list, PAGE, (input.limit, input.marker.as_deref()))?;
        let prefix = Filed::retirable(request.region.as_str(), retiring);
        let found = page.rows(&*kms.store, &prefix).await?;
        let names = found.iter().filter_map(|row| rows::name_below(&prefix, &row.key));
        let paged = page.cut(&kms.tokens, names, |name| (*name).to_owned())?;
        let mut grants = Vec::new();
        for name in &paged.entries {
            grants.extend(load(kms, request, name, retiring).await?);
        }
        Ok(ListGrantsResponse {
            truncated: Some(paged.next.is_some()),
            grants: Some(grants),
            next_marker: paged.next,
        })
    }
}

/// Who retires: exactly one member says it, and a principal is one of the caller's account.
fn retiring<'a>(request: &RequestContext, input: &'a ListRetirableGrantsRequest) -> Result<&'a str, Fault> {
    match (&input.retiring_principal, &input.retiring_service_principal) {
        (Some(arn), None) => match arn.parse::<Arn>() {
            Ok(parsed) if parsed.account == Some(request.account()) => Ok(arn),
            Ok(_) => Err(request.refuse_unseen("kms:ListRetirableGrants", arn)),
            Err(_) => Err(fault::invalid_arn(arn)),
        },
        (None, Some(service)) => Ok(service),
        _ => {
            let message = "Exactly one of RetiringPrincipal and RetiringServicePrincipal must be specified.";
            Err(fault::validation(message))
        }
    }
}

/// The grant at `<account>/<key id>/<grant id>`; `None` when it went away meanwhile, or was to be retired by one who had
/// the name of `retiring` before.
async fn load(
    kms: &Kms,
    request: &RequestContext,
    name: &str,
    retiring: &str,
) -> Result<Option<GrantListEntry>, Fault> {
    let Some((arn, id)) = place(request, name) else {
        return Err(fault::internal("a retirable grant's place is malformed"));
    };
    let row: Option<Row> = kms.store.get(&GrantPlaces(&arn).grant(&id)).await.map_err(fault::internal)?;
    let Some(row) = row else { return Ok(None) };
    let GrantRow::V1(record) = rows::decode(&row.value)?;
    let record = with_shown_parties(kms, record).await?;
    if record.retiring.as_ref().is_none_or(|party| party.name() != retiring) {
        return Ok(None);
    }
    entry(&arn, &id, record).map(Some)
}

fn place(request: &RequestContext, name: &str) -> Option<(KeyArn, GrantId)> {
    let mut parts = name.split('/');
    let account = parts.next()?.parse().ok()?;
    let key = KeyId::parse(parts.next()?)?;
    let id = GrantId::parse(parts.next()?)?;
    Some((crate::resolve::arn(request, account, key), id))
}
