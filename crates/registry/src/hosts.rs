//! Where the addresses of name servers stand. Pure.
//!
//! A server's addresses stand in the zone that its name lies in, and, as glue, in the zone that it serves and
//! in that zone's parent, so that whoever follows the delegation never has to ask elsewhere first.

use std::collections::BTreeMap;

use keyward_zone::{Name, NameError};

use crate::config::RegistryConfig;
use crate::rows::{Host, HostSource};
use crate::suffix::enclosing;

/// The hosts that one zone holds on our own account, by name.
pub(crate) type Placed = BTreeMap<Name, Host>;

/// What each of `zones` holds: the servers of all of them, and those of `used` that the configuration knows.
pub(crate) fn place(
    config: &RegistryConfig,
    zones: &[Name],
    used: impl IntoIterator<Item = Name>,
) -> Result<BTreeMap<Name, Placed>, NameError> {
    let mut all: BTreeMap<Name, Placed> = zones.iter().map(|zone| (zone.clone(), Placed::new())).collect();
    for name in used {
        if let (Some(addresses), Some(home)) = (config.hosts.get(&name), enclosing(zones, &name)) {
            let host = Host { addresses: addresses.clone(), source: HostSource::Hosted };
            all.entry(home.clone()).or_default().insert(name, host);
        }
    }
    for zone in zones {
        for server in config.servers(zone)? {
            let host = Host { addresses: server.addresses, source: HostSource::Server };
            for place in places(zones, zone, &server.name) {
                all.entry(place.clone()).or_default().insert(server.name.clone(), host.clone());
            }
        }
    }
    Ok(all)
}

/// The zones that hold the addresses of `server`, which serves `zone`.
fn places<'a>(zones: &'a [Name], zone: &'a Name, server: &Name) -> impl Iterator<Item = &'a Name> {
    let home = enclosing(zones, server);
    let referring = [Some(zone), enclosing(zones, zone)].into_iter().flatten();
    let glue = referring.filter(|place| server.is_below(place)).collect::<Vec<_>>();
    home.into_iter().chain(glue)
}

/// Whether `domain` holds a name server of ours, so that nobody may take it.
pub(crate) fn holds_ours(config: &RegistryConfig, zones: &[Name], domain: &Name) -> Result<bool, NameError> {
    if config.hosts.keys().any(|host| host.is_at_or_below(domain)) {
        return Ok(true);
    }
    for zone in zones.iter().chain([&domain.parent().unwrap_or_else(Name::root)]) {
        if config.servers(zone)?.iter().any(|server| server.name.is_at_or_below(domain)) {
            return Ok(true);
        }
    }
    Ok(false)
}
