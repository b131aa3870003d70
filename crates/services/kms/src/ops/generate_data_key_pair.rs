//! `GenerateDataKeyPair`: a key pair for use outside, its private half in clear and under a symmetric key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{
    GenerateDataKeyPair as Shape, GenerateDataKeyPairRequest, GenerateDataKeyPairResponse,
    KeyLastUsageTrackingOperation as Tracked,
};

use crate::crypto::{check_dry_run, check_grant_tokens, context};
use crate::data_key::{check_key, check_makes_pairs, pair_spec, with_pair};
use crate::key::shown_material;
use crate::kms::Kms;
use crate::quota::charge_pair;
use crate::recipient::{Attested, with_recipient};
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:GenerateDataKeyPair");

/// The operation.
pub(crate) struct GenerateDataKeyPair;

impl Operation for GenerateDataKeyPair {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Attested<Target>;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateDataKeyPairRequest,
        view: &mut View<'_>,
    ) -> Result<(Attested<Target>, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_pair(target.check(&ACCESS), input.key_pair_spec, &input.encryption_context);
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: target, recipient }, vec![check]))
    }

    fn charges(input: &GenerateDataKeyPairRequest, target: &Attested<Target>, charges: &mut Charges) {
        charge_pair(charges, input.key_pair_spec.as_str(), &target.subject.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateDataKeyPairResponse, RunError> {
        let (input, attested) = (permit.input(), permit.subject());
        let key = &attested.subject.key;
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let pair = pair_spec(input.key_pair_spec, permit.request())?;
        check_makes_pairs(key)?;
        check_key(key, "GenerateDataKeyPair")?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let response = GenerateDataKeyPairResponse {
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: shown_material(&key.record),
            ..GenerateDataKeyPairResponse::default()
        };
        if let Some(vault) = attested.vault(kms) {
            let made =
                vault.generate_data_key_pair(key.current()?, pair, &context).await.map_err(as_fault)?;
            kms.used(key, permit.request(), Tracked::GenerateDataKeyPair);
            return Ok(GenerateDataKeyPairResponse {
                private_key_ciphertext_blob: Some(made.ciphertext),
                public_key: made.public_key,
                ciphertext_for_recipient: Some(made.enveloped),
                ..response
            });
        }
        let made = kms.vault.generate_data_key_pair(key.current()?, pair, true, &context).await;
        let made = made.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::GenerateDataKeyPair);
        Ok(GenerateDataKeyPairResponse {
            private_key_ciphertext_blob: Some(made.ciphertext),
            private_key_plaintext: made.plaintext.map(|plaintext| Sensitive::new(plaintext.to_vec())),
            public_key: made.public_key,
            ..response
        })
    }
}

#[cfg(test)]
mod tests;
