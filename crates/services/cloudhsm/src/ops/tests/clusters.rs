//! Making, describing, changing and deleting clusters.

use std::time::Duration;

use keyward_schema::cloudhsmv2::{
    self as api, BackupRetentionPolicy, BackupRetentionType, ClusterMode, ClusterState, CreateClusterRequest,
    CreateHsmRequest, DeleteClusterRequest, DeleteHsmRequest, DescribeClustersRequest,
    InitializeClusterRequest, ModifyClusterRequest, NetworkType,
};

use crate::testing::{House, house, wanted};

const INVALID: &str = "CloudHsmInvalidRequestException";
const NOT_FOUND: &str = "CloudHsmResourceNotFoundException";
const NOWHERE: &str = "cluster-aaaaaaaaaaa";

async fn refuse(house: &House, change: impl FnOnce(&mut CreateClusterRequest)) -> String {
    let mut input = wanted();
    change(&mut input);
    let (code, text) = house.refused::<api::CreateCluster>(input).await;
    assert_eq!(code, INVALID, "{text}");
    text
}

fn days(value: &str) -> Option<BackupRetentionPolicy> {
    Some(BackupRetentionPolicy { r#type: Some(BackupRetentionType::Days), value: Some(value.to_owned()) })
}

#[tokio::test]
async fn a_new_cluster_has_the_members_that_clients_read() {
    let house = house().await;
    let made = house.ask::<api::CreateCluster>(wanted()).await.unwrap().cluster.unwrap();
    assert_eq!(made.state, Some(ClusterState::CreateInProgress));
    house.settle().await;
    let shown = house.shown(&made.cluster_id.unwrap()).await;
    assert_eq!(shown.state, Some(ClusterState::Uninitialized));
    assert_eq!(shown.hsm_type.as_deref(), Some("hsm1.medium"));
    assert_eq!(shown.hsms, Some(Vec::new()));
    let zones: Vec<_> = shown.subnet_mapping.unwrap().into_iter().collect();
    let pair = |zone: &str, subnet: &str| (zone.to_owned(), subnet.to_owned());
    assert_eq!(zones, [pair("us-east-1a", "subnet-a6b10bd1"), pair("us-east-1b", "subnet-b6b10bd2")]);
    assert!(shown.vpc_id.unwrap().starts_with("vpc-") && shown.security_group.unwrap().starts_with("sg-"));
    assert_eq!(shown.backup_retention_policy, days("90"));
    assert_eq!((shown.mode, shown.network_type), (Some(ClusterMode::Fips), Some(NetworkType::Ipv4)));
}

#[tokio::test]
async fn both_types_and_modes_are_made() {
    let house = house().await;
    for (hsm_type, mode, shown) in [
        ("hsm1.medium", Some(ClusterMode::Fips), ClusterMode::Fips),
        ("hsm2m.medium", None, ClusterMode::Fips),
        ("hsm2m.medium", Some(ClusterMode::NonFips), ClusterMode::NonFips),
    ] {
        let input = CreateClusterRequest { hsm_type: hsm_type.to_owned(), mode, ..wanted() };
        let made = house.ask::<api::CreateCluster>(input).await.unwrap().cluster.unwrap();
        assert_eq!((made.hsm_type.as_deref(), made.mode), (Some(hsm_type), Some(shown)));
    }
    let text = refuse(&house, |input| input.mode = Some(ClusterMode::NonFips)).await;
    assert!(text.contains("FIPS mode only"), "{text}");
}

#[tokio::test]
async fn bad_values_make_nothing() {
    let house = house().await;
    assert!(refuse(&house, |input| input.hsm_type = "hsm9.huge".to_owned()).await.contains("hsm9.huge"));
    assert!(
        refuse(&house, |input| input.subnet_ids.push("subnet-a6b10bd1".to_owned())).await.contains("twice")
    );
    let many = |input: &mut CreateClusterRequest| {
        input.subnet_ids = (0..4).map(|number| format!("subnet-0000000{number}")).collect();
    };
    assert!(refuse(&house, many).await.contains("3 Availability Zones"));
    for wrong in ["6", "380", "0"] {
        assert!(
            refuse(&house, |input| input.backup_retention_policy = days(wrong)).await.contains("7 to 379")
        );
    }
    let half = Some(BackupRetentionPolicy { r#type: None, value: Some("9".to_owned()) });
    assert!(
        refuse(&house, |input| input.backup_retention_policy = half).await.contains("a Type and a Value")
    );
    assert!(
        refuse(&house, |input| input.source_backup_id = Some("arn:aws:x".to_owned()))
            .await
            .contains("arn:aws:x")
    );
    assert_eq!(house.clusters().await, []);
}

#[tokio::test]
async fn an_account_has_four_clusters_a_region_however_fast_it_asks() {
    let house = house().await;
    let asked = (0..8).map(|_| house.ask::<api::CreateCluster>(wanted()));
    let mut made = 0;
    for answer in join_all(asked).await {
        match answer {
            Ok(_) => made += 1,
            Err(fault) => assert!(fault.message().unwrap().contains("its limit"), "{fault}"),
        }
    }
    assert_eq!((made, house.clusters().await.len()), (4, 4));
    let elsewhere = crate::testing::root();
    let region = "eu-central-1".parse().unwrap();
    assert!(house.call_in::<api::CreateCluster>(&elsewhere, &region, wanted()).await.is_ok());
}

/// Runs futures side by side, so that they race.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let std::task::Poll::Ready(done) = future.as_mut().poll(context)
            {
                *output = Some(done);
            }
        }
        if waiting.iter().all(|(_, output)| output.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn filters_choose_and_unknown_ids_choose_nothing() {
    let house = house().await;
    let (first, second) = (house.cluster().await, house.cluster().await);
    house.ask::<api::DeleteCluster>(DeleteClusterRequest { cluster_id: second.clone() }).await.unwrap();
    let vpc = house.shown(&first).await.vpc_id.unwrap();
    for (name, value, found) in [
        ("clusterIds", first.as_str(), vec![first.clone()]),
        ("clusterIds", NOWHERE, Vec::new()),
        ("states", "UNINITIALIZED", vec![first.clone()]),
        ("states", "ACTIVE", Vec::new()),
        ("states", "DELETE_IN_PROGRESS", vec![second.clone()]),
        ("vpcIds", "vpc-00000000", Vec::new()),
    ] {
        let filters = Some([(name.to_owned(), vec![value.to_owned()])].into());
        let input = DescribeClustersRequest { filters, ..DescribeClustersRequest::default() };
        let clusters = house.ask::<api::DescribeClusters>(input).await.unwrap().clusters.unwrap();
        let ids: Vec<_> = clusters.into_iter().map(|cluster| cluster.cluster_id.unwrap()).collect();
        assert_eq!(ids, found, "{name} {value}");
    }
    let filters = Some([("vpcIds".to_owned(), vec![vpc])].into());
    let input = DescribeClustersRequest { filters, ..DescribeClustersRequest::default() };
    assert_eq!(house.ask::<api::DescribeClusters>(input).await.unwrap().clusters.unwrap().len(), 2);
    let filters = Some([("names".to_owned(), Vec::new())].into());
    let input = DescribeClustersRequest { filters, ..DescribeClustersRequest::default() };
    assert_eq!(house.refused::<api::DescribeClusters>(input).await.0, INVALID);
}

#[tokio::test]
async fn pages_follow_each_other_and_tokens_cant_be_made_up() {
    let house = house().await;
    let mut all: Vec<String> = Vec::new();
    for _ in 0..3 {
        all.push(house.cluster().await);
    }
    all.sort_unstable();
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = DescribeClustersRequest { max_results: Some(2), next_token: token, filters: None };
        let page = house.ask::<api::DescribeClusters>(input).await.unwrap();
        seen.extend(page.clusters.unwrap().into_iter().filter_map(|cluster| cluster.cluster_id));
        token = page.next_token;
        if token.is_none() {
            break;
        }
        assert!(token.as_ref().unwrap().len() <= 256);
    }
    assert_eq!(seen, all);
    let input =
        DescribeClustersRequest { next_token: Some(all[0].clone()), ..DescribeClustersRequest::default() };
    assert_eq!(house.refused::<api::DescribeClusters>(input).await.0, INVALID);
}

#[tokio::test]
async fn a_deleted_cluster_shows_for_an_hour_and_takes_nothing() {
    let house = house().await;
    let id = house.cluster().await;
    let input = DeleteClusterRequest { cluster_id: id.clone() };
    let deleted = house.ask::<api::DeleteCluster>(input.clone()).await.unwrap().cluster.unwrap();
    assert_eq!(deleted.state, Some(ClusterState::DeleteInProgress));
    assert_eq!(deleted.state_message.as_deref(), Some("The cluster is being deleted."));
    house.settle().await;
    assert_eq!(house.shown(&id).await.state, Some(ClusterState::Deleted));
    assert_eq!(house.refused::<api::DeleteCluster>(input).await.0, NOT_FOUND);
    house.pass(Duration::from_hours(1));
    house.settle().await;
    assert_eq!(house.clusters().await, []);
    house.cluster().await;
}

#[tokio::test]
async fn retention_changes_and_nonsense_does_not() {
    let house = house().await;
    let id = house.cluster().await;
    let modify = |policy, hsm_type: Option<&str>| ModifyClusterRequest {
        hsm_type: hsm_type.map(str::to_owned),
        backup_retention_policy: policy,
        cluster_id: id.clone(),
    };
    let changed = house.ask::<api::ModifyCluster>(modify(days("7"), None)).await.unwrap().cluster.unwrap();
    assert_eq!(changed.backup_retention_policy, days("7"));
    for wrong in [modify(days("6"), None), modify(None, None), modify(None, Some("hsm2m.medium"))] {
        assert_eq!(house.refused::<api::ModifyCluster>(wrong).await.0, INVALID);
    }
    assert_eq!(house.shown(&id).await.backup_retention_policy, days("7"));
}

#[tokio::test]
async fn unknown_clusters_and_hsms_are_told() {
    let house = house().await;
    let id = house.cluster().await;
    let cluster_id = NOWHERE.to_owned();
    let delete = DeleteClusterRequest { cluster_id: cluster_id.clone() };
    assert_eq!(house.refused::<api::DeleteCluster>(delete).await.0, NOT_FOUND);
    let modify = ModifyClusterRequest {
        cluster_id: cluster_id.clone(),
        hsm_type: None,
        backup_retention_policy: days("9"),
    };
    assert_eq!(house.refused::<api::ModifyCluster>(modify).await.0, NOT_FOUND);
    let create = CreateHsmRequest {
        cluster_id: cluster_id.clone(),
        availability_zone: "us-east-1a".to_owned(),
        ip_address: None,
    };
    assert_eq!(house.refused::<api::CreateHsm>(create).await.0, NOT_FOUND);
    let claim =
        InitializeClusterRequest { cluster_id, signed_cert: String::new(), trust_anchor: String::new() };
    assert_eq!(house.refused::<api::InitializeCluster>(claim).await.0, NOT_FOUND);
    let names = [
        (Some("hsm-aaaaaaaaaaa"), None, NOT_FOUND),
        (None, Some("eni-00000000"), NOT_FOUND),
        (None, None, INVALID),
    ];
    for (hsm, eni, code) in names {
        let input = DeleteHsmRequest {
            cluster_id: id.clone(),
            hsm_id: hsm.map(str::to_owned),
            eni_id: eni.map(str::to_owned),
            eni_ip: None,
        };
        assert_eq!(house.refused::<api::DeleteHsm>(input).await.0, code);
    }
    let both = DeleteHsmRequest {
        cluster_id: id,
        hsm_id: Some("hsm-aaaaaaaaaaa".to_owned()),
        eni_id: None,
        eni_ip: Some("10.0.0.4".to_owned()),
    };
    assert_eq!(house.refused::<api::DeleteHsm>(both).await.0, INVALID);
}

#[tokio::test]
async fn without_a_fleet_no_hsm_is_promised() {
    let house = house().await;
    let input = CreateHsmRequest {
        cluster_id: house.cluster().await,
        availability_zone: "us-east-1a".to_owned(),
        ip_address: None,
    };
    assert_eq!(house.refused::<api::CreateHsm>(input).await.0, "CloudHsmServiceException");
}
