//! `UpdatePrimaryRegion`: what it takes, and each of its refusals.

use keyward_schema::kms::*;

use crate::testing::{House, allow, attempt, policy, refusal, root, twin, user_allowed};

const AWAY: &str = "eu-west-1";

#[tokio::test]
async fn refuses_single_region_keys_replicas_and_regions_without_the_key() {
    let house = House::new().await;
    let single = house.symmetric().await;
    let expected = format!("UnsupportedOperationException: {single} is not a multi-region primary key.");
    assert_eq!(refusal(house.move_primary(&single, AWAY).await), expected);
    let arn = house.family(&[AWAY]).await;
    let replica = twin(&arn, AWAY);
    let expected = format!("UnsupportedOperationException: {replica} is not a multi-region primary key.");
    assert_eq!(refusal(house.move_primary(&replica, "us-east-1").await), expected);
    let nowhere = twin(&arn, "ap-south-1");
    let expected = format!("NotFoundException: Key '{nowhere}' does not exist");
    assert_eq!(refusal(house.move_primary(&arn, "ap-south-1").await), expected);
    let same = refusal(house.move_primary(&arn, "us-east-1").await);
    assert_eq!(same, format!("ValidationException: us-east-1 is the primary Region of {arn} already."));
    let unserved = refusal(house.move_primary(&arn, "mars-north-1").await);
    assert!(unserved.starts_with("ValidationException: 1 validation error detected"), "{unserved}");
    house.check_families();
}

#[tokio::test]
async fn both_keys_must_be_enabled() {
    for disabled in ["us-east-1", AWAY] {
        let house = House::new().await;
        let arn = house.family(&[AWAY]).await;
        let off = twin(&arn, disabled);
        house.call_in::<DisableKey>(disabled, DisableKeyRequest { key_id: off.clone() }).await.unwrap();
        let answer = refusal(house.move_primary(&arn, AWAY).await);
        assert_eq!(answer, format!("DisabledException: {off} is disabled."));
    }
}

#[tokio::test]
async fn a_primary_that_is_being_changed_can_change_again_and_not_be_managed() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, "eu-central-1"]).await;
    house.move_primary(&arn, AWAY).await.unwrap();
    for operation in ["DisableKey", "ScheduleKeyDeletion"] {
        let answer = refusal(attempt(&house, &root(), operation, &arn, &[]).await);
        assert_eq!(answer, format!("KMSInvalidStateException: {arn} is updating."), "{operation}");
    }
    house.move_primary(&twin(&arn, AWAY), "eu-central-1").await.unwrap();
    assert_eq!(house.kms.settle_due(None).await.unwrap(), 3);
    house.check_families();
}

#[tokio::test]
async fn it_takes_the_permission_on_both_keys() {
    let house = House::new().await;
    let arn = house.family(&[AWAY]).await;
    let me = user_allowed(&["kms:UpdatePrimaryRegion"]);
    let root_only = policy(&[
        allow(&crate::testing::account_principal(), "kms:*"),
        serde_json::json!({"Effect": "Deny", "Principal": {"AWS": me.arn()},
            "Action": "kms:UpdatePrimaryRegion", "Resource": "*"}),
    ]);
    let input = PutKeyPolicyRequest {
        key_id: twin(&arn, AWAY),
        policy_name: None,
        policy: root_only,
        bypass_policy_lockout_safety_check: None,
    };
    house.call_in::<PutKeyPolicy>(AWAY, input).await.unwrap();
    let input = UpdatePrimaryRegionRequest { key_id: arn.clone(), primary_region: AWAY.to_owned() };
    let answer = refusal(house.call::<UpdatePrimaryRegion>(&me, input.clone()).await);
    assert!(answer.contains(&twin(&arn, AWAY)) && answer.contains("explicit deny"), "{answer}");
    house.call::<UpdatePrimaryRegion>(&root(), input).await.unwrap();
}
