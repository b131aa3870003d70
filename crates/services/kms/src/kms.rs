//! The service: what its operations work with.

use std::sync::Arc;

use keyward_base::{Arn, Clock, Fault, NoticeBoard, Partition, Random, Region};
use keyward_gate::{GateHandle, PageTokens, PrincipalDirectory};
use keyward_hsm::Clusters;
use keyward_store::Store;
use keyward_vault::VaultClient;
use tokio::sync::Notify;

use crate::attestation::AttestationRoots;
use crate::keystore::KeyStores;
use crate::loaded::KeyCache;
use crate::quota::ResourceQuotas;
use crate::rows;
use crate::usage::Usage;

/// What a `Kms` is built from.
pub struct KmsParts {
    /// Where its rows are.
    pub store: Arc<dyn Store>,
    /// Where its keys are.
    pub vault: VaultClient,
    /// How CloudHSM is asked of clusters.
    pub gate: GateHandle,
    /// The clusters that custom key stores can be made of.
    pub clusters: Clusters,
    /// Who exists, for key policies that name principals.
    pub principals: Arc<dyn PrincipalDirectory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids; key material comes from the vault.
    pub random: Arc<dyn Random>,
    /// The partition of the deployment's ARNs.
    pub partition: Partition,
    /// The Regions that the deployment serves: where replicas can be.
    pub regions: Vec<Region>,
    /// Whom attestation documents must come from.
    pub attestation_roots: AttestationRoots,
    /// How much there can be of what.
    pub quotas: ResourceQuotas,
}

/// The KMS service.
pub struct Kms {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: VaultClient,
    pub(crate) gate: GateHandle,
    pub(crate) key_stores: KeyStores,
    pub(crate) principals: Arc<dyn PrincipalDirectory>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) partition: Partition,
    pub(crate) attestation_roots: AttestationRoots,
    /// Markers of lists, and grant tokens.
    pub(crate) tokens: PageTokens,
    pub(crate) usage: Usage,
    pub(crate) keys: KeyCache,
    pub(crate) changes: NoticeBoard<Arn>,
    /// Told when a key is to settle.
    pub(crate) settling: Notify,
    pub(crate) regions: Vec<Region>,
    pub(crate) quotas: ResourceQuotas,
}

impl Kms {
    /// Opens the service on its store; the first time it makes the key of its tokens.
    pub async fn open(parts: KmsParts) -> Result<Arc<Self>, Fault> {
        let tokens = PageTokens::open(&*parts.store, &*parts.random, rows::marker_key()).await?;
        let usage = Usage::open(&*parts.store, parts.clock.now()).await?;
        Ok(Arc::new(Self {
            store: parts.store,
            vault: parts.vault,
            gate: parts.gate,
            key_stores: KeyStores::new(parts.clusters),
            principals: parts.principals,
            clock: parts.clock,
            random: parts.random,
            partition: parts.partition,
            attestation_roots: parts.attestation_roots,
            tokens,
            usage,
            keys: KeyCache::new(),
            changes: NoticeBoard::default(),
            settling: Notify::new(),
            regions: parts.regions,
            quotas: parts.quotas,
        }))
    }

    /// Tells of every key whose row changed (made, disabled, described, given another policy, destroyed, …),
    /// as long as `run_duties` runs. Whoever depends on a key looks at it himself, also at `Notice::Missed`,
    /// at his own start and from time to time.
    pub fn key_changes(&self) -> &NoticeBoard<Arn> {
        &self.changes
    }
}
