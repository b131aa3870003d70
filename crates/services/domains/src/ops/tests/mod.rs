//! Every operation, through a gate, over a simulated store, the real registry and a vault in this process. A
//! stand-in for Route 53 makes the hosted zones; a stand-in for the builder says what is served.

mod dnssec;
mod lists;
mod nameservers;
mod register;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_base::{AccountId, Fault, SeededRandom, SimulatedClock, Timestamp};
use keyward_builder::{Progress, ZoneSource};
use keyward_gate::{
    Caller, Check, Gate, GateHandle, Operation, PageTokens, Permit, RequestContext, Router, RunError, View,
    testing,
};
use keyward_registry::{Registry, RegistryConfig, RegistryParts, Server, ServerPattern, ZoneTimes};
use keyward_schema::route53domains::{
    self, ContactDetail, ContactType, CountryCode, DnssecKey, GetDomainDetailRequest,
    GetDomainDetailResponse, GetOperationDetailRequest, GetOperationDetailResponse, Nameserver,
    OperationStatus, RegisterDomainRequest,
};
use keyward_schema::{OperationShape, Sensitive, route53};
use keyward_store::{FaultyStore, SimulatedStore};
use keyward_vault::VaultClient;
use keyward_zone::plan::Update;
use keyward_zone::{GenerationNumber, Name, Rtype, records};

use crate::{Domains, DomainsConfig, DomainsParts, Quotas};

const SERVERS: [&str; 4] =
    ["ns-331.awsdns-41.com", "ns-683.awsdns-21.net", "ns-1322.awsdns-37.org", "ns-1749.awsdns-26.co.uk"];

/// Stands in for Route 53: makes hosted zones, or refuses.
#[derive(Default)]
struct Zones {
    made: Mutex<Vec<route53::CreateHostedZoneRequest>>,
    refusal: Mutex<Option<&'static str>>,
    asked: AtomicUsize,
}

struct CreateHostedZone;

impl Operation for CreateHostedZone {
    type Shape = route53::CreateHostedZone;
    type Service = Zones;
    type Subject = ();

    async fn resolve(
        _zones: &Zones,
        request: &RequestContext,
        _input: &route53::CreateHostedZoneRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![Check::identity("route53:CreateHostedZone", "*", request.account())]))
    }

    async fn run(zones: &Zones, permit: Permit<Self>) -> Result<route53::CreateHostedZoneResponse, RunError> {
        zones.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(code) = *zones.refusal.lock().unwrap() {
            return Err(Fault::caller(code, "No more zones.").into());
        }
        let input = permit.input().clone();
        zones.made.lock().unwrap().push(input.clone());
        Ok(route53::CreateHostedZoneResponse {
            hosted_zone: route53::HostedZone {
                id: "/hostedzone/Z1".to_owned(),
                name: format!("{}.", input.name),
                caller_reference: input.caller_reference,
                config: input.hosted_zone_config,
                resource_record_set_count: Some(2),
                linked_service: None,
                features: None,
            },
            change_info: route53::ChangeInfo {
                id: "/change/C1".to_owned(),
                status: route53::ChangeStatus::Pending,
                submitted_at: permit.request().now,
                comment: None,
            },
            delegation_set: route53::DelegationSet {
                id: None,
                caller_reference: None,
                name_servers: SERVERS.map(str::to_owned).to_vec(),
            },
            vpc: None,
            location: "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1".to_owned(),
        })
    }
}

struct House {
    gate: GateHandle,
    _open: Arc<Gate>,
    domains: Arc<Domains>,
    registry: Arc<Registry>,
    zones: Arc<Zones>,
    store: FaultyStore,
    clock: Arc<SimulatedClock>,
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn other_account() -> AccountId {
    "444455556666".parse().unwrap()
}

fn root() -> Caller {
    testing::root(account())
}

fn registry_config() -> RegistryConfig {
    let address = |text: &str| vec![text.parse().unwrap()];
    RegistryConfig {
        root_servers: vec![Server { name: name("a.root-servers.net"), addresses: address("127.0.0.2") }],
        tld_servers: vec![ServerPattern {
            pattern: "a.nic.{tld}".to_owned(),
            addresses: address("127.0.0.3"),
        }],
        tlds: vec![name("org"), name("com"), name("net"), name("co.uk")],
        on_demand: true,
        hosts: SERVERS
            .map(|server| (name(server), address("127.0.0.4")))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        times: ZoneTimes::default(),
    }
}

async fn house() -> House {
    house_with(Quotas::default()).await
}

async fn house_with(quotas: Quotas) -> House {
    let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)));
    let store = FaultyStore::new(Arc::new(SimulatedStore::new(clock.clone())), clock.clone());
    let random = Arc::new(SeededRandom::new(1));
    let parts = RegistryParts {
        store: Arc::new(store.clone()),
        vault: VaultClient::in_process(),
        clock: clock.clone(),
        random: random.clone(),
        config: registry_config(),
    };
    let registry = Registry::open(parts).await.unwrap();
    let gate = GateHandle::new();
    let domains = Domains::new(DomainsParts {
        store: Arc::new(store.clone()),
        registry: registry.clone(),
        gate: gate.clone(),
        clock: clock.clone(),
        random: random.clone(),
        tokens: PageTokens::under(&[7; 32]).unwrap(),
        config: DomainsConfig { quotas, ..DomainsConfig::default() },
    });
    let zones = Arc::new(Zones::default());
    let mut router = Router::new();
    router.register::<CreateHostedZone>(zones.clone());
    crate::register(&mut router, &domains);
    let open = testing::gate(Arc::new(store.clone()), clock.clone(), random, router, &gate);
    House { gate, _open: open, domains, registry, zones, store, clock }
}

