//! `GetDomainDetail`: all about a domain of the account.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    GetDomainDetail as Shape, GetDomainDetailRequest, GetDomainDetailResponse,
};

use crate::contact::Contact;
use crate::domain::{Domain, State};
use crate::fault::no_such_domain;
use crate::name::DomainName;
use crate::service::{Domains, check};
use crate::{dnssec, nameservers, rows};

/// The operation.
pub(super) struct GetDomainDetail;

impl Operation for GetDomainDetail {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<Domain, Fault>;

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        input: &GetDomainDetailRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let domain = find(request, view, &input.domain_name).await;
        Ok((domain, vec![check("route53domains:GetDomainDetail", request)]))
    }

    async fn run(service: &Domains, permit: Permit<Self>) -> Result<GetDomainDetailResponse, RunError> {
        let domain = permit.into_subject()?;
        let contact = |contact: &(Contact, bool)| (Some(contact.0.show()), Some(contact.1));
        let (admin_contact, admin_privacy) = contact(&domain.contacts.admin);
        let (registrant_contact, registrant_privacy) = contact(&domain.contacts.registrant);
        let (tech_contact, tech_privacy) = contact(&domain.contacts.tech);
        let (billing_contact, billing_privacy) =
            domain.contacts.billing.as_ref().map_or((None, None), contact);
        Ok(GetDomainDetailResponse {
            domain_name: Some(domain.name.to_string()),
            nameservers: Some(domain.delegation.name_servers.iter().map(nameservers::show).collect()),
            auto_renew: Some(domain.auto_renew),
            admin_contact,
            registrant_contact,
            tech_contact,
            admin_privacy,
            registrant_privacy,
            tech_privacy,
            billing_contact,
            billing_privacy,
            registrar_name: Some(service.config.registrar_name.clone()),
            registry_domain_id: Some(domain.registry_id.clone()),
            creation_date: Some(domain.created),
            updated_date: Some(domain.updated),
            expiration_date: Some(domain.expires),
            status_list: Some(domain.statuses()),
            dnssec_keys: Some(domain.delegation.ds.iter().map(dnssec::show).collect()),
            ..GetDomainDetailResponse::default()
        })
    }
}

/// The caller's domain; one whose registration is under way is not there yet.
async fn find(request: &RequestContext, view: &mut View<'_>, name: &str) -> Result<Domain, Fault> {
    let name = DomainName::parse(name)?;
    let row = view.get(&rows::domain(request.account(), &name)).await?;
    let domain: Option<Domain> = row.map(|row| rows::decode(&row.value)).transpose()?;
    let registered = domain.filter(|domain| domain.state == State::Registered);
    registered.ok_or_else(|| no_such_domain(name.as_str(), request.account()))
}
