//! `ListOperations`: the account's operations, the oldest first unless asked otherwise.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    ListOperations as Shape, ListOperationsRequest, ListOperationsResponse, SortOrder,
};

use crate::operation;
use crate::rows::{self, Place};
use crate::service::{Domains, check};

/// The operation.
pub(super) struct ListOperations;

impl Operation for ListOperations {
    type Shape = Shape;
    type Service = Domains;
    type Subject = ();

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        _input: &ListOperationsRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![check("route53domains:ListOperations", request)]))
    }

    async fn run(service: &Domains, permit: Permit<Self>) -> Result<ListOperationsResponse, RunError> {
        let (input, account) = (permit.input(), permit.request().account());
        let order = input.sort_order.unwrap_or(SortOrder::Asc);
        let mut operations: Vec<operation::Operation> = service.all(&rows::operations(account)).await?;
        operations.retain(|operation| is_wanted(input, operation));
        let filters = (&input.submitted_since, &input.status, &input.r#type);
        let asked = format!("{order}/{filters:?}");
        let wanted = (input.max_items, input.marker.as_deref());
        let list = ("ListOperations", &[asked.as_str()][..]);
        let place = |operation: &operation::Operation| Place::of(operation).last;
        let paged = service.page(permit.request(), list, (operations, order), place, wanted)?;
        let operations = paged.entries.iter().map(operation::Operation::summary).collect();
        Ok(ListOperationsResponse { operations: Some(operations), next_page_marker: paged.next })
    }
}

fn is_wanted(input: &ListOperationsRequest, operation: &operation::Operation) -> bool {
    let since = input.submitted_since.is_none_or(|since| operation.submitted >= since);
    let status =
        input.status.as_ref().is_none_or(|list| list.is_empty() || list.contains(&operation.status()));
    let kind = input.r#type.as_ref().is_none_or(|list| list.is_empty() || list.contains(&operation.kind()));
    since && status && kind
}
