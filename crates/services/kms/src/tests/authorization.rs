//! Each operation with callers that may and may not.

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{
    ACCOUNT, House, ON_KEYS, account_principal, allow, attempt, encrypt, foreigner, policy, refusal, root,
    user, user_allowed,
};

/// The permissions that an operation takes.
fn actions(operation: &str) -> Vec<String> {
    match operation {
        "ReEncrypt" => vec!["kms:ReEncryptFrom".to_owned(), "kms:ReEncryptTo".to_owned()],
        "ReplicateKey" => ["kms:ReplicateKey", "kms:CreateKey"].map(str::to_owned).to_vec(),
        other => vec![format!("kms:{other}")],
    }
}

struct Scene {
    house: House,
    arn: String,
    ciphertext: Vec<u8>,
}

async fn scene(operation: &str, spec: KeySpec, usage: KeyUsageType) -> Scene {
    let house = House::new().await;
    let arn = house.key_for(operation, spec, usage).await;
    let ciphertext = match house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await {
        Ok(output) => output.ciphertext_blob.unwrap(),
        Err(_) => Vec::new(),
    };
    let alias = CreateAliasRequest { alias_name: "alias/old".to_owned(), target_key_id: arn.clone() };
    house.call::<CreateAlias>(&root(), alias).await.unwrap();
    Scene { house, arn, ciphertext }
}

#[tokio::test]
async fn a_user_without_permission_is_refused_and_nothing_changes() {
    for (operation, spec, usage) in ON_KEYS {
        let Scene { house, arn, ciphertext } = scene(operation, *spec, *usage).await;
        let before = house.store.inner.rows();
        let refused = refusal(attempt(&house, &user(), operation, &arn, &ciphertext).await);
        let action = &actions(operation)[0];
        let resource = match (*operation, spec) {
            ("Decrypt" | "ReEncrypt", _) => "the resource associated with this ciphertext".to_owned(),
            ("CreateAlias", _) => format!("resource: arn:aws:kms:us-east-1:{ACCOUNT}:alias/new"),
            ("UpdateAlias" | "DeleteAlias", _) => {
                format!("resource: arn:aws:kms:us-east-1:{ACCOUNT}:alias/old")
            }
            _ => format!("resource: {arn}"),
        };
        let expected = format!(
            "AccessDeniedException: User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: \
             {action} on {resource} because no identity-based policy allows the {action} action"
        );
        assert_eq!(refused, expected, "{operation}");
        assert_eq!(house.store.inner.rows(), before, "{operation}");
    }
}

#[tokio::test]
async fn a_user_with_exactly_the_operations_permission_may() {
    for (operation, spec, usage) in ON_KEYS {
        let Scene { house, arn, ciphertext } = scene(operation, *spec, *usage).await;
        if *operation == "CancelKeyDeletion" {
            attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &ciphertext).await.unwrap();
        }
        let allowed = actions(operation);
        let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
        let answer = attempt(&house, &user_allowed(&allowed), operation, &arn, &ciphertext).await;
        assert_eq!(refusal(answer), "no error", "{operation}");
    }
}

#[tokio::test]
async fn a_foreign_account_sees_no_difference_between_hidden_and_missing_keys() {
    for (operation, spec, usage) in ON_KEYS {
        if operation.contains("Alias") {
            continue;
        }
        let Scene { house, arn, ciphertext } = scene(operation, *spec, *usage).await;
        let missing = arn.replace(arn.rsplit('/').next().unwrap(), "00000000-0000-4000-8000-000000000000");
        let hidden = refusal(attempt(&house, &foreigner(), operation, &arn, &ciphertext).await);
        assert!(hidden.starts_with("AccessDeniedException: "), "{operation}: {hidden}");
        if *operation == "Decrypt" || *operation == "ReEncrypt" {
            continue;
        }
        let missed = refusal(attempt(&house, &foreigner(), operation, &missing, &ciphertext).await);
        assert_eq!(hidden.replace(&arn, &missing), missed, "{operation}");
    }
}

#[tokio::test]
async fn a_key_policy_without_the_account_makes_identity_policies_void() {
    let house = House::new().await;
    let alice = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/alice")});
    let input = CreateKeyRequest {
        policy: Some(policy(&[allow(&alice, "kms:*")])),
        bypass_policy_lockout_safety_check: Some(true),
        ..Default::default()
    };
    let arn = house.create(&root(), input).await.unwrap();
    let everything = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"});
    let everything = json!({"Version": "2012-10-17", "Statement": [everything]}).to_string();
    let may_all = keyward_gate::testing::user(crate::testing::account(), "carol", &[&everything]);
    let refused = refusal(house.call::<Encrypt>(&may_all, encrypt(&arn, b"x")).await);
    assert!(refused.ends_with("because no resource-based policy allows the kms:Encrypt action"), "{refused}");
    assert!(house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.is_err());
    let named = keyward_gate::testing::user(crate::testing::account(), "alice", &[]);
    assert!(house.call::<Encrypt>(&named, encrypt(&arn, b"x")).await.is_ok());
}

