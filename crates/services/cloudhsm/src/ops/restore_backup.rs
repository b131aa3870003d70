//! `RestoreBackup`: takes a backup back that waits for its deletion.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{RestoreBackup as Shape, RestoreBackupRequest, RestoreBackupResponse};

use super::write_backup;
use crate::backup;
use crate::resolve::FoundBackup;
use crate::service::CloudHsm;

/// The operation.
pub(crate) struct RestoreBackup;

impl Operation for RestoreBackup {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &RestoreBackupRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find(request, view, &input.backup_id).await?;
        let check = backup.check("cloudhsm:RestoreBackup", request)?;
        Ok((backup, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<RestoreBackupResponse, RunError> {
        let txn = permit.txn();
        let now = permit.request().now;
        let mut found = permit.into_subject();
        found.record.restore(now)?;
        write_backup(service, txn, &found).await?;
        Ok(RestoreBackupResponse {
            backup: Some(backup::show(&service.partition, &found.place, &found.record)),
        })
    }
}
