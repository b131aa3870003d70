//! Every kind of key, its metadata, its policy and tags, and what is refused.

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{ACCOUNT, House, START, account_principal, allow, policy, refusal, root, user_allowed};

async fn metadata(house: &House, input: CreateKeyRequest) -> KeyMetadata {
    house.call::<CreateKey>(&root(), input).await.unwrap().key_metadata.unwrap()
}

async fn refused(input: CreateKeyRequest) -> String {
    let house = House::new().await;
    let answer = refusal(house.create(&root(), input).await);
    assert_eq!(house.rows().len(), 1, "nothing is stored: {answer}");
    answer
}

#[tokio::test]
async fn without_members_it_is_an_enabled_symmetric_key() {
    let house = House::new().await;
    let made = metadata(&house, CreateKeyRequest::default()).await;
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{}", made.key_id);
    assert_eq!(made.arn.as_deref(), Some(arn.as_str()));
    assert_eq!(made.aws_account_id.as_deref(), Some(ACCOUNT));
    assert_eq!(made.creation_date, Some(START));
    assert_eq!((made.enabled, made.key_state), (Some(true), Some(KeyState::Enabled)));
    assert_eq!(made.description.as_deref(), Some(""));
    assert_eq!(made.key_usage, Some(KeyUsageType::EncryptDecrypt));
    assert_eq!((made.origin, made.key_manager), (Some(OriginType::AwsKms), Some(KeyManagerType::Customer)));
    assert_eq!(made.key_spec, Some(KeySpec::SymmetricDefault));
    assert_eq!(made.customer_master_key_spec, Some(CustomerMasterKeySpec::SymmetricDefault));
    assert_eq!(made.encryption_algorithms, Some(vec![EncryptionAlgorithmSpec::SymmetricDefault]));
    assert_eq!((made.signing_algorithms, made.mac_algorithms), (None, None));
    assert_eq!((made.multi_region, made.deletion_date), (Some(false), None));
    assert_eq!(made.current_key_material_id.map(|id| id.len()), Some(64));
}

#[tokio::test]
async fn every_spec_and_usage_that_is_served_makes_a_key() {
    use KeyUsageType::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
    let house = House::new().await;
    let cases = [
        (KeySpec::Rsa2048, EncryptDecrypt, "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"),
        (
            KeySpec::Rsa2048,
            SignVerify,
            "RSASSA_PKCS1_V1_5_SHA_256 RSASSA_PKCS1_V1_5_SHA_384 RSASSA_PKCS1_V1_5_SHA_512 \
             RSASSA_PSS_SHA_256 RSASSA_PSS_SHA_384 RSASSA_PSS_SHA_512",
        ),
        (KeySpec::EccNistP256, SignVerify, "ECDSA_SHA_256"),
        (KeySpec::EccNistP384, SignVerify, "ECDSA_SHA_384"),
        (KeySpec::EccNistP521, SignVerify, "ECDSA_SHA_512"),
        (KeySpec::EccSecgP256k1, SignVerify, "ECDSA_SHA_256"),
        (KeySpec::EccNistP256, KeyAgreement, "ECDH"),
        (KeySpec::EccNistP384, KeyAgreement, "ECDH"),
        (KeySpec::EccNistP521, KeyAgreement, "ECDH"),
        (KeySpec::EccNistEdwards25519, SignVerify, "ED25519_SHA_512 ED25519_PH_SHA_512"),
        (KeySpec::MlDsa44, SignVerify, "ML_DSA_SHAKE_256"),
        (KeySpec::MlDsa65, SignVerify, "ML_DSA_SHAKE_256"),
        (KeySpec::MlDsa87, SignVerify, "ML_DSA_SHAKE_256"),
        (KeySpec::MlKem512, EncapsulateDecapsulate, "ML_KEM"),
        (KeySpec::MlKem768, EncapsulateDecapsulate, "ML_KEM"),
        (KeySpec::MlKem1024, EncapsulateDecapsulate, "ML_KEM"),
        (KeySpec::Hmac224, GenerateVerifyMac, "HMAC_SHA_224"),
        (KeySpec::Hmac256, GenerateVerifyMac, "HMAC_SHA_256"),
        (KeySpec::Hmac384, GenerateVerifyMac, "HMAC_SHA_384"),
        (KeySpec::Hmac512, GenerateVerifyMac, "HMAC_SHA_512"),
    ];
    for (spec, usage, algorithms) in cases {
        let input = CreateKeyRequest { key_spec: Some(spec), key_usage: Some(usage), ..Default::default() };
        let made = metadata(&house, input).await;
        let mut names: Vec<&str> = Vec::new();
        names.extend(made.encryption_algorithms.iter().flatten().map(|one| one.as_str()));
        names.extend(made.signing_algorithms.iter().flatten().map(|one| one.as_str()));
        names.extend(made.mac_algorithms.iter().flatten().map(|one| one.as_str()));
        names.extend(made.key_agreement_algorithms.iter().flatten().map(|one| one.as_str()));
        names.extend(made.encapsulation_algorithms.iter().flatten().map(|one| one.as_str()));
        assert_eq!(names.join(" "), algorithms, "{spec} {usage}");
        assert_eq!(made.current_key_material_id, None, "{spec}");
    }
}

