//! Custom key stores on clusters of HSMs in this process: connecting, its failures, crashes in between, lost HSMs, and the
//! end of keys.

use std::time::Duration;

use keyward_hsm::{HsmError, KeyFilter};
use keyward_schema::Sensitive;
use keyward_schema::cloudhsmv2::ClusterState;
use keyward_schema::kms::*;
use keyward_store::{Store, Txn};

use crate::key::CustomKeyStoreId;
use crate::keystore::{Connection, FailureCode, KeyStorePlaces, KeyStoreRecord, KeyStoreRow};
use crate::rows;
use crate::testing::clusters::{CLUSTER, PASSWORD, TRUST_ANCHOR, TestCluster, password};
use crate::testing::{House, account, attempt, encrypt, refusal, region, root, user_allowed};

const DAY: Duration = Duration::from_secs(86_400);

fn wanted(name: &str) -> CreateCustomKeyStoreRequest {
    CreateCustomKeyStoreRequest {
        custom_key_store_name: name.to_owned(),
        cloud_hsm_cluster_id: Some(CLUSTER.to_owned()),
        trust_anchor_certificate: Some(TRUST_ANCHOR.to_owned()),
        key_store_password: Some(Sensitive::new(PASSWORD.to_owned())),
        custom_key_store_type: None,
        xks_proxy_uri_endpoint: None,
        xks_proxy_uri_path: None,
        xks_proxy_vpc_endpoint_service_name: None,
        xks_proxy_vpc_endpoint_service_owner: None,
        xks_proxy_authentication_credential: None,
        xks_proxy_connectivity: None,
    }
}

async fn create(house: &House) -> String {
    let made = house.call::<CreateCustomKeyStore>(&root(), wanted("store")).await.unwrap();
    made.custom_key_store_id.unwrap()
}

async fn reconcile(house: &House) {
    let lease = house.store.lease("test", DAY).await.unwrap();
    house.kms.reconcile_key_stores(Some(lease.fence())).await.unwrap();
    lease.release().await;
}

async fn connect(house: &House, store: &str) -> Connection {
    let input = ConnectCustomKeyStoreRequest { custom_key_store_id: store.to_owned() };
    house.call::<ConnectCustomKeyStore>(&root(), input).await.unwrap();
    reconcile(house).await;
    record(house, store).await.connection
}

async fn disconnect(house: &House, store: &str) {
    let input = DisconnectCustomKeyStoreRequest { custom_key_store_id: store.to_owned() };
    house.call::<DisconnectCustomKeyStore>(&root(), input).await.unwrap();
    reconcile(house).await;
    assert_eq!(record(house, store).await.connection, Connection::Disconnected);
}

async fn record(house: &House, store: &str) -> KeyStoreRecord {
    let place = place(store);
    let row = house.store.get(&place).await.unwrap().unwrap();
    let KeyStoreRow::V1(record) = rows::decode(&row.value).unwrap();
    record
}

async fn rewrite(house: &House, store: &str, record: KeyStoreRecord) {
    let row = rows::encode(&KeyStoreRow::V1(record)).unwrap();
    house.store.txn(Txn::default().put(place(store), row)).await.unwrap();
}

fn place(store: &str) -> keyward_store::Key {
    let region = region();
    KeyStorePlaces { account: account(), region: &region }.store(&CustomKeyStoreId::parse(store).unwrap())
}

fn in_store(store: &str) -> CreateKeyRequest {
    CreateKeyRequest {
        origin: Some(OriginType::AwsCloudhsm),
        custom_key_store_id: Some(store.to_owned()),
        ..Default::default()
    }
}

async fn connected() -> (House, TestCluster, String) {
    let house = House::new().await;
    let cluster = house.cluster().await;
    let store = create(&house).await;
    assert_eq!(connect(&house, &store).await, Connection::Connected);
    (house, cluster, store)
}

