//! `DeleteBackup`: lets a backup go; for seven days it can be taken back.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{DeleteBackup as Shape, DeleteBackupRequest, DeleteBackupResponse};

use super::write_backup;
use crate::resolve::FoundBackup;
use crate::service::CloudHsm;
use crate::{backup, fault};

/// The operation.
pub(crate) struct DeleteBackup;

impl Operation for DeleteBackup {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &DeleteBackupRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find(request, view, &input.backup_id).await?;
        let check = backup.check("cloudhsm:DeleteBackup", request)?;
        Ok((backup, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DeleteBackupResponse, RunError> {
        let txn = permit.txn();
        let now = permit.request().now;
        let mut found = permit.into_subject();
        check_needed(service, &found).await?;
        found.record.delete(now)?;
        write_backup(service, txn, &found).await?;
        Ok(DeleteBackupResponse {
            backup: Some(backup::show(&service.partition, &found.place, &found.record)),
        })
    }
}

/// The last backup of a cluster without HSMs is all that is left of its keys.
async fn check_needed(service: &CloudHsm, found: &FoundBackup) -> Result<(), Fault> {
    let clusters = service.clusters(&found.place).await?;
    let cluster = clusters.iter().find(|cluster| cluster.id == found.record.cluster && !cluster.is_deleted());
    if !found.record.is_ready() || cluster.is_none_or(|cluster| !cluster.hsms.is_empty()) {
        return Ok(());
    }
    let all = service.backups(&found.place).await?;
    let others = all.iter().filter(|backup| backup.cluster == found.record.cluster && backup.is_ready());
    if others.count() > 1 {
        return Ok(());
    }
    Err(fault::invalid(format!(
        "The backup {} is the last one of the cluster {}, which has no HSMs; delete the cluster first.",
        found.record.id, found.record.cluster
    )))
}
