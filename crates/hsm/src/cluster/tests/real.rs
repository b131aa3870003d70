//! The cluster over real HSMs in this process, killed again and again under load. In real time: cryptography takes what it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use keyward_base::{Random, SeededRandom};
use tokio::time::sleep;

use crate::api::attributes::{Change, Flag};
use crate::api::error::HsmError;
use crate::api::ids::KeyHandle;
use crate::api::key::KeyTemplate;
use crate::api::mechanism::CipherMechanism;
use crate::api::status::{HsmMode, HsmType, Membership};
use crate::api::user::Role;
use crate::client::TestHsm;
use crate::cluster::tests::world::{CLUSTER, id, password, template};
use crate::cluster::{Cluster, ClusterSession, NewMember};

const GCM: CipherMechanism = CipherMechanism::AesGcm;
const KILLS: u32 = 60;

async fn cluster(hsms: &[TestHsm]) -> Cluster {
    let membership = Membership {
        cluster: CLUSTER.parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: Some([7; 32]),
    };
    hsms[0].client().found(&membership).await.unwrap();
    let member = |(index, hsm): (usize, &TestHsm)| NewMember {
        hsm: id(index),
        zone: "us-east-1a".to_owned(),
        client: hsm.client(),
    };
    let members = hsms.iter().enumerate().map(member).collect();
    let cluster = Cluster::start(CLUSTER.parse().unwrap(), members, Arc::new(SeededRandom::new(1)));
    settle(&cluster, hsms.len()).await;
    cluster.activate(&password("admin")).await.unwrap();
    let admin = cluster.login(&"admin".parse().unwrap(), &password("admin")).await.unwrap();
    admin.create_user(&"ann".parse().unwrap(), Role::CryptoUser, &password("ann"), &[]).await.unwrap();
    cluster
}

async fn settle(cluster: &Cluster, hsms: usize) {
    for index in 0..hsms {
        let settled = cluster.until_active(&id(index), Duration::from_secs(60)).await;
        assert!(settled, "{:?}", cluster.members());
    }
}

fn aes(label: &str) -> KeyTemplate {
    let changes = vec![Change::Flag(Flag::Encrypt, true), Change::Flag(Flag::Decrypt, true)];
    KeyTemplate { changes, ..template(label) }
}

/// Makes, uses and deletes keys until told to stop. Any error is one too many: an HSM is always back in time.
async fn load(ann: ClusterSession, done: Arc<AtomicBool>, uses: Arc<AtomicU64>) -> Vec<KeyHandle> {
    let mut kept = Vec::new();
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        number += 1;
        let key = ann.generate_key(&aes(&format!("key {number}")), 2).await.unwrap().handle;
        let ciphertext = ann.encrypt(key, GCM, b"with", b"plain").await.unwrap();
        for _ in 0..5 {
            assert_eq!(&*ann.decrypt(key, GCM, b"with", &ciphertext).await.unwrap(), b"plain");
            uses.fetch_add(1, Ordering::Relaxed);
        }
        if number % 3 == 0 {
            ann.delete_key(key).await.unwrap();
        } else {
            kept.push(key);
        }
    }
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_hsms_cost_nobody_an_error_or_a_key() {
    let hsms: Vec<_> = (0..3).map(|_| TestHsm::start(&[7; 32]).unwrap()).collect();
    let cluster = cluster(&hsms).await;
    let (done, uses) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut users = Vec::new();
    for _ in 0..3 {
        let ann = cluster.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
        users.push(tokio::spawn(load(ann, Arc::clone(&done), Arc::clone(&uses))));
    }
    let random = SeededRandom::new(3);
    for _ in 0..KILLS {
        let hsm = &hsms[random.below(3) as usize];
        hsm.kill();
        sleep(Duration::from_millis(u64::from(random.below(20)))).await;
        hsm.revive().unwrap();
        sleep(Duration::from_millis(u64::from(random.below(20)))).await;
    }
    done.store(true, Ordering::Relaxed);
    let mut kept = Vec::new();
    for user in users {
        kept.extend(user.await.unwrap());
    }
    settle(&cluster, 3).await;
    assert!(uses.load(Ordering::Relaxed) > 0 && !kept.is_empty());
    let digest = hsms[0].client().digest().await.unwrap();
    for hsm in &hsms {
        assert_eq!(hsm.client().digest().await.unwrap(), digest);
    }
    let ann = cluster.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let mut found: Vec<_> =
        ann.find_keys(&Default::default()).await.unwrap().iter().map(|key| key.handle).collect();
    found.sort();
    kept.sort();
    assert_eq!(found, kept, "what was acknowledged is there, and nothing else");
}

