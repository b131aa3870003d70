//! The records of a registry zone, from its rows. Pure.
//!
//! The sets of a name follow from that name's own rows alone, so that a change of one name never needs the
//! whole zone. A host's addresses are the zone's own data, or glue when the host lies below a delegation.

use std::net::IpAddr;

use keyward_zone::{Name, Rrset, Rtype};

use crate::config::ZoneTimes;
use crate::rows::{Delegated, Host, Zone};

/// The SOA's mailbox, below the first server's parent: who runs the registry.
const MAILBOX: &[u8] = b"hostmaster";
/// Seconds after which secondaries ask for a newer zone (RFC 1912 section 2.2).
const REFRESH_SECONDS: u32 = 1800;
const RETRY_SECONDS: u32 = 900;
const EXPIRE_SECONDS: u32 = 604_800;

/// All sets of `name` in `zone`.
pub(crate) fn sets_at(
    zone: &Zone,
    times: &ZoneTimes,
    name: &Name,
    delegated: Option<&Delegated>,
    host: Option<&Host>,
) -> Vec<Rrset> {
    let mut sets = Vec::new();
    if *name == zone.apex {
        sets.extend(apex_sets(zone, times));
    }
    if let Some(delegated) = delegated {
        sets.extend(delegation_sets(zone, times, name, delegated));
    }
    if let Some(host) = host {
        sets.extend(address_sets(times, name, &host.addresses));
    }
    sets
}

fn apex_sets(zone: &Zone, times: &ZoneTimes) -> Vec<Rrset> {
    let ttl = times.infrastructure_ttl_seconds;
    let soa = Rrset::new(zone.apex.clone(), Rtype::SOA, ttl, soa_rdata(zone, times));
    vec![soa, name_server_set(&zone.apex, ttl, &zone.servers)]
}

/// The serial is the builder's business (`SerialPolicy::Increase`).
fn soa_rdata(zone: &Zone, times: &ZoneTimes) -> Option<Vec<u8>> {
    let server = zone.servers.first()?;
    let mailbox = server.parent()?.child(MAILBOX).ok()?;
    let mut rdata = [server.as_wire(), mailbox.as_wire()].concat();
    for number in [1, REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS, times.negative_ttl_seconds] {
        rdata.extend(number.to_be_bytes());
    }
    Some(rdata)
}

fn delegation_sets(zone: &Zone, times: &ZoneTimes, name: &Name, delegated: &Delegated) -> Vec<Rrset> {
    let delegation = &delegated.delegation;
    let ttl =
        if zone.apex.is_root() { times.infrastructure_ttl_seconds } else { times.delegation_ttl_seconds };
    let mut sets =
        vec![name_server_set(name, ttl, delegation.name_servers.iter().map(|server| &server.name))];
    if !delegation.ds.is_empty() {
        let rdata = delegation.ds.iter().map(|ds| ds.rdata());
        sets.push(Rrset::new(name.clone(), Rtype::DS, ttl, rdata));
    }
    sets
}

fn name_server_set<'a>(name: &Name, ttl: u32, servers: impl IntoIterator<Item = &'a Name>) -> Rrset {
    Rrset::new(name.clone(), Rtype::NS, ttl, servers.into_iter().map(|server| server.as_wire().to_vec()))
}

fn address_sets(times: &ZoneTimes, name: &Name, addresses: &[IpAddr]) -> Vec<Rrset> {
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for address in addresses {
        match address {
            IpAddr::V4(address) => four.push(address.octets().to_vec()),
            IpAddr::V6(address) => six.push(address.octets().to_vec()),
        }
    }
    let sets = [(Rtype::A, four), (Rtype::AAAA, six)];
    let present = sets.into_iter().filter(|(_, rdata)| !rdata.is_empty());
    present
        .map(|(rtype, rdata)| Rrset::new(name.clone(), rtype, times.infrastructure_ttl_seconds, rdata))
        .collect()
}