/// The labels of the keys that `kmsuser` has in the cluster, whose store is not connected.
async fn labels(cluster: &TestCluster) -> Vec<String> {
    cluster.set_password("lookInside1").await;
    let session = cluster.cluster.login(&"kmsuser".parse().unwrap(), &password("lookInside1")).await.unwrap();
    let keys = session.find_keys(&KeyFilter::default()).await.unwrap();
    session.close().await;
    keys.into_iter().map(|key| key.attributes.label).collect()
}

#[tokio::test]
async fn connecting_gives_kmsuser_a_password_that_nobody_else_knows() {
    let (house, cluster, store) = connected().await;
    let login = cluster.cluster.login(&"kmsuser".parse().unwrap(), &password(PASSWORD)).await;
    assert!(matches!(login.err(), Some(HsmError::WrongPassword { .. })));
    let arn = house.create(&root(), in_store(&store)).await.unwrap();
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"secret")).await.unwrap();
    let input = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    let opened = house.call::<Decrypt>(&root(), input).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose(), b"secret");
    assert_eq!(record(&house, &store).await.credentials.next, None);
}

#[tokio::test]
async fn why_connecting_failed_is_told() {
    let house = House::new().await;
    let cluster = house.cluster().await;
    let store = create(&house).await;
    let failed = |code| Connection::Failed(code);

    let kmsuser = "kmsuser".parse().unwrap();
    let session = cluster.cluster.login(&kmsuser, &password(PASSWORD)).await.unwrap();
    assert_eq!(connect(&house, &store).await, failed(FailureCode::UserLoggedIn));
    disconnect(&house, &store).await;
    session.close().await;

    cluster.set_password("another123").await;
    assert_eq!(connect(&house, &store).await, failed(FailureCode::InvalidCredentials));
    disconnect(&house, &store).await;
    for _ in 0..5 {
        assert!(cluster.cluster.login(&kmsuser, &password("wrong12345")).await.is_err());
    }
    assert_eq!(connect(&house, &store).await, failed(FailureCode::UserLockedOut));
    disconnect(&house, &store).await;

    cluster.admin().await.delete_user(&kmsuser, &[]).await.unwrap();
    assert_eq!(connect(&house, &store).await, failed(FailureCode::UserNotFound));
    disconnect(&house, &store).await;

    house.clusters.remove(cluster.cluster.id());
    assert_eq!(connect(&house, &store).await, failed(FailureCode::ClusterNotFound));
}

