//! `DescribeBackups`: the backups of an account in a Region, or those that others share with it; the newest first.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{DescribeBackups as Shape, DescribeBackupsRequest, DescribeBackupsResponse};

use super::Filters;
use crate::backup::{self, BackupRecord};
use crate::resolve::{FoundBackup, everywhere, here};
use crate::service::CloudHsm;
use crate::{fault, rows};

const ACTION: &str = "cloudhsm:DescribeBackups";
const PAGE_MAX: usize = 50;
const FILTERS: [&str; 5] = ["backupIds", "sourceBackupIds", "clusterIds", "states", "neverExpires"];

/// The operation.
pub(crate) struct DescribeBackups;

impl Operation for DescribeBackups {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = ();

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        _input: &DescribeBackupsRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![everywhere(ACTION, request)]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DescribeBackupsResponse, RunError> {
        let input = permit.input();
        let filters = Filters::read(input.filters.as_ref(), &FILTERS)?;
        let (shared, ascending) = (input.shared == Some(true), input.sort_ascending == Some(true));
        let wanted = (input.max_results, input.next_token.as_deref());
        let asked = format!("{shared}/{ascending}/{}", filters.text());
        let page = service.page(permit.request(), ("DescribeBackups", &[&asked]), PAGE_MAX, wanted)?;
        let all = if shared {
            shared_with(service, permit.request()).await?
        } else {
            own(service, permit.request()).await?
        };
        let place = |found: &FoundBackup| order(&found.record, ascending);
        let wanted = |found: &FoundBackup| is_wanted(&filters, &found.record) && page.is_after(&place(found));
        let mut found: Vec<_> = all.into_iter().filter(wanted).collect();
        found.sort_by_key(place);
        let paged = page.cut(&service.tokens, found, place)?;
        let show = |found: &FoundBackup| backup::show(&service.partition, &found.place, &found.record);
        Ok(DescribeBackupsResponse {
            backups: Some(paged.entries.iter().map(show).collect()),
            next_token: paged.next,
        })
    }
}

async fn own(service: &CloudHsm, request: &RequestContext) -> Result<Vec<FoundBackup>, Fault> {
    let place = here(request);
    let backups = service.backups(&place).await?;
    Ok(backups.into_iter().map(|record| FoundBackup { place: place.clone(), record }).collect())
}

/// The backups of other accounts whose resource policies let the caller describe them.
async fn shared_with(service: &CloudHsm, request: &RequestContext) -> Result<Vec<FoundBackup>, Fault> {
    let mut shared = Vec::new();
    for row in service.rows(&rows::backups_of_region(&request.region)).await? {
        let (place, _) =
            rows::parse_backup(&row.key).ok_or_else(|| fault::internal("a backup's row has no place"))?;
        let record = BackupRecord::decode(&row.value)?;
        if place.account == request.account() || record.policy.is_none() || !record.is_ready() {
            continue;
        }
        let found = FoundBackup { place, record };
        if request.judge(&found.check(ACTION, request)?).is_ok() {
            shared.push(found);
        }
    }
    Ok(shared)
}

fn is_wanted(filters: &Filters<'_>, backup: &BackupRecord) -> bool {
    let source = backup.copied.as_ref().map(|copied| copied.backup.as_str());
    filters.allow("backupIds", Some(backup.id.as_str()))
        && filters.allow("sourceBackupIds", source)
        && filters.allow("clusterIds", Some(backup.cluster.as_str()))
        && filters.allow("states", Some(backup::state_name(backup.stage).as_str()))
        && filters.allow("neverExpires", Some(if backup.never_expires { "true" } else { "false" }))
}

/// A text by whose order the list is sorted.
fn order(backup: &BackupRecord, ascending: bool) -> String {
    let millis = backup.created.unix_millis();
    let moment = if ascending { millis } else { i64::MAX.saturating_sub(millis) };
    format!("{moment:020}/{}", backup.id)
}
