//! What the cryptographic operations share: their options, their encryption context, their checks.

use std::collections::BTreeMap;

use keyward_base::Fault;
use keyward_gate::Check;
use keyward_schema::kms::EncryptionAlgorithmSpec;
use keyward_vault::{EncryptionAlgorithm, EncryptionContext, KeySpec};

use crate::fault;
use crate::key::shown;
use crate::loaded::LoadedKey;

/// `EncryptionContext` as requests carry it.
pub(crate) type GivenContext = Option<BTreeMap<String, String>>;

/// The given context; absent equals empty.
pub(crate) fn context(given: &GivenContext) -> EncryptionContext {
    given.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// The condition keys of an encryption context and of the algorithm that it is used with.
pub(crate) fn with_context(
    mut check: Check,
    context: &GivenContext,
    algorithm: Option<EncryptionAlgorithmSpec>,
) -> Check {
    for (key, value) in context.iter().flatten() {
        check.conditions.set(format!("kms:EncryptionContext:{key}"), value.clone());
    }
    let keys = context.iter().flatten().map(|(key, _)| key.clone());
    check.conditions.set_list("kms:EncryptionContextKeys", keys);
    check.context = context.clone().unwrap_or_default();
    let algorithm = algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
    check.with("kms:EncryptionAlgorithm", algorithm.as_str())
}

/// The encryption algorithm that the request names (by default `SYMMETRIC_DEFAULT`), if `key` has it.
pub(crate) fn encryption_algorithm(
    key: &LoadedKey,
    given: Option<EncryptionAlgorithmSpec>,
    context: &GivenContext,
) -> Result<EncryptionAlgorithm, Fault> {
    let given = given.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
    let algorithm: EncryptionAlgorithm = shown(given.as_str())?;
    let spec = key.record.spec;
    if !algorithm.fits(spec) {
        return Err(fault::incompatible_algorithm(&algorithm, spec));
    }
    if spec != KeySpec::SymmetricDefault && context.as_ref().is_some_and(|context| !context.is_empty()) {
        let message = format!("EncryptionContext is not supported with the algorithm {algorithm}.");
        return Err(fault::validation(message));
    }
    Ok(algorithm)
}

pub(crate) use crate::token::check as check_grant_tokens;

/// Ends a request that would have succeeded when it only asks whether it would.
pub(crate) fn check_dry_run(dry_run: Option<bool>) -> Result<(), Fault> {
    if dry_run == Some(true) { Err(fault::dry_run()) } else { Ok(()) }
}
