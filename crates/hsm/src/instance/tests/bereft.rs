//! An HSM whose token lost what it held: it says so, and goes on with its own records once it has the masking key again.

use super::*;

#[tokio::test]
async fn an_hsm_whose_token_lost_all_says_so_and_changes_nothing() {
    let cluster = founded().await;
    let before = cluster.hsm.status().await.unwrap();
    cluster.test.lose_token().unwrap();
    let status = cluster.hsm.status().await.unwrap();
    assert!(status.is_bereft && !before.is_bereft);
    assert_eq!(status.membership, before.membership);
    assert_eq!(cluster.hsm.digest().await, Err(HsmError::Blank));
    assert_eq!(cluster.hsm.backup().await.map(drop), Err(HsmError::Blank));
    assert_eq!(cluster.hsm.found(&membership()).await, Err(HsmError::NotBlank));
    // Neither does a backup of another cluster help, nor one of another fleet.
    let (other, stranger) = (TestHsm::start(&FLEET_KEY).unwrap(), TestHsm::start(&[1; 32]).unwrap());
    let elsewhere = Membership { cluster: "cluster-bbbbbbbbbbb".parse().unwrap(), ..membership() };
    other.client().found(&elsewhere).await.unwrap();
    stranger.client().found(&membership()).await.unwrap();
    for (source, refusal) in [(other, HsmError::NotBlank), (stranger, HsmError::BackupRefused)] {
        let backup = source.client().backup().await.unwrap();
        let refused = cluster.hsm.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await;
        assert_eq!(refused, Err(refusal));
    }
    assert!(cluster.hsm.status().await.unwrap().is_bereft);
}

#[tokio::test]
async fn the_masking_key_is_enough_for_all_that_the_hsm_itself_kept() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let backup = cluster.hsm.backup().await.unwrap();
    // Later than the backup, and nowhere else.
    let key = cluster.cipher(alice).await.handle;
    let ciphertext = cluster.encrypt(alice, key).await.unwrap();
    let before = cluster.hsm.status().await.unwrap();
    cluster.test.lose_token().unwrap();
    for _ in 0..2 {
        cluster.hsm.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    }
    let after = cluster.hsm.status().await.unwrap();
    assert_eq!((after.state_sum, after.keys, after.is_bereft), (before.state_sum, before.keys, false));
    for _ in 0..2 {
        let alice = cluster.login("alice").await;
        let plain = cluster.hsm.decrypt(alice, key, GCM, b"context", &ciphertext).await.unwrap();
        assert_eq!(&*plain, b"plaintext");
        cluster.test.revive().unwrap();
    }
}
