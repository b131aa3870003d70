//! The registry's settings, from the configuration: who serves what, under which names and addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use keyward_registry::{Registry, RegistryConfig, RegistryParts, Server, ServerPattern, ZoneTimes};
use keyward_route53::NameServerScheme;
use keyward_zone::Name;
use tokio::task::JoinSet;

use crate::config::DnsConfig;
use crate::house::services::Site;
use crate::refusal::Refusal;

/// AWS's stripes have 512 name servers each.
const STRIPE_SIZE: u32 = 512;

/// Opens the registry and starts its duties.
pub(super) async fn build(site: &Site<'_>, duties: &mut JoinSet<()>) -> Result<Arc<Registry>, Refusal> {
    let registry = Registry::open(RegistryParts {
        store: Arc::clone(&site.ground.store),
        vault: site.vault.clone(),
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
        config: config(&site.config.dns)?,
    })
    .await
    .map_err(|error| Refusal::new(format!("the registry: {error}")))?;
    let duty = Arc::clone(&registry);
    duties.spawn(async move { duty.run_duties().await });
    Ok(registry)
}

/// The names of hosted zones' servers.
pub(super) fn scheme(dns: &DnsConfig) -> NameServerScheme {
    NameServerScheme::new(dns.hosted.names.clone(), STRIPE_SIZE)
}

fn config(dns: &DnsConfig) -> Result<RegistryConfig, Refusal> {
    let root_servers = dns.root.names.iter().map(|text| {
        Ok(Server { name: name("dns.root.names", text)?, addresses: dns.root.addresses.clone() })
    });
    let tld_servers = dns
        .tld
        .names
        .iter()
        .map(|pattern| ServerPattern { pattern: pattern.clone(), addresses: dns.tld.addresses.clone() });
    Ok(RegistryConfig {
        root_servers: root_servers.collect::<Result<_, _>>()?,
        tld_servers: tld_servers.collect(),
        tlds: dns.tlds.iter().map(|text| name("dns.tlds", text)).collect::<Result<_, _>>()?,
        on_demand: true,
        hosts: hosts(dns)?,
        times: ZoneTimes::default(),
    })
}

/// Every server of hosted zones with its address: the stripes take the addresses in turn.
fn hosts(dns: &DnsConfig) -> Result<BTreeMap<Name, Vec<IpAddr>>, Refusal> {
    let addresses = &dns.hosted.addresses;
    scheme(dns)
        .all_servers()
        .map(|(stripe, server)| {
            let address = addresses.iter().cycle().nth(stripe % addresses.len().max(1));
            Ok((name("dns.hosted.names", &server)?, address.into_iter().copied().collect()))
        })
        .collect()
}

fn name(what: &str, text: &str) -> Result<Name, Refusal> {
    Name::parse(text).map_err(|error| Refusal::new(format!("{what}: '{text}' is not a domain name: {error}")))
}
