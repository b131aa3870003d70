//! `ModifyBackupAttributes`: whether a backup is kept for ever.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    ModifyBackupAttributes as Shape, ModifyBackupAttributesRequest, ModifyBackupAttributesResponse,
};

use super::write_backup;
use crate::backup;
use crate::resolve::FoundBackup;
use crate::service::CloudHsm;

/// The operation.
pub(crate) struct ModifyBackupAttributes;

impl Operation for ModifyBackupAttributes {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &ModifyBackupAttributesRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find(request, view, &input.backup_id).await?;
        let check = backup.check("cloudhsm:ModifyBackupAttributes", request)?;
        Ok((backup, vec![check]))
    }

    async fn run(
        service: &CloudHsm,
        permit: Permit<Self>,
    ) -> Result<ModifyBackupAttributesResponse, RunError> {
        let txn = permit.txn();
        let never_expires = permit.input().never_expires;
        let mut found = permit.into_subject();
        found.record.check_ready()?;
        found.record.never_expires = never_expires;
        write_backup(service, txn, &found).await?;
        Ok(ModifyBackupAttributesResponse {
            backup: Some(backup::show(&service.partition, &found.place, &found.record)),
        })
    }
}
