//! Every operation on a key, called with members that fit the key's kind: for tables over operations.

use keyward_base::Fault;
use keyward_gate::Caller;
use keyward_schema::kms::*;

use super::House;
use super::imports::IMPORTING;
use super::multi_region::across_regions;

/// The operations that name a key, with the kind of key that they work on.
pub(crate) const ON_KEYS: &[(&str, KeySpec, KeyUsageType)] = {
    use KeySpec::{EccNistP256, Hmac256, MlKem512, SymmetricDefault};
    use KeyUsageType::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
    &[
        ("CancelKeyDeletion", SymmetricDefault, EncryptDecrypt),
        ("CreateAlias", SymmetricDefault, EncryptDecrypt),
        ("CreateGrant", SymmetricDefault, EncryptDecrypt),
        ("Decapsulate", MlKem512, EncapsulateDecapsulate),
        ("Decrypt", SymmetricDefault, EncryptDecrypt),
        ("DeleteAlias", SymmetricDefault, EncryptDecrypt),
        ("DeleteImportedKeyMaterial", SymmetricDefault, EncryptDecrypt),
        ("DeriveSharedSecret", EccNistP256, KeyAgreement),
        ("DescribeKey", SymmetricDefault, EncryptDecrypt),
        ("DisableKey", SymmetricDefault, EncryptDecrypt),
        ("DisableKeyRotation", SymmetricDefault, EncryptDecrypt),
        ("EnableKey", SymmetricDefault, EncryptDecrypt),
        ("EnableKeyRotation", SymmetricDefault, EncryptDecrypt),
        ("Encapsulate", MlKem512, EncapsulateDecapsulate),
        ("Encrypt", SymmetricDefault, EncryptDecrypt),
        ("GenerateDataKey", SymmetricDefault, EncryptDecrypt),
        ("GenerateDataKeyPair", SymmetricDefault, EncryptDecrypt),
        ("GenerateDataKeyPairWithoutPlaintext", SymmetricDefault, EncryptDecrypt),
        ("GenerateDataKeyWithoutPlaintext", SymmetricDefault, EncryptDecrypt),
        ("GenerateMac", Hmac256, GenerateVerifyMac),
        ("GetKeyPolicy", SymmetricDefault, EncryptDecrypt),
        ("GetKeyRotationStatus", SymmetricDefault, EncryptDecrypt),
        ("GetParametersForImport", SymmetricDefault, EncryptDecrypt),
        ("GetPublicKey", EccNistP256, SignVerify),
        ("ImportKeyMaterial", SymmetricDefault, EncryptDecrypt),
        ("ListGrants", SymmetricDefault, EncryptDecrypt),
        ("ListKeyPolicies", SymmetricDefault, EncryptDecrypt),
        ("ListKeyRotations", SymmetricDefault, EncryptDecrypt),
        ("ListResourceTags", SymmetricDefault, EncryptDecrypt),
        ("PutKeyPolicy", SymmetricDefault, EncryptDecrypt),
        ("ReEncrypt", SymmetricDefault, EncryptDecrypt),
        ("ReplicateKey", SymmetricDefault, EncryptDecrypt),
        ("RevokeGrant", SymmetricDefault, EncryptDecrypt),
        ("RotateKeyOnDemand", SymmetricDefault, EncryptDecrypt),
        ("ScheduleKeyDeletion", SymmetricDefault, EncryptDecrypt),
        ("Sign", EccNistP256, SignVerify),
        ("TagResource", SymmetricDefault, EncryptDecrypt),
        ("UntagResource", SymmetricDefault, EncryptDecrypt),
        ("UpdateAlias", SymmetricDefault, EncryptDecrypt),
        ("UpdateKeyDescription", SymmetricDefault, EncryptDecrypt),
        ("UpdatePrimaryRegion", SymmetricDefault, EncryptDecrypt),
        ("Verify", EccNistP256, SignVerify),
        ("VerifyMac", Hmac256, GenerateVerifyMac),
    ]
};

