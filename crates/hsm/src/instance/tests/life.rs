//! An HSM's life: founding, joining, keeping in step, losing power, a full disk.

use proptest::prelude::*;

use super::*;
use crate::api::record::{MaskedRecord, RecordKey};
use crate::token::Token;

/// A second HSM of the same cluster, from a backup.
async fn joined(cluster: &Founded) -> TestHsm {
    let second = TestHsm::start(&FLEET_KEY).unwrap();
    let backup = cluster.hsm.backup().await.unwrap();
    second.client().restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    second
}

#[tokio::test]
async fn a_backup_makes_a_blank_hsm_a_member_with_users_and_keys() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let key = cluster.cipher(alice).await.handle;
    let ciphertext = cluster.encrypt(alice, key).await.unwrap();
    cluster.hsm.claim(CLAIM).await.unwrap();
    assert_eq!(cluster.hsm.claim([6; 32]).await.unwrap_err(), HsmError::NotPermitted);
    let backup = cluster.hsm.backup().await.unwrap();
    let header = backup.header().unwrap();
    assert_eq!((header.cluster, header.certificate_sha256), (membership().cluster, Some(CLAIM)));
    assert_eq!(header.created_millis, 1_800_000_000_000);
    // Into another cluster, as a customer restores one.
    let copy = TestHsm::start(&FLEET_KEY).unwrap();
    let (hsm, other) = (copy.client(), "cluster-abcdefghijk".parse().unwrap());
    for _ in 0..2 {
        hsm.restore(&backup, &other, HsmType::Hsm2mMedium).await.unwrap();
    }
    let status = hsm.status().await.unwrap();
    let member = status.membership.unwrap();
    assert_eq!((member.cluster, member.certificate_sha256), (other, Some(CLAIM)));
    assert_eq!(status.state_sum, cluster.hsm.status().await.unwrap().state_sum);
    let session = hsm.login(&name("alice"), &pin("password")).await.unwrap().0;
    assert_eq!(&*hsm.decrypt(session, key, GCM, b"context", &ciphertext).await.unwrap(), b"plaintext");
    let again = hsm.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await;
    assert_eq!(again.unwrap_err(), HsmError::NotBlank);
    // And it survives a restart.
    copy.revive().unwrap();
    let session = hsm.login(&name("alice"), &pin("password")).await.unwrap().0;
    assert!(hsm.decrypt(session, key, GCM, b"context", &ciphertext).await.is_ok());
}

#[tokio::test]
async fn a_backup_of_another_fleet_is_refused() {
    let cluster = founded().await;
    let backup = cluster.hsm.backup().await.unwrap();
    let stranger = TestHsm::start(&[8; 32]).unwrap();
    let refused = stranger.client().restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await;
    assert_eq!(refused.unwrap_err(), HsmError::BackupRefused);
    // It is as blank as before.
    assert_eq!(stranger.client().digest().await.unwrap_err(), HsmError::Blank);
    stranger.client().found(&membership()).await.unwrap();
}

#[tokio::test]
async fn a_record_that_was_changed_or_is_of_another_cluster_gets_in_nowhere() {
    let cluster = founded().await;
    let second = joined(&cluster).await;
    cluster.user("alice", Role::CryptoUser).await;
    let stranger = founded().await;
    let foreign = stranger.hsm.fetch(&[RecordKey::User(UserName::admin())]).await.unwrap();
    let good = cluster.hsm.fetch(&[RecordKey::User(name("alice"))]).await.unwrap();
    let before = second.client().status().await.unwrap().state_sum;
    // One bad record among good ones refuses all.
    let both = [good.clone(), foreign].concat();
    assert_eq!(second.client().absorb(&both).await.unwrap_err(), HsmError::ForeignRecord);
    let mut changed: Vec<MaskedRecord> = Vec::new();
    for at in [0, 12, good[0].sealed.len() - 1] {
        let mut record = good[0].clone();
        record.sealed[at] ^= 1;
        changed.push(record);
    }
    let mut newer = good[0].clone();
    newer.stamp.version.counter += 1;
    let mut gone = good[0].clone();
    gone.stamp.tombstone = true;
    let mut other = good[0].clone();
    other.stamp.key = RecordKey::User(name("mallory"));
    changed.extend([newer, gone, other]);
    for record in changed {
        assert_eq!(second.client().absorb(&[record]).await.unwrap_err(), HsmError::ForeignRecord);
    }
    assert_eq!(second.client().status().await.unwrap().state_sum, before);
    second.client().absorb(&good).await.unwrap();
    assert!(second.client().login(&name("alice"), &pin("password")).await.is_ok());
}

