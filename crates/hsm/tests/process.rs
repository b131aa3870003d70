//! HSMs as processes of their own: started, used, killed, started again.
#![expect(clippy::unwrap_used, reason = "a failed helper fails its test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_hsm::{
    Change, CipherMechanism, Curve, Flag, Fleet, FleetConfig, Hash, HsmClient, HsmError, HsmId, HsmMode,
    HsmType, KeyFilter, KeySpec, KeyTemplate, Membership, OperationId, PairTemplate, Password, Role,
    SessionId, SignMechanism, Tokens, UserName,
};
use rustix::process::Signal;

const GCM: CipherMechanism = CipherMechanism::AesGcm;

fn fleet(folder: &Path) -> Arc<Fleet> {
    Fleet::new(FleetConfig {
        program: env!("CARGO_BIN_EXE_keyward-hsm").into(),
        arguments: vec![],
        folder: folder.join("hsm"),
        tokens: Tokens::software(),
    })
}

fn id(text: &str) -> HsmId {
    text.parse().unwrap()
}

fn operation() -> OperationId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    OperationId(id)
}

fn pin() -> Password {
    Password::new("password").unwrap()
}

fn alice() -> UserName {
    "alice".parse().unwrap()
}

fn membership() -> Membership {
    Membership {
        cluster: "cluster-234567abcde".parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm2mMedium,
        certificate_sha256: None,
    }
}

/// Makes the HSM the first of a cluster, with a crypto user.
async fn found(hsm: &HsmClient) -> SessionId {
    hsm.found(&membership()).await.unwrap();
    hsm.claim([7; 32]).await.unwrap();
    hsm.activate(operation(), &pin()).await.unwrap();
    let (admin, _) = hsm.login(&UserName::admin(), &pin()).await.unwrap();
    hsm.create_user(admin, operation(), &alice(), Role::CryptoUser, &pin(), &[]).await.unwrap();
    login(hsm).await
}

async fn login(hsm: &HsmClient) -> SessionId {
    hsm.login(&alice(), &pin()).await.unwrap().0
}

fn template(label: &str) -> KeyTemplate {
    let changes = vec![Change::Flag(Flag::Encrypt, true), Change::Flag(Flag::Decrypt, true)];
    KeyTemplate { spec: KeySpec::Aes { bytes: 32 }, label: label.to_owned(), changes, share_with: vec![] }
}

fn send(pid: u32, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn a_key_made_before_a_kill_decrypts_after_it() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    let hsm = fleet.start(&id("hsm-234567abcde")).await.unwrap();
    let session = found(&hsm).await;
    let key = hsm.generate_key(session, operation(), &template("a")).await.unwrap().value;
    let ciphertext = hsm.encrypt(session, key.handle, GCM, b"c", b"hello").await.unwrap();
    let before = hsm.status().await.unwrap();
    send(before.pid, Signal::KILL);
    while hsm.link().is_up() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(hsm.encrypt(session, key.handle, GCM, b"c", b"x").await, Err(HsmError::Lost));
    hsm.link().up().await;
    let after = hsm.status().await.unwrap();
    assert_ne!(after.pid, before.pid);
    assert_eq!((after.serial, after.state_sum), (before.serial, before.state_sum));
    // Sessions are gone with the process.
    let stale = hsm.encrypt(session, key.handle, GCM, b"c", b"x").await;
    assert_eq!(stale, Err(HsmError::NotLoggedIn));
    let session = login(&hsm).await;
    assert_eq!(&*hsm.decrypt(session, key.handle, GCM, b"c", &ciphertext).await.unwrap(), b"hello");
    fleet.stop_all().await;
}