#[tokio::test]
async fn usage_must_be_given_and_fit() {
    let input = CreateKeyRequest { key_spec: Some(KeySpec::Rsa4096), ..Default::default() };
    let expected = "ValidationException: You must specify a KeyUsage value for all KMS keys except for \
                    symmetric encryption keys.";
    assert_eq!(refused(input).await, expected);
    let input = CreateKeyRequest {
        key_spec: Some(KeySpec::Rsa2048),
        key_usage: Some(KeyUsageType::KeyAgreement),
        ..Default::default()
    };
    let expected = "ValidationException: KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048";
    assert_eq!(refused(input).await, expected);
}

#[tokio::test]
async fn the_deprecated_member_names_the_spec_too_but_not_another() {
    let house = House::new().await;
    let deprecated = Some(CustomerMasterKeySpec::EccNistP256);
    let input = CreateKeyRequest {
        customer_master_key_spec: deprecated,
        key_usage: Some(KeyUsageType::SignVerify),
        ..Default::default()
    };
    assert_eq!(metadata(&house, input.clone()).await.key_spec, Some(KeySpec::EccNistP256));
    let input = CreateKeyRequest { key_spec: Some(KeySpec::EccNistP384), ..input };
    assert!(refused(input).await.starts_with("ValidationException: KeySpec and CustomerMasterKeySpec"));
}

#[tokio::test]
async fn what_is_not_served_yet_is_named() {
    let in_store = |origin, xks_key_id: Option<&str>| CreateKeyRequest {
        origin: Some(origin),
        custom_key_store_id: Some("cks-1234567890abcdef0".to_owned()),
        xks_key_id: xks_key_id.map(str::to_owned),
        ..Default::default()
    };
    let cases = [(in_store(OriginType::ExternalKeyStore, Some("x")), "Origin EXTERNAL_KEY_STORE is")];
    for (input, what) in cases {
        let expected = format!("UnsupportedOperationException: {what} not served yet.");
        assert_eq!(refused(input).await, expected);
    }
    let nowhere = refused(in_store(OriginType::AwsCloudhsm, None)).await;
    assert!(nowhere.starts_with("CustomKeyStoreNotFoundException: "), "{nowhere}");
    let abroad = CreateKeyRequest { multi_region: Some(true), ..in_store(OriginType::AwsCloudhsm, None) };
    let expected = "UnsupportedOperationException: A multi-Region key cannot be in a custom key store.";
    assert_eq!(refused(abroad).await, expected);
    let lonely = CreateKeyRequest { origin: Some(OriginType::AwsCloudhsm), ..Default::default() };
    assert!(refused(lonely).await.starts_with("ValidationException: CustomKeyStoreId is required"));
}

