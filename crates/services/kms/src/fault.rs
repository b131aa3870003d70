//! KMS's errors in AWS's words, each with its code. One function, one text.

use std::error::Error;
use std::fmt;

use keyward_base::{AccountId, Fault, Partition, Region};

use keyward_schema::kms::KeyState;
use keyward_vault::{EncryptionAlgorithm, KeyOrigin, KeySpec, KeyUsage};

use crate::key::{KeyArn, Refusal};

/// `ValidationException` with this text.
pub(crate) fn validation(message: impl Into<String>) -> Fault {
    Fault::caller("ValidationException", message)
}

/// One violated constraint, in the form that the model's own constraints have.
pub(crate) fn constraint(value: &dyn fmt::Display, path: &str, constraint: &str) -> Fault {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    ))
}

/// A member that is required although the model does not say so.
pub(crate) fn missing(path: &str) -> Fault {
    validation(format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    ))
}

/// A key id that is neither a UUID nor a multi-Region id, or an alias where only keys are allowed.
pub(crate) fn invalid_key_id(value: &str) -> Fault {
    not_found(format!("Invalid keyId '{value}'"))
}

/// An ARN of another Region.
pub(crate) fn foreign_region(region: &str) -> Fault {
    not_found(format!("Invalid arn {region}"))
}

/// An ARN that names neither a key nor an alias.
pub(crate) fn invalid_arn(value: &str) -> Fault {
    Fault::caller("InvalidArnException", format!("Invalid arn {value}"))
}

/// A well-formed key id without a key.
pub(crate) fn no_such_key(arn: &KeyArn) -> Fault {
    not_found(format!("Key '{arn}' does not exist"))
}

/// An alias that is not there.
pub(crate) fn no_such_alias(arn: &str) -> Fault {
    not_found(format!("Alias {arn} is not found."))
}

/// `NotFoundException` with this text.
pub(crate) fn not_found(message: impl Into<String>) -> Fault {
    Fault::caller("NotFoundException", message)
}

/// What a key's state forbids.
pub(crate) fn refusal(arn: &KeyArn, refusal: Refusal) -> Fault {
    let invalid = |what: &str| Fault::caller("KMSInvalidStateException", format!("{arn} is {what}."));
    match refusal {
        Refusal::Disabled => Fault::caller("DisabledException", format!("{arn} is disabled.")),
        Refusal::NotPendingDeletion => invalid("not pending deletion"),
        Refusal::InvalidState(state) => invalid(match state {
            KeyState::Creating => "creating",
            KeyState::Enabled => "enabled",
            KeyState::Disabled => "disabled",
            KeyState::PendingDeletion => "pending deletion",
            KeyState::PendingImport => "pending import",
            KeyState::PendingReplicaDeletion => "pending replica deletion",
            KeyState::Unavailable => "unavailable",
            KeyState::Updating => "updating",
        }),
    }
}

/// A key whose usage does not fit the operation.
pub(crate) fn wrong_usage(arn: &KeyArn, usage: KeyUsage, operation: &str) -> Fault {
    let message = format!("{arn} key usage is {usage} which is not valid for {operation}.");
    Fault::caller("InvalidKeyUsageException", message)
}

/// An algorithm that does not fit the key.
pub(crate) fn incompatible_algorithm(algorithm: &dyn fmt::Display, spec: KeySpec) -> Fault {
    let message = format!("Algorithm {algorithm} is incompatible with key spec {spec}.");
    Fault::caller("InvalidKeyUsageException", message)
}

/// Plaintext that does not fit under the key.
pub(crate) fn too_large(algorithm: EncryptionAlgorithm, spec: KeySpec) -> Fault {
    let max = algorithm.plaintext_bytes_max(spec);
    validation(format!(
        "Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {max} bytes."
    ))
}

/// `Decrypt` or `ReEncrypt` with a key that did not make the ciphertext.
pub(crate) fn incorrect_key() -> Fault {
    let message = "The key ID in the request does not identify a CMK that can perform this operation.";
    Fault::caller("IncorrectKeyException", message)
}

/// A ciphertext that is not ours, was altered, or belongs to another encryption context.
pub(crate) fn invalid_ciphertext() -> Fault {
    Fault::caller_without_message("InvalidCiphertextException")
}

/// What AWS has and this deployment does not serve yet.
pub(crate) fn unsupported(message: impl Into<String>) -> Fault {
    Fault::caller("UnsupportedOperationException", message)
}

/// A key whose material comes from elsewhere than the operation can work with.
pub(crate) fn wrong_origin(arn: &KeyArn, origin: KeyOrigin) -> Fault {
    unsupported(format!("{arn} origin is {origin} which is not valid for this operation."))
}

/// Rotation of a key that is not symmetric. AWS gives no message.
pub(crate) fn not_rotatable() -> Fault {
    Fault::caller_without_message("UnsupportedOperationException")
}

/// What `DryRun` answers when the request would have succeeded.
pub(crate) fn dry_run() -> Fault {
    let message = "The request would have succeeded, but the DryRun option is set.";
    Fault::caller("DryRunOperationException", message)
}

/// `LimitExceededException` with this text.
pub(crate) fn limit_exceeded(message: impl Into<String>) -> Fault {
    Fault::caller("LimitExceededException", message)
}

/// A defect of ours under KMS's own code.
pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
    Fault::ours(cause).with_code("KMSInternalException")
}

/// The ARN of an alias.
pub(crate) fn alias_arn(
    partition: &Partition,
    region: &Region,
    account: AccountId,
    name: &dyn fmt::Display,
) -> String {
    format!("arn:{partition}:kms:{region}:{account}:{name}")
}
