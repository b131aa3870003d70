//! What Route 53 asks of KMS, always through the gate: as itself for a zone, and as the caller.

use keyward_base::{AccountId, Arn, Blame, Fault, Partition, Region};
use keyward_gate::{CallAs, Caller, GateHandle, ServiceCaller};
use keyward_schema::kms::{
    DescribeKey, DescribeKeyRequest, GetPublicKey, GetPublicKeyRequest, KeyManagerType, KeyMetadata, KeySpec,
    KeyState, KeyUsageType, MessageType, Sign, SignRequest, SigningAlgorithmSpec,
};
use keyward_zone::keys::{PUBLIC_KEY_BYTES, SIGNATURE_BYTES, point_of_spki, signature_of_der};

use crate::ZoneId;
use crate::service::zone_arn;

/// The service principal that signs DNSKEY sets.
pub(crate) const PRINCIPAL: &str = "dnssec-route53.amazonaws.com";
/// What KMS answers to a dry run that would have succeeded.
const DRY_RUN_PASSED: &str = "DryRunOperationException";

/// On whose behalf the service calls: a zone and its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForZone<'a> {
    pub(crate) zone: &'a ZoneId,
    pub(crate) owner: AccountId,
    pub(crate) partition: &'a Partition,
}

/// Why a KMS key can't sign for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyProblem {
    /// Only the key's owner can mend it.
    Refused(Unfit),
    /// KMS could not be asked; the text is for the log.
    Away(String),
}

/// What is wrong with a KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Not the ARN of a KMS key in the right partition.
    NotAKeyArn,
    /// In another region than key-signing keys must be in.
    Region(Region),
    /// AWS's, not the customer's.
    NotCustomerManaged,
    /// The key's state.
    State(String),
    /// The key's spec.
    Spec(String),
    /// The key's usage.
    Usage(String),
    /// It is not there, or a policy forbids it.
    NoPermission,
    /// Another public key than the one that the key-signing key was made with.
    OtherKey,
}

/// The gate's way to KMS.
#[derive(Clone, Copy)]
pub(crate) struct Kms<'a> {
    gate: &'a GateHandle,
    region: &'a Region,
}

impl<'a> Kms<'a> {
    /// KMS in `region`, the one where key-signing keys must be.
    pub(crate) fn new(gate: &'a GateHandle, region: &'a Region) -> Self {
        Self { gate, region }
    }

    /// Whether `arn` names a key that may be asked for at all.
    pub(crate) fn check_arn(&self, arn: &str, partition: &Partition) -> Result<(), Unfit> {
        let parsed: Arn = arn.parse().map_err(|_| Unfit::NotAKeyArn)?;
        let key = parsed.resource.strip_prefix("key/").is_some_and(|id| !id.is_empty());
        if parsed.service != "kms" || parsed.partition != *partition || parsed.account.is_none() || !key {
            return Err(Unfit::NotAKeyArn);
        }
        if parsed.region.as_ref() != Some(self.region) {
            return Err(Unfit::Region(self.region.clone()));
        }
        Ok(())
    }

    /// Makes sure that `caller` may describe the key, read its public part and sign with it, and that the
    /// service may for the zone. The key's public point.
    pub(crate) async fn check_for_caller(
        self,
        arn: &str,
        caller: &Caller,
        zone: ForZone<'_>,
    ) -> Result<[u8; PUBLIC_KEY_BYTES], KeyProblem> {
        self.check_arn(arn, zone.partition).map_err(KeyProblem::Refused)?;
        self.check_as(arn, &caller.into()).await?;
        self.check_for_zone(arn, zone).await
    }

    /// Makes sure that the service may use the key for the zone. The key's public point.
    pub(crate) async fn check_for_zone(
        self,
        arn: &str,
        zone: ForZone<'_>,
    ) -> Result<[u8; PUBLIC_KEY_BYTES], KeyProblem> {
        self.check_arn(arn, zone.partition).map_err(KeyProblem::Refused)?;
        self.check_as(arn, &service(zone)?).await
    }

