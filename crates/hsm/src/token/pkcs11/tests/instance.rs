//! HSMs whose token is SoftHSM's: in one cluster with software HSMs, after crashes, and when another program was at the token.

use std::sync::Arc;

use keyward_base::SystemClock;

use super::softhsm;
use crate::api::attributes::{Change, Flag};
use crate::api::ids::{KeyHandle, OperationId, SessionId, UserName};
use crate::api::key::{KeyFilter, KeyTemplate, PairTemplate};
use crate::api::mechanism::{CipherMechanism, Hash, SignMechanism};
use crate::api::password::Password;
use crate::api::spec::{Curve, KeySpec};
use crate::api::status::{HsmMode, HsmType, Membership};
use crate::api::user::Role;
use crate::client::{HsmClient, TestHsm};
use crate::instance::Identity;
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{Material, Token};

const FLEET_KEY: [u8; 32] = [9; 32];
const GCM: CipherMechanism = CipherMechanism::AesGcm;
const LABEL: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

macro_rules! alone {
    ($name:ident) => {
        softhsm::in_own_process(concat!(module_path!(), "::", stringify!($name)), |_| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(bodies::$name());
        })
    };
}

#[test]
fn a_cluster_may_mix_both_kinds_of_hsms() {
    alone!(a_cluster_may_mix_both_kinds_of_hsms);
}

#[test]
fn after_a_crash_token_and_records_are_brought_in_line_both_ways() {
    alone!(after_a_crash_token_and_records_are_brought_in_line_both_ways);
}

#[test]
fn an_object_that_another_program_destroyed_comes_back_when_it_is_used() {
    alone!(an_object_that_another_program_destroyed_comes_back_when_it_is_used);
}

#[test]
fn a_deleted_key_does_not_come_back() {
    alone!(a_deleted_key_does_not_come_back);
}

fn operation(number: u8) -> OperationId {
    OperationId([number; 16])
}

fn pin() -> Password {
    Password::new("password").unwrap()
}

/// An HSM on a new token, which the test can reach besides.
fn hsm(label: &str) -> (TestHsm, Arc<Pkcs11Token>) {
    let token = Arc::new(softhsm::token(label));
    let identity = Identity::ephemeral();
    identity.join_fleet(&FLEET_KEY).unwrap();
    let hsm = TestHsm::with(token.clone(), Arc::new(identity), Arc::new(SystemClock)).unwrap();
    (hsm, token)
}

/// Founds a cluster with a crypto user who is logged in.
async fn founded(hsm: &HsmClient) -> SessionId {
    let membership = Membership {
        cluster: "cluster-234567abcde".parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: None,
    };
    hsm.found(&membership).await.unwrap();
    hsm.claim([7; 32]).await.unwrap();
    hsm.activate(operation(1), &pin()).await.unwrap();
    let (admin, _) = hsm.login(&UserName::admin(), &pin()).await.unwrap();
    let user = "kmsuser".parse().unwrap();
    hsm.create_user(admin, operation(2), &user, Role::CryptoUser, &pin(), &[]).await.unwrap();
    login(hsm).await
}

async fn login(hsm: &HsmClient) -> SessionId {
    hsm.login(&"kmsuser".parse().unwrap(), &pin()).await.unwrap().0
}

async fn make_key(hsm: &HsmClient, session: SessionId) -> KeyHandle {
    let flags = [(Flag::Encrypt, true), (Flag::Decrypt, true), (Flag::Extractable, false)];
    let template = KeyTemplate {
        spec: KeySpec::Aes { bytes: 32 },
        label: LABEL.to_owned(),
        changes: flags.map(|(flag, value)| Change::Flag(flag, value)).to_vec(),
        share_with: vec![],
    };
    let made = hsm.generate_key(session, operation(3), &template).await.unwrap().value;
    assert!(made.attributes.has(Flag::NeverExtractable) && made.attributes.has(Flag::AlwaysSensitive));
    made.handle
}

mod bodies {
    use super::*;

