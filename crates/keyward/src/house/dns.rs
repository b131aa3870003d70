//! The name server's listeners, and where they ended up.

use std::net::SocketAddr;
use std::sync::Arc;

use keyward_base::AccountId;
use keyward_nameserver::{Config as NameServerConfig, NameServer, Running, StandsFor};
use keyward_store::Blobs;

use crate::config::Config;
use crate::folder::Endpoints;
use crate::house::Ground;
use crate::refusal::Refusal;

/// The name under which this process reports what it serves.
const NODE: &str = "local";

/// Each listener with what it stands for, the shared one first.
fn listeners(config: &Config) -> impl Iterator<Item = (SocketAddr, StandsFor)> {
    let level = |listen: &[SocketAddr], stands_for: StandsFor| -> Vec<(SocketAddr, StandsFor)> {
        listen.iter().map(|address| (*address, stands_for.clone())).collect()
    };
    std::iter::once((config.dns.listen, StandsFor::Everything))
        .chain(level(&config.dns.root.listen, StandsFor::Root))
        .chain(level(&config.dns.tld.listen, StandsFor::Registry))
        .chain(level(&config.dns.hosted.listen, StandsFor::Hosted))
}

/// Opens the sockets and begins to answer with what is published already.
pub(super) async fn start(
    config: &Config,
    ground: &Ground,
    blobs: Arc<dyn Blobs>,
) -> Result<Running, Refusal> {
    let node = NODE.parse().map_err(|error| Refusal::new(format!("{NODE}: {error}")))?;
    let listening = listeners(config).fold(NameServerConfig::new(node), |server, (address, stands_for)| {
        server.listen(address, stands_for)
    });
    NameServer::start(listening, Arc::clone(&ground.clock), Arc::clone(&ground.store), blobs)
        .await
        .map_err(|error| Refusal::new(format!("{error}; choose another address with --dns-listen")))
}

/// Where everything listens, with the ports that were really taken.
pub(super) fn endpoints(
    config: &Config,
    api: SocketAddr,
    server: &Running,
    account: AccountId,
) -> Result<Endpoints, Refusal> {
    let bound: Vec<(String, StandsFor)> = server
        .addresses()
        .map(|address| address.to_string())
        .zip(listeners(config).map(|(_, level)| level))
        .collect();
    let of = |wanted: &StandsFor| -> Vec<String> {
        bound.iter().filter(|(_, level)| level == wanted).map(|(address, _)| address.clone()).collect()
    };
    let region = config.regions.home().ok_or_else(|| Refusal::new("regions: name at least one region"))?;
    Ok(Endpoints {
        api: format!("http://{api}"),
        dns: of(&StandsFor::Everything).concat(),
        dns_root: of(&StandsFor::Root),
        dns_tld: of(&StandsFor::Registry),
        dns_hosted: of(&StandsFor::Hosted),
        region: region.to_string(),
        account_id: account.to_string(),
    })
}
