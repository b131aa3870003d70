//! Amazon resource names: `arn:partition:service:region:account:resource`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Partition, Region};

/// An ARN taken apart. Region and account are empty for global resources such as Route 53's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    /// `aws`, or the partition that the configuration names.
    pub partition: Partition,
    /// The service's ARN prefix, such as `kms`.
    pub service: String,
    /// `None` for global services.
    pub region: Option<Region>,
    /// `None` for resources without an owner in the name.
    pub account: Option<AccountId>,
    /// All that follows the fifth colon, such as `key/1234abcd-…`.
    pub resource: String,
}

/// Why a text is not an ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnError(String);

impl fmt::Display for ArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not an ARN", self.0)
    }
}

impl std::error::Error for ArnError {}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        parse(text).ok_or_else(|| ArnError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Arn> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    let partition = parts.next()?.parse().ok()?;
    let service = parts.next().filter(|service| !service.is_empty())?.to_owned();
    let region = optional(parts.next()?)?;
    let account = optional(parts.next()?)?;
    let resource = parts.next().filter(|resource| !resource.is_empty())?.to_owned();
    Some(Arn { partition, service, region, account, resource })
}

fn optional<T: FromStr>(text: &str) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:", self.partition, self.service)?;
        if let Some(region) = &self.region {
            write!(f, "{region}")?;
        }
        f.write_str(":")?;
        if let Some(account) = &self.account {
            write!(f, "{account}")?;
        }
        write!(f, ":{}", self.resource)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        text.parse()
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_regional_and_global_arns() {
        for text in [
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:route53:::hostedzone/Z1",
            "arn:aws:iam::111122223333:user/path/alice",
            "arn:keyward:sns:eu-1:111122223333:topic:with:colons",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_not_an_arn() {
        for wrong in ["", "arn", "arn:aws:kms:us-east-1:111122223333", "arn:aws::::x", "arn:aws:kms::1:x"] {
            assert!(wrong.parse::<Arn>().is_err(), "{wrong}");
        }
    }
}