impl House {
    async fn call<S: OperationShape>(&self, caller: &Caller, input: S::Input) -> Result<S::Output, Fault> {
        self.gate.call::<S>(caller, &"us-east-1".parse().unwrap(), input).await
    }

    async fn ask<S: OperationShape>(&self, input: S::Input) -> Result<S::Output, Fault> {
        self.call::<S>(&root(), input).await
    }

    /// Every name server serves what the registry's zones hold now.
    async fn serve(&self) {
        for zone in self.registry.zones().await.unwrap() {
            let content_version = self.registry.content(&zone, None).await.unwrap().version;
            let generation = GenerationNumber::default();
            self.registry
                .served(&zone, Progress { generation, content_version, wish_version: 1 })
                .await
                .unwrap();
        }
    }

    /// The duty runs, the name servers catch up, the duty runs again.
    async fn settle(&self) {
        self.domains.settle_all().await.unwrap();
        self.serve().await;
        assert_eq!(self.domains.settle_all().await.unwrap(), 0, "an operation stays under way");
    }

    async fn operation(&self, id: &str) -> GetOperationDetailResponse {
        let input = GetOperationDetailRequest { operation_id: id.to_owned() };
        self.ask::<route53domains::GetOperationDetail>(input).await.unwrap()
    }

    async fn status(&self, id: &str) -> OperationStatus {
        self.operation(id).await.status.unwrap()
    }

    async fn detail(&self, domain: &str) -> Result<GetDomainDetailResponse, Fault> {
        let input = GetDomainDetailRequest { domain_name: domain.to_owned() };
        self.ask::<route53domains::GetDomainDetail>(input).await
    }

    async fn keys(&self, domain: &str) -> Vec<DnssecKey> {
        self.detail(domain).await.unwrap().dnssec_keys.unwrap()
    }

    async fn register(&self, domain: &str) -> String {
        let output = self.ask::<route53domains::RegisterDomain>(registration(domain)).await.unwrap();
        output.operation_id.unwrap()
    }

    /// Registers a domain to the end.
    async fn registered(&self, domain: &str) {
        let operation = self.register(domain).await;
        self.settle().await;
        assert_eq!(self.status(&operation).await, OperationStatus::Successful, "{domain}");
    }

    /// What the zone `apex` holds at `owner`, as text.
    async fn records(&self, apex: &str, owner: &str, rtype: Rtype) -> Vec<String> {
        let id = format!("tld-{apex}").parse().unwrap();
        let Update::Whole(sets) = self.registry.content(&id, None).await.unwrap().update else {
            panic!("not the whole zone")
        };
        let owner = name(owner);
        let set = sets.iter().find(|set| *set.name() == owner && set.rtype() == rtype);
        set.into_iter().flat_map(|set| set.rdata()).map(|rdata| records::print(rtype, rdata)).collect()
    }
}

fn ada() -> ContactDetail {
    let text = |text: &str| Some(Sensitive::new(text.to_owned()));
    ContactDetail {
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        contact_type: Some(ContactType::Person),
        address_line1: text("1 Analytical Street"),
        city: text("London"),
        country_code: Some(CountryCode::Gb),
        zip_code: text("N1 1AA"),
        phone_number: text("+44.2012345678"),
        email: text("ada@example.com"),
        ..ContactDetail::default()
    }
}

fn registration(domain: &str) -> RegisterDomainRequest {
    RegisterDomainRequest {
        domain_name: domain.to_owned(),
        idn_lang_code: None,
        duration_in_years: 1,
        auto_renew: None,
        admin_contact: ada(),
        registrant_contact: ada(),
        tech_contact: ada(),
        privacy_protect_admin_contact: None,
        privacy_protect_registrant_contact: None,
        privacy_protect_tech_contact: Some(false),
        billing_contact: None,
        privacy_protect_billing_contact: None,
        consent: None,
    }
}

fn server(name: &str, glue: &[&str]) -> Nameserver {
    let glue = (!glue.is_empty()).then(|| glue.iter().map(|&ip| ip.to_owned()).collect());
    Nameserver { name: name.to_owned(), glue_ips: glue }
}
