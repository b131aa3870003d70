//! Changes or removes a hosted zone's comment.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{UpdateHostedZoneCommentRequest, UpdateHostedZoneCommentResponse};

use super::shown;
use crate::Route53;
use crate::rows::{self, ZoneRow};
use crate::service::Named;

/// `route53:UpdateHostedZoneComment`.
pub(super) struct UpdateHostedZoneComment;

impl Operation for UpdateHostedZoneComment {
    type Shape = keyward_schema::route53::UpdateHostedZoneComment;
    type Service = Route53;
    type Subject = Named;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &UpdateHostedZoneCommentRequest,
        view: &mut View<'_>,
    ) -> Result<(Named, Vec<Check>), Fault> {
        let (zone, check) =
            Route53::named(request, view, &input.id, "route53:UpdateHostedZoneComment").await?;
        Ok((zone, vec![check]))
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<UpdateHostedZoneCommentResponse, RunError> {
        let (txn, comment) = (permit.txn(), permit.input().comment.clone());
        let mut zone = permit.into_subject().zone()?;
        zone.comment = comment.filter(|comment| !comment.is_empty());
        let hosted_zone = shown::hosted_zone(&zone);
        service.store.txn(txn.put(rows::zone(&zone.id), rows::encode(&ZoneRow::V1(zone.clone()))?)).await?;
        Ok(UpdateHostedZoneCommentResponse { hosted_zone })
    }
}
