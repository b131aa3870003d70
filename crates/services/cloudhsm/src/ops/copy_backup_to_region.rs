//! `CopyBackupToRegion`: a copy of a backup in another Region of the deployment.

use keyward_base::{Fault, Region};
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    CopyBackupToRegion as Shape, CopyBackupToRegionRequest, CopyBackupToRegionResponse, DestinationBackup,
    Tag,
};

use crate::backup::{self, BackupRecord, Copied, Stage};
use crate::fault;
use crate::ids::BackupId;
use crate::resolve::FoundBackup;
use crate::rows::{self, Place};
use crate::service::CloudHsm;
use crate::tags::{self, Tags};

/// The operation.
pub(crate) struct CopyBackupToRegion;

impl Operation for CopyBackupToRegion {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &CopyBackupToRegionRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find(request, view, &input.backup_id).await?;
        let given = input.tag_list.as_deref().unwrap_or_default();
        let mut checks = vec![tags::of_request(backup.check("cloudhsm:CopyBackupToRegion", request)?, given)];
        if !given.is_empty() {
            checks.push(tags::of_request(backup.check("cloudhsm:TagResource", request)?, given));
        }
        Ok((backup, checks))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<CopyBackupToRegionResponse, RunError> {
        let (input, source, now) = (permit.input(), permit.subject(), permit.request().now);
        let region = destination(service, &source.place.region, &input.destination_region)?;
        source.record.check_ready()?;
        let copied = Copied {
            region: source.place.region.clone(),
            backup: source.record.id.clone(),
            cluster: source.record.cluster.clone(),
            at: now,
        };
        let copy = BackupRecord {
            id: BackupId::random(&*service.random),
            stage: Stage::Ready,
            never_expires: false,
            policy: None,
            tags: tags(source, input.tag_list.as_deref())?,
            copied: Some(copied.clone()),
            ..source.record.clone()
        };
        // The sealed bytes first, so that no row is without them.
        let sealed = service.sealed(&source.record).await?;
        service.blobs.put(&backup::blob(&copy.id)?, sealed).await.map_err(fault::internal)?;
        let place = Place { account: source.place.account, region };
        service.store.txn(permit.txn().create(rows::backup(&place, &copy.id), copy.encode()?)).await?;
        Ok(CopyBackupToRegionResponse {
            destination_backup: Some(DestinationBackup {
                create_timestamp: Some(copy.created),
                source_region: Some(copied.region.to_string()),
                source_backup: Some(copied.backup.to_string()),
                source_cluster: Some(copied.cluster.to_string()),
            }),
        })
    }
}

/// Another Region that this deployment has.
fn destination(service: &CloudHsm, source: &Region, wanted: &str) -> Result<Region, Fault> {
    let region: Region = wanted.parse().map_err(|_| fault::invalid(format!("{wanted} is not a Region.")))?;
    if region == *source {
        return Err(fault::invalid(format!("The backup is in {region} already; name another Region.")));
    }
    if !service.config.zones.contains_key(&region) {
        return Err(fault::invalid(format!("There is no Region {region} here.")));
    }
    Ok(region)
}

/// The given tags take the place of the source's.
fn tags(source: &FoundBackup, given: Option<&[Tag]>) -> Result<Tags, Fault> {
    match given {
        Some(given) => Tags::given(Some(given)),
        None => Ok(source.record.tags.clone()),
    }
}