/// Calls `operation` on `key` (its ARN). `ciphertext` is one of the key's; the alias `alias/old` points to
/// the key.
pub(crate) async fn attempt(
    house: &House,
    caller: &Caller,
    operation: &str,
    key: &str,
    ciphertext: &[u8],
) -> Result<(), Fault> {
    let key_id = key.to_owned();
    match operation {
        "Decrypt" | "Encrypt" | "ReEncrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
            encryption(house, caller, operation, key_id, ciphertext).await
        }
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            pairs(house, caller, operation, key_id).await
        }
        "DeriveSharedSecret" | "Encapsulate" | "Decapsulate" => {
            secrets(house, caller, operation, key_id).await
        }
        "Sign" | "Verify" | "GenerateMac" | "VerifyMac" | "GetPublicKey" => {
            signing(house, caller, operation, key_id).await
        }
        operation if IMPORTING.contains(&operation) => {
            super::imports::attempt(house, caller, operation, key).await
        }
        operation if operation.contains("Grant") => grants(house, caller, operation, key_id).await,
        operation if operation.contains("Rotat") => rotation(house, caller, operation, key_id).await,
        "ReplicateKey" | "UpdatePrimaryRegion" => across_regions(house, caller, operation, key_id).await,
        "CreateAlias" | "UpdateAlias" | "DeleteAlias" => aliases(house, caller, operation, key_id).await,
        _ => management(house, caller, operation, key_id).await,
    }
}

async fn encryption(
    house: &House,
    caller: &Caller,
    operation: &str,
    key_id: String,
    ciphertext: &[u8],
) -> Result<(), Fault> {
    match operation {
        "Decrypt" => {
            let input = DecryptRequest { ciphertext_blob: Some(ciphertext.to_vec()), ..Default::default() };
            house.call::<Decrypt>(caller, input).await.map(drop)
        }
        "Encrypt" => house.call::<Encrypt>(caller, encrypt(&key_id, b"x")).await.map(drop),
        "ReEncrypt" => {
            let input = re_encrypt(ciphertext.to_vec(), &key_id);
            house.call::<ReEncrypt>(caller, input).await.map(drop)
        }
        "GenerateDataKey" => {
            let input = GenerateDataKeyRequest {
                key_id,
                encryption_context: None,
                number_of_bytes: Some(7),
                key_spec: None,
                grant_tokens: None,
                recipient: None,
                dry_run: None,
            };
            house.call::<GenerateDataKey>(caller, input).await.map(drop)
        }
        _ => {
            let input = GenerateDataKeyWithoutPlaintextRequest {
                key_id,
                encryption_context: None,
                key_spec: Some(DataKeySpec::Aes256),
                number_of_bytes: None,
                grant_tokens: None,
                dry_run: None,
            };
            house.call::<GenerateDataKeyWithoutPlaintext>(caller, input).await.map(drop)
        }
    }
}

async fn pairs(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    let input = data_key_pair(&key_id, DataKeyPairSpec::EccNistP256);
    if operation == "GenerateDataKeyPair" {
        return house.call::<GenerateDataKeyPair>(caller, input).await.map(drop);
    }
    let input = without_plaintext(input);
    house.call::<GenerateDataKeyPairWithoutPlaintext>(caller, input).await.map(drop)
}

/// A `GenerateDataKeyPair` without anything optional.
pub(crate) fn data_key_pair(key: &str, key_pair_spec: DataKeyPairSpec) -> GenerateDataKeyPairRequest {
    GenerateDataKeyPairRequest {
        encryption_context: None,
        key_id: key.to_owned(),
        key_pair_spec,
        grant_tokens: None,
        recipient: None,
        dry_run: None,
    }
}

/// The same request for the operation that keeps the private half to itself.
pub(crate) fn without_plaintext(
    input: GenerateDataKeyPairRequest,
) -> GenerateDataKeyPairWithoutPlaintextRequest {
    GenerateDataKeyPairWithoutPlaintextRequest {
        encryption_context: input.encryption_context,
        key_id: input.key_id,
        key_pair_spec: input.key_pair_spec,
        grant_tokens: input.grant_tokens,
        dry_run: input.dry_run,
    }
}

