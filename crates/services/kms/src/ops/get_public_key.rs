//! `GetPublicKey`: the public half of an asymmetric key, as its token has it.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{GetPublicKey as Shape, GetPublicKeyRequest, GetPublicKeyResponse};

use crate::crypto::check_grant_tokens;
use crate::fault;
use crate::key::{KeyAlgorithms, Profile, shown, shown_spec};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::describe("kms:GetPublicKey");

/// The operation.
pub(crate) struct GetPublicKey;

impl Operation for GetPublicKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::GET_PUBLIC_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GetPublicKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GetPublicKeyResponse, RunError> {
        let key = &permit.subject().key;
        check_grant_tokens(kms, permit.input().grant_tokens.as_ref())?;
        let (spec, usage) = (key.record.spec, key.record.usage);
        if !spec.is_asymmetric() {
            let message = format!("{} is not an asymmetric key.", key.arn);
            return Err(fault::unsupported(message).into());
        }
        key.admit(Profile::Cryptographic)?;
        let material = key.current()?;
        let public_key = kms.vault.public_key(material).await.map_err(as_fault)?;
        let (key_spec, customer_master_key_spec) = shown_spec(spec)?;
        let algorithms = KeyAlgorithms::of(spec, usage)?;
        Ok(GetPublicKeyResponse {
            key_id: Some(key.arn.to_string()),
            public_key: Some(public_key),
            customer_master_key_spec,
            key_spec: Some(key_spec),
            key_usage: Some(shown(usage.as_str())?),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.agreement,
            encapsulation_algorithms: algorithms.encapsulation,
        })
    }
}

#[cfg(test)]
mod tests;