#[tokio::test]
async fn without_a_policy_the_key_gets_the_default_one_and_a_given_one_is_kept_as_it_is() {
    let house = House::new().await;
    let get = async |arn: &str| {
        let input = GetKeyPolicyRequest { key_id: arn.to_owned(), policy_name: None };
        house.call::<GetKeyPolicy>(&root(), input).await.unwrap().policy.unwrap()
    };
    let text = get(&house.symmetric().await).await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["Id"], "key-default-1");
    assert_eq!(value["Statement"][0]["Principal"], account_principal());
    let given = policy(&[allow(&account_principal(), "kms:*")]);
    let input = CreateKeyRequest { policy: Some(given.clone()), ..Default::default() };
    assert_eq!(get(&house.create(&root(), input).await.unwrap()).await, given);
}

#[tokio::test]
async fn a_policy_that_locks_the_caller_out_is_refused_unless_he_says_so() {
    let alice = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/alice")});
    let text = policy(&[allow(&alice, "kms:*")]);
    let input = CreateKeyRequest { policy: Some(text), ..Default::default() };
    let expected = "MalformedPolicyDocumentException: The new key policy will not allow you to update the \
                    key policy in the future.";
    assert_eq!(refused(input.clone()).await, expected);
    let house = House::new().await;
    let input = CreateKeyRequest { bypass_policy_lockout_safety_check: Some(true), ..input };
    assert!(house.create(&root(), input.clone()).await.is_ok());
    // Alice is not locked out by it.
    let alice = user_allowed(&["kms:CreateKey"]);
    let input = CreateKeyRequest { bypass_policy_lockout_safety_check: None, ..input };
    assert!(house.create(&alice, input).await.is_ok());
}

#[tokio::test]
async fn who_may_not_put_policies_makes_keys_with_the_default_policy_only() {
    let house = House::new().await;
    let maker = user_allowed(&["kms:CreateKey"]);
    let arn = house.create(&maker, CreateKeyRequest::default()).await.unwrap();
    // The same policy, but given: it has to let its maker change it.
    let policy = Some(house.record(&arn).await.unwrap().policy);
    let given = CreateKeyRequest { policy, ..Default::default() };
    let answer = refusal(house.create(&maker, given.clone()).await);
    assert!(answer.starts_with("MalformedPolicyDocumentException: The new key policy will not"), "{answer}");
    let bypass = CreateKeyRequest { bypass_policy_lockout_safety_check: Some(true), ..given.clone() };
    assert!(house.create(&maker, bypass).await.is_ok());
    let maker = user_allowed(&["kms:CreateKey", "kms:PutKeyPolicy"]);
    assert!(house.create(&maker, given).await.is_ok());
}

#[tokio::test]
async fn malformed_policies_are_refused() {
    let nobody = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/nobody")});
    let unknown = policy(&[allow(&account_principal(), "kms:*"), allow(&nobody, "kms:Encrypt")]);
    let invalid = "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid \
                   principals.";
    let wildcard = policy(&[allow(&json!({"AWS": "arn:aws:iam::*:root"}), "kms:*")]);
    for (text, expected) in [
        (unknown, invalid),
        (wildcard, invalid),
        ("{".to_owned(), "MalformedPolicyDocumentException: "),
        (policy(&[]), "MalformedPolicyDocumentException: "),
        (
            policy(&[json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})]),
            "MalformedPolicyDocumentException: ",
        ),
        (
            format!("{}{}", policy(&[allow(&account_principal(), "kms:*")]), " ".repeat(32_768)),
            "LimitExceeded",
        ),
    ] {
        let input = CreateKeyRequest { policy: Some(text.clone()), ..Default::default() };
        let answer = refused(input).await;
        assert!(answer.starts_with(expected), "{}: {answer}", text.trim());
    }
}