#[tokio::test]
async fn condition_keys_decide() {
    let house = House::new().await;
    let condition = |keys: serde_json::Value| {
        let mut statement = allow(&json!({"AWS": "*"}), "kms:Encrypt");
        statement["Condition"] = json!({"StringEquals": keys});
        policy(&[allow(&account_principal(), "kms:PutKeyPolicy"), statement])
    };
    let cases = [
        (json!({"kms:EncryptionContext:Purpose": "test"}), true),
        (json!({"kms:EncryptionContext:purpose": "test"}), true),
        (json!({"kms:EncryptionContext:Purpose": "other"}), false),
        (json!({"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}), true),
        (json!({"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT"}), true),
        (json!({"kms:KeyOrigin": "EXTERNAL"}), false),
        (json!({"kms:RequestAlias": "alias/x"}), true),
        (json!({"kms:RequestAlias": "alias/y"}), false),
        (json!({"kms:CallerAccount": ACCOUNT}), true),
        (json!({"aws:ResourceTag/team": "a"}), true),
        (json!({"aws:ResourceTag/team": "b"}), false),
    ];
    for (number, (keys, allowed)) in cases.into_iter().enumerate() {
        let tags = Some(vec![Tag { tag_key: "team".to_owned(), tag_value: "a".to_owned() }]);
        let input = CreateKeyRequest { policy: Some(condition(keys.clone())), tags, ..Default::default() };
        let arn = house.create(&root(), input).await.unwrap();
        house.rewrite(&arn, |_| {}).await;
        let alias = format!("alias/{number}");
        let caller = user();
        point_alias(&house, &arn, &alias).await;
        let mut input = encrypt(&alias, b"x");
        if keys.get("kms:RequestAlias").is_some() {
            point_alias(&house, &arn, "alias/x").await;
            input.key_id = "alias/x".to_owned();
        }
        input.encryption_context = Some([("Purpose".to_owned(), "test".to_owned())].into());
        let answer = house.call::<Encrypt>(&caller, input).await;
        assert_eq!(answer.is_ok(), allowed, "{keys}: {}", refusal(answer));
    }
}

/// Points an alias to a key past the operations, whose permissions the key's policy does not give.
async fn point_alias(house: &House, arn: &str, alias: &str) {
    use keyward_store::{Store, Txn};
    let name = crate::alias::AliasName::parse(alias).unwrap();
    let target = crate::key::KeyId::parse(arn.rsplit('/').next().unwrap()).unwrap();
    let (created, updated) = (crate::testing::START, crate::testing::START);
    let row = crate::alias::AliasRow::V1(crate::alias::AliasRecord { target, created, updated });
    let place = crate::rows::alias(crate::testing::account(), &crate::testing::region(), &name);
    let txn = Txn::default().put(place, crate::rows::encode(&row).unwrap());
    house.store.txn(txn).await.unwrap();
    house.rewrite(arn, |record| *record = record.clone().with_alias(name)).await;
}

#[tokio::test]
async fn account_wide_operations_take_their_permission() {
    let house = House::new().await;
    let cases = ["CreateKey", "ListKeys", "ListAliases", "GenerateRandom"];
    for operation in cases {
        let refused = refusal(account_wide(&house, &user(), operation).await);
        let expected = format!(
            "AccessDeniedException: User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: \
             kms:{operation} on resource: * because no identity-based policy allows the kms:{operation} action"
        );
        assert_eq!(refused, expected);
        let action = format!("kms:{operation}");
        let may = user_allowed(&[&action]);
        assert_eq!(refusal(account_wide(&house, &may, operation).await), "no error");
    }
}

async fn account_wide(
    house: &House,
    caller: &keyward_gate::Caller,
    operation: &str,
) -> Result<(), keyward_base::Fault> {
    match operation {
        "CreateKey" => house.call::<CreateKey>(caller, Default::default()).await.map(drop),
        "ListKeys" => house.call::<ListKeys>(caller, Default::default()).await.map(drop),
        "ListAliases" => house.call::<ListAliases>(caller, Default::default()).await.map(drop),
        _ => {
            let input = GenerateRandomRequest { number_of_bytes: Some(8), ..Default::default() };
            house.call::<GenerateRandom>(caller, input).await.map(drop)
        }
    }
}

/// Route 53 calls as itself on behalf of a hosted zone; the key's policy alone decides.
#[tokio::test]
async fn a_service_principal_may_what_the_key_policy_lets_it() {
    let house = House::new().await;
    let service = json!({"Service": "dnssec-route53.amazonaws.com"});
    let mut open = allow(&service, "kms:Sign");
    open["Condition"] = json!({
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"},
    });
    let input = CreateKeyRequest {
        key_spec: Some(KeySpec::EccNistP256),
        key_usage: Some(KeyUsageType::SignVerify),
        policy: Some(policy(&[allow(&account_principal(), "kms:*"), open])),
        ..Default::default()
    };
    let arn = house.create(&root(), input).await.unwrap();
    let call = async |source: &str, key: &str| {
        let caller = keyward_gate::ServiceCaller {
            name: "dnssec-route53.amazonaws.com",
            source_arn: source.parse().unwrap(),
            source_account: crate::testing::account(),
        };
        let input = crate::testing::sign(key, SigningAlgorithmSpec::EcdsaSha256, b"DNSKEY");
        refusal(house.handle.call::<Sign>(caller, &crate::testing::region(), input).await)
    };
    assert_eq!(call("arn:aws:route53:::hostedzone/Z1", &arn).await, "no error");
    let refused = call("arn:aws:route53:::healthcheck/1", &arn).await;
    assert!(refused.starts_with("AccessDeniedException"), "{refused}");
    let closed = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let refused = call("arn:aws:route53:::hostedzone/Z1", &closed).await;
    assert!(refused.starts_with("AccessDeniedException"), "{refused}");
}