    pub(super) async fn a_cluster_may_mix_both_kinds_of_hsms() {
        let (first, _) = hsm("first");
        let first = first.client();
        let session = founded(&first).await;
        let key = make_key(&first, session).await;
        let template = PairTemplate {
            spec: KeySpec::Ec { curve: Curve::P384 },
            public_label: "public".to_owned(),
            public_changes: vec![],
            private_label: "private".to_owned(),
            private_changes: vec![],
            share_with: vec![],
        };
        let (public, private) = first.generate_pair(session, operation(4), &template).await.unwrap().value;
        let ciphertext = first.encrypt(session, key, GCM, b"context", b"secret").await.unwrap();
        let software = TestHsm::start(&FLEET_KEY).unwrap();
        let (third, token) = hsm("third");
        // A software HSM from SoftHSM's backup, and another on SoftHSM from that one's.
        let mut source = first.clone();
        for target in [software.client(), third.client()] {
            let backup = source.backup().await.unwrap();
            let cluster = "cluster-234567abcde".parse().unwrap();
            target.restore(&backup, &cluster, HsmType::Hsm1Medium).await.unwrap();
            let session = login(&target).await;
            let opened = target.decrypt(session, key, GCM, b"context", &ciphertext).await.unwrap();
            assert_eq!(&*opened, b"secret");
            let mechanism = SignMechanism::Ecdsa(Hash::Sha384);
            let signature = target.sign(session, private.handle, mechanism, b"message").await.unwrap();
            let first_session = login(&first).await;
            first.verify(first_session, public.handle, mechanism, b"message", &signature).await.unwrap();
            assert_eq!(target.status().await.unwrap().state_sum, first.status().await.unwrap().state_sum);
            source = target;
        }
        assert_eq!(third.client().status().await.unwrap().token, "pkcs11");
        assert_eq!(token.handles().unwrap().len(), 4, "the key, the pair, the cluster's own key");
    }

    pub(super) async fn after_a_crash_token_and_records_are_brought_in_line_both_ways() {
        let (test, token) = hsm("crash");
        let client = test.client();
        let session = founded(&client).await;
        let key = make_key(&client, session).await;
        let ciphertext = client.encrypt(session, key, GCM, b"", b"secret").await.unwrap();
        // A record without an object, and an object without a record.
        token.remove(key).unwrap();
        let stray = token.generate(KeySpec::Aes { bytes: 32 }).unwrap();
        let info = client.find_keys(session, &KeyFilter::handle(key)).await.unwrap().remove(0);
        let stray_handle = KeyHandle(key.0 + 1000);
        token.install(stray_handle, &info.attributes, Material::Masked(&stray.masked)).unwrap();
        test.revive().unwrap();
        let session = login(&client).await;
        assert_eq!(&*client.decrypt(session, key, GCM, b"", &ciphertext).await.unwrap(), b"secret");
        assert!(!token.handles().unwrap().contains(&stray_handle));
    }

    pub(super) async fn an_object_that_another_program_destroyed_comes_back_when_it_is_used() {
        let (test, token) = hsm("healed");
        let client = test.client();
        let session = founded(&client).await;
        let key = make_key(&client, session).await;
        let ciphertext = client.encrypt(session, key, GCM, b"", b"secret").await.unwrap();
        token.remove(key).unwrap();
        assert_eq!(&*client.decrypt(session, key, GCM, b"", &ciphertext).await.unwrap(), b"secret");
        assert!(token.handles().unwrap().contains(&key));
    }

    pub(super) async fn a_deleted_key_does_not_come_back() {
        let (test, token) = hsm("deleted");
        let client = test.client();
        let session = founded(&client).await;
        let key = make_key(&client, session).await;
        client.delete_key(session, operation(5), key).await.unwrap();
        assert!(client.encrypt(session, key, GCM, b"", b"x").await.is_err());
        assert!(!token.handles().unwrap().contains(&key));
        test.revive().unwrap();
        assert!(!token.handles().unwrap().contains(&key));
    }
}
