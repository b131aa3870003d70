//! Key policies before they are stored: well-formed, of known principals, and not a lockout.

use keyward_base::Fault;
use keyward_gate::RequestContext;
use keyward_policy::{Flavour, Policy};

use crate::fault;
use crate::key::{KeyArn, KeyRecord, POLICY_BYTES_MAX};
use crate::kms::Kms;
use crate::loaded::LoadedKey;

/// Condition keys that fit everyone when a request carries none of them.
const PERMISSIVE_UNDER_FOR_ALL_VALUES: [&str; 2] = ["kms:EncryptionContext:", "aws:RequestTag/"];

/// Refuses the key at `arn` with the policy that `record` has, in AWS's order: size, form, principals,
/// lockout. `bypass` leaves out the last one only.
pub(crate) async fn check(
    kms: &Kms,
    request: &RequestContext,
    arn: &KeyArn,
    record: &KeyRecord,
    bypass: bool,
) -> Result<(), Fault> {
    check_form(&record.policy)?;
    let policy =
        Policy::parse(&record.policy, Flavour::Resource).map_err(|error| malformed(error.message()))?;
    for principal in policy.principal_entities() {
        if !kms.principals.exists(principal).await? {
            return Err(malformed("Policy contains a statement with one or more invalid principals."));
        }
    }
    check_condition_keys(&policy)?;
    let locked_out = || {
        let changed = LoadedKey::new(arn.clone(), record.clone())?;
        Ok::<_, Fault>(request.judge(&changed.check("kms:PutKeyPolicy", request)).is_err())
    };
    if !bypass && locked_out()? {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}

fn check_form(text: &str) -> Result<(), Fault> {
    if text.len() > POLICY_BYTES_MAX {
        let message = format!("The key policy is larger than {POLICY_BYTES_MAX} bytes.");
        return Err(fault::limit_exceeded(message));
    }
    Ok(())
}

fn check_condition_keys(policy: &Policy) -> Result<(), Fault> {
    let permissive = |key: &&str| {
        PERMISSIVE_UNDER_FOR_ALL_VALUES
            .iter()
            .any(|prefix| key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
    };
    match policy.for_all_values_keys().find(permissive) {
        Some(key) => Err(malformed(&format!(
            "OverlyPermissiveCondition: the condition key {key} must not be used with ForAllValues."
        ))),
        None => Ok(()),
    }
}

fn malformed(message: &str) -> Fault {
    Fault::caller("MalformedPolicyDocumentException", message)
}
