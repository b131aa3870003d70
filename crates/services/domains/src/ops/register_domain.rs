//! `RegisterDomain`: takes a name, makes its hosted zone, and asks for its delegation to that zone's servers.
//!
//! The name is taken and the operation written in one transaction. Then Route 53 makes the hosted zone, as the
//! caller, who needs that permission too; the duty does the rest. If the process dies in between, the
//! operation ends as FAILED and the name is free again.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_registry::{Availability, Delegation, NameServer};
use keyward_schema::route53::{CreateHostedZone, CreateHostedZoneRequest, HostedZoneConfig};
use keyward_schema::route53domains::{
    RegisterDomain as Shape, RegisterDomainRequest, RegisterDomainResponse,
};
use keyward_store::KeyRange;
use keyward_zone::Name;

use crate::contact::Contact;
use crate::domain::{Contacts, Domain, Effect, State, years_after};
use crate::fault::{duplicate_request, internal, invalid_input, registry};
use crate::name::DomainName;
use crate::operation;
use crate::rows;
use crate::service::{Domains, check};

/// How this service calls itself when it calls Route 53.
const VIA: &str = "route53domains";

/// The operation.
pub(super) struct RegisterDomain;

impl Operation for RegisterDomain {
    type Shape = Shape;
    type Service = Domains;
    type Subject = Result<Domain, Fault>;

    async fn resolve(
        service: &Domains,
        request: &RequestContext,
        input: &RegisterDomainRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        // Asked here already, so that a caller who may not make the zone takes no name.
        let checks =
            vec![check("route53domains:RegisterDomain", request), check("route53:CreateHostedZone", request)];
        Ok((plan(service, request, input, view).await, checks))
    }

    async fn run(service: &Domains, permit: Permit<Self>) -> Result<RegisterDomainResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let domain = permit.into_subject()?;
        let owner = rows::encode(&domain.account)?;
        let txn = txn.put(rows::name(&domain.name), owner);
        let effect = Effect::Register(Vec::new());
        let (txn, operation) = service.submit(txn, &request, domain, effect).await?;
        service.store.txn(txn).await?;
        match hosted_zone(service, &request, &operation).await {
            Ok(servers) => service.note_hosted_zone(&operation, servers).await?,
            Err(fault) => {
                let why = format!("The hosted zone could not be made: {fault}");
                service.fail_registration(&operation, &why).await?;
            }
        }
        Ok(RegisterDomainResponse { operation_id: Some(operation.id.to_string()) })
    }
}

async fn plan(
    service: &Domains,
    request: &RequestContext,
    input: &RegisterDomainRequest,
    view: &mut View<'_>,
) -> Result<Domain, Fault> {
    let name = DomainName::parse(&input.domain_name)?;
    let contacts = contacts(input)?;
    check_free(service, request, &name, view).await?;
    let limit = service.config.quotas.domains;
    let range = KeyRange::prefix(&rows::domains(request.account()));
    if view.range(&range, limit).await?.len() >= limit {
        let text = format!("The account has reached its limit of {limit} domains.");
        return Err(Fault::caller("DomainLimitExceeded", text));
    }
    let registry_id =
        format!("D{}-{}", service.random.text(b"0123456789ABCDEF", 16), name.tld().to_uppercase());
    Ok(Domain {
        account: request.account(),
        state: State::Registering,
        contacts,
        auto_renew: input.auto_renew.unwrap_or(true),
        transfer_lock: true,
        delegation: Delegation::default(),
        registry_id,
        created: request.now,
        updated: request.now,
        expires: years_after(request.now, input.duration_in_years)?,
        open: None,
        name,
    })
}

fn contacts(input: &RegisterDomainRequest) -> Result<Contacts, Fault> {
    let kept = |privacy: Option<bool>| privacy.unwrap_or(true);
    let billing =
        input.billing_contact.as_ref().map(|contact| Contact::read("billing", contact)).transpose()?;
    Ok(Contacts {
        admin: (Contact::read("admin", &input.admin_contact)?, kept(input.privacy_protect_admin_contact)),
        registrant: (
            Contact::read("registrant", &input.registrant_contact)?,
            kept(input.privacy_protect_registrant_contact),
        ),
        tech: (Contact::read("tech", &input.tech_contact)?, kept(input.privacy_protect_tech_contact)),
        billing: billing.map(|contact| (contact, kept(input.privacy_protect_billing_contact))),
    })
}

/// Refuses a name that somebody has, or that can't be had. The row that says so guards the transaction.
async fn check_free(
    service: &Domains,
    request: &RequestContext,
    name: &DomainName,
    view: &mut View<'_>,
) -> Result<(), Fault> {
    let availability = service.registry.availability(&name.to_name()?).await.map_err(registry)?;
    let own = view.get(&rows::domain(request.account(), name)).await?;
    if let Some(row) = own
        && rows::decode::<Domain>(&row.value)?.open.is_some()
    {
        return Err(duplicate_request(name.as_str()));
    }
    let claimed = view.get(&rows::name(name)).await?.is_some();
    if claimed || availability != Availability::Free {
        return Err(invalid_input(format!("The domain {name} is not available.")));
    }
    Ok(())
}

/// Has Route 53 make the domain's hosted zone, and answers the zone's name servers.
async fn hosted_zone(
    service: &Domains,
    request: &RequestContext,
    operation: &operation::Operation,
) -> Result<Vec<NameServer>, Fault> {
    let input = CreateHostedZoneRequest {
        name: operation.domain.to_string(),
        caller_reference: format!("RISWorkflow-RD:{}", operation.id),
        hosted_zone_config: Some(HostedZoneConfig {
            comment: Some("HostedZone created by Route53 Registrar".to_owned()),
            private_zone: Some(false),
        }),
        vpc: None,
        delegation_set_id: None,
    };
    let (caller, region) = ((&request.caller, VIA), &service.config.region);
    let made = service.gate.call::<CreateHostedZone>(caller, region, input).await?;
    let servers = made.delegation_set.name_servers.into_iter();
    servers
        .map(|server| Ok(NameServer { name: Name::parse(&server).map_err(internal)?, glue: Vec::new() }))
        .collect()
}