#[tokio::test]
async fn for_all_values_on_a_key_that_may_be_absent_is_refused() {
    for key in ["kms:EncryptionContext:a", "aws:RequestTag/a"] {
        let mut open = allow(&json!({"AWS": "*"}), "kms:Encrypt");
        open["Condition"] = json!({"ForAllValues:StringEquals": {key: ["x"]}});
        let text = policy(&[allow(&account_principal(), "kms:*"), open]);
        let answer = refused(CreateKeyRequest { policy: Some(text), ..Default::default() }).await;
        assert!(answer.contains("OverlyPermissiveCondition"), "{answer}");
    }
}

#[tokio::test]
async fn tags_take_their_permission_and_their_rules() {
    let house = House::new().await;
    let tag = |key: &str| Tag { tag_key: key.to_owned(), tag_value: "v".to_owned() };
    let tagged = |tags| CreateKeyRequest { tags: Some(tags), ..Default::default() };
    let arn = house.create(&root(), tagged(vec![tag("a")])).await.unwrap();
    assert_eq!(house.record(&arn).await.unwrap().tags.iter().next(), Some(("a", "v")));
    let maker = user_allowed(&["kms:CreateKey"]);
    let answer = refusal(house.create(&maker, tagged(vec![tag("a")])).await);
    assert!(answer.contains("is not authorized to perform: kms:TagResource"), "{answer}");
    let twice = refused(tagged(vec![tag("a"), tag("a")])).await;
    assert_eq!(twice, "TagException: Duplicate tag keys");
    let reserved = refused(tagged(vec![tag("aws:x")])).await;
    assert_eq!(reserved, "TagException: Tags beginning with aws: are reserved");
}

#[tokio::test]
async fn equal_requests_make_different_keys() {
    let house = House::new().await;
    assert_ne!(house.symmetric().await, house.symmetric().await);
}

#[tokio::test]
async fn the_stored_key_holds_no_plain_material() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let record = house.record(&arn).await.unwrap();
    let token = record.current().unwrap().token().cloned().unwrap();
    // 32 bytes of key, and at least a nonce and a tag around them.
    assert!(token.as_bytes().len() >= 32 + 12 + 16);
}

#[tokio::test]
async fn sm2_keys_are_made_in_china_only() {
    let house = House::new().await;
    let input = CreateKeyRequest {
        key_spec: Some(KeySpec::Sm2),
        key_usage: Some(KeyUsageType::SignVerify),
        ..Default::default()
    };
    let expected = "UnsupportedOperationException: KeySpec SM2 is available only in China Regions.";
    assert_eq!(refused(input.clone()).await, expected);
    let china = "cn-north-1".parse().unwrap();
    let made = house.handle.call::<CreateKey>(&root(), &china, input).await.unwrap().key_metadata.unwrap();
    assert_eq!(made.key_spec, Some(KeySpec::Sm2));
    assert_eq!(made.signing_algorithms, Some(vec![SigningAlgorithmSpec::Sm2dsa]));
}

#[tokio::test]
async fn a_multi_region_key_is_a_lone_primary() {
    let house = House::new().await;
    let input = CreateKeyRequest { multi_region: Some(true), ..Default::default() };
    let made = house.call::<CreateKey>(&root(), input).await.unwrap().key_metadata.unwrap();
    assert!(made.key_id.starts_with("mrk-"), "{}", made.key_id);
    assert_eq!((made.multi_region, made.key_state), (Some(true), Some(KeyState::Enabled)));
    let relatives = made.multi_region_configuration.unwrap();
    assert_eq!(relatives.multi_region_key_type, Some(MultiRegionKeyType::Primary));
    assert_eq!(relatives.primary_key.unwrap().arn, made.arn);
    assert_eq!(relatives.replica_keys, Some(Vec::new()));
    house.check_families();
}
