//! AWS managed keys: made once, used through their service only, changed by nobody, rotated every year.

use std::time::Duration;

use keyward_base::Fault;
use keyward_gate::{Caller, ServiceCaller};
use keyward_schema::kms::*;
use keyward_store::Store;

use crate::testing::{
    ACCOUNT, Failure, House, ON_KEYS, START, account, attempt, encrypt, foreigner, list_grants, refusal,
    region, root, user, user_allowed,
};
use crate::{ResourceQuotas, rows};

const ALIAS: &str = "alias/aws/s3";
const DAY: Duration = Duration::from_secs(86_400);

fn describe(key: &str) -> DescribeKeyRequest {
    DescribeKeyRequest { key_id: key.to_owned(), grant_tokens: None }
}

async fn described(house: &House, caller: &Caller) -> Result<KeyMetadata, Fault> {
    Ok(house.call::<DescribeKey>(caller, describe(ALIAS)).await?.key_metadata.unwrap())
}

/// The key of S3, made by the account's root.
async fn managed(house: &House) -> String {
    described(house, &root()).await.unwrap().arn.unwrap()
}

#[tokio::test]
async fn describing_a_services_alias_makes_its_key_once() {
    let house = House::new().await;
    let made = described(&house, &root()).await.unwrap();
    assert_eq!(made.key_manager, Some(KeyManagerType::Aws));
    let expected = "Default key that protects my S3 objects when no other key is defined";
    assert_eq!(made.description.as_deref(), Some(expected));
    assert_eq!((made.key_state, made.enabled), (Some(KeyState::Enabled), Some(true)));
    assert_eq!((made.key_spec, made.origin), (Some(KeySpec::SymmetricDefault), Some(OriginType::AwsKms)));
    assert_eq!(made.creation_date, Some(START));
    house.check_rows();
    let rows = house.rows();
    for name in [ALIAS.to_owned(), format!("arn:aws:kms:us-east-1:{ACCOUNT}:{ALIAS}"), made.key_id.clone()] {
        let shown = house.call::<DescribeKey>(&root(), describe(&name)).await.unwrap().key_metadata;
        assert_eq!(shown.as_ref(), Some(&made), "{name}");
    }
    assert_eq!(house.rows(), rows);
    // Each Region has its own.
    let there = house.call_in::<DescribeKey>("eu-west-1", describe(ALIAS)).await.unwrap();
    assert_ne!(there.key_metadata.unwrap().key_id, made.key_id);
}

#[tokio::test]
async fn of_two_who_describe_it_first_both_see_one_key() {
    let house = House::new().await;
    let (handle, input) = (house.handle.clone(), describe(ALIAS));
    house.store.before_next_txn(async move {
        handle.call::<DescribeKey>(&root(), &region(), input).await.unwrap();
    });
    let arn = managed(&house).await;
    house.check_rows();
    let listed = house.call::<ListKeys>(&root(), Default::default()).await.unwrap().keys.unwrap();
    let listed: Vec<_> = listed.into_iter().filter_map(|key| key.key_arn).collect();
    assert_eq!(listed, [arn]);
}

/// Whatever becomes of the transaction, nothing is there by halves.
#[tokio::test]
async fn a_crash_leaves_the_whole_key_or_nothing() {
    for (failure, rows) in [(Failure::Before, 0), (Failure::After, 5)] {
        let house = House::new().await;
        let before = house.rows().len();
        house.store.fail_next_txn(failure);
        assert_eq!(described(&house, &root()).await.unwrap_err().code(), "InternalFailure");
        let house = house.restarted(9).await;
        house.check_rows();
        // Key, owner, alias, rotation, and the rotation's plan.
        assert_eq!(house.rows().len() - before, rows, "{failure:?}");
        let arn = managed(&house).await;
        house.check_rows();
        house.handle.managed_key(&user(), "s3", &region()).await.map(|found| assert_eq!(found, arn)).unwrap();
    }
}

#[tokio::test]
async fn a_caller_who_may_not_describe_it_makes_nothing() {
    let house = House::new().await;
    let rows = house.rows();
    let answer = refusal(described(&house, &user()).await);
    assert!(
        answer.ends_with("because no identity-based policy allows the kms:DescribeKey action"),
        "{answer}"
    );
    let service = ServiceCaller {
        name: "s3.amazonaws.com",
        source_arn: "arn:aws:s3:::bucket".parse().unwrap(),
        source_account: account(),
    };
    let answer = house.handle.call::<DescribeKey>(service, &region(), describe(ALIAS)).await;
    assert!(refusal(answer).starts_with("AccessDeniedException"));
    let theirs = format!("arn:aws:kms:us-east-1:{ACCOUNT}:{ALIAS}");
    let answer = refusal(house.call::<DescribeKey>(&foreigner(), describe(&theirs)).await);
    assert!(answer.contains("because the resource does not exist in this Region"), "{answer}");
    assert_eq!(house.rows(), rows);
    let condition = serde_json::json!({"StringEquals": {"kms:RequestAlias": ALIAS}});
    let allow = serde_json::json!({
        "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*", "Condition": condition,
    });
    let allow = serde_json::json!({"Version": "2012-10-17", "Statement": allow}).to_string();
    let dora = keyward_gate::testing::user(account(), "dora", &[&allow]);
    assert!(house.call::<DescribeKey>(&dora, describe("alias/aws/sns")).await.is_err());
    assert!(described(&house, &dora).await.is_ok());
}

