//! Makes a key-signing key sign; also after its KMS key was mended.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ActivateKeySigningKeyRequest, ActivateKeySigningKeyResponse};

use super::get_dnssec::Subject;
use crate::Route53;
use crate::kms::ForZone;

/// `route53:ActivateKeySigningKey`.
pub(super) struct ActivateKeySigningKey;

impl Operation for ActivateKeySigningKey {
    type Shape = keyward_schema::route53::ActivateKeySigningKey;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ActivateKeySigningKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:ActivateKeySigningKey").await
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<ActivateKeySigningKeyResponse, RunError> {
        let (txn, request, name) = (permit.txn(), permit.request().clone(), permit.input().name.clone());
        let (zone, mut dnssec) = permit.into_subject().of_key()?;
        let key = dnssec.check_activate(&name).map_err(Fault::from)?;
        let on_behalf = ForZone { zone: &zone.id, owner: zone.owner, partition: &request.partition };
        service.check_key(key, on_behalf).await?;
        dnssec.activate(&name, request.now).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, request.now).await?;
        Ok(ActivateKeySigningKeyResponse { change_info })
    }
}