#[tokio::test]
async fn a_second_hsm_joins_by_a_backup_and_keeps_in_step() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    let first = fleet.start(&id("hsm-234567abcde")).await.unwrap();
    let session = found(&first).await;
    let key = first.generate_key(session, operation(), &template("a")).await.unwrap().value;
    let ciphertext = first.encrypt(session, key.handle, GCM, b"", b"hello").await.unwrap();
    let backup = first.backup().await.unwrap();
    let second = fleet.start(&id("hsm-abcdefghijk")).await.unwrap();
    second.restore(&backup, &membership().cluster, HsmType::Hsm2mMedium).await.unwrap();
    let theirs = login(&second).await;
    assert_eq!(&*second.decrypt(theirs, key.handle, GCM, b"", &ciphertext).await.unwrap(), b"hello");
    let made = second.generate_key(theirs, operation(), &template("b")).await.unwrap();
    first.absorb(&made.records).await.unwrap();
    let seen = first.find_keys(session, &KeyFilter::labelled("b")).await.unwrap();
    assert_eq!(seen, [made.value]);
    assert_eq!(first.status().await.unwrap().state_sum, second.status().await.unwrap().state_sum);
    fleet.stop_all().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_every_kill() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    let hsm = fleet.start(&id("hsm-234567abcde")).await.unwrap();
    let mut session = found(&hsm).await;
    let mut acknowledged = Vec::new();
    for round in 0..8_u64 {
        let pid = hsm.status().await.unwrap().pid;
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(round * 4)).await;
            send(pid, Signal::KILL);
        });
        while let Ok(made) = hsm.generate_key(session, operation(), &template("k")).await {
            acknowledged.push(made.value.handle);
        }
        killer.await.unwrap();
        while hsm.link().is_up() && hsm.status().await.is_ok_and(|status| status.pid == pid) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        hsm.link().up().await;
        session = login(&hsm).await;
        let keys = hsm.find_keys(session, &KeyFilter::default()).await.unwrap();
        for handle in &acknowledged {
            assert!(keys.iter().any(|key| key.handle == *handle), "round {round}: {handle} is gone");
        }
    }
    assert!(!acknowledged.is_empty());
    fleet.stop_all().await;
}

#[tokio::test]
async fn every_mechanism_works_inside_the_confinement_and_the_protections_hold() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    let hsm = fleet.start(&id("hsm-234567abcde")).await.unwrap();
    let session = found(&hsm).await;
    let status = hsm.status().await.unwrap();
    println!("active: {:?}; missing: {:?}", status.active, status.missing);
    for certain in ["no core dumps", "not traceable", "no new privileges"] {
        assert!(status.active.iter().any(|active| active == certain), "{certain}");
    }
    assert_eq!(status.active.len() + status.missing.len(), 7);
    for (spec, mechanism) in [
        (KeySpec::Rsa { bits: 2048 }, SignMechanism::RsaPss(Hash::Sha256)),
        (KeySpec::Ec { curve: Curve::P256 }, SignMechanism::Ecdsa(Hash::Sha256)),
    ] {
        let template = PairTemplate {
            spec,
            public_label: "public".to_owned(),
            public_changes: vec![],
            private_label: "private".to_owned(),
            private_changes: vec![],
            share_with: vec![],
        };
        let (public, private) = hsm.generate_pair(session, operation(), &template).await.unwrap().value;
        let signature = hsm.sign(session, private.handle, mechanism, b"message").await.unwrap();
        hsm.verify(session, public.handle, mechanism, b"message", &signature).await.unwrap();
    }
    assert_eq!(hsm.random(65_536).await.unwrap().len(), 65_536);
    assert!(hsm.cluster_csr().await.unwrap().contains("BEGIN CERTIFICATE REQUEST"));
    assert!(hsm.hsm_certificate().await.unwrap().contains("BEGIN CERTIFICATE"));
    hsm.backup().await.unwrap();
    fleet.stop_all().await;
}

#[tokio::test]
async fn an_hsm_whose_folder_was_lost_is_not_silently_replaced() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    let hsm = id("hsm-234567abcde");
    fleet.start(&hsm).await.unwrap();
    fleet.stop(&hsm).await;
    let folder = place.path().join("hsm/hsm-234567abcde");
    std::fs::remove_file(folder.join("identity.sealed")).unwrap();
    let error = fleet.start(&hsm).await.err().unwrap().to_string();
    assert!(error.contains("identity is gone"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    let error = fleet.start(&hsm).await.err().unwrap().to_string();
    assert!(error.contains("holds no HSM"), "{error}");
    // Destroying is how to begin anew.
    fleet.destroy(&hsm).await.unwrap();
    assert!(fleet.start(&hsm).await.unwrap().status().await.unwrap().membership.is_none());
    fleet.stop_all().await;
}
