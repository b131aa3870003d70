//! `DisassociateDelegationSignerFromDomain`: takes a domain's DS record out of the registry.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    DisassociateDelegationSignerFromDomain as Shape, DisassociateDelegationSignerFromDomainRequest,
    DisassociateDelegationSignerFromDomainResponse,
};

use crate::dnssec;
use crate::domain::{Domain, Effect};
use crate::fault::invalid_input;
use crate::service::{Domains, check};

/// The operation.
pub(super) struct DisassociateDelegationSignerFromDomain;

impl Operation for DisassociateDelegationSignerFromDomain {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<Domain, Fault>;

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        input: &DisassociateDelegationSignerFromDomainRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let domain = Domains::changeable(request, view, &input.domain_name).await;
        Ok((domain, vec![check("route53domains:DisassociateDelegationSignerFromDomain", request)]))
    }

    async fn run(
        service: &Domains,
        permit: Permit<Self>,
    ) -> Result<DisassociateDelegationSignerFromDomainResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let id = permit.input().id.clone();
        let domain = permit.into_subject()?;
        let named = domain.delegation.ds.iter().find(|ds| dnssec::is_named(ds, &id)).cloned();
        let ds = named.ok_or_else(|| {
            invalid_input(format!("The domain {} has no DNSSEC key with the Id '{id}'.", domain.name))
        })?;
        let (txn, operation) = service.submit(txn, &request, domain, Effect::RemoveKey(ds)).await?;
        service.store.txn(txn).await?;
        Ok(DisassociateDelegationSignerFromDomainResponse { operation_id: Some(operation.id.to_string()) })
    }
}
