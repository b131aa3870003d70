//! Makes the material of a KMS key inside its store's cluster.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_hsm::{Change, Flag, HsmError, KeyHandle, KeySpec, KeyTemplate, MemberState};
use keyward_vault::MaterialId;

use super::{FoundStore, faults};
use crate::key::{Backing, ClusterKey, KeyArn, Material, MaterialState};
use crate::kms::Kms;

/// On how many HSMs a new key is before it is acknowledged.
const COPIES_MIN: usize = 2;
const NEEDED: &str = "at least two active HSMs in different Availability Zones";

/// What a KMS key is in its cluster: the key's ARN is its label; it is persistent and can not be extracted.
fn template(arn: &KeyArn) -> KeyTemplate {
    let flags = [
        (Flag::Token, true),
        (Flag::Private, true),
        (Flag::Sensitive, true),
        (Flag::Extractable, false),
        (Flag::Encrypt, true),
        (Flag::Decrypt, true),
        (Flag::Sign, false),
        (Flag::Verify, false),
    ];
    KeyTemplate {
        spec: KeySpec::Aes { bytes: 32 },
        label: arn.to_string(),
        changes: flags.into_iter().map(|(flag, value)| Change::Flag(flag, value)).collect(),
        share_with: Vec::new(),
    }
}

impl Kms {
    /// Makes the material of the key at `arn` in the cluster of `store`, on two HSMs at least.
    pub(crate) async fn make_in_store(&self, store: &FoundStore, arn: &KeyArn) -> Result<Material, Fault> {
        let connected = store.record.connection.require_connected();
        connected.map_err(|refusal| faults::invalid_state(&store.id, refusal))?;
        let cluster = &store.record.cluster_id;
        self.require_two_zones(cluster)?;
        let unusable = |error| match error {
            HsmError::TooFewHsms | HsmError::NoActiveHsm => faults::cluster_configuration(cluster, NEEDED),
            error => faults::store_unusable(&store.id, error),
        };
        let session =
            self.key_stores.login(&store.id).await.ok_or_else(|| unusable(HsmError::NotLoggedIn))?;
        let made = session.generate_key(&template(arn), COPIES_MIN).await.map_err(unusable)?;
        Ok(Material {
            id: MaterialId::random(&*self.random),
            state: MaterialState::Current,
            backing: Backing::CloudHsm(ClusterKey { reference: made.handle.0 }),
        })
    }

    /// Takes back what `make_in_store` made, when the key did not come to be.
    pub(crate) async fn unmake_in_store(&self, store: &FoundStore, material: &Material) {
        let Backing::CloudHsm(key) = &material.backing else { return };
        let Some(session) = self.key_stores.login(&store.id).await else { return };
        let handle = KeyHandle(key.reference);
        if let Err(error) = session.delete_key(handle).await {
            tracing::warn!(store = %store.id, key = %handle, %error, "the material of a key that was not made is left");
        }
    }

    /// What making a key takes of the cluster, as its HSMs are now.
    fn require_two_zones(&self, cluster: &str) -> Result<(), Fault> {
        let members = self.key_stores.cluster(cluster).map(|cluster| cluster.members()).unwrap_or_default();
        let active = members.into_iter().filter(|member| member.state == MemberState::Active);
        let zones: BTreeSet<_> = active.map(|member| member.zone).collect();
        if zones.len() >= COPIES_MIN { Ok(()) } else { Err(faults::cluster_configuration(cluster, NEEDED)) }
    }
}
