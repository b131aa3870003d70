//! Users: the unactivated admin, roles, lockout, limits.

use super::*;

#[tokio::test]
async fn a_new_cluster_has_an_unactivated_admin_and_nobody_logs_in() {
    let test = TestHsm::start(&FLEET_KEY).unwrap();
    let hsm = test.client();
    assert_eq!(hsm.users().await.unwrap_err(), HsmError::Blank);
    hsm.found(&membership()).await.unwrap();
    hsm.found(&membership()).await.unwrap();
    let roles: Vec<_> = hsm.users().await.unwrap().into_iter().map(|user| (user.name, user.role)).collect();
    let expected = [(UserName::admin(), Role::UnactivatedAdmin), (UserName::app_user(), Role::ApplianceUser)];
    assert_eq!(roles, expected);
    for user in [UserName::admin(), UserName::app_user()] {
        assert_eq!(hsm.login(&user, &pin("password")).await.unwrap_err(), HsmError::NotPermitted);
    }
    // Nobody but its owner can claim the cluster, and nobody can be its admin before.
    let early = hsm.activate(operation(), &pin("password")).await.unwrap_err();
    assert!(matches!(early, HsmError::Invalid(_)), "{early}");
    hsm.claim(CLAIM).await.unwrap();
    hsm.activate(operation(), &pin("password")).await.unwrap();
    assert_eq!(hsm.login(&UserName::admin(), &pin("password")).await.unwrap().1, Role::Admin);
    assert_eq!(hsm.activate(operation(), &pin("other12")).await.unwrap_err(), HsmError::NotPermitted);
    let mut other = membership();
    other.cluster = "cluster-abcdefghijk".parse().unwrap();
    assert_eq!(hsm.found(&other).await.unwrap_err(), HsmError::NotBlank);
}

#[tokio::test]
async fn five_wrong_pins_lock_a_user_until_an_admin_changes_the_pin() {
    let cluster = founded().await;
    cluster.user("alice", Role::CryptoUser).await;
    let (hsm, alice) = (&cluster.hsm, name("alice"));
    let wrong_pin = pin("wrong-pin");
    let wrong = || hsm.login(&alice, &wrong_pin);
    for left in [4, 3] {
        assert_eq!(wrong().await.unwrap_err(), HsmError::WrongPassword { left });
    }
    // A good login sets the count back.
    hsm.login(&alice, &pin("password")).await.unwrap();
    for left in [4, 3, 2, 1] {
        assert_eq!(wrong().await.unwrap_err(), HsmError::WrongPassword { left });
        if left == 3 {
            // Neither a restart nor a crash gives more tries.
            cluster.test.revive().unwrap();
        }
    }
    assert_eq!(wrong().await.unwrap_err(), HsmError::UserLocked);
    assert_eq!(hsm.login(&alice, &pin("password")).await.unwrap_err(), HsmError::UserLocked);
    assert!(hsm.users().await.unwrap().iter().any(|user| user.name == alice && user.locked));
    let admin = cluster.admin().await;
    hsm.change_password(admin, operation(), &alice, &pin("fresh-pin"), &[]).await.unwrap();
    hsm.login(&alice, &pin("fresh-pin")).await.unwrap();
    assert_eq!(hsm.login(&alice, &pin("password")).await.unwrap_err(), HsmError::WrongPassword { left: 4 });
}

#[tokio::test]
async fn a_user_with_a_new_pin_stays_unlocked_after_a_crash() {
    let cluster = founded().await;
    cluster.user("alice", Role::CryptoUser).await;
    let (hsm, alice) = (&cluster.hsm, name("alice"));
    for _ in 0..5 {
        hsm.login(&alice, &pin("wrong-pin")).await.unwrap_err();
    }
    let admin = cluster.admin().await;
    hsm.change_password(admin, operation(), &alice, &pin("fresh-pin"), &[]).await.unwrap();
    cluster.test.revive().unwrap();
    let (session, _) = hsm.login(&alice, &pin("fresh-pin")).await.unwrap();
    hsm.logout(session).await.unwrap();
    // Nor does a namesake of one who is gone begin locked.
    for _ in 0..5 {
        hsm.login(&alice, &pin("wrong-pin")).await.unwrap_err();
    }
    let admin = cluster.admin().await;
    hsm.delete_user(admin, operation(), &alice, &[]).await.unwrap();
    cluster.user("alice", Role::CryptoUser).await;
    cluster.test.revive().unwrap();
    hsm.login(&alice, &pin("password")).await.unwrap();
}