async fn secrets(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    match operation {
        "DeriveSharedSecret" => {
            // Whoever may use the key gets as far as the peer's public key, which is none.
            let input = derive_shared_secret(&key_id, vec![1]);
            right_but_for(
                house.call::<DeriveSharedSecret>(caller, input).await.map(drop),
                "ValidationException",
            )
        }
        "Encapsulate" => house.call::<Encapsulate>(caller, encapsulate(&key_id)).await.map(drop),
        _ => {
            let input = decapsulate(&key_id, vec![1; 768]);
            house.call::<Decapsulate>(caller, input).await.map(drop)
        }
    }
}

/// A `DeriveSharedSecret` without anything optional.
pub(crate) fn derive_shared_secret(key: &str, public_key: Vec<u8>) -> DeriveSharedSecretRequest {
    DeriveSharedSecretRequest {
        key_id: key.to_owned(),
        key_agreement_algorithm: KeyAgreementAlgorithmSpec::Ecdh,
        public_key,
        grant_tokens: None,
        dry_run: None,
        recipient: None,
    }
}

/// An `Encapsulate` without anything optional.
pub(crate) fn encapsulate(key: &str) -> EncapsulateRequest {
    EncapsulateRequest {
        key_id: key.to_owned(),
        encapsulation_algorithm: EncapsulationAlgorithmSpec::MlKem,
        grant_tokens: None,
        dry_run: None,
    }
}

/// A `Decapsulate` without anything optional.
pub(crate) fn decapsulate(key: &str, ciphertext: Vec<u8>) -> DecapsulateRequest {
    DecapsulateRequest {
        key_id: key.to_owned(),
        shared_secret_ciphertext_blob: ciphertext,
        encapsulation_algorithm: EncapsulationAlgorithmSpec::MlKem,
        grant_tokens: None,
        dry_run: None,
    }
}

/// An `Encrypt` without anything optional.
pub(crate) fn encrypt(key: &str, plaintext: &[u8]) -> EncryptRequest {
    EncryptRequest {
        key_id: key.to_owned(),
        plaintext: plaintext.to_vec().into(),
        encryption_context: None,
        grant_tokens: None,
        encryption_algorithm: None,
        dry_run: None,
    }
}

/// A `ReEncrypt` without anything optional.
pub(crate) fn re_encrypt(ciphertext: Vec<u8>, destination: &str) -> ReEncryptRequest {
    ReEncryptRequest {
        ciphertext_blob: Some(ciphertext),
        source_encryption_context: None,
        source_key_id: None,
        destination_key_id: destination.to_owned(),
        destination_encryption_context: None,
        source_encryption_algorithm: None,
        destination_encryption_algorithm: None,
        grant_tokens: None,
        dry_run: None,
        dry_run_modifiers: None,
    }
}

/// A `Sign` of a message as it is.
pub(crate) fn sign(key: &str, algorithm: SigningAlgorithmSpec, message: &[u8]) -> SignRequest {
    SignRequest {
        key_id: key.to_owned(),
        message: message.to_vec().into(),
        message_type: None,
        grant_tokens: None,
        signing_algorithm: algorithm,
        dry_run: None,
    }
}

/// A `Verify` of a message as it is.
pub(crate) fn verify(
    key: &str,
    algorithm: SigningAlgorithmSpec,
    message: &[u8],
    signature: Vec<u8>,
) -> VerifyRequest {
    VerifyRequest {
        key_id: key.to_owned(),
        message: message.to_vec().into(),
        message_type: None,
        signature,
        signing_algorithm: algorithm,
        grant_tokens: None,
        dry_run: None,
    }
}

/// A `GenerateMac`.
pub(crate) fn generate_mac(key: &str, algorithm: MacAlgorithmSpec, message: &[u8]) -> GenerateMacRequest {
    GenerateMacRequest {
        message: message.to_vec().into(),
        key_id: key.to_owned(),
        mac_algorithm: algorithm,
        grant_tokens: None,
        dry_run: None,
    }
}

