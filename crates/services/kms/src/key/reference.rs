//! What a `KeyId` member names: a key or an alias, here or in another account.
//!
//! Pure: whether the thing exists is found out elsewhere.

use keyward_base::{AccountId, Fault, Partition, Region};

use super::id::KeyId;
use crate::alias::AliasName;
use crate::fault;

/// Where a request was sent: what a short id is relative to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The deployment's partition.
    pub(crate) partition: &'a Partition,
    /// The Region that the request was sent to.
    pub(crate) region: &'a Region,
    /// The caller's account.
    pub(crate) account: AccountId,
}

/// Which forms an operation's `KeyId` member can have, and how it refuses a malformed ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forms {
    /// Alias names and alias ARNs besides key ids and key ARNs.
    pub(crate) aliases: bool,
    /// Whether the operation lists `InvalidArnException`; the others answer `NotFoundException`.
    pub(crate) invalid_arn: bool,
}

impl Forms {
    /// Key id or key ARN: operations that manage a key.
    pub(crate) const KEY: Self = Self { aliases: false, invalid_arn: true };
    /// Key id or key ARN, for alias operations, which do not list `InvalidArnException`.
    pub(crate) const ALIAS_TARGET: Self = Self { aliases: false, invalid_arn: false };
    /// All four forms: cryptographic operations.
    pub(crate) const CRYPTOGRAPHIC: Self = Self { aliases: true, invalid_arn: false };
    /// All four forms: `DescribeKey` and `GetPublicKey`.
    pub(crate) const DESCRIBE: Self = Self { aliases: true, invalid_arn: true };
}

/// A parsed `KeyId` member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The account that owns what is named.
    pub(crate) account: AccountId,
    /// What is named.
    pub(crate) named: Named,
}

/// What a `Reference` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A key by its id.
    Key(KeyId),
    /// An alias.
    Alias(AliasName),
}

impl Reference {
    /// Reads a `KeyId` member of a request that was sent to `place`.
    pub(crate) fn parse(text: &str, place: Place<'_>, forms: Forms) -> Result<Self, Fault> {
        if text.starts_with("arn:") {
            return Self::parse_arn(text, place, forms);
        }
        let named = match text.strip_prefix("alias/") {
            Some(_) => Named::Alias(parse_alias(text, forms)?),
            None => Named::Key(KeyId::parse(text).ok_or_else(|| fault::invalid_key_id(text))?),
        };
        Ok(Self { account: place.account, named })
    }

    fn parse_arn(text: &str, place: Place<'_>, forms: Forms) -> Result<Self, Fault> {
        let malformed =
            || if forms.invalid_arn { fault::invalid_arn(text) } else { fault::invalid_key_id(text) };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &[_, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(malformed());
        };
        let account = account.parse().map_err(|_| malformed())?;
        if partition != place.partition.as_str() || service != "kms" || region.is_empty() {
            return Err(malformed());
        }
        if region != place.region.as_str() {
            return Err(fault::foreign_region(region));
        }
        let named = if let Some(id) = resource.strip_prefix("key/") {
            Named::Key(KeyId::parse(id).ok_or_else(|| fault::invalid_key_id(id))?)
        } else if resource.starts_with("alias/") && forms.aliases {
            Named::Alias(parse_alias(resource, forms)?)
        } else {
            return Err(malformed());
        };
        Ok(Self { account, named })
    }
}

fn parse_alias(text: &str, forms: Forms) -> Result<AliasName, Fault> {
    let name = if forms.aliases { AliasName::parse(text) } else { None };
    name.ok_or_else(|| fault::invalid_key_id(text))
}

#[cfg(test)]
mod tests;
