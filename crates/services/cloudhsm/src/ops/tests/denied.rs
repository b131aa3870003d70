//! Who may do what: actions, resources, and tags as conditions.

use keyward_gate::Caller;
use keyward_schema::cloudhsmv2::{
    self as api, CopyBackupToRegionRequest, CreateClusterRequest, CreateHsmRequest, DeleteBackupRequest,
    DeleteClusterRequest, DeleteHsmRequest, DeleteResourcePolicyRequest, DescribeBackupsRequest,
    DescribeClustersRequest, GetResourcePolicyRequest, InitializeClusterRequest, ListTagsRequest,
    ModifyBackupAttributesRequest, ModifyClusterRequest, PutResourcePolicyRequest, RestoreBackupRequest, Tag,
    TagResourceRequest, UntagResourceRequest,
};

use crate::testing::{House, account, house, user, wanted};

/// Calls every operation as `caller` and answers those that were not denied.
async fn open(house: &House, caller: &Caller, cluster: &str, backup: &str) -> Vec<&'static str> {
    let (cluster_id, backup_id) = (cluster.to_owned(), backup.to_owned());
    let resource_arn = Some(format!("arn:aws:cloudhsm:us-east-1:111122223333:backup/{backup}"));
    let tag_list = vec![Tag { key: "a".to_owned(), value: "b".to_owned() }];
    let mut open = Vec::new();
    macro_rules! call {
        ($($operation:ident $input:expr;)*) => {$(
            match house.call::<api::$operation>(caller, $input).await {
                Err(fault) if fault.code() == "AccessDeniedException" => {
                    let text = fault.message().unwrap_or_default().to_owned();
                    let action = concat!("cloudhsm:", stringify!($operation));
                    assert!(text.contains(action), "{text}");
                }
                _ => open.push(stringify!($operation)),
            }
        )*};
    }
    call! {
        CreateCluster wanted();
        DescribeClusters DescribeClustersRequest::default();
        InitializeCluster InitializeClusterRequest {
            cluster_id: cluster_id.clone(), signed_cert: String::new(), trust_anchor: String::new(),
        };
        ModifyCluster ModifyClusterRequest { cluster_id: cluster_id.clone(), hsm_type: None, backup_retention_policy: None };
        CreateHsm CreateHsmRequest { cluster_id: cluster_id.clone(), availability_zone: "us-east-1a".to_owned(), ip_address: None };
        DeleteHsm DeleteHsmRequest {
            cluster_id: cluster_id.clone(), hsm_id: Some("hsm-aaaaaaaaaaa".to_owned()), eni_id: None, eni_ip: None,
        };
        DescribeBackups DescribeBackupsRequest::default();
        RestoreBackup RestoreBackupRequest { backup_id: backup_id.clone() };
        ModifyBackupAttributes ModifyBackupAttributesRequest { backup_id: backup_id.clone(), never_expires: false };
        CopyBackupToRegion CopyBackupToRegionRequest {
            destination_region: "eu-central-1".to_owned(), backup_id: backup_id.clone(), tag_list: None,
        };
        TagResource TagResourceRequest { resource_id: cluster_id.clone(), tag_list: tag_list.clone() };
        UntagResource UntagResourceRequest { resource_id: cluster_id.clone(), tag_key_list: vec!["a".to_owned()] };
        ListTags ListTagsRequest { resource_id: cluster_id.clone(), next_token: None, max_results: None };
        PutResourcePolicy PutResourcePolicyRequest { resource_arn: resource_arn.clone(), policy: None };
        GetResourcePolicy GetResourcePolicyRequest { resource_arn: resource_arn.clone() };
        DeleteResourcePolicy DeleteResourcePolicyRequest { resource_arn };
        DeleteBackup DeleteBackupRequest { backup_id };
        DeleteCluster DeleteClusterRequest { cluster_id };
    }
    open
}

