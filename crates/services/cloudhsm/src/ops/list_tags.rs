//! `ListTags`: the tags of a cluster or a backup. What can be tagged is told here too.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{ListTags as Shape, ListTagsRequest, ListTagsResponse, Tag};
use keyward_store::Txn;

use super::{write_backup, write_cluster};
use crate::resolve::{FoundBackup, FoundCluster};
use crate::service::CloudHsm;
use crate::tags::Tags;

const PAGE_MAX: usize = 100;

/// The operation.
pub(crate) struct ListTags;

impl Operation for ListTags {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = Tagged;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &ListTagsRequest,
        view: &mut View<'_>,
    ) -> Result<(Tagged, Vec<Check>), Fault> {
        let tagged = Tagged::find(request, view, &input.resource_id).await?;
        let check = tagged.check("cloudhsm:ListTags", request)?;
        Ok((tagged, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<ListTagsResponse, RunError> {
        let input = permit.input();
        let wanted = (input.max_results, input.next_token.as_deref());
        let page = service.page(permit.request(), ("ListTags", &[&input.resource_id]), PAGE_MAX, wanted)?;
        let tags = permit.subject().tags().shown().into_iter().filter(|tag| page.is_after(&tag.key));
        let paged = page.cut(&service.tokens, tags, |tag: &Tag| tag.key.clone())?;
        Ok(ListTagsResponse { tag_list: paged.entries, next_token: paged.next })
    }
}

/// What can have tags.
pub(crate) enum Tagged {
    /// A cluster.
    Cluster(FoundCluster),
    /// A backup.
    Backup(FoundBackup),
}

impl Tagged {
    /// The caller's cluster or backup `id`.
    pub(super) async fn find(request: &RequestContext, view: &mut View<'_>, id: &str) -> Result<Self, Fault> {
        if id.starts_with("backup-") {
            FoundBackup::find(request, view, id).await.map(Self::Backup)
        } else {
            FoundCluster::find(request, view, id).await.map(Self::Cluster)
        }
    }

    /// The permission `action` on it.
    pub(super) fn check(&self, action: &'static str, request: &RequestContext) -> Result<Check, Fault> {
        match self {
            Self::Cluster(cluster) => Ok(cluster.check(action, request)),
            Self::Backup(backup) => backup.check(action, request),
        }
    }

    /// Its tags.
    pub(super) fn tags(&self) -> &Tags {
        match self {
            Self::Cluster(cluster) => &cluster.record.tags,
            Self::Backup(backup) => &backup.record.tags,
        }
    }

    /// Writes it with other tags.
    pub(super) async fn write(self, service: &CloudHsm, txn: Txn, tags: Tags) -> Result<(), RunError> {
        match self {
            Self::Cluster(mut cluster) => {
                cluster.record.tags = tags;
                write_cluster(service, txn, &cluster).await
            }
            Self::Backup(mut backup) => {
                backup.record.tags = tags;
                write_backup(service, txn, &backup).await
            }
        }
    }
}
