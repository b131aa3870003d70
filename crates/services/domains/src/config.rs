//! What an operator can set for the registrar, and its quotas.

use keyward_base::Region;

/// The service's settings.
#[derive(Clone, Debug)]
pub struct DomainsConfig {
    /// Who `GetDomainDetail` says that the registrar is.
    pub registrar_name: String,
    /// The region in which Route 53 is called.
    pub region: Region,
    /// What an account may have.
    pub quotas: Quotas,
}

/// AWS's quotas (developer guide, "Quotas").
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Domains an account.
    pub domains: usize,
    /// Operations under way an account. AWS does not say its number.
    pub open_operations: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { domains: 20, open_operations: 100 }
    }
}

impl Default for DomainsConfig {
    #[expect(clippy::expect_used, reason = "a constant region name is well formed")]
    fn default() -> Self {
        Self {
            registrar_name: "Keyward".to_owned(),
            region: "us-east-1".parse().expect("a region name"),
            quotas: Quotas::default(),
        }
    }
}