#[tokio::test]
async fn asking_again_to_connect_a_store_disturbs_nothing() {
    let house = House::new().await;
    let _cluster = house.cluster().await;
    let store = create(&house).await;
    let input = || ConnectCustomKeyStoreRequest { custom_key_store_id: store.clone() };
    for _ in 0..2 {
        house.call::<ConnectCustomKeyStore>(&root(), input()).await.unwrap();
        let before = house.store.get(&place(&store)).await.unwrap().unwrap();
        house.call::<ConnectCustomKeyStore>(&root(), input()).await.unwrap();
        assert_eq!(house.store.get(&place(&store)).await.unwrap().unwrap().revision, before.revision);
        reconcile(&house).await;
        assert_eq!(record(&house, &store).await.connection, Connection::Connected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kmsuser_who_is_about_to_be_logged_out_is_waited_for() {
    let house = House::new().await;
    let cluster = house.cluster().await;
    let store = create(&house).await;
    let session = cluster.cluster.login(&"kmsuser".parse().unwrap(), &password(PASSWORD)).await.unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        session.close().await;
    });
    assert_eq!(connect(&house, &store).await, Connection::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_lost_all_hsms_is_not_connected_to() {
    let house = House::new().await;
    let cluster = house.cluster().await;
    let store = create(&house).await;
    cluster.hsms.iter().for_each(keyward_hsm::TestHsm::kill);
    assert_eq!(connect(&house, &store).await, Connection::Failed(FailureCode::InsufficientHsms));
}

#[tokio::test]
async fn a_crash_around_the_change_of_the_password_locks_nobody_out() {
    // What the row says after a crash: both passwords, of which the HSMs may have either.
    for hsms_took_it in [false, true] {
        let house = House::new().await;
        let cluster = house.cluster().await;
        let store = create(&house).await;
        let mut crashed = record(&house, &store).await;
        let (id, region) = (CustomKeyStoreId::parse(&store).unwrap(), region());
        let places = KeyStorePlaces { account: account(), region: &region };
        let next = crashed.credentials.seal_another(&house.kms, places, &id, b"nextPswd12").await.unwrap();
        crashed.credentials.next = Some(next);
        crashed.connection = Connection::Connecting;
        rewrite(&house, &store, crashed).await;
        if hsms_took_it {
            cluster.set_password("nextPswd12").await;
        }
        reconcile(&house).await;
        assert_eq!(record(&house, &store).await.connection, Connection::Connected, "{hsms_took_it}");
    }
}

#[tokio::test]
async fn stores_ask_for_a_fit_cluster_and_for_the_permission_to_see_it() {
    let house = House::new().await;
    let _cluster = house.cluster().await;
    let refused = async |state, zones: &[&str]| {
        house.show_cluster(state, zones);
        let fault = house.call::<CreateCustomKeyStore>(&root(), wanted("store")).await.unwrap_err();
        fault.code().to_owned()
    };
    assert_eq!(refused(ClusterState::Initialized, &["a", "b"]).await, "CloudHsmClusterNotActiveException");
    assert_eq!(refused(ClusterState::Deleted, &[]).await, "CloudHsmClusterNotFoundException");
    for zones in [&["a"][..], &["a", "a"], &[]] {
        let code = refused(ClusterState::Active, zones).await;
        assert_eq!(code, "CloudHsmClusterInvalidConfigurationException", "{zones:?}");
    }
    house.show_cluster(ClusterState::Active, &["a", "b"]);
    let blind = user_allowed(&["kms:*"]);
    let fault = house.call::<CreateCustomKeyStore>(&blind, wanted("store")).await.unwrap_err();
    assert_eq!(fault.code(), "AccessDeniedException");
    let store = create(&house).await;
    house.show_cluster(ClusterState::Active, &[]);
    let input = ConnectCustomKeyStoreRequest { custom_key_store_id: store };
    let fault = house.call::<ConnectCustomKeyStore>(&root(), input).await.unwrap_err();
    assert_eq!(fault.code(), "CloudHsmClusterInvalidConfigurationException");
}

#[tokio::test]
async fn ten_stores_are_the_most() {
    let house = House::new().await;
    let _cluster = house.cluster().await;
    let store = create(&house).await;
    for number in 1..10 {
        let id = format!("cks-0123456789abcdef{number}");
        let copy = record(&house, &store).await;
        rewrite(&house, &id, copy).await;
    }
    let fault = house.call::<CreateCustomKeyStore>(&root(), wanted("eleventh")).await.unwrap_err();
    assert_eq!(fault.code(), "LimitExceededException");
}

#[tokio::test(start_paused = true)]
async fn one_hsm_is_enough_to_go_on_and_none_is_told_of() {
    let (house, cluster, store) = connected().await;
    let arn = house.create(&root(), in_store(&store)).await.unwrap();
    cluster.hsms[0].kill();
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap().ciphertext_blob.unwrap();
    let refused = refusal(house.create(&root(), in_store(&store)).await);
    assert!(refused.starts_with("CloudHsmClusterInvalidConfigurationException"), "{refused}");
    cluster.hsms[1].kill();
    let refused = refusal(attempt(&house, &root(), "Decrypt", &arn, &sealed).await);
    assert!(refused.starts_with("KMSInvalidStateException"), "{refused}");
    for hsm in &cluster.hsms {
        hsm.revive().unwrap();
    }
    attempt(&house, &root(), "Decrypt", &arn, &sealed).await.unwrap();
}

#[tokio::test]
async fn a_key_that_lost_its_race_leaves_nothing_in_the_cluster() {
    let (house, cluster, store) = connected().await;
    let (handle, id) = (house.handle.clone(), store.clone());
    house.store.before_next_txn(async move {
        let input = DisconnectCustomKeyStoreRequest { custom_key_store_id: id };
        handle.call::<DisconnectCustomKeyStore>(&root(), &region(), input).await.unwrap();
    });
    let refused = refusal(house.create(&root(), in_store(&store)).await);
    assert!(refused.starts_with("CustomKeyStoreInvalidStateException"), "{refused}");
    reconcile(&house).await;
    assert_eq!(labels(&cluster).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_material_of_a_destroyed_key_goes_when_its_store_is_connected() {
    let (house, cluster, store) = connected().await;
    let arn = house.create(&root(), in_store(&store)).await.unwrap();
    let kept = house.create(&root(), in_store(&store)).await.unwrap();
    let input = ScheduleKeyDeletionRequest { key_id: arn.clone(), pending_window_in_days: Some(7) };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap();
    disconnect(&house, &store).await;
    house.clock.advance(7 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    let mut both = labels(&cluster).await;
    both.sort();
    let mut expected = vec![arn.clone(), kept.clone()];
    expected.sort();
    assert_eq!(both, expected, "nothing can be deleted in a cluster that is not connected");

    let input = UpdateCustomKeyStoreRequest {
        custom_key_store_id: store.clone(),
        key_store_password: Some(Sensitive::new("lookInside1".to_owned())),
        new_custom_key_store_name: None,
        cloud_hsm_cluster_id: None,
        xks_proxy_uri_endpoint: None,
        xks_proxy_uri_path: None,
        xks_proxy_vpc_endpoint_service_name: None,
        xks_proxy_vpc_endpoint_service_owner: None,
        xks_proxy_authentication_credential: None,
        xks_proxy_connectivity: None,
    };
    house.call::<UpdateCustomKeyStore>(&root(), input).await.unwrap();
    assert_eq!(connect(&house, &store).await, Connection::Connected);
    reconcile(&house).await;
    disconnect(&house, &store).await;
    assert_eq!(labels(&cluster).await, [kept]);
}

#[tokio::test]
async fn a_store_goes_when_its_last_key_is_gone() {
    let (house, _cluster, store) = connected().await;
    let arn = house.create(&root(), in_store(&store)).await.unwrap();
    disconnect(&house, &store).await;
    let input = || DeleteCustomKeyStoreRequest { custom_key_store_id: store.clone() };
    let refused = refusal(house.call::<DeleteCustomKeyStore>(&root(), input()).await);
    assert!(refused.starts_with("CustomKeyStoreHasCMKsException"), "{refused}");
    let deletion = ScheduleKeyDeletionRequest { key_id: arn, pending_window_in_days: Some(7) };
    house.call::<ScheduleKeyDeletion>(&root(), deletion).await.unwrap();
    let refused = refusal(house.call::<DeleteCustomKeyStore>(&root(), input()).await);
    assert!(refused.starts_with("CustomKeyStoreHasCMKsException"), "{refused}");
    house.clock.advance(7 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    house.call::<DeleteCustomKeyStore>(&root(), input()).await.unwrap();
    // Name and cluster are free again.
    create(&house).await;
}

#[tokio::test]
async fn a_ciphertext_belongs_to_its_key_and_context() {
    let (house, _cluster, store) = connected().await;
    let (one, two) = (
        house.create(&root(), in_store(&store)).await.unwrap(),
        house.create(&root(), in_store(&store)).await.unwrap(),
    );
    let sealed = house.call::<Encrypt>(&root(), encrypt(&one, b"x")).await.unwrap().ciphertext_blob.unwrap();
    let (from, to) = (one.rsplit('/').next().unwrap(), two.rsplit('/').next().unwrap());
    let at = sealed.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    let mut moved = sealed.clone();
    moved.splice(at..at + from.len(), to.bytes());
    let refused = refusal(attempt(&house, &root(), "Decrypt", &two, &moved).await);
    assert_eq!(refused, "InvalidCiphertextException");
}