/// Only describing makes a key: what else names the alias before finds none. Other names are nobody's.
#[tokio::test]
async fn an_alias_without_a_key_names_nothing_to_other_operations() {
    let house = House::new().await;
    let rows = house.rows();
    let missing = format!("NotFoundException: Alias arn:aws:kms:us-east-1:{ACCOUNT}:{ALIAS} is not found.");
    assert_eq!(refusal(house.call::<Encrypt>(&root(), encrypt(ALIAS, b"x")).await), missing);
    let input = GetPublicKeyRequest { key_id: ALIAS.to_owned(), grant_tokens: None };
    assert_eq!(refusal(house.call::<GetPublicKey>(&root(), input).await), missing);
    let answer = refusal(house.call::<DescribeKey>(&root(), describe("alias/aws/none")).await);
    assert_eq!(answer, missing.replace("aws/s3", "aws/none"));
    assert_eq!(house.rows(), rows);
}

/// What a service does for a caller who names no key: it asks for its managed key and uses it on his behalf.
#[tokio::test]
async fn a_service_uses_its_key_for_every_caller_of_the_account() {
    let house = House::new().await;
    let arn = house.handle.managed_key(&user(), "s3", &region()).await.unwrap();
    assert_eq!(house.handle.managed_key(&root(), "s3", &region()).await.unwrap(), arn);
    let bob = user();
    let via = |service: &'static str| (&bob, service);
    let sealed = house.handle.call::<Encrypt>(via("s3"), &region(), encrypt(&arn, b"x")).await.unwrap();
    let input = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    let opened = house.handle.call::<Decrypt>(via("s3"), &region(), input.clone()).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose().as_slice(), b"x");
    // Not through another service, not directly, not for another account, and not against a denial.
    let answer = refusal(house.handle.call::<Decrypt>(via("sns"), &region(), input.clone()).await);
    assert!(answer.ends_with("because no resource-based policy allows the kms:Decrypt action"), "{answer}");
    for caller in [root(), user_allowed(&["kms:*"])] {
        let answer = refusal(house.call::<Encrypt>(&caller, encrypt(ALIAS, b"x")).await);
        assert!(
            answer.ends_with("because no resource-based policy allows the kms:Encrypt action"),
            "{answer}"
        );
    }
    let stranger = foreigner();
    let answer = refusal(house.handle.call::<Decrypt>((&stranger, "s3"), &region(), input.clone()).await);
    assert!(answer.starts_with("AccessDeniedException"), "{answer}");
    let deny = serde_json::json!({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"});
    let deny = serde_json::json!({"Version": "2012-10-17", "Statement": deny}).to_string();
    let denied = keyward_gate::testing::user(account(), "dan", &[&deny]);
    let answer = refusal(house.handle.call::<Decrypt>((&denied, "s3"), &region(), input).await);
    assert!(answer.ends_with("with an explicit deny in an identity-based policy"), "{answer}");
    let unknown = house.handle.managed_key(&user(), "none", &region()).await;
    assert_eq!(unknown.unwrap_err().code(), "NotFoundException");
}

/// The key's policy lets nobody change the key, nor use it directly: every operation asks it.
#[tokio::test]
async fn nobody_can_change_or_directly_use_it() {
    let house = House::new().await;
    let arn = house.handle.managed_key(&root(), "rds", &region()).await.unwrap();
    let rows = house.rows();
    let everything = user_allowed(&["kms:*"]);
    // What looks at keys is allowed; the rest of it is not for symmetric keys of AWS_KMS origin.
    let looks = |name: &str| ["DescribeKey", "RevokeGrant"].contains(&name) || name.starts_with("List");
    let sealed =
        house.handle.call::<Encrypt>((&root(), "rds"), &region(), encrypt(&arn, b"x")).await.unwrap();
    let sealed = sealed.ciphertext_blob.unwrap();
    for (operation, ..) in ON_KEYS {
        // It begins with a grant.
        if *operation == "RetireGrant" {
            continue;
        }
        for caller in [&root(), &everything] {
            let answer = refusal(attempt(&house, caller, operation, &arn, &sealed).await);
            let expected = match *operation {
                "UpdateAlias" | "DeleteAlias" => "NotFoundException",
                "GetPublicKey" | "GetParametersForImport" => "UnsupportedOperationException",
                name if looks(name) || name.starts_with("Get") => {
                    assert!(!answer.starts_with("AccessDenied"), "{operation}: {answer}");
                    continue;
                }
                _ => "AccessDeniedException",
            };
            assert!(answer.starts_with(expected), "{operation}: {answer}");
        }
        if !operation.contains("Alias") {
            let answer = refusal(attempt(&house, &foreigner(), operation, &arn, &sealed).await);
            assert!(answer.starts_with("AccessDeniedException"), "{operation}: {answer}");
        }
    }
    assert_eq!(house.rows(), rows);
}

#[tokio::test]
async fn it_is_rotated_every_year_and_counts_as_nobodys() {
    let house = House::with_quotas(ResourceQuotas { keys: 1, ..Default::default() }, None).await;
    let arn = managed(&house).await;
    let status = || GetKeyRotationStatusRequest { key_id: arn.clone() };
    let shown = house.call::<GetKeyRotationStatus>(&root(), status()).await.unwrap();
    assert_eq!((shown.key_rotation_enabled, shown.rotation_period_in_days), (Some(true), Some(365)));
    assert_eq!(shown.next_rotation_date, Some(START.plus(DAY * 365)));
    let via = root();
    let sealed = house.handle.call::<Encrypt>((&via, "s3"), &region(), encrypt(&arn, b"x")).await.unwrap();
    house.clock.advance(DAY * 365);
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 1);
    let record = house.record(&arn).await.unwrap();
    assert_eq!(record.materials.len(), 2);
    let input = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    let opened = house.handle.call::<Decrypt>((&via, "s3"), &region(), input).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose().as_slice(), b"x");
    let shown = house.call::<GetKeyRotationStatus>(&root(), status()).await.unwrap();
    assert_eq!(shown.next_rotation_date, Some(START.plus(DAY * 730)));
    // The quota of one key is still free.
    house.symmetric().await;
    let answer = refusal(house.create(&root(), CreateKeyRequest::default()).await);
    assert!(answer.starts_with("LimitExceededException"), "{answer}");
    assert!(house.handle.managed_key(&root(), "sns", &region()).await.is_ok());
}

