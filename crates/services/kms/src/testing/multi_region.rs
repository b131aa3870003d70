//! Multi-Region keys for the tests: made, replicated, and checked to agree with their relatives.

use keyward_base::Fault;
use keyward_gate::Caller;
use keyward_schema::kms::*;

use super::imports::IMPORTING;
use super::{House, root};
use crate::key::{KeyRecord, MultiRegion};
use crate::rows;

/// A `ReplicateKey` without anything optional.
pub(crate) fn replicate_key(key: &str, region: &str) -> ReplicateKeyRequest {
    ReplicateKeyRequest {
        key_id: key.to_owned(),
        replica_region: region.to_owned(),
        policy: None,
        bypass_policy_lockout_safety_check: None,
        description: None,
        tags: None,
    }
}

/// `ReplicateKey` to a Region, or `UpdatePrimaryRegion` to the Region of a replica that is there.
pub(super) async fn across_regions(
    house: &House,
    caller: &Caller,
    operation: &str,
    key_id: String,
) -> Result<(), Fault> {
    if operation == "ReplicateKey" {
        return house.call::<ReplicateKey>(caller, replicate_key(&key_id, AWAY)).await.map(drop);
    }
    let input = UpdatePrimaryRegionRequest { key_id, primary_region: AWAY.to_owned() };
    house.call::<UpdatePrimaryRegion>(caller, input).await.map(drop)
}

/// The ARN of the key with the same id in `region`.
pub(crate) fn twin(arn: &str, region: &str) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    parts[3] = region;
    parts.join(":")
}

/// Another Region than that of the tests.
const AWAY: &str = "eu-west-1";

impl House {
    /// A key on which `operation` works.
    pub(crate) async fn key_for(&self, operation: &str, spec: KeySpec, usage: KeyUsageType) -> String {
        match operation {
            "ReplicateKey" => self.multi_region(spec, usage).await,
            "UpdatePrimaryRegion" => self.family(&[AWAY]).await,
            importing if IMPORTING.contains(&importing) => self.imported(1).await,
            _ => self.key(spec, usage).await,
        }
    }

    /// Makes a multi-Region primary as root, in the Region of the tests, and answers its ARN.
    pub(crate) async fn multi_region(&self, spec: KeySpec, usage: KeyUsageType) -> String {
        let input = CreateKeyRequest {
            key_spec: Some(spec),
            key_usage: Some(usage),
            multi_region: Some(true),
            ..Default::default()
        };
        self.create(&root(), input).await.unwrap()
    }

    /// A symmetric primary with replicas that are ready, in these Regions.
    pub(crate) async fn family(&self, regions: &[&str]) -> String {
        let arn = self.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
        for region in regions {
            self.call::<ReplicateKey>(&root(), replicate_key(&arn, region)).await.unwrap();
        }
        self.kms.settle_due(None).await.unwrap();
        arn
    }

    /// Makes the key of `region` the primary.
    pub(crate) async fn move_primary(&self, arn: &str, region: &str) -> Result<(), Fault> {
        let at = arn.split(':').nth(3).unwrap();
        let input = UpdatePrimaryRegionRequest { key_id: arn.to_owned(), primary_region: region.to_owned() };
        self.call_in::<UpdatePrimaryRegion>(at, input).await.map(drop)
    }

    /// Checks that every multi-Region key in the store agrees with its relatives: one primary that knows
    /// exactly the replicas that there are, each of which knows it, all with the same materials.
    pub(crate) fn check_families(&self) {
        let mut keys = Vec::new();
        for row in self.store.inner.rows() {
            let Some((account, region, id)) = rows::parse_key(&row.key) else { continue };
            let record = rows::read_key(&row.value).unwrap();
            assert_eq!(record.multi_region == MultiRegion::No, !id.is_multi_region());
            if id.is_multi_region() {
                keys.push((account, id, region, record));
            }
        }
        for (account, id, region, record) in &keys {
            let relatives: Vec<_> =
                keys.iter().filter(|other| (other.0, &other.1) == (*account, id)).collect();
            let primaries: Vec<_> = relatives.iter().filter(|other| !other.3.is_replica()).collect();
            let [(_, _, home, primary)] = primaries.as_slice() else { panic!("primaries: {primaries:?}") };
            let others: Vec<_> =
                relatives.iter().filter(|other| other.3.is_replica()).map(|other| other.2.clone()).collect();
            assert_eq!(primary.replicas(), others);
            match &record.multi_region {
                MultiRegion::Replica { primary } => assert_eq!(primary, home),
                _ => assert_eq!(region, home),
            }
            assert_eq!(shared(record), shared(primary));
        }
    }
}

/// What relatives share.
fn shared(record: &KeyRecord) -> impl PartialEq + std::fmt::Debug {
    let materials: Vec<_> = record.materials.iter().map(|one| (one.id, one.is_associated())).collect();
    let current = record.current().map(|material| material.id);
    (record.spec, record.usage, record.source.clone(), record.manager, materials, current)
}
