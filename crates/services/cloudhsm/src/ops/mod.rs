//! The API: one operation, one file.

mod copy_backup_to_region;
mod create_cluster;
mod create_hsm;
mod delete_backup;
mod delete_cluster;
mod delete_hsm;
mod delete_resource_policy;
mod describe_backups;
mod describe_clusters;
mod get_resource_policy;
mod initialize_cluster;
mod list_tags;
mod modify_backup_attributes;
mod modify_cluster;
mod put_resource_policy;
mod restore_backup;
mod tag_resource;
#[cfg(test)]
mod tests;
mod untag_resource;

use std::collections::BTreeMap;
use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Router, RunError};
use keyward_store::Txn;

use crate::fault;
use crate::resolve::{FoundBackup, FoundCluster};
use crate::rows::{self, Place};
use crate::service::CloudHsm;

/// Serves every operation of the service.
pub fn register(router: &mut Router, service: &Arc<CloudHsm>) {
    macro_rules! serve {
        ($($operation:path,)*) => {
            $(router.register::<$operation>(Arc::clone(service));)*
        };
    }
    serve! {
        copy_backup_to_region::CopyBackupToRegion,
        create_cluster::CreateCluster,
        create_hsm::CreateHsm,
        delete_backup::DeleteBackup,
        delete_cluster::DeleteCluster,
        delete_hsm::DeleteHsm,
        delete_resource_policy::DeleteResourcePolicy,
        describe_backups::DescribeBackups,
        describe_clusters::DescribeClusters,
        get_resource_policy::GetResourcePolicy,
        initialize_cluster::InitializeCluster,
        list_tags::ListTags,
        modify_backup_attributes::ModifyBackupAttributes,
        modify_cluster::ModifyCluster,
        put_resource_policy::PutResourcePolicy,
        restore_backup::RestoreBackup,
        tag_resource::TagResource,
        untag_resource::UntagResource,
    }
}

/// Makes additions that count against a quota one after the other: `resolve` has read the guard's row.
fn guarded(txn: Txn, place: &Place) -> Txn {
    txn.put(rows::guard(place), Vec::new())
}

/// Writes a changed cluster, if it is still the one that was judged.
async fn write_cluster(service: &CloudHsm, txn: Txn, cluster: &FoundCluster) -> Result<(), RunError> {
    service.store.txn(txn.put(cluster.key(), cluster.record.encode()?)).await?;
    Ok(())
}

/// Writes a changed backup, if it is still the one that was judged.
async fn write_backup(service: &CloudHsm, txn: Txn, backup: &FoundBackup) -> Result<(), RunError> {
    service.store.txn(txn.put(backup.key(), backup.record.encode()?)).await?;
    Ok(())
}

/// `Filters`, each of which is known and holds every entry that names one of its values.
struct Filters<'a>(Option<&'a BTreeMap<String, Vec<String>>>);

impl<'a> Filters<'a> {
    fn read(given: Option<&'a BTreeMap<String, Vec<String>>>, known: &[&str]) -> Result<Self, Fault> {
        let unknown = given.into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str()));
        match unknown {
            Some((name, _)) => {
                Err(fault::invalid(format!("There is no filter {name}; there are {}.", known.join(", "))))
            }
            None => Ok(Self(given)),
        }
    }

    /// Whether an entry that has `value` in the field called `name` is wanted.
    fn allow(&self, name: &str, value: Option<&str>) -> bool {
        let wanted = self.0.and_then(|filters| filters.get(name));
        wanted.is_none_or(|wanted| {
            value.is_some_and(|value| wanted.iter().any(|one| one.eq_ignore_ascii_case(value)))
        })
    }

    /// The filters as one text, to bind a page token to them.
    fn text(&self) -> String {
        self.0.map(|filters| format!("{filters:?}")).unwrap_or_default()
    }
}