    /// Signs `message` for the zone: r and s.
    pub(crate) async fn sign(
        self,
        arn: &str,
        zone: ForZone<'_>,
        message: &[u8],
    ) -> Result<[u8; SIGNATURE_BYTES], KeyProblem> {
        let caller = service(zone)?;
        let answer =
            self.gate.call::<Sign>(caller.clone(), self.region, sign_request(arn, message, false)).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => return Err(self.explain(arn, &caller, fault).await),
        };
        let odd = || KeyProblem::Away("KMS answered with no ECDSA signature".to_owned());
        signature_of_der(&answer.signature.ok_or_else(odd)?).ok_or_else(odd)
    }

    async fn check_as(self, arn: &str, caller: &CallAs) -> Result<[u8; PUBLIC_KEY_BYTES], KeyProblem> {
        let metadata = self.describe(arn, caller).await?;
        check_fit(&metadata).map_err(KeyProblem::Refused)?;
        let request = GetPublicKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
        let answer =
            self.gate.call::<GetPublicKey>(caller.clone(), self.region, request).await.map_err(refused)?;
        match self.gate.call::<Sign>(caller.clone(), self.region, sign_request(arn, b"keyward", true)).await {
            Err(fault) if fault.code() != DRY_RUN_PASSED => return Err(refused(fault)),
            _ => {}
        }
        let point = answer.public_key.as_deref().and_then(point_of_spki);
        point.ok_or_else(|| KeyProblem::Away("KMS answered with no P-256 public key".to_owned()))
    }

    async fn describe(self, arn: &str, caller: &CallAs) -> Result<KeyMetadata, KeyProblem> {
        let request = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
        let answer =
            self.gate.call::<DescribeKey>(caller.clone(), self.region, request).await.map_err(refused)?;
        answer.key_metadata.ok_or_else(|| KeyProblem::Away("KMS answered with no metadata".to_owned()))
    }

    /// Why signing was refused: the key's state when the service may still see it.
    async fn explain(self, arn: &str, caller: &CallAs, fault: Fault) -> KeyProblem {
        let problem = refused(fault);
        if matches!(problem, KeyProblem::Away(_)) {
            return problem;
        }
        match self.describe(arn, caller).await {
            Ok(metadata) => check_fit(&metadata).err().map_or(problem, KeyProblem::Refused),
            Err(_) => problem,
        }
    }
}

fn service(zone: ForZone<'_>) -> Result<CallAs, KeyProblem> {
    let arn = zone_arn(zone.partition, zone.zone.as_str());
    let source_arn: Arn = arn.parse().map_err(|error| KeyProblem::Away(format!("{error}")))?;
    Ok(ServiceCaller { name: PRINCIPAL, source_arn, source_account: zone.owner }.into())
}

fn sign_request(arn: &str, message: &[u8], dry_run: bool) -> SignRequest {
    SignRequest {
        key_id: arn.to_owned(),
        message: message.to_vec().into(),
        message_type: Some(MessageType::Raw),
        grant_tokens: None,
        signing_algorithm: SigningAlgorithmSpec::EcdsaSha256,
        dry_run: dry_run.then_some(true),
    }
}

/// The demands of Route 53 on a KMS key (API page of `CreateKeySigningKey`).
fn check_fit(key: &KeyMetadata) -> Result<(), Unfit> {
    if key.key_manager == Some(KeyManagerType::Aws) {
        return Err(Unfit::NotCustomerManaged);
    }
    if key.key_spec != Some(KeySpec::EccNistP256) {
        return Err(Unfit::Spec(key.key_spec.map_or_else(String::new, |spec| spec.to_string())));
    }
    if key.key_usage != Some(KeyUsageType::SignVerify) {
        return Err(Unfit::Usage(key.key_usage.map_or_else(String::new, |usage| usage.to_string())));
    }
    if key.key_state != Some(KeyState::Enabled) {
        return Err(Unfit::State(key.key_state.map_or_else(String::new, |state| state.to_string())));
    }
    Ok(())
}

