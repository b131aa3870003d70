//! What an operator can set for CloudHSM, and AWS's quotas.

use std::collections::BTreeMap;

use keyward_base::Region;

/// The service's settings.
#[derive(Clone, Debug, Default)]
pub struct CloudHsmConfig {
    /// The Availability Zones of each Region, in order.
    pub zones: BTreeMap<Region, Vec<String>>,
    /// Subnets whose Availability Zone is known; others are spread over the Region's zones in order.
    pub subnets: BTreeMap<String, String>,
    /// What an account may have.
    pub quotas: Quotas,
}

/// AWS's quotas (user guide, "AWS CloudHSM quotas").
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Clusters an account and Region.
    pub clusters: usize,
    /// HSMs an account and Region.
    pub hsms: usize,
    /// HSMs a cluster.
    pub hsms_per_cluster: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { clusters: 4, hsms: 6, hsms_per_cluster: 28 }
    }
}
