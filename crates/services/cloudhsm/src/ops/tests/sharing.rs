//! Backups that another account may describe and make clusters of.

use keyward_base::Fault;
use keyward_schema::cloudhsmv2::{
    self as api, CreateClusterRequest, CreateClusterResponse, DeleteResourcePolicyRequest,
    DescribeBackupsRequest, GetResourcePolicyRequest, PutResourcePolicyRequest,
};

use crate::testing::{House, code, house, other_account, user, wanted};

const INVALID: &str = "CloudHsmInvalidRequestException";
const ALL: &str = r#"{"Effect":"Allow","Action":"cloudhsm:*","Resource":"*"}"#;

fn policy(account: &str, actions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":[{actions}],"Resource":"*"}}]}}"#
    )
}

async fn put(house: &House, arn: &str, policy: &str) -> Result<api::PutResourcePolicyResponse, Fault> {
    let input =
        PutResourcePolicyRequest { resource_arn: Some(arn.to_owned()), policy: Some(policy.to_owned()) };
    house.ask::<api::PutResourcePolicy>(input).await
}

async fn seen_by_other(house: &House) -> usize {
    let input = DescribeBackupsRequest { shared: Some(true), ..DescribeBackupsRequest::default() };
    let seen = house.call::<api::DescribeBackups>(&user(other_account(), ALL), input).await.unwrap();
    seen.backups.unwrap().len()
}

async fn made_by_other(house: &House, arn: &str) -> Result<CreateClusterResponse, Fault> {
    let input = CreateClusterRequest { source_backup_id: Some(arn.to_owned()), ..wanted() };
    house.call::<api::CreateCluster>(&user(other_account(), ALL), input).await
}

async fn backup(house: &House) -> String {
    let cluster = house.cluster().await;
    house.backup_of(&cluster).await;
    house.backups().await[0].backup_arn.clone().unwrap()
}

#[tokio::test]
async fn a_policy_opens_a_backup_to_another_account() {
    let house = house().await;
    let arn = backup(&house).await;
    assert_eq!(seen_by_other(&house).await, 0);
    assert_eq!(made_by_other(&house, &arn).await.unwrap_err().code(), "AccessDeniedException");
    let given = policy("444455556666", r#""cloudhsm:DescribeBackups","cloudhsm:CreateCluster""#);
    let put = put(&house, &arn, &given).await.unwrap();
    assert_eq!((put.resource_arn.as_ref(), put.policy.as_ref()), (Some(&arn), Some(&given)));
    assert_eq!(seen_by_other(&house).await, 1);
    let made = made_by_other(&house, &arn).await.unwrap().cluster.unwrap();
    assert_eq!(made.source_backup_id.unwrap(), arn.rsplit('/').next().unwrap());
    house.settle().await;
    let get = GetResourcePolicyRequest { resource_arn: Some(arn.clone()) };
    assert_eq!(house.ask::<api::GetResourcePolicy>(get.clone()).await.unwrap().policy, Some(given.clone()));
    let delete = DeleteResourcePolicyRequest { resource_arn: Some(arn.clone()) };
    let deleted = house.ask::<api::DeleteResourcePolicy>(delete).await.unwrap();
    assert_eq!((deleted.resource_arn.as_ref(), deleted.policy), (Some(&arn), Some(given)));
    assert_eq!(seen_by_other(&house).await, 0);
    assert_eq!(house.ask::<api::GetResourcePolicy>(get).await.unwrap().policy, None);
}

#[tokio::test]
async fn a_policy_opens_no_more_than_it_says() {
    let house = house().await;
    let arn = backup(&house).await;
    put(&house, &arn, &policy("444455556666", r#""cloudhsm:DescribeBackups""#)).await.unwrap();
    assert_eq!(seen_by_other(&house).await, 1);
    assert_eq!(made_by_other(&house, &arn).await.unwrap_err().code(), "AccessDeniedException");
    put(&house, &arn, &policy("777788889999", r#""cloudhsm:*""#)).await.unwrap();
    assert_eq!(seen_by_other(&house).await, 0);
}

#[tokio::test]
async fn the_policy_belongs_to_the_owner() {
    let house = house().await;
    let arn = backup(&house).await;
    put(&house, &arn, &policy("444455556666", r#""cloudhsm:*""#)).await.unwrap();
    let get = GetResourcePolicyRequest { resource_arn: Some(arn) };
    let fault = house.call::<api::GetResourcePolicy>(&user(other_account(), ALL), get).await.unwrap_err();
    assert_eq!(fault.code(), "AccessDeniedException");
}

#[tokio::test]
async fn bad_policies_and_arns_are_refused() {
    let house = house().await;
    let arn = backup(&house).await;
    for wrong in
        ["", "{}", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#]
    {
        assert_eq!(code(&put(&house, &arn, wrong).await.unwrap_err()), INVALID, "{wrong}");
    }
    let good = policy("444455556666", r#""cloudhsm:*""#);
    let id = arn.rsplit('/').next().unwrap();
    for wrong in [
        "x".to_owned(),
        "arn:aws:cloudhsm:us-east-1:111122223333:cluster/cluster-aaaaaaaaaaa".to_owned(),
        format!("arn:aws:cloudhsm:eu-central-1:111122223333:backup/{id}"),
        format!("arn:aws:kms:us-east-1:111122223333:backup/{id}"),
    ] {
        assert_eq!(code(&put(&house, &wrong, &good).await.unwrap_err()), INVALID, "{wrong}");
    }
    let missing = "arn:aws:cloudhsm:us-east-1:111122223333:backup/backup-aaaaaaaaaaa";
    assert_eq!(put(&house, missing, &good).await.unwrap_err().code(), "CloudHsmResourceNotFoundException");
    let nothing = PutResourcePolicyRequest::default();
    assert_eq!(house.refused::<api::PutResourcePolicy>(nothing).await.0, INVALID);
}
