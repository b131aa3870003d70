//! `AssociateDelegationSignerToDomain`: gives a domain's public key to the registry, as a DS record.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    AssociateDelegationSignerToDomain as Shape, AssociateDelegationSignerToDomainRequest,
    AssociateDelegationSignerToDomainResponse,
};

use crate::dnssec;
use crate::domain::{Domain, Effect};
use crate::service::{Domains, check};

/// The operation.
pub(super) struct AssociateDelegationSignerToDomain;

impl Operation for AssociateDelegationSignerToDomain {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<Domain, Fault>;

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        input: &AssociateDelegationSignerToDomainRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let domain = Domains::changeable(request, view, &input.domain_name).await;
        Ok((domain, vec![check("route53domains:AssociateDelegationSignerToDomain", request)]))
    }

    async fn run(
        service: &Domains,
        permit: Permit<Self>,
    ) -> Result<AssociateDelegationSignerToDomainResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let attributes = permit.input().signing_attributes.clone();
        let domain = permit.into_subject()?;
        let ds = dnssec::read(&domain.name.to_name()?, &attributes)?;
        if domain.delegation.ds.contains(&ds) {
            let text = format!("The key {} is associated with the domain {} already.", ds.tag, domain.name);
            return Err(Fault::caller("DuplicateRequest", text).into());
        }
        let limit = dnssec::keys_max(domain.name.tld());
        if domain.delegation.ds.len() >= limit {
            let text = format!("The domain {} has {limit} DNSSEC keys, which is the limit.", domain.name);
            return Err(Fault::caller("DnssecLimitExceeded", text).into());
        }
        let (txn, operation) = service.submit(txn, &request, domain, Effect::AddKey(ds)).await?;
        service.store.txn(txn).await?;
        Ok(AssociateDelegationSignerToDomainResponse { operation_id: Some(operation.id.to_string()) })
    }
}