#[tokio::test]
async fn a_lost_token_is_filled_again_by_a_fellow_and_costs_no_key() {
    let hsms: Vec<_> = (0..2).map(|_| TestHsm::start(&[7; 32]).unwrap()).collect();
    let cluster = cluster(&hsms).await;
    let ann = cluster.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let first = ann.generate_key(&aes("on both"), 2).await.unwrap().handle;
    // The second HSM is behind, and the only one with a token when the first comes back with an empty one.
    hsms[1].kill();
    let alone = ann.generate_key(&aes("on the first alone"), 1).await.unwrap().handle;
    let ciphertext = ann.encrypt(alone, GCM, b"", b"plain").await.unwrap();
    hsms[0].lose_token().unwrap();
    assert_eq!(ann.find_keys(&Default::default()).await.unwrap_err(), HsmError::NoActiveHsm);
    hsms[1].revive().unwrap();
    settle(&cluster, 2).await;
    for lost in [0, 1] {
        hsms[lost].kill();
        for key in [first, alone] {
            ann.encrypt(key, GCM, b"", b"plain").await.unwrap();
        }
        assert_eq!(&*ann.decrypt(alone, GCM, b"", &ciphertext).await.unwrap(), b"plain");
        hsms[lost].revive().unwrap();
        settle(&cluster, 2).await;
    }
}

#[tokio::test]
async fn when_all_tokens_are_lost_no_hsm_serves_and_none_forgets_its_records() {
    let hsms: Vec<_> = (0..2).map(|_| TestHsm::start(&[7; 32]).unwrap()).collect();
    let cluster = cluster(&hsms).await;
    let ann = cluster.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let key = ann.generate_key(&aes("a"), 2).await.unwrap().handle;
    let ciphertext = ann.encrypt(key, GCM, b"", b"plain").await.unwrap();
    let backup = cluster.backup().await.unwrap();
    for hsm in &hsms {
        hsm.lose_token().unwrap();
    }
    assert_eq!(ann.decrypt(key, GCM, b"", &ciphertext).await.unwrap_err(), HsmError::NoActiveHsm);
    for hsm in &hsms {
        assert!(hsm.client().status().await.unwrap().is_bereft);
    }
    // One that gets the masking key from somewhere gives it to the other.
    hsms[0].client().restore(&backup, cluster.id(), HsmType::Hsm1Medium).await.unwrap();
    settle(&cluster, 2).await;
    assert_eq!(&*ann.decrypt(key, GCM, b"", &ciphertext).await.unwrap(), b"plain");
}

#[tokio::test]
async fn an_hsm_writes_anew_what_was_acknowledged_above_what_was_not() {
    let hsms: Vec<_> = (0..2).map(|_| TestHsm::start(&[7; 32]).unwrap()).collect();
    let cluster = cluster(&hsms).await;
    let ann = cluster.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let key = ann.generate_key(&aes("a"), 2).await.unwrap().handle;
    let (one, other) = (hsms[0].client(), hsms[1].client());
    let mut stamps: Vec<_> = other.digest().await.unwrap();
    stamps.retain(|stamp| stamp.key == crate::api::record::RecordKey::Key(key));
    assert!(one.reaffirm(&stamps).await.unwrap().is_empty(), "what both have needs nothing");
    stamps[0].version.counter += 5;
    let written = one.reaffirm(&stamps).await.unwrap();
    assert!(written.len() == 1 && written[0].stamp.supersedes(&stamps[0]));
    other.absorb(&written).await.unwrap();
    assert_eq!(one.digest().await.unwrap(), other.digest().await.unwrap());
    stamps[0].version.counter = u64::MAX;
    assert!(one.reaffirm(&stamps).await.is_err(), "nobody uses the counters up");
}
