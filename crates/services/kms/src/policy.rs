//! Key policies before they are stored: well-formed, of known principals, and not a lockout. Principals are bound to
//! their unique ids, so that whoever takes a name later is not taken for the one who had it.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::RequestContext;
use keyward_policy::{Flavour, Policy, rename_principals};

use crate::fault;
use crate::key::{KeyArn, KeyRecord, POLICY_BYTES_MAX};
use crate::kms::Kms;
use crate::loaded::LoadedKey;

/// Condition keys that fit everyone when a request carries none of them.
const PERMISSIVE_UNDER_FOR_ALL_VALUES: [&str; 2] = ["kms:EncryptionContext:", "aws:RequestTag/"];

/// Gives `record`, the key at `arn`, the policy `text`, or refuses it in AWS's order: size, form, principals, lockout.
/// `bypass` leaves out the last one only.
pub(crate) async fn put(
    kms: &Kms,
    request: &RequestContext,
    arn: &KeyArn,
    record: &mut KeyRecord,
    (text, bypass): (&str, bool),
) -> Result<(), Fault> {
    text.clone_into(&mut record.policy);
    check_form(&record.policy)?;
    let policy =
        Policy::parse(&record.policy, Flavour::Resource).map_err(|error| malformed(error.message()))?;
    if policy.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    record.bound_principals = bound(kms, &policy).await?;
    check_condition_keys(&policy)?;
    let locked_out = || {
        let changed = LoadedKey::new(arn.clone(), record.clone())?;
        Ok::<_, Fault>(request.judge(&changed.check("kms:PutKeyPolicy")).is_err())
    };
    if !bypass && locked_out()? {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}

/// The users and roles that the policy names by ARN, each once with its unique id.
async fn bound(kms: &Kms, policy: &Policy) -> Result<Vec<(String, String)>, Fault> {
    let names: BTreeSet<&str> = policy.principal_entities().collect();
    let mut bound = Vec::new();
    for name in names {
        match kms.principals.unique_id(name).await? {
            Some(id) if id != name => bound.push((name.to_owned(), id)),
            Some(_) => {}
            None => {
                return Err(malformed("Policy contains a statement with one or more invalid principals."));
            }
        }
    }
    Ok(bound)
}

/// The policy of `record` as it was given, with the unique id in place of the ARN of whoever is gone or has the name
/// of another one.
pub(crate) async fn shown(kms: &Kms, record: &KeyRecord) -> Result<String, Fault> {
    let mut gone = Vec::new();
    for (arn, id) in &record.bound_principals {
        if kms.principals.unique_id(arn).await?.as_ref() != Some(id) {
            gone.push((arn, id));
        }
    }
    let id_of = |name: &str| gone.iter().find(|(arn, _)| *arn == name).map(|(_, id)| (*id).clone());
    Ok(if gone.is_empty() { record.policy.clone() } else { rename_principals(&record.policy, id_of) })
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
