//! What an operator can set: which TLDs there are, who serves them and the root, and for how long answers
//! may be kept.

use std::collections::BTreeMap;
use std::net::IpAddr;

use keyward_zone::{Name, NameError};

/// A name server with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: Name,
    /// Where it answers.
    pub addresses: Vec<IpAddr>,
}

/// A name server of each TLD, such as `a.nic.{tld}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPattern {
    /// Its name; `{tld}` stands for the TLD's name.
    pub pattern: String,
    /// Where it answers.
    pub addresses: Vec<IpAddr>,
}

impl ServerPattern {
    /// The server of the zone `apex`.
    pub fn server(&self, apex: &Name) -> Result<Server, NameError> {
        let tld = apex.to_string();
        let name = Name::parse(&self.pattern.replace("{tld}", tld.trim_end_matches('.')))?;
        Ok(Server { name, addresses: self.addresses.clone() })
    }
}

/// For how long resolvers may keep what registry zones say, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneTimes {
    /// A zone's own SOA, NS and host addresses, and the root's delegations of TLDs.
    pub infrastructure_ttl_seconds: u32,
    /// Delegations and DS records of domains.
    pub delegation_ttl_seconds: u32,
    /// That a name or DS is not there (RFC 2308).
    pub negative_ttl_seconds: u32,
}

impl Default for ZoneTimes {
    /// Short where users change things and wait for them.
    fn default() -> Self {
        Self { infrastructure_ttl_seconds: 3600, delegation_ttl_seconds: 300, negative_ttl_seconds: 60 }
    }
}

/// The registry's settings.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// Who serves the root.
    pub root_servers: Vec<Server>,
    /// Who serves the TLDs.
    pub tld_servers: Vec<ServerPattern>,
    /// Zones that are there from the start, such as `org` or `co.uk`.
    pub tlds: Vec<Name>,
    /// Whether other TLDs come when a name below them is registered.
    pub on_demand: bool,
    /// Name servers of ours that hosted zones may be delegated to, with their addresses. Each gets its
    /// address records as soon as a zone uses it.
    pub hosts: BTreeMap<Name, Vec<IpAddr>>,
    /// TTLs.
    pub times: ZoneTimes,
}

impl RegistryConfig {
    /// The servers of the registry zone `apex`.
    pub fn servers(&self, apex: &Name) -> Result<Vec<Server>, NameError> {
        if apex.is_root() {
            return Ok(self.root_servers.clone());
        }
        self.tld_servers.iter().map(|pattern| pattern.server(apex)).collect()
    }
}
