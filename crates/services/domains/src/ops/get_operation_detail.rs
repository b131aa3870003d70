//! `GetOperationDetail`: how far an operation of the account is.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    GetOperationDetail as Shape, GetOperationDetailRequest, GetOperationDetailResponse,
};

use crate::fault::invalid_input;
use crate::operation::{self, OperationId};
use crate::rows::{self, Place};
use crate::service::{Domains, check};

/// The operation.
pub(super) struct GetOperationDetail;

impl Operation for GetOperationDetail {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<operation::Operation, Fault>;

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        input: &GetOperationDetailRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let found = find(request, view, &input.operation_id).await?;
        let found = found.ok_or_else(|| {
            invalid_input(format!(
                "Operation {} not found in {} account",
                input.operation_id,
                request.account()
            ))
        });
        Ok((found, vec![check("route53domains:GetOperationDetail", request)]))
    }

    async fn run(_service: &Domains, permit: Permit<Self>) -> Result<GetOperationDetailResponse, RunError> {
        let summary = permit.into_subject()?.summary();
        Ok(GetOperationDetailResponse {
            operation_id: summary.operation_id,
            status: summary.status,
            message: summary.message,
            domain_name: summary.domain_name,
            r#type: summary.r#type,
            submitted_date: summary.submitted_date,
            last_updated_date: summary.last_updated_date,
            status_flag: None,
        })
    }
}

async fn find(
    request: &RequestContext,
    view: &mut View<'_>,
    id: &str,
) -> Result<Option<operation::Operation>, Fault> {
    let Some(id) = OperationId::parse(id) else { return Ok(None) };
    let Some(row) = view.get(&rows::operation_id(&id)).await? else { return Ok(None) };
    let place: Place = rows::decode(&row.value)?;
    if place.account != request.account() {
        return Ok(None);
    }
    let row = view.get(&place.key()).await?;
    row.map(|row| rows::decode(&row.value)).transpose()
}
