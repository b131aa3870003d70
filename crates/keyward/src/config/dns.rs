//! Who serves the root, the top-level domains and the hosted zones, and under which names.

use std::net::{IpAddr, SocketAddr};

use crate::config::address;
use crate::config::file::{DnsFile, LevelFile};
use crate::refusal::Refusal;

/// AWS's four stripes of 512 name servers.
const HOSTED_NAMES: [&str; 4] =
    ["ns-{n}.awsdns-{k}.com", "ns-{n}.awsdns-{k}.net", "ns-{n}.awsdns-{k}.org", "ns-{n}.awsdns-{k}.co.uk"];

/// The servers of one level of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Sockets that serve only this level; empty when the shared socket serves it.
    pub(crate) listen: Vec<SocketAddr>,
    /// Host names, or patterns with `{tld}`, `{n}`, `{k}`.
    pub(crate) names: Vec<String>,
    /// The addresses that the names get, given out in turn.
    pub(crate) addresses: Vec<IpAddr>,
}

/// The name server's configuration.
#[derive(Clone, Debug)]
pub(crate) struct DnsConfig {
    /// Serves every level that has no socket of its own; the zones that VPCs see are never here.
    pub(crate) listen: SocketAddr,
    pub(crate) tlds: Vec<String>,
    pub(crate) root: Level,
    pub(crate) tld: Level,
    pub(crate) hosted: Level,
}

impl DnsConfig {
    pub(crate) fn of(file: &DnsFile, flag: Option<&str>, default: &str) -> Result<Self, Refusal> {
        let listen = address("dns-listen", flag.or(file.listen.as_deref()).unwrap_or(default))?;
        let tlds = file.tlds.clone().unwrap_or_else(|| vec!["org".to_owned(), "com".to_owned()]);
        let level = |name, file: Option<&LevelFile>, names: &[&str]| Level::of(name, file, names, listen);
        Ok(Self {
            listen,
            tlds,
            root: level("dns.root", file.root.as_ref(), &["a.root-servers.net"])?,
            tld: level("dns.tld", file.tld.as_ref(), &["a.nic.{tld}"])?,
            hosted: level("dns.hosted", file.hosted.as_ref(), &HOSTED_NAMES)?,
        })
    }
}

impl Level {
    fn of(what: &str, file: Option<&LevelFile>, names: &[&str], shared: SocketAddr) -> Result<Self, Refusal> {
        let listen: Vec<SocketAddr> = file
            .and_then(|file| file.listen.as_ref())
            .map(|list| list.iter().map(|text| address(&format!("{what}.listen"), text)).collect())
            .transpose()?
            .unwrap_or_default();
        let own = listen.iter().map(SocketAddr::ip).collect::<Vec<_>>();
        let default = if own.is_empty() { vec![shared.ip()] } else { own };
        let names = file
            .and_then(|file| file.names.clone())
            .unwrap_or_else(|| names.iter().map(|&name| name.to_owned()).collect());
        let addresses = file.and_then(|file| file.addresses.clone()).unwrap_or(default);
        if names.is_empty() || addresses.is_empty() {
            return Err(Refusal::new(format!("{what}: name at least one server and one address")));
        }
        Ok(Self { listen, names, addresses })
    }
}
