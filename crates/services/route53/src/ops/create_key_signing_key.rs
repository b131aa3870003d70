//! Makes a key-signing key of a customer managed KMS key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{CreateKeySigningKeyRequest, CreateKeySigningKeyResponse};

use super::get_dnssec::Subject;
use super::shown;
use crate::Route53;
use crate::dnssec::{Dnssec, KeySigningKey, KeyStatus, Refusal, check_key_name};
use crate::kms::ForZone;

/// `route53:CreateKeySigningKey`.
pub(super) struct CreateKeySigningKey;

impl Operation for CreateKeySigningKey {
    type Shape = keyward_schema::route53::CreateKeySigningKey;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &CreateKeySigningKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:CreateKeySigningKey").await
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<CreateKeySigningKeyResponse, RunError> {
        let (txn, request, input) = (permit.txn(), permit.request().clone(), permit.input().clone());
        let (zone, mut dnssec) = permit.into_subject().public()?;
        let status = check(&dnssec, &input).map_err(Fault::from)?;
        let arn = input.key_management_service_arn;
        let on_behalf = ForZone { zone: &zone.id, owner: zone.owner, partition: &request.partition };
        let point = service
            .kms()
            .check_for_caller(&arn, &request.caller, on_behalf)
            .await
            .map_err(|problem| problem.for_caller(&arn))?;
        let key = KeySigningKey {
            name: input.name,
            kms_arn: arn,
            public_key: point.to_vec(),
            caller_reference: input.caller_reference,
            status,
            created: request.now,
            modified: request.now,
        };
        let key_signing_key = key.shown(&zone.name);
        let location = shown::location(&format!("keysigningkey/{}/{}", zone.id, key.name));
        dnssec.add(key).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, request.now).await?;
        Ok(CreateKeySigningKeyResponse { change_info, key_signing_key, location })
    }
}

/// All that can be known without KMS, in the order that gives the best messages.
fn check(dnssec: &Dnssec, input: &CreateKeySigningKeyRequest) -> Result<KeyStatus, Refusal> {
    check_key_name(&input.name)?;
    let status = KeyStatus::initial(&input.status)?;
    dnssec.check_add(&input.name, &input.key_management_service_arn, &input.caller_reference)?;
    Ok(status)
}