/// A `VerifyMac`.
pub(crate) fn verify_mac(
    key: &str,
    algorithm: MacAlgorithmSpec,
    message: &[u8],
    mac: Vec<u8>,
) -> VerifyMacRequest {
    VerifyMacRequest {
        message: message.to_vec().into(),
        key_id: key.to_owned(),
        mac_algorithm: algorithm,
        mac,
        grant_tokens: None,
        dry_run: None,
    }
}

async fn signing(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    use MacAlgorithmSpec::HmacSha256;
    use SigningAlgorithmSpec::EcdsaSha256;
    match operation {
        "Sign" => house.call::<Sign>(caller, sign(&key_id, EcdsaSha256, b"m")).await.map(drop),
        "Verify" => {
            let input = verify(&key_id, EcdsaSha256, b"m", vec![1]);
            right_but_for(house.call::<Verify>(caller, input).await.map(drop), "KMSInvalidSignatureException")
        }
        "GenerateMac" => {
            house.call::<GenerateMac>(caller, generate_mac(&key_id, HmacSha256, b"m")).await.map(drop)
        }
        "VerifyMac" => {
            let input = verify_mac(&key_id, HmacSha256, b"m", vec![1]);
            right_but_for(house.call::<VerifyMac>(caller, input).await.map(drop), "KMSInvalidMacException")
        }
        _ => {
            let input = GetPublicKeyRequest { key_id, grant_tokens: None };
            house.call::<GetPublicKey>(caller, input).await.map(drop)
        }
    }
}

/// A verification that got as far as finding the signature wrong did all that is asked here.
fn right_but_for(result: Result<(), Fault>, code: &str) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.code() == code => Ok(()),
        result => result,
    }
}

async fn aliases(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    let old = "alias/old".to_owned();
    match operation {
        "CreateAlias" => {
            let input = CreateAliasRequest { alias_name: "alias/new".to_owned(), target_key_id: key_id };
            house.call::<CreateAlias>(caller, input).await.map(drop)
        }
        "UpdateAlias" => {
            let input = UpdateAliasRequest { alias_name: old, target_key_id: key_id };
            house.call::<UpdateAlias>(caller, input).await.map(drop)
        }
        _ => house.call::<DeleteAlias>(caller, DeleteAliasRequest { alias_name: old }).await.map(drop),
    }
}

async fn management(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    match operation {
        "CancelKeyDeletion" => {
            house.call::<CancelKeyDeletion>(caller, CancelKeyDeletionRequest { key_id }).await.map(drop)
        }
        "DescribeKey" => {
            let input = DescribeKeyRequest { key_id, grant_tokens: None };
            house.call::<DescribeKey>(caller, input).await.map(drop)
        }
        "DisableKey" => house.call::<DisableKey>(caller, DisableKeyRequest { key_id }).await.map(drop),
        "EnableKey" => house.call::<EnableKey>(caller, EnableKeyRequest { key_id }).await.map(drop),
        "ScheduleKeyDeletion" => {
            let input = ScheduleKeyDeletionRequest { key_id, pending_window_in_days: Some(7) };
            house.call::<ScheduleKeyDeletion>(caller, input).await.map(drop)
        }
        "UpdateKeyDescription" => {
            let input = UpdateKeyDescriptionRequest { key_id, description: "new".to_owned() };
            house.call::<UpdateKeyDescription>(caller, input).await.map(drop)
        }
        _ => policies_and_tags(house, caller, operation, key_id).await,
    }
}

/// A `CreateGrant` for `grantee` without anything optional.
pub(crate) fn create_grant(key: &str, grantee: &str, operations: &[GrantOperation]) -> CreateGrantRequest {
    CreateGrantRequest {
        key_id: key.to_owned(),
        grantee_principal: Some(grantee.to_owned()),
        operations: operations.to_vec(),
        retiring_principal: None,
        constraints: None,
        grant_tokens: None,
        name: None,
        dry_run: None,
        grantee_service_principal: None,
        retiring_service_principal: None,
    }
}

