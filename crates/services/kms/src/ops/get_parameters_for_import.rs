//! `GetParametersForImport`: a wrapping key for one key, good for a day. Its private half never leaves the vault.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    AlgorithmSpec, GetParametersForImport as Shape, GetParametersForImportRequest,
    GetParametersForImportResponse, WrappingKeySpec,
};
use keyward_vault::{KeySpec, WrappingAlgorithm};

use crate::fault;
use crate::import::{ImportToken, TOKEN_VALID, check_origin, import_binding};
use crate::key::{Profile, check_region, shown};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::manage("kms:GetParametersForImport");

/// The operation.
pub(crate) struct GetParametersForImport;

impl Operation for GetParametersForImport {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::GET_PARAMETERS_FOR_IMPORT);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GetParametersForImportRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target
            .check(&ACCESS)
            .with("kms:WrappingAlgorithm", input.wrapping_algorithm.as_str())
            .with("kms:WrappingKeySpec", input.wrapping_key_spec.as_str());
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GetParametersForImportResponse, RunError> {
        let key = &permit.subject().key;
        let input = permit.input();
        check_origin(key)?;
        let (algorithm, wrapping_key) =
            wrapping(input.wrapping_algorithm, input.wrapping_key_spec, key.record.spec)?;
        check_region(wrapping_key, "WrappingKeySpec", &key.arn.partition, &key.arn.region)?;
        key.admit(Profile::ImportParameters)?;
        let valid_to = permit.request().now.plus(TOKEN_VALID);
        let binding = import_binding(key, wrapping_key, algorithm, valid_to);
        let made = kms.vault.generate_import_key(&binding).await.map_err(as_fault)?;
        let token = ImportToken { wrapping_key, algorithm, valid_to, token: made.ekt };
        Ok(GetParametersForImportResponse {
            key_id: Some(key.arn.to_string()),
            import_token: Some(token.write()),
            public_key: made.public_key.map(Into::into),
            parameters_valid_to: Some(valid_to),
        })
    }
}

/// The wrapping that is asked for, if it can carry the material of a key of `spec`.
fn wrapping(
    algorithm: AlgorithmSpec,
    wrapping_key: WrappingKeySpec,
    spec: KeySpec,
) -> Result<(WrappingAlgorithm, KeySpec), Fault> {
    if algorithm == AlgorithmSpec::RsaesPkcs1V15 {
        let message = "The wrapping algorithm RSAES_PKCS1_V1_5 is not supported.";
        return Err(fault::unsupported(message));
    }
    let algorithm: WrappingAlgorithm = shown(algorithm.as_str())?;
    let wrapping_key: KeySpec = shown(wrapping_key.as_str())?;
    if !algorithm.fits(wrapping_key) {
        return Err(fault::unsupported(format!(
            "The wrapping algorithm {algorithm} is incompatible with the wrapping key spec {wrapping_key}."
        )));
    }
    if !algorithm.carries(spec, wrapping_key) {
        return Err(fault::unsupported(format!(
            "The wrapping algorithm {algorithm} with the wrapping key spec {wrapping_key} cannot be used to \
             import key material of the key spec {spec}."
        )));
    }
    Ok((algorithm, wrapping_key))
}

#[cfg(test)]
mod tests;