#[tokio::test]
async fn a_founding_that_was_cut_off_is_done_again() {
    let token = Arc::new(crate::token::software::SoftwareToken::ephemeral());
    // The masking key was made, and then the power went.
    token.make_masking_key().unwrap();
    let identity = Arc::new(crate::instance::Identity::ephemeral());
    let test = TestHsm::with(token, identity, Arc::new(keyward_base::SystemClock)).unwrap();
    test.client().found(&membership()).await.unwrap();
    test.client().claim(CLAIM).await.unwrap();
    test.client().activate(operation(), &pin("password")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_goes_on_reading() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let key = cluster.cipher(alice).await.handle;
    let disk = cluster.test.disk().clone();
    disk.limit(Some(disk.length()));
    let mut refused = 0;
    for _ in 0..2000 {
        match cluster.hsm.generate_key(alice, operation(), &template("k", &[])).await {
            Ok(_) => {}
            Err(error) => {
                assert!(matches!(error, HsmError::Full | HsmError::Internal(_)), "{error:?}");
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, 3, "the disk never filled up");
    let keys = cluster.hsm.status().await.unwrap().keys;
    assert!(cluster.encrypt(alice, key).await.is_ok());
    disk.limit(None);
    cluster.hsm.generate_key(alice, operation(), &template("fits", &[])).await.unwrap();
    assert_eq!(cluster.hsm.status().await.unwrap().keys, keys + 1);
}

#[tokio::test]
async fn power_lost_at_any_write_loses_nothing_that_was_acknowledged() {
    let cluster = founded().await;
    let mut alice = cluster.crypto_user("alice").await;
    let mut acknowledged = Vec::new();
    for at in 0..40 {
        cluster.test.disk().lose_power_after(at % 20);
        let id = operation();
        let made = cluster.hsm.generate_key(alice, id, &template("k", &[])).await;
        let dead = cluster.test.disk().is_dead();
        cluster.test.revive().unwrap();
        alice = cluster.login("alice").await;
        if let Ok(made) = made {
            acknowledged.push(made.value.handle);
        } else {
            assert!(dead);
            // Asked again it happens once, whether or not it was on the disk.
            let again = cluster.hsm.generate_key(alice, id, &template("k", &[])).await.unwrap();
            acknowledged.push(again.value.handle);
        }
        let status = cluster.hsm.status().await.unwrap();
        assert_eq!(status.keys as usize, acknowledged.len(), "at write {at}");
    }
    let keys = cluster.hsm.find_keys(alice, &Default::default()).await.unwrap();
    let mut handles: Vec<_> = keys.iter().map(|key| key.handle).collect();
    handles.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(handles, acknowledged);
}

/// A change on one of two HSMs that are apart.
#[derive(Clone, Debug)]
enum Step {
    Make,
    Relabel(usize),
    Share(usize),
    Delete(usize),
    NewPin,
}

fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    let step = prop_oneof![
        2 => Just(Step::Make),
        2 => (0..6_usize).prop_map(Step::Relabel),
        1 => (0..6_usize).prop_map(Step::Share),
        2 => (0..6_usize).prop_map(Step::Delete),
        1 => Just(Step::NewPin),
    ];
    prop::collection::vec((any::<bool>(), step), 1..14)
}

/// Two HSMs that are apart change things, each for itself; then each gets what the other wrote, in any order, in parts and twice.
async fn diverge_and_meet(steps: Vec<(bool, Step)>, order: u64) {
    let cluster = founded().await;
    cluster.user("bob", Role::CryptoUser).await;
    let alice = cluster.crypto_user("alice").await;
    for _ in 0..3 {
        cluster.cipher(alice).await;
    }
    let second = joined(&cluster).await;
    let hsms = [cluster.hsm.clone(), second.client()];
    let mut written: [Vec<MaskedRecord>; 2] = Default::default();
    for (which, step) in steps {
        let (hsm, out) = (&hsms[usize::from(which)], &mut written[usize::from(which)]);
        let session = hsm.login(&name("alice"), &pin("password")).await.unwrap().0;
        let keys = hsm.find_keys(session, &Default::default()).await.unwrap();
        let nth = |at: usize| keys.get(at % keys.len().max(1)).map(|key| key.handle);
        let records = match step {
            Step::Make => {
                let made = hsm.generate_key(session, operation(), &template("new", &[])).await;
                made.map(|made| made.records)
            }
            Step::Relabel(at) => match nth(at) {
                Some(key) => {
                    let label = [Change::Label(format!("label {at} {which}"))];
                    let changed = hsm.set_attributes(session, operation(), key, &label).await;
                    changed.map(|changed| changed.records)
                }
                None => Ok(vec![]),
            },
            Step::Share(at) => match nth(at) {
                Some(key) => {
                    let shared = hsm.share(session, operation(), key, &name("bob")).await;
                    shared.map(|shared| shared.records)
                }
                None => Ok(vec![]),
            },
            Step::Delete(at) => match nth(at) {
                Some(key) => {
                    let gone = hsm.delete_key(session, operation(), key).await;
                    gone.map(|gone| gone.records)
                }
                None => Ok(vec![]),
            },
            Step::NewPin => {
                let pin = pin("password");
                let changed = hsm.change_password(session, operation(), &name("alice"), &pin, &[]).await;
                changed.map(|changed| changed.records)
            }
        };
        out.extend(records.unwrap());
    }
    let mut order = order;
    for (to, from) in [(0, 1), (1, 0)] {
        let mut waiting = [written[from].clone(), written[from].clone()].concat();
        while !waiting.is_empty() {
            order = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(order >> 33).unwrap() % waiting.len();
            let one = waiting.swap_remove(at);
            hsms[to].absorb(&[one]).await.unwrap();
        }
    }
    assert_eq!(hsms[0].digest().await.unwrap(), hsms[1].digest().await.unwrap());
    let (one, two) = (hsms[0].status().await.unwrap(), hsms[1].status().await.unwrap());
    assert_eq!((one.state_sum, one.keys), (two.state_sum, two.keys));
    let mut seen = Vec::new();
    for hsm in &hsms {
        let session = hsm.login(&name("alice"), &pin("password")).await.unwrap().0;
        seen.push(hsm.find_keys(session, &Default::default()).await.unwrap());
    }
    assert_eq!(seen[0], seen[1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn hsms_that_were_apart_end_alike(steps in steps(), order in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(diverge_and_meet(steps, order));
    }
}
