//! The regions that exist, each with its Availability Zones.

use std::collections::BTreeMap;

use keyward_base::Region;

use crate::refusal::Refusal;

/// AWS's regions that need no opting in, with the letters of their zones.
const DEFAULT: [(&str, &str); 17] = [
    ("us-east-1", "abcdef"),
    ("us-east-2", "abc"),
    ("us-west-1", "ac"),
    ("us-west-2", "abcd"),
    ("ap-south-1", "abc"),
    ("ap-northeast-1", "acd"),
    ("ap-northeast-2", "abcd"),
    ("ap-northeast-3", "abc"),
    ("ap-southeast-1", "abc"),
    ("ap-southeast-2", "abc"),
    ("ca-central-1", "abd"),
    ("eu-central-1", "abc"),
    ("eu-west-1", "abc"),
    ("eu-west-2", "abc"),
    ("eu-west-3", "abc"),
    ("eu-north-1", "abc"),
    ("sa-east-1", "abc"),
];

/// Each region with its Availability Zones, in order.
#[derive(Debug)]
pub(crate) struct Regions(BTreeMap<Region, Vec<String>>);

impl Regions {
    pub(crate) fn of(file: Option<&BTreeMap<String, Vec<String>>>) -> Result<Self, Refusal> {
        match file {
            Some(regions) if regions.is_empty() => {
                Err(Refusal::new("regions: name at least one region, or leave the table out"))
            }
            Some(regions) => {
                regions.iter().map(|(name, zones)| configured(name, zones)).collect::<Result<_, _>>()
            }
            None => DEFAULT.iter().map(|(name, letters)| standard(name, letters)).collect::<Result<_, _>>(),
        }
        .map(Self)
    }

    /// The regions' names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Region> {
        self.0.keys()
    }

    /// Each region's Availability Zones, in order.
    pub(crate) fn zones(&self) -> BTreeMap<Region, Vec<String>> {
        self.0.clone()
    }

    /// The region that a new user works in: `us-east-1` where it exists.
    pub(crate) fn home(&self) -> Option<&Region> {
        self.0.keys().find(|region| region.as_str() == "us-east-1").or_else(|| self.0.keys().next())
    }
}

fn configured(name: &str, zones: &[String]) -> Result<(Region, Vec<String>), Refusal> {
    let region = name.parse().map_err(|error| Refusal::new(format!("regions: {error}")))?;
    Ok((region, zones.to_vec()))
}

fn standard(name: &str, letters: &str) -> Result<(Region, Vec<String>), Refusal> {
    let zones: Vec<String> = letters.chars().map(|letter| format!("{name}{letter}")).collect();
    configured(name, &zones)
}
