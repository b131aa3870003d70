//! `CheckDomainAvailability`: whether a name can be registered. Makes nothing.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_registry::Availability;
use keyward_schema::route53domains::{
    CheckDomainAvailability as Shape, CheckDomainAvailabilityRequest, CheckDomainAvailabilityResponse,
    DomainAvailability,
};

use crate::fault;
use crate::name::DomainName;
use crate::rows;
use crate::service::{Domains, check};

/// The operation.
pub(super) struct CheckDomainAvailability;

impl Operation for CheckDomainAvailability {
    type Shape = Shape;
    type Service = Domains;
    type Subject = ();

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        _input: &CheckDomainAvailabilityRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![check("route53domains:CheckDomainAvailability", request)]))
    }

    async fn run(
        service: &Domains,
        permit: Permit<Self>,
    ) -> Result<CheckDomainAvailabilityResponse, RunError> {
        let name = DomainName::parse(&permit.input().domain_name)?;
        let found = service.registry.availability(&name.to_name()?).await.map_err(fault::registry)?;
        // A registration that is under way has taken the name before the registry knows it.
        let claimed = service.store.get(&rows::name(&name)).await?.is_some();
        let availability = match found {
            Availability::Reserved => DomainAvailability::Reserved,
            Availability::Taken => DomainAvailability::Unavailable,
            Availability::Free if claimed => DomainAvailability::Unavailable,
            Availability::Free => DomainAvailability::Available,
        };
        Ok(CheckDomainAvailabilityResponse { availability: Some(availability), price: None })
    }
}
