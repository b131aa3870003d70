//! What an operator can set for Route 53, and its quotas.

use keyward_base::Region;

use crate::NameServerScheme;

/// The service's settings.
#[derive(Clone, Debug)]
pub struct Route53Config {
    /// How the name servers of a delegation set are named.
    pub name_servers: NameServerScheme,
    /// The mailbox in the SOA record of a new zone, as a domain name with a trailing dot.
    pub hostmaster: String,
    /// The region in which KMS keys for key-signing keys must be.
    pub kms_region: Region,
    /// What an account may have.
    pub quotas: Quotas,
}

/// AWS's quotas (developer guide, "Quotas").
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Hosted zones an account.
    pub hosted_zones: usize,
    /// Record sets a zone.
    pub record_sets: u64,
    /// Values a record set.
    pub values: usize,
    /// VPCs a private zone.
    pub vpcs: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { hosted_zones: 500, record_sets: 10_000, values: 400, vpcs: 300 }
    }
}

impl Default for Route53Config {
    #[expect(clippy::expect_used, reason = "a constant region name is well formed")]
    fn default() -> Self {
        Self {
            name_servers: NameServerScheme::default(),
            hostmaster: "awsdns-hostmaster.amazon.com.".to_owned(),
            kms_region: "us-east-1".parse().expect("a region name"),
            quotas: Quotas::default(),
        }
    }
}
