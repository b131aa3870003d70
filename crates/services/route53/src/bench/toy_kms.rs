//! A KMS with three operations, real P-256 keys and real key policies, behind the gate like any service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use keyward_base::{AccountId, Fault};
use keyward_gate::{Check, Judge, Operation, Permit, RequestContext, Router, RunError, View};
use keyward_policy::{Flavour, Policy};
use keyward_schema::kms::{
    DescribeKeyRequest, DescribeKeyResponse, GetPublicKeyRequest, GetPublicKeyResponse, KeyManagerType,
    KeyMetadata, KeySpec, KeyState, KeyUsageType, SignRequest, SignResponse,
};

use super::account;

/// DER of a P-256 SubjectPublicKeyInfo before the point.
const SPKI_PREFIX: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

/// A policy that lets the account and Route 53 do all that Route 53 needs.
pub(crate) const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
    {"Effect":"Allow","Principal":{"Service":"dnssec-route53.amazonaws.com"},
     "Action":["kms:DescribeKey","kms:GetPublicKey","kms:Sign"],"Resource":"*",
     "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},
                  "ArnLike":{"aws:SourceArn":"arn:aws:route53:::hostedzone/*"}}}]}"#;

/// A key of the toy.
pub(crate) struct ToyKey {
    pair: EcdsaKeyPair,
    pub(crate) state: KeyState,
    pub(crate) spec: KeySpec,
    pub(crate) usage: KeyUsageType,
    pub(crate) manager: KeyManagerType,
    policy: Arc<Policy>,
}

/// The toy.
#[derive(Default)]
pub(crate) struct ToyKms {
    keys: Mutex<BTreeMap<String, ToyKey>>,
    away: Mutex<bool>,
}

impl ToyKms {
    /// A key that Route 53 can use; its ARN.
    pub(crate) fn key(&self, id: &str) -> String {
        let arn = format!("arn:aws:kms:us-east-1:{}:key/{id}", account());
        let key = ToyKey {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            state: KeyState::Enabled,
            spec: KeySpec::EccNistP256,
            usage: KeyUsageType::SignVerify,
            manager: KeyManagerType::Customer,
            policy: Arc::new(Policy::parse(OPEN, Flavour::Resource).unwrap()),
        };
        self.keys.lock().unwrap().insert(arn.clone(), key);
        arn
    }

    /// Changes a key.
    pub(crate) fn set(&self, arn: &str, change: impl FnOnce(&mut ToyKey)) {
        change(self.keys.lock().unwrap().get_mut(arn).unwrap());
    }

    /// Gives a key another policy.
    pub(crate) fn set_policy(&self, arn: &str, text: &str) {
        let policy = Arc::new(Policy::parse(text, Flavour::Resource).unwrap());
        self.set(arn, |key| key.policy = policy);
    }

    /// Gives the key another pair.
    pub(crate) fn swap_pair(&self, arn: &str) {
        self.set(arn, |key| key.pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
    }

    pub(crate) fn set_away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    fn check(&self, action: &'static str, arn: &str) -> Result<Vec<Check>, Fault> {
        if *self.away.lock().unwrap() {
            return Err(Fault::dependency("KMSInternalException", "the vault is away"));
        }
        let keys = self.keys.lock().unwrap();
        let key = keys
            .get(arn)
            .ok_or_else(|| Fault::caller("NotFoundException", format!("Key '{arn}' does not exist")))?;
        let owner: AccountId = account();
        Ok(vec![Check::new(action, arn, owner, Judge::KeyPolicy(Arc::clone(&key.policy)))])
    }

    fn usable<T>(&self, arn: &str, work: impl FnOnce(&ToyKey) -> T) -> Result<T, Fault> {
        let keys = self.keys.lock().unwrap();
        let key = keys.get(arn).ok_or_else(|| Fault::caller("NotFoundException", "gone"))?;
        match key.state {
            KeyState::Enabled => Ok(work(key)),
            KeyState::Disabled => Err(Fault::caller("DisabledException", format!("{arn} is disabled."))),
            other => Err(Fault::caller("KMSInvalidStateException", format!("{arn} is {other}."))),
        }
    }
}

pub(super) fn register(router: &mut Router, kms: &Arc<ToyKms>) {
    router.register::<DescribeKey>(Arc::clone(kms));
    router.register::<GetPublicKey>(Arc::clone(kms));
    router.register::<Sign>(Arc::clone(kms));
}

macro_rules! toy_operation {
    ($name:ident, $action:literal, $request:ty, $response:ty, $run:expr) => {
        struct $name;

        impl Operation for $name {
            type Shape = keyward_schema::kms::$name;
            type Service = ToyKms;
            type Subject = ();

            async fn resolve(
                kms: &ToyKms,
                _: &RequestContext,
                input: &$request,
                _: &mut View<'_>,
            ) -> Result<((), Vec<Check>), Fault> {
                Ok(((), kms.check($action, &input.key_id)?))
            }

            async fn run(kms: &ToyKms, permit: Permit<Self>) -> Result<$response, RunError> {
                let run: fn(&ToyKms, &$request) -> Result<$response, Fault> = $run;
                Ok(run(kms, permit.input())?)
            }
        }
    };
}

toy_operation!(DescribeKey, "kms:DescribeKey", DescribeKeyRequest, DescribeKeyResponse, |kms, input| {
    let keys = kms.keys.lock().unwrap();
    let key = keys.get(&input.key_id).unwrap();
    let metadata = KeyMetadata {
        key_state: Some(key.state),
        key_spec: Some(key.spec),
        key_usage: Some(key.usage),
        key_manager: Some(key.manager),
        arn: Some(input.key_id.clone()),
        key_id: input.key_id.clone(),
        aws_account_id: None,
        creation_date: None,
        enabled: None,
        description: None,
        deletion_date: None,
        valid_to: None,
        origin: None,
        custom_key_store_id: None,
        cloud_hsm_cluster_id: None,
        expiration_model: None,
        customer_master_key_spec: None,
        encryption_algorithms: None,
        signing_algorithms: None,
        key_agreement_algorithms: None,
        encapsulation_algorithms: None,
        multi_region: None,
        multi_region_configuration: None,
        pending_deletion_window_in_days: None,
        mac_algorithms: None,
        xks_key_configuration: None,
        current_key_material_id: None,
    };
    Ok(DescribeKeyResponse { key_metadata: Some(metadata) })
});

toy_operation!(GetPublicKey, "kms:GetPublicKey", GetPublicKeyRequest, GetPublicKeyResponse, |kms, input| {
    let public_key = kms.usable(&input.key_id, |key| {
        let mut spki = data_encoding::HEXLOWER.decode(SPKI_PREFIX.as_bytes()).unwrap();
        spki.extend_from_slice(key.pair.public_key().as_ref());
        spki
    })?;
    Ok(GetPublicKeyResponse { public_key: Some(public_key), ..GetPublicKeyResponse::default() })
});

toy_operation!(Sign, "kms:Sign", SignRequest, SignResponse, |kms, input| {
    let signature = kms.usable(&input.key_id, |key| {
        key.pair.sign(&SystemRandom::new(), input.message.expose()).unwrap().as_ref().to_vec()
    })?;
    if input.dry_run == Some(true) {
        return Err(Fault::caller("DryRunOperationException", "it would have succeeded"));
    }
    Ok(SignResponse { signature: Some(signature), ..SignResponse::default() })
});
