//! Name servers as requests give them and answers show them. Pure.

use std::net::IpAddr;

use keyward_base::Fault;
use keyward_registry::NameServer;
use keyward_schema::route53domains::Nameserver;
use keyward_zone::Name;

use crate::fault::invalid_input;
use crate::name::DomainName;

/// Most name servers of a domain.
const NAME_SERVERS_MAX: usize = 13;
/// Most addresses of a name server: IPv4 and IPv6 (UpdateDomainNameservers, `GlueIps`).
const GLUE_MAX: usize = 13;

/// Reads a request's name servers for the domain `domain`.
pub(crate) fn read(domain: &DomainName, given: &[Nameserver]) -> Result<Vec<NameServer>, Fault> {
    if !(1..=NAME_SERVERS_MAX).contains(&given.len()) {
        return Err(invalid_input(format!("Give between 1 and {NAME_SERVERS_MAX} name servers.")));
    }
    let apex = domain.to_name()?;
    let mut servers: Vec<NameServer> = Vec::with_capacity(given.len());
    for server in given {
        let server = read_one(&apex, server)?;
        if servers.iter().any(|other| other.name == server.name) {
            return Err(invalid_input(format!(
                "The name server {} is given twice.",
                show_name(&server.name)
            )));
        }
        servers.push(server);
    }
    Ok(servers)
}

fn read_one(apex: &Name, given: &Nameserver) -> Result<NameServer, Fault> {
    let not_valid = || invalid_input(format!("The name server '{}' is not a host name.", given.name));
    let name = Name::parse(&given.name).map_err(|_| not_valid())?;
    if name.label_count() < 2 || !name.labels().flatten().all(|byte| is_host_byte(*byte)) {
        return Err(not_valid());
    }
    let glue = given.glue_ips.as_deref().unwrap_or_default();
    let glue = glue.iter().map(|text| read_address(text)).collect::<Result<Vec<_>, _>>()?;
    if name.is_at_or_below(apex) && glue.is_empty() {
        let text = format!("The name server {} lies in the domain and needs GlueIps.", given.name);
        return Err(invalid_input(text));
    }
    if !name.is_at_or_below(apex) && !glue.is_empty() {
        let text = format!("The name server {} lies outside the domain and takes no GlueIps.", given.name);
        return Err(invalid_input(text));
    }
    if glue.len() > GLUE_MAX {
        return Err(invalid_input(format!("The name server {} has too many GlueIps.", given.name)));
    }
    Ok(NameServer { name, glue })
}

/// As the model's `HostName` has it.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn read_address(text: &str) -> Result<IpAddr, Fault> {
    let address: Option<IpAddr> = text.parse().ok();
    address.ok_or_else(|| invalid_input(format!("The glue address '{text}' is not an IP address.")))
}

/// A name server as answers show it.
pub(crate) fn show(server: &NameServer) -> Nameserver {
    let glue = server.glue.iter().map(ToString::to_string).collect();
    Nameserver { name: show_name(&server.name), glue_ips: Some(glue) }
}

fn show_name(name: &Name) -> String {
    name.to_string().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, glue: &[&str]) -> Nameserver {
        let glue = (!glue.is_empty()).then(|| glue.iter().map(|&ip| ip.to_owned()).collect());
        Nameserver { name: name.to_owned(), glue_ips: glue }
    }

    #[test]
    fn servers_come_back_in_order_and_lower_case() {
        let domain = DomainName::parse("example.org").unwrap();
        let servers =
            [given("NS2.Example.net.", &[]), given("ns1.example.org", &["192.0.2.1", "2001:DB8::1"])];
        let shown: Vec<_> = read(&domain, &servers).unwrap().iter().map(show).collect();
        assert_eq!(shown[0].name, "ns2.example.net");
        assert_eq!(shown[1].glue_ips.as_deref().unwrap(), ["192.0.2.1", "2001:db8::1"]);
    }

    #[test]
    fn refuses_servers_that_could_not_be_reached() {
        let domain = DomainName::parse("example.org").unwrap();
        let many: Vec<_> = (0..14).map(|n| given(&format!("ns{n}.example.net"), &[])).collect();
        let wrong = [
            vec![],
            many,
            vec![given("ns.example.org", &[])],
            vec![given("ns.example.net", &["192.0.2.1"])],
            vec![given("ns.example.org", &["192.0.2"])],
            vec![given("ns", &[])],
            vec![given("", &[])],
            vec![given("ns*1.example.net", &[])],
            vec![given("ns.example.net", &[]), given("NS.example.net", &[])],
        ];
        for servers in wrong {
            assert_eq!(read(&domain, &servers).unwrap_err().code(), "InvalidInput", "{servers:?}");
        }
    }
}