fn allow(action: &str, resource: &str, condition: &str) -> Caller {
    let condition = if condition.is_empty() { String::new() } else { format!(r#","Condition":{condition}"#) };
    user(
        account(),
        &format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"{condition}}}"#),
    )
}

#[tokio::test]
async fn each_operation_takes_its_own_permission() {
    let house = house().await;
    let cluster = house.cluster().await;
    let backup = house.backup_of(&cluster).await;
    let nothing = allow("kms:*", "*", "");
    assert_eq!(open(&house, &nothing, &cluster, &backup).await, [""; 0]);
    for operation in api::FACTS.operations {
        let one = allow(&format!("cloudhsm:{}", operation.name), "*", "");
        let cluster = house.record(&cluster).await.id.to_string();
        if operation.name == "DeleteCluster" {
            continue;
        }
        assert_eq!(open(&house, &one, &cluster, &backup).await, [operation.name]);
        house.service.settle_all(None).await.unwrap();
        // What the operation did is taken back, so that the next finds the same.
        for made in house.clusters().await.into_iter().filter_map(|made| made.cluster_id) {
            if made != cluster {
                house.ask::<api::DeleteCluster>(DeleteClusterRequest { cluster_id: made }).await.unwrap();
            }
        }
        house.settle().await;
        house.pass(std::time::Duration::from_hours(1));
        house.settle().await;
        let _ = house.ask::<api::RestoreBackup>(RestoreBackupRequest { backup_id: backup.clone() }).await;
    }
}

#[tokio::test]
async fn a_permission_holds_for_its_resource_only() {
    let house = house().await;
    let (cluster, other) = (house.cluster().await, house.cluster().await);
    let arn = format!("arn:aws:cloudhsm:us-east-1:111122223333:cluster/{cluster}");
    let caller = allow("cloudhsm:ListTags", &arn, "");
    for (id, allowed) in [(cluster, true), (other, false)] {
        let input = ListTagsRequest { resource_id: id, next_token: None, max_results: None };
        assert_eq!(house.call::<api::ListTags>(&caller, input).await.is_ok(), allowed);
    }
}

#[tokio::test]
async fn tags_of_resource_and_request_are_conditions() {
    let house = house().await;
    let tag = |value: &str| Some(vec![Tag { key: "team".to_owned(), value: value.to_owned() }]);
    let create = |tags| CreateClusterRequest { tag_list: tags, ..wanted() };
    let by_request = allow("cloudhsm:*", "*", r#"{"StringEquals":{"aws:RequestTag/team":"red"}}"#);
    assert!(house.call::<api::CreateCluster>(&by_request, create(tag("blue"))).await.is_err());
    assert!(house.call::<api::CreateCluster>(&by_request, create(None)).await.is_err());
    let made =
        house.call::<api::CreateCluster>(&by_request, create(tag("red"))).await.unwrap().cluster.unwrap();
    let id = made.cluster_id.unwrap();
    let by_resource = |value: &str| {
        allow("cloudhsm:*", "*", &format!(r#"{{"StringEquals":{{"aws:ResourceTag/team":"{value}"}}}}"#))
    };
    let list = || ListTagsRequest { resource_id: id.clone(), next_token: None, max_results: None };
    assert!(house.call::<api::ListTags>(&by_resource("red"), list()).await.is_ok());
    assert!(house.call::<api::ListTags>(&by_resource("blue"), list()).await.is_err());
    let by_keys = allow("cloudhsm:*", "*", r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}"#);
    let untag =
        |key: &str| UntagResourceRequest { resource_id: id.clone(), tag_key_list: vec![key.to_owned()] };
    assert!(house.call::<api::UntagResource>(&by_keys, untag("other")).await.is_err());
    assert!(house.call::<api::UntagResource>(&by_keys, untag("team")).await.is_ok());
}

#[tokio::test]
async fn tagging_a_new_cluster_takes_the_permission_to_tag() {
    let house = house().await;
    let tag_list = Some(vec![Tag { key: "a".to_owned(), value: "b".to_owned() }]);
    let caller = allow("cloudhsm:CreateCluster", "*", "");
    assert!(house.call::<api::CreateCluster>(&caller, wanted()).await.is_ok());
    let tagged = CreateClusterRequest { tag_list, ..wanted() };
    let fault = house.call::<api::CreateCluster>(&caller, tagged).await.unwrap_err();
    assert!(fault.message().unwrap().contains("cloudhsm:TagResource"), "{fault}");
}
