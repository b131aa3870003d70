//! `keyward.toml` as it is written. Unknown keys are refused.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use keyward_hsm::Pkcs11Settings;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// As `--data-dir`.
    pub(crate) data_dir: Option<PathBuf>,
    /// As `--listen`.
    pub(crate) listen: Option<String>,
    /// As `--account-id`.
    pub(crate) account_id: Option<String>,
    /// As `--ephemeral`.
    pub(crate) ephemeral: Option<bool>,
    /// The ARN partition.
    pub(crate) partition: Option<String>,
    /// Each region with its Availability Zones.
    pub(crate) regions: Option<BTreeMap<String, Vec<String>>>,
    /// The name servers.
    #[serde(default)]
    pub(crate) dns: DnsFile,
    /// The HSMs of CloudHSM clusters.
    #[serde(default)]
    pub(crate) cloudhsm: CloudHsmFile,
    /// Services that are throttled, each with the rates that are not AWS's.
    #[serde(default)]
    pub(crate) throttling: BTreeMap<String, BTreeMap<String, f64>>,
    /// How much there can be of what.
    #[serde(default)]
    pub(crate) quotas: QuotasFile,
    /// KMS.
    #[serde(default)]
    pub(crate) kms: KmsFile,
}

/// `[kms]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KmsFile {
    /// PEM files with the roots that attestation documents must lead to, instead of AWS's Nitro root.
    pub(crate) attestation_roots: Option<Vec<PathBuf>>,
}

/// `[quotas]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotasFile {
    /// KMS's.
    #[serde(default)]
    pub(crate) kms: KmsQuotasFile,
}

/// `[quotas.kms]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KmsQuotasFile {
    /// Customer keys of an account in a Region.
    pub(crate) keys: Option<u32>,
    /// Aliases of a key.
    pub(crate) aliases_per_key: Option<u32>,
    /// Grants on a key.
    pub(crate) grants_per_key: Option<u32>,
}

/// `[cloudhsm]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudHsmFile {
    /// Where the keys of new HSMs live: `software` or `pkcs11`.
    pub(crate) hsm: Option<String>,
    /// The module, for `pkcs11`.
    pub(crate) pkcs11: Option<Pkcs11Settings>,
    /// The Availability Zones of subnets; other subnets are spread over a region's zones in order.
    pub(crate) subnets: Option<BTreeMap<String, String>>,
    /// What an account may have.
    #[serde(default)]
    pub(crate) quotas: CloudHsmQuotasFile,
}

/// `[cloudhsm.quotas]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudHsmQuotasFile {
    /// Clusters of an account in a Region.
    pub(crate) clusters: Option<usize>,
    /// HSMs of an account in a Region.
    pub(crate) hsms: Option<usize>,
    /// HSMs of a cluster.
    pub(crate) hsms_per_cluster: Option<usize>,
}

/// `[dns]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DnsFile {
    /// As `--dns-listen`: the socket that serves every level which has none of its own.
    pub(crate) listen: Option<String>,
    /// Top-level domains that exist from the start; others come when they are needed.
    pub(crate) tlds: Option<Vec<String>>,
    /// The root's servers.
    pub(crate) root: Option<LevelFile>,
    /// The top-level domains' servers.
    pub(crate) tld: Option<LevelFile>,
    /// The hosted zones' servers.
    pub(crate) hosted: Option<LevelFile>,
}

/// `[dns.root]`, `[dns.tld]`, `[dns.hosted]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelFile {
    /// Sockets of its own.
    pub(crate) listen: Option<Vec<String>>,
    /// The servers' names; `{tld}` stands for the top-level domain, `{n}` and `{k}` for AWS's numbers.
    pub(crate) names: Option<Vec<String>>,
    /// The addresses that the servers' names get in the DNS, where they differ from `listen`.
    pub(crate) addresses: Option<Vec<IpAddr>>,
}
