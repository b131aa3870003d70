//! Quorum authentication: who may approve what, how often, and for how long.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};

use super::*;
use crate::api::quorum::{Approval, QuorumService};

/// An approver's key, which never was in an HSM.
struct Key(KeyPair);

impl Key {
    fn new() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().unwrap();
        der.as_ref().to_vec()
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; 256];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).unwrap();
        signature
    }

    fn approve(&self, user: &str, data: &[u8]) -> Approval {
        Approval { user: name(user), signature: self.sign(data) }
    }
}

impl Founded {
    async fn register(&self, session: SessionId, key: &Key) -> Result<(), HsmError> {
        let service = QuorumService::Registration;
        let token = self.hsm.make_quorum_token(session, operation(), service).await?.value;
        let signature = key.sign(&token.approval_data);
        self.hsm.register_token_sign(session, operation(), &key.spki(), &signature).await.map(|_| ())
    }

    async fn make_user(&self, admin: SessionId, user: &str, approvals: &[Approval]) -> Result<(), HsmError> {
        let (user, pin) = (name(user), pin("password"));
        let made = self.hsm.create_user(admin, operation(), &user, Role::CryptoUser, &pin, approvals).await;
        made.map(|_| ())
    }

    async fn token(&self, admin: SessionId) -> Vec<u8> {
        let token = self.hsm.make_quorum_token(admin, operation(), QuorumService::User).await.unwrap();
        assert_eq!((token.value.approvals_min, token.value.seconds_left), (2, 600));
        token.value.approval_data
    }
}

const NEEDED: Result<(), HsmError> =
    Err(HsmError::ApprovalNeeded { service: QuorumService::User, approvals_min: 2 });

#[tokio::test]
async fn users_are_managed_by_as_many_admins_as_the_quorum_says() {
    let cluster = founded().await;
    cluster.user("second", Role::Admin).await;
    let (one, two) = (Key::new(), Key::new());
    let (admin, second) = (cluster.admin().await, cluster.login("second").await);
    let value = |session, service, value| {
        let hsm = cluster.hsm.clone();
        async move { hsm.set_quorum_value(session, operation(), service, value, &[]).await.map(|_| ()) }
    };
    // Nobody has registered a key yet.
    assert!(matches!(value(admin, QuorumService::User, 2).await, Err(HsmError::Invalid(_))));
    cluster.register(admin, &one).await.unwrap();
    cluster.register(second, &two).await.unwrap();
    for wrong in [0, 3, 9] {
        assert!(
            matches!(value(admin, QuorumService::User, wrong).await, Err(HsmError::Invalid(_))),
            "{wrong}"
        );
    }
    value(admin, QuorumService::User, 2).await.unwrap();
    assert_eq!(cluster.hsm.quorum_values().await.unwrap(), [(QuorumService::User, 2)]);
    // No token, no approvals, too few, the same one twice, a stranger's, of another token.
    assert_eq!(cluster.make_user(admin, "eve", &[]).await, NEEDED);
    let data = cluster.token(admin).await;
    let (first, other) = (one.approve("admin", &data), two.approve("second", &data));
    assert_eq!(cluster.make_user(admin, "eve", &[]).await, NEEDED);
    assert_eq!(cluster.make_user(admin, "eve", &[first.clone(), first.clone()]).await, NEEDED);
    let forged = one.approve("second", &data);
    assert_eq!(cluster.make_user(admin, "eve", &[first.clone(), forged]).await, NEEDED);
    let stale = two.approve("second", b"another token");
    assert_eq!(cluster.make_user(admin, "eve", &[first.clone(), stale]).await, NEEDED);
    // A token is its owner's.
    assert_eq!(cluster.make_user(second, "eve", &[first.clone(), other.clone()]).await, NEEDED);
    cluster.make_user(admin, "eve", &[first.clone(), other.clone()]).await.unwrap();
    // And is spent.
    assert_eq!(cluster.make_user(admin, "bob", &[first, other]).await, NEEDED);
    assert!(cluster.hsm.quorum_tokens().await.unwrap().is_empty());
    // The own PIN is nobody else's affair.
    let own = cluster.hsm.change_password(admin, operation(), &name("admin"), &pin("own-pin1"), &[]).await;
    assert!(own.is_ok());
}

#[tokio::test]
async fn a_token_lives_ten_minutes_and_goes_from_hsm_to_hsm() {
    let cluster = founded().await;
    cluster.user("second", Role::Admin).await;
    let (one, two) = (Key::new(), Key::new());
    let (admin, second) = (cluster.admin().await, cluster.login("second").await);
    cluster.register(admin, &one).await.unwrap();
    cluster.register(second, &two).await.unwrap();
    cluster.hsm.set_quorum_value(admin, operation(), QuorumService::User, 2, &[]).await.unwrap();
    let data = cluster.token(admin).await;
    cluster.clock.advance(Duration::from_secs(601));
    let approvals = [one.approve("admin", &data), two.approve("second", &data)];
    assert_eq!(cluster.make_user(admin, "eve", &approvals).await, NEEDED);
    // A new one takes its place, and survives a restart.
    let data = cluster.token(admin).await;
    cluster.test.revive().unwrap();
    cluster.clock.advance(Duration::from_secs(599));
    let admin = cluster.admin().await;
    let approvals = [one.approve("admin", &data), two.approve("second", &data)];
    cluster.make_user(admin, "eve", &approvals).await.unwrap();
}

#[tokio::test]
async fn a_key_is_registered_by_who_holds_it() {
    let cluster = founded().await;
    let (key, other) = (Key::new(), Key::new());
    let admin = cluster.admin().await;
    let without = cluster.hsm.register_token_sign(admin, operation(), &key.spki(), &key.sign(b"x")).await;
    assert!(matches!(without.unwrap_err(), HsmError::ApprovalNeeded { .. }));
    let service = QuorumService::Registration;
    let token = cluster.hsm.make_quorum_token(admin, operation(), service).await.unwrap().value;
    let stolen = other.sign(&token.approval_data);
    let refused = cluster.hsm.register_token_sign(admin, operation(), &key.spki(), &stolen).await;
    assert_eq!(refused.unwrap_err(), HsmError::InvalidSignature);
    cluster.register(admin, &key).await.unwrap();
    assert!(
        cluster.hsm.users().await.unwrap().iter().any(|user| user.name == name("admin") && user.token_sign)
    );
    // Crypto users have nothing to approve.
    let alice = cluster.crypto_user("alice").await;
    let token = cluster.hsm.make_quorum_token(alice, operation(), QuorumService::User).await;
    assert_eq!(token.unwrap_err(), HsmError::NotPermitted);
    let value = cluster.hsm.set_quorum_value(alice, operation(), QuorumService::User, 1, &[]).await;
    assert_eq!(value.unwrap_err(), HsmError::NotPermitted);
}