/// A grant that the service makes for a resource of the caller's is taken back by the account.
#[tokio::test]
async fn a_service_grants_and_the_account_revokes() {
    let house = House::new().await;
    let arn = house.handle.managed_key(&user(), "rds", &region()).await.unwrap();
    let alice = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    let input = crate::testing::create_grant(&arn, &alice, &[GrantOperation::Encrypt]);
    let bob = user();
    let made = house.handle.call::<CreateGrant>((&bob, "rds"), &region(), input.clone()).await.unwrap();
    let alice = user_allowed(&[]);
    assert!(house.call::<Encrypt>(&alice, encrypt(&arn, b"x")).await.is_ok());
    assert!(refusal(house.call::<CreateGrant>(&root(), input).await).starts_with("AccessDeniedException"));
    let grants = house.call::<ListGrants>(&root(), list_grants(&arn)).await.unwrap().grants.unwrap();
    assert_eq!(grants.len(), 1);
    let input = RevokeGrantRequest { key_id: arn.clone(), grant_id: made.grant_id.unwrap(), dry_run: None };
    house.call::<RevokeGrant>(&root(), input).await.unwrap();
    assert!(house.call::<Encrypt>(&alice, encrypt(&arn, b"x")).await.is_err());
}

#[tokio::test]
async fn a_customers_alias_can_not_point_to_it_or_take_its_name() {
    let house = House::new().await;
    let (arn, own) = (managed(&house).await, house.symmetric().await);
    let create = |name: &str, target: &str| CreateAliasRequest {
        alias_name: name.to_owned(),
        target_key_id: target.to_owned(),
    };
    let answer = refusal(house.call::<CreateAlias>(&root(), create("alias/mine", &arn)).await);
    assert!(
        answer.ends_with("because no resource-based policy allows the kms:CreateAlias action"),
        "{answer}"
    );
    house.call::<CreateAlias>(&root(), create("alias/mine", &own)).await.unwrap();
    let update = |name: &str, target: &str| UpdateAliasRequest {
        alias_name: name.to_owned(),
        target_key_id: target.to_owned(),
    };
    let answer = refusal(house.call::<UpdateAlias>(&root(), update("alias/mine", &arn)).await);
    assert!(
        answer.ends_with("because no resource-based policy allows the kms:UpdateAlias action"),
        "{answer}"
    );
    for name in [ALIAS, "alias/aws/sns", "alias/aws/none"] {
        let answer = refusal(house.call::<CreateAlias>(&root(), create(name, &own)).await);
        assert!(answer.starts_with("NotAuthorizedException"), "{answer}");
        let answer = refusal(house.call::<UpdateAlias>(&root(), update(name, &own)).await);
        assert!(answer.starts_with("NotAuthorizedException"), "{answer}");
        let input = DeleteAliasRequest { alias_name: name.to_owned() };
        let answer = refusal(house.call::<DeleteAlias>(&root(), input).await);
        assert!(answer.starts_with("NotAuthorizedException"), "{answer}");
    }
    let place = rows::key(account(), &region(), &crate::key::KeyId::parse(&arn[arn.len() - 36..]).unwrap());
    assert!(house.store.get(&place).await.unwrap().is_some());
}
