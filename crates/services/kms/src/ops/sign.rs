//! `Sign`: signs a message or its digest with the private half of an asymmetric key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    KeyLastUsageTrackingOperation as Tracked, Sign as Shape, SignRequest, SignResponse,
};

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};
use crate::signing::{signed, with_signing};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:Sign");

/// The operation.
pub(crate) struct Sign;

impl Operation for Sign {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &SignRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let check = with_signing(check, input.signing_algorithm, input.message_type);
        Ok((target, vec![check]))
    }

    fn charges(_: &SignRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<SignResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let message = input.message.expose();
        let how = signed(key, "Sign", input.signing_algorithm, input.message_type, message)?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let signature = kms.vault.sign(key.current()?, how.algorithm, how.message_type, message).await;
        let signature = signature.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::Sign);
        Ok(SignResponse {
            key_id: Some(key.arn.to_string()),
            signature: Some(signature),
            signing_algorithm: Some(input.signing_algorithm),
        })
    }
}

#[cfg(test)]
mod tests;
