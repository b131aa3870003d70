//! What `CreateGrant` asks for, as a grant, and what AWS refuses of it.

use keyward_base::Fault;
use keyward_gate::RequestContext;
use keyward_schema::kms::CreateGrantRequest;
use keyward_vault::{KeySpec, KeyUsage};

use super::record::{Constraints, Context, GrantRecord, Party};
use crate::fault;
use crate::kms::Kms;
use crate::loaded::LoadedKey;

/// Pairs of an encryption context constraint.
const PAIRS_MAX: usize = 8;
/// Characters of a value in an encryption context constraint.
const VALUE_CHARS_MAX: usize = 384;

/// The grant that is asked for, of whatever sense.
pub(crate) fn new_record(request: &RequestContext, input: &CreateGrantRequest) -> GrantRecord {
    let party = |principal: &Option<String>, service: &Option<String>| match (principal, service) {
        (Some(arn), _) => Some(Party::Principal(arn.clone())),
        (None, Some(name)) => Some(Party::Service(name.clone())),
        (None, None) => None,
    };
    let grantee = party(&input.grantee_principal, &input.grantee_service_principal);
    let mut operations: Vec<_> = input.operations.iter().map(|one| one.as_str().to_owned()).collect();
    operations.sort();
    operations.dedup();
    let given = input.constraints.as_ref();
    let context = |context: &Option<Context>| context.clone().filter(|context| !context.is_empty());
    GrantRecord {
        name: input.name.clone().unwrap_or_default(),
        grantee: grantee.unwrap_or_else(|| Party::Principal(String::new())),
        retiring: party(&input.retiring_principal, &input.retiring_service_principal),
        issuer: request.account(),
        created: request.now,
        operations,
        constraints: Constraints {
            equals: given.and_then(|given| context(&given.encryption_context_equals)),
            subset: given.and_then(|given| context(&given.encryption_context_subset)),
            source_arn: given.and_then(|given| given.source_arn.clone()),
        },
    }
}

/// The grant with the users and roles that it names bound to their unique ids. Who does not exist stays a name, and is
/// refused when the grant is made.
pub(crate) async fn bind(kms: &Kms, mut record: GrantRecord) -> Result<GrantRecord, Fault> {
    for party in std::iter::once(&mut record.grantee).chain(&mut record.retiring) {
        let Party::Principal(arn) = party else { continue };
        if let Some(id) = kms.principals.unique_id(arn).await?.filter(|id| id != arn) {
            *party = Party::Bound { arn: arn.clone(), id };
        }
    }
    Ok(record)
}

impl Kms {
    /// The party as lists show it: by the unique id when its ARN is nobody's now, or another one's.
    pub(crate) async fn shown_party(&self, party: Party) -> Result<Party, Fault> {
        let Party::Bound { arn, id } = party else { return Ok(party) };
        let same = self.principals.unique_id(&arn).await?.as_ref() == Some(&id);
        Ok(Party::Principal(if same { arn } else { id }))
    }
}

/// Refuses what makes no grant.
pub(crate) async fn validate(
    kms: &Kms,
    key: &LoadedKey,
    input: &CreateGrantRequest,
    record: &GrantRecord,
) -> Result<(), Fault> {
    check_parties(input)?;
    check_operations(key, record)?;
    check_constraints(key, &record.constraints)?;
    for party in [Some(&record.grantee), record.retiring.as_ref()].into_iter().flatten() {
        check_principal(kms, party).await?;
    }
    Ok(())
}

fn check_parties(input: &CreateGrantRequest) -> Result<(), Fault> {
    if input.grantee_principal.is_some() == input.grantee_service_principal.is_some() {
        let message = "Exactly one of GranteePrincipal and GranteeServicePrincipal must be specified.";
        return Err(fault::validation(message));
    }
    if input.retiring_principal.is_some() && input.retiring_service_principal.is_some() {
        let message = "RetiringPrincipal and RetiringServicePrincipal cannot both be specified.";
        return Err(fault::validation(message));
    }
    let retired = input.retiring_principal.is_some() || input.retiring_service_principal.is_some();
    let sourced = input.constraints.as_ref().is_some_and(|given| given.source_arn.is_some());
    if input.grantee_service_principal.is_some() && !(retired && sourced) {
        let message = "GranteeServicePrincipal requires a SourceArn constraint and a retiring principal.";
        return Err(fault::validation(message));
    }
    Ok(())
}

/// The operations that a grant on such a key can allow, beside those on every key.
fn operations(spec: KeySpec, usage: KeyUsage) -> &'static [&'static str] {
    match usage {
        KeyUsage::EncryptDecrypt if spec == KeySpec::SymmetricDefault => &[
            "Encrypt",
            "Decrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        KeyUsage::EncryptDecrypt => &["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"],
        KeyUsage::SignVerify => &["Sign", "Verify", "GetPublicKey"],
        KeyUsage::GenerateVerifyMac => &["GenerateMac", "VerifyMac"],
        KeyUsage::KeyAgreement => &["DeriveSharedSecret", "GetPublicKey"],
        KeyUsage::EncapsulateDecapsulate => &["Encapsulate", "Decapsulate", "GetPublicKey"],
    }
}

fn check_operations(key: &LoadedKey, record: &GrantRecord) -> Result<(), Fault> {
    let fitting = operations(key.record.spec, key.record.usage);
    let fits =
        |name: &str| fitting.contains(&name) || ["DescribeKey", "CreateGrant", "RetireGrant"].contains(&name);
    match record.operations.iter().find(|name| !fits(name)) {
        Some(name) => {
            let (spec, usage) = (key.record.spec, key.record.usage);
            let message = format!(
                "Operation {name} is not valid for a grant on a KMS key with key spec {spec} and key usage {usage}."
            );
            Err(fault::validation(message))
        }
        None if record.operations.is_empty() => Err(fault::validation("A grant must allow an operation.")),
        None => Ok(()),
    }
}

fn check_constraints(key: &LoadedKey, constraints: &Constraints) -> Result<(), Fault> {
    let contexts = || constraints.equals.iter().chain(&constraints.subset);
    if contexts().count() > 1 {
        let message = "EncryptionContextEquals and EncryptionContextSubset cannot both be specified.";
        return Err(fault::validation(message));
    }
    if contexts().count() > 0 && key.record.spec != KeySpec::SymmetricDefault {
        let message = "Encryption context constraints are only valid for symmetric encryption KMS keys.";
        return Err(fault::validation(message));
    }
    if contexts().any(|context| context.len() > PAIRS_MAX) {
        return Err(fault::validation(format!(
            "A grant constraint has at most {PAIRS_MAX} encryption context pairs."
        )));
    }
    let long = |value: &String| value.chars().count() > VALUE_CHARS_MAX;
    if contexts().any(|context| context.values().any(long)) {
        return Err(fault::validation(format!(
            "An encryption context value in a grant constraint has at most {VALUE_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

/// A principal must exist, and be no group and no organization. One that is bound was found.
async fn check_principal(kms: &Kms, party: &Party) -> Result<(), Fault> {
    let Party::Principal(arn) = party else { return Ok(()) };
    let parsed = arn.parse::<keyward_base::Arn>().ok();
    let known = match parsed {
        Some(parsed) if parsed.service == "iam" && parsed.resource == "root" => parsed.account.is_some(),
        Some(_) => kms.principals.unique_id(arn).await?.is_some(),
        None => false,
    };
    if known {
        return Ok(());
    }
    Err(Fault::caller("InvalidArnException", format!("ARN does not refer to a valid principal: {arn}")))
}