#[tokio::test]
async fn only_admins_make_and_delete_users() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let hsm = &cluster.hsm;
    let make = |session, user: &str, role| {
        let (user, pin) = (name(user), pin("password"));
        async move { hsm.create_user(session, operation(), &user, role, &pin, &[]).await.map(|_| ()) }
    };
    assert_eq!(make(alice, "eve", Role::CryptoUser).await, Err(HsmError::NotPermitted));
    let admin = cluster.admin().await;
    assert_eq!(make(admin, "Alice", Role::Admin).await, Err(HsmError::UserExists));
    for role in [Role::UnactivatedAdmin, Role::ApplianceUser] {
        assert_eq!(make(admin, "eve", role).await, Err(HsmError::NotPermitted));
    }
    let delete = hsm.delete_user(alice, operation(), &name("admin"), &[]).await;
    assert_eq!(delete.unwrap_err(), HsmError::NotPermitted);
    let other = hsm.change_password(alice, operation(), &name("admin"), &pin("evil-pin"), &[]).await;
    assert_eq!(other.unwrap_err(), HsmError::NotPermitted);
    hsm.change_password(alice, operation(), &name("alice"), &pin("own-pin1"), &[]).await.unwrap();
    hsm.login(&name("alice"), &pin("own-pin1")).await.unwrap();
}

#[tokio::test]
async fn a_user_in_use_is_not_deleted() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let admin = cluster.admin().await;
    let (hsm, user) = (&cluster.hsm, name("alice"));
    let delete = || hsm.delete_user(admin, operation(), &user, &[]);
    assert_eq!(delete().await.unwrap_err(), HsmError::UserInUse, "logged in");
    let key = cluster.cipher(alice).await.handle;
    hsm.logout(alice).await.unwrap();
    assert_eq!(delete().await.unwrap_err(), HsmError::UserInUse, "owns a key");
    let alice = cluster.login("alice").await;
    hsm.delete_key(alice, operation(), key).await.unwrap();
    hsm.logout(alice).await.unwrap();
    delete().await.unwrap();
    assert_eq!(delete().await.unwrap_err(), HsmError::NoSuchUser);
    let last = hsm.delete_user(admin, operation(), &name("admin"), &[]).await;
    assert_eq!(last.unwrap_err(), HsmError::UserInUse, "the last admin");
    let system = hsm.delete_user(admin, operation(), &UserName::app_user(), &[]).await;
    assert_eq!(system.unwrap_err(), HsmError::NotPermitted);
}

#[tokio::test]
async fn a_login_does_not_outlive_its_user() {
    // The user is deleted and made again elsewhere, and both reach this HSM.
    let first = founded().await;
    let alice = first.crypto_user("alice").await;
    let backup = first.hsm.backup().await.unwrap();
    let other = TestHsm::start(&FLEET_KEY).unwrap();
    other.client().restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    let hsm = other.client();
    let admin = hsm.login(&UserName::admin(), &pin("password")).await.unwrap().0;
    let gone = hsm.delete_user(admin, operation(), &name("alice"), &[]).await.unwrap();
    let made = hsm
        .create_user(admin, operation(), &name("alice"), Role::CryptoUser, &pin("password"), &[])
        .await
        .unwrap();
    first.hsm.absorb(&[gone.records, made.records].concat()).await.unwrap();
    let refused = first.hsm.generate_key(alice, operation(), &template("k", &[])).await;
    assert_eq!(refused.unwrap_err(), HsmError::NotLoggedIn);
}

#[tokio::test]
async fn the_same_operation_happens_once() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let id = operation();
    let first = cluster.hsm.generate_key(alice, id, &template("once", &[])).await.unwrap();
    let again = cluster.hsm.generate_key(alice, id, &template("once", &[])).await.unwrap();
    assert_eq!((first.value.handle, &first.records), (again.value.handle, &again.records));
    // Also when the HSM died before the answer came.
    cluster.test.revive().unwrap();
    let alice = cluster.login("alice").await;
    let again = cluster.hsm.generate_key(alice, id, &template("once", &[])).await.unwrap();
    assert_eq!(first.value.handle, again.value.handle);
    assert_eq!(cluster.hsm.status().await.unwrap().keys, 1);
    // And nobody else gets the answer.
    let bob = cluster.crypto_user("bob").await;
    let stolen = cluster.hsm.generate_key(bob, id, &template("once", &[])).await;
    assert_eq!(stolen.unwrap_err(), HsmError::NotPermitted);
}