/// A `ListGrants` without anything optional.
pub(crate) fn list_grants(key: &str) -> ListGrantsRequest {
    ListGrantsRequest {
        limit: None,
        marker: None,
        key_id: key.to_owned(),
        grant_id: None,
        grantee_principal: None,
        grantee_service_principal: None,
    }
}

async fn grants(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    match operation {
        "CreateGrant" => {
            let grantee = format!("arn:aws:iam::{}:user/carol", super::ACCOUNT);
            let input = create_grant(&key_id, &grantee, &[GrantOperation::DescribeKey]);
            house.call::<CreateGrant>(caller, input).await.map(drop)
        }
        "ListGrants" => house.call::<ListGrants>(caller, list_grants(&key_id)).await.map(drop),
        _ => {
            let input = RevokeGrantRequest { key_id, grant_id: "0".repeat(64), dry_run: None };
            let answer = house.call::<RevokeGrant>(caller, input).await.map(drop);
            match answer {
                Err(fault) if fault.message().is_some_and(|text| text.starts_with("Grant '")) => Ok(()),
                answer => answer,
            }
        }
    }
}

async fn rotation(house: &House, caller: &Caller, operation: &str, key_id: String) -> Result<(), Fault> {
    match operation {
        "EnableKeyRotation" => {
            let input = EnableKeyRotationRequest { key_id, rotation_period_in_days: None };
            house.call::<EnableKeyRotation>(caller, input).await.map(drop)
        }
        "DisableKeyRotation" => {
            house.call::<DisableKeyRotation>(caller, DisableKeyRotationRequest { key_id }).await.map(drop)
        }
        "GetKeyRotationStatus" => {
            house.call::<GetKeyRotationStatus>(caller, GetKeyRotationStatusRequest { key_id }).await.map(drop)
        }
        "RotateKeyOnDemand" => {
            house.call::<RotateKeyOnDemand>(caller, RotateKeyOnDemandRequest { key_id }).await.map(drop)
        }
        _ => {
            let input =
                ListKeyRotationsRequest { key_id, include_key_material: None, limit: None, marker: None };
            house.call::<ListKeyRotations>(caller, input).await.map(drop)
        }
    }
}

async fn policies_and_tags(
    house: &House,
    caller: &Caller,
    operation: &str,
    key_id: String,
) -> Result<(), Fault> {
    match operation {
        "GetKeyPolicy" => {
            let input = GetKeyPolicyRequest { key_id, policy_name: None };
            house.call::<GetKeyPolicy>(caller, input).await.map(drop)
        }
        "PutKeyPolicy" => {
            let policy = super::policy(&[super::allow(&super::account_principal(), "kms:*")]);
            let bypass_policy_lockout_safety_check = None;
            let input =
                PutKeyPolicyRequest { key_id, policy_name: None, policy, bypass_policy_lockout_safety_check };
            house.call::<PutKeyPolicy>(caller, input).await.map(drop)
        }
        "ListKeyPolicies" => {
            let input = ListKeyPoliciesRequest { key_id, limit: None, marker: None };
            house.call::<ListKeyPolicies>(caller, input).await.map(drop)
        }
        "ListResourceTags" => {
            let input = ListResourceTagsRequest { key_id, limit: None, marker: None };
            house.call::<ListResourceTags>(caller, input).await.map(drop)
        }
        "TagResource" => {
            let tags = vec![Tag { tag_key: "k".to_owned(), tag_value: "v".to_owned() }];
            house.call::<TagResource>(caller, TagResourceRequest { key_id, tags }).await.map(drop)
        }
        "UntagResource" => {
            let input = UntagResourceRequest { key_id, tag_keys: vec!["k".to_owned()] };
            house.call::<UntagResource>(caller, input).await.map(drop)
        }
        other => unreachable!("{other} is no operation on a key"),
    }
}