/// A refusal is the key owner's to mend; everything else passes.
fn refused(fault: Fault) -> KeyProblem {
    match (fault.blame(), fault.code()) {
        (Blame::Caller, "DisabledException") => KeyProblem::Refused(Unfit::State("Disabled".to_owned())),
        (Blame::Caller, "ThrottlingException" | "LimitExceededException") => {
            KeyProblem::Away(fault.to_string())
        }
        (Blame::Caller, _) => KeyProblem::Refused(Unfit::NoPermission),
        (Blame::Dependency | Blame::Ours, _) => {
            let cause = fault.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
            KeyProblem::Away(format!("{fault}{cause}"))
        }
    }
}

impl Unfit {
    /// The text of `InvalidKMSArn`.
    pub(crate) fn for_caller(&self, arn: &str) -> String {
        match self {
            Self::NotAKeyArn => {
                format!(
                    "'{arn}' is not the ARN of a customer managed key in KMS. Specify the key's ARN, not an alias or an ID."
                )
            }
            Self::Region(region) => {
                format!("The CMK with ARN '{arn}' must be in the {region} Region.")
            }
            Self::NotCustomerManaged => format!("The CMK with ARN '{arn}' must be a customer managed key."),
            Self::State(state) => {
                format!("The CMK with ARN '{arn}' must be enabled, but its state is {state}.")
            }
            Self::Spec(spec) => {
                format!("The CMK with ARN '{arn}' must have the key spec ECC_NIST_P256, but has {spec}.")
            }
            Self::Usage(usage) => {
                format!("The CMK with ARN '{arn}' must have the key usage SIGN_VERIFY, but has {usage}.")
            }
            Self::NoPermission => format!(
                "The CMK with ARN '{arn}' did not grant all required permissions for DNSSEC usage. Please review your key-policy, and verify that you and Route 53 have permissions to perform the following actions: DescribeKey, GetPublicKey, and Sign."
            ),
            Self::OtherKey => {
                format!(
                    "The CMK with ARN '{arn}' has another public key than the key-signing key was created with."
                )
            }
        }
    }

    /// The status message of a key-signing key in ACTION_NEEDED: what is wrong and what to do.
    pub(crate) fn for_status(&self, arn: &str) -> String {
        let cause = match self {
            Self::State(state) if state == "PendingDeletion" => format!(
                "The customer managed key '{arn}' is scheduled for deletion. Cancel its deletion and enable it"
            ),
            Self::State(state) => {
                format!("The customer managed key '{arn}' has the state {state}. Enable it")
            }
            Self::NoPermission => format!(
                "The customer managed key '{arn}' does not exist or does not let {PRINCIPAL} use it. Its key policy must allow DescribeKey, GetPublicKey and Sign. Mend the policy"
            ),
            other => format!("{} Use a key that fits", other.for_caller(arn)),
        };
        let text = format!("{cause}, then call ActivateKeySigningKey.");
        text.chars().take(STATUS_MESSAGE_MAX).collect()
    }
}

/// Characters of a status message, at most (`SigningKeyStatusMessage`).
const STATUS_MESSAGE_MAX: usize = 512;

impl KeyProblem {
    /// The fault of an operation that needs the key.
    pub(crate) fn for_caller(self, arn: &str) -> Fault {
        match self {
            Self::Refused(unfit) => Fault::caller("InvalidKMSArn", unfit.for_caller(arn)),
            Self::Away(cause) => {
                let text =
                    format!("KMS could not be asked about the CMK with ARN '{arn}'. Please retry later.");
                Fault::dependency("InvalidKMSArn", text).because(cause)
            }
        }
    }
}
