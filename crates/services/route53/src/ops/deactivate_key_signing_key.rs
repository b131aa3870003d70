//! Makes a key-signing key sign no more.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{DeactivateKeySigningKeyRequest, DeactivateKeySigningKeyResponse};

use super::get_dnssec::Subject;
use crate::Route53;

/// `route53:DeactivateKeySigningKey`.
pub(super) struct DeactivateKeySigningKey;

impl Operation for DeactivateKeySigningKey {
    type Shape = keyward_schema::route53::DeactivateKeySigningKey;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &DeactivateKeySigningKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:DeactivateKeySigningKey").await
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<DeactivateKeySigningKeyResponse, RunError> {
        let (txn, now, name) = (permit.txn(), permit.request().now, permit.input().name.clone());
        let (zone, mut dnssec) = permit.into_subject().of_key()?;
        let signs = dnssec.check_deactivate(&name).map_err(Fault::from)?;
        let key = dnssec.key(&name).map_err(Fault::from)?.clone();
        let named = signs && service.in_parent_ds(&zone, &[key]).await.map_err(Fault::from)?;
        dnssec.deactivate(&name, named, now).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, now).await?;
        Ok(DeactivateKeySigningKeyResponse { change_info })
    }
}
