//! The network that CloudHSM shows and Keyward does not have: Availability Zones of subnets, and made-up ids and
//! addresses that never change.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use keyward_base::{Fault, Region};
use keyward_hsm::{ClusterId, HsmId};

use crate::CloudHsmConfig;
use crate::fault;
use crate::rows::Place;

/// Subnets by their Availability Zones.
pub(crate) type Subnets = BTreeMap<String, String>;

/// Says in which Availability Zone each subnet is: those that the configuration knows where it says, the others in the first zones
/// that are still free, in order. One subnet a zone, as AWS has it.
pub(crate) fn zones(config: &CloudHsmConfig, region: &Region, subnets: &[String]) -> Result<Subnets, Fault> {
    let zones = config.zones.get(region).map(Vec::as_slice).unwrap_or_default();
    let mut found = Subnets::new();
    for subnet in subnets {
        let Some(zone) = config.subnets.get(subnet) else { continue };
        if !zones.contains(zone) {
            return Err(fault::invalid(format!("The subnet {subnet} is not in the Region {region}.")));
        }
        if found.insert(zone.clone(), subnet.clone()).is_some() {
            return Err(fault::invalid(format!("More than one subnet is in the Availability Zone {zone}.")));
        }
    }
    for subnet in subnets.iter().filter(|subnet| !config.subnets.contains_key(*subnet)) {
        if found.values().any(|known| known == subnet) {
            return Err(fault::invalid(format!("The subnet {subnet} is given twice.")));
        }
        let free = zones.iter().find(|zone| !found.contains_key(*zone));
        let zone = free.ok_or_else(|| {
            fault::invalid(format!(
                "{region} has {} Availability Zones; one subnet can be given for each.",
                zones.len()
            ))
        })?;
        found.insert(zone.clone(), subnet.clone());
    }
    Ok(found)
}

/// The VPC of an account in a Region: there is one.
pub(crate) fn vpc_id(place: &Place) -> String {
    made_up("vpc-", &[&place.account.to_string(), place.region.as_str()])
}

/// The security group `cloudhsm-cluster-<id>-sg`.
pub(crate) fn security_group(cluster: &ClusterId) -> String {
    made_up("sg-", &[cluster.as_str()])
}

/// An HSM's network interface.
pub(crate) fn eni_id(hsm: &HsmId) -> String {
    made_up("eni-", &[hsm.as_str()])
}

/// An address in the subnet that none of `taken` has.
pub(crate) fn address(subnet: &str, hsm: &HsmId, taken: &[String]) -> String {
    let net = hash(&["subnet", subnet]);
    let host = hash(&["host", hsm.as_str()]);
    let start = u16::from_be_bytes([host[0], host[1]]);
    let addresses = (0..=u8::MAX.into()).map(|step: u16| {
        // A /20 of 10.0.0.0/8; its first four and last addresses are AWS's own.
        let host = 4 + start.wrapping_add(step) % 4000;
        let [high, low] = host.to_be_bytes();
        Ipv4Addr::new(10, net[0], (net[1] & 0xf0) | high, low).to_string()
    });
    addresses.into_iter().find(|address| !taken.contains(address)).unwrap_or_default()
}

/// Whether `text` is an address that an HSM can have.
pub(crate) fn is_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|address| !address.is_unspecified() && !address.is_multicast())
}

/// An HSM's IPv6 address: unique local (RFC 4193).
pub(crate) fn address_v6(subnet: &str, hsm: &HsmId) -> String {
    let net = hash(&["subnet6", subnet]);
    let host = hash(&["host6", hsm.as_str()]);
    let mut bytes = [0; 16];
    bytes[0] = 0xfd;
    bytes[1..8].copy_from_slice(&net[..7]);
    bytes[8..].copy_from_slice(&host[..8]);
    Ipv6Addr::from(bytes).to_string()
}

fn made_up(prefix: &str, parts: &[&str]) -> String {
    let hex = HEXLOWER.encode(&hash(&[&[prefix], parts].concat()));
    format!("{prefix}{}", hex.get(..17).unwrap_or_default())
}

fn hash(parts: &[&str]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, parts.join("/").as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> CloudHsmConfig {
        let zones = ["us-west-2a", "us-west-2b", "us-west-2c"].map(str::to_owned).to_vec();
        CloudHsmConfig {
            zones: [("us-west-2".parse().unwrap(), zones)].into(),
            subnets: [
                ("subnet-00000001", "us-west-2b"),
                ("subnet-00000002", "us-west-2b"),
                ("subnet-00000003", "eu-west-1a"),
            ]
            .map(|(subnet, zone)| (subnet.to_owned(), zone.to_owned()))
            .into(),
            ..CloudHsmConfig::default()
        }
    }

    fn placed(subnets: &[&str]) -> Result<String, String> {
        let subnets: Vec<_> = subnets.iter().map(|&subnet| subnet.to_owned()).collect();
        let found = zones(&config(), &"us-west-2".parse().unwrap(), &subnets);
        let text = |found: Subnets| {
            found.iter().map(|(zone, subnet)| format!("{zone}={subnet}")).collect::<Vec<_>>().join(" ")
        };
        found.map(text).map_err(|fault| fault.message().unwrap_or_default().to_owned())
    }

    #[test]
    fn unknown_subnets_are_spread_over_the_zones_that_are_free() {
        assert_eq!(
            placed(&["subnet-a6b10bd1", "subnet-b6b10bd2"]).unwrap(),
            "us-west-2a=subnet-a6b10bd1 us-west-2b=subnet-b6b10bd2"
        );
        assert_eq!(
            placed(&["subnet-a6b10bd1", "subnet-b6b10bd2", "subnet-00000001"]).unwrap(),
            "us-west-2a=subnet-a6b10bd1 us-west-2b=subnet-00000001 us-west-2c=subnet-b6b10bd2"
        );
    }

    #[test]
    fn a_zone_takes_one_subnet() {
        assert!(placed(&["subnet-00000001", "subnet-00000002"]).unwrap_err().contains("us-west-2b"));
        assert!(placed(&["subnet-a6b10bd1", "subnet-a6b10bd1"]).unwrap_err().contains("twice"));
        assert!(placed(&["subnet-a", "subnet-b", "subnet-c", "subnet-d"]).unwrap_err().contains("has 3"));
        assert!(placed(&["subnet-00000003"]).unwrap_err().contains("not in the Region"));
    }

    #[test]
    fn what_is_made_up_never_changes_and_looks_real() {
        let place = Place { account: "111122223333".parse().unwrap(), region: "us-west-2".parse().unwrap() };
        assert_eq!(vpc_id(&place), vpc_id(&place));
        assert_eq!(vpc_id(&place).len(), "vpc-".len() + 17);
        let cluster = "cluster-abcdefghijk".parse().unwrap();
        assert!(security_group(&cluster).starts_with("sg-"));
        let hsm = "hsm-abcdefghijk".parse().unwrap();
        let first = address("subnet-a6b10bd1", &hsm, &[]);
        assert_eq!(first, address("subnet-a6b10bd1", &hsm, &[]));
        assert!(first.starts_with("10."), "{first}");
        let second = address("subnet-a6b10bd1", &hsm, std::slice::from_ref(&first));
        assert_ne!(first, second);
        assert!(
            is_address(&first) && is_address(&second) && !is_address("10.0.0.256") && !is_address("0.0.0.0")
        );
        assert!(address_v6("subnet-a6b10bd1", &hsm).starts_with("fd"));
    }
}
