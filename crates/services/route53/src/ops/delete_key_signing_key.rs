//! Removes an INACTIVE key-signing key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{DeleteKeySigningKeyRequest, DeleteKeySigningKeyResponse};

use super::get_dnssec::Subject;
use crate::Route53;

/// `route53:DeleteKeySigningKey`.
pub(super) struct DeleteKeySigningKey;

impl Operation for DeleteKeySigningKey {
    type Shape = keyward_schema::route53::DeleteKeySigningKey;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &DeleteKeySigningKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:DeleteKeySigningKey").await
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<DeleteKeySigningKeyResponse, RunError> {
        let (txn, now, name) = (permit.txn(), permit.request().now, permit.input().name.clone());
        let (zone, mut dnssec) = permit.into_subject().of_key()?;
        dnssec.delete(&name).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, now).await?;
        Ok(DeleteKeySigningKeyResponse { change_info })
    }
}
