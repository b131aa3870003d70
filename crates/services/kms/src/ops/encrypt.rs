//! `Encrypt`: encrypts up to 4096 bytes under a symmetric key, or what fits under an RSA key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    Encrypt as Shape, EncryptRequest, EncryptResponse, KeyLastUsageTrackingOperation as Tracked,
};
use keyward_vault::{EncryptionAlgorithm, KeyUsage};

use crate::crypto::{check_dry_run, check_grant_tokens, context, encryption_algorithm, with_context};
use crate::fault;
use crate::key::{Profile, shown};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::cryptographic("kms:Encrypt");

/// The operation.
pub(crate) struct Encrypt;

impl Operation for Encrypt {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &EncryptRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let check = with_context(check, &input.encryption_context, input.encryption_algorithm);
        Ok((target, vec![check]))
    }

    fn charges(_: &EncryptRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<EncryptResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        key.check_usage(KeyUsage::EncryptDecrypt, "Encrypt")?;
        let algorithm = encryption_algorithm(key, input.encryption_algorithm, &input.encryption_context)?;
        let plaintext = input.plaintext.expose();
        check_size(key, algorithm, plaintext.len())?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let ciphertext = kms.encrypt(key, algorithm, plaintext, &context).await?;
        kms.used(key, permit.request(), Tracked::Encrypt);
        Ok(EncryptResponse {
            ciphertext_blob: Some(ciphertext),
            key_id: Some(key.arn.to_string()),
            encryption_algorithm: Some(shown(algorithm.as_str())?),
        })
    }
}

fn check_size(key: &LoadedKey, algorithm: EncryptionAlgorithm, bytes: usize) -> Result<(), Fault> {
    let spec = key.record.spec;
    if bytes <= algorithm.plaintext_bytes_max(spec) { Ok(()) } else { Err(fault::too_large(algorithm, spec)) }
}

#[cfg(test)]
mod tests;
