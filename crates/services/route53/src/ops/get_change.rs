//! Tells whether a change has reached every name server.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ChangeInfo, ChangeStatus, GetChangeRequest, GetChangeResponse};

use crate::rows::{self, Change, ChangeRow};
use crate::{ChangeId, Route53, ids};

/// `route53:GetChange`.
pub(super) struct GetChange;

impl Operation for GetChange {
    type Shape = keyward_schema::route53::GetChange;
    type Service = Route53;
    type Subject = Option<Change>;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &GetChangeRequest,
        view: &mut View<'_>,
    ) -> Result<(Option<Change>, Vec<Check>), Fault> {
        let asked = ids::bare_id(&input.id);
        let row = match ChangeId::parse(asked) {
            Some(id) => view.get(&rows::change(&id)).await?,
            None => None,
        };
        let change = row.map(|row| rows::decode::<ChangeRow>(&row)).transpose()?.map(Change::from);
        let owner = change.as_ref().map_or_else(|| request.account(), |change| change.owner);
        let arn = format!("arn:{}:route53:::change/{asked}", request.partition);
        Ok((change, vec![Check::identity("route53:GetChange", arn, owner)]))
    }

    async fn run(_: &Route53, permit: Permit<Self>) -> Result<GetChangeResponse, RunError> {
        let asked = ids::bare_id(&permit.input().id).to_owned();
        let change = permit.into_subject().ok_or_else(|| {
            Fault::caller("NoSuchChange", format!("Could not find resource with ID: {asked}"))
        })?;
        let status = if change.insync { ChangeStatus::Insync } else { ChangeStatus::Pending };
        let (id, submitted_at, comment) = (change.id.with_prefix(), change.submitted, change.comment);
        Ok(GetChangeResponse { change_info: ChangeInfo { id, status, submitted_at, comment } })
    }
}
