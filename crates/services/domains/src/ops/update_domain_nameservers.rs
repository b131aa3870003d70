//! `UpdateDomainNameservers`: delegates a domain to other name servers. Its DS records stay.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    UpdateDomainNameservers as Shape, UpdateDomainNameserversRequest, UpdateDomainNameserversResponse,
};

use crate::domain::{Domain, Effect};
use crate::nameservers;
use crate::service::{Domains, check};

/// The operation.
pub(super) struct UpdateDomainNameservers;

impl Operation for UpdateDomainNameservers {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<Domain, Fault>;

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        input: &UpdateDomainNameserversRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let domain = Domains::changeable(request, view, &input.domain_name).await;
        Ok((domain, vec![check("route53domains:UpdateDomainNameservers", request)]))
    }

    async fn run(
        service: &Domains,
        permit: Permit<Self>,
    ) -> Result<UpdateDomainNameserversResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let given = permit.input().nameservers.clone();
        let domain = permit.into_subject()?;
        let servers = nameservers::read(&domain.name, &given)?;
        let effect = Effect::SetNameServers(servers);
        let (txn, operation) = service.submit(txn, &request, domain, effect).await?;
        service.store.txn(txn).await?;
        Ok(UpdateDomainNameserversResponse { operation_id: Some(operation.id.to_string()) })
    }
}
