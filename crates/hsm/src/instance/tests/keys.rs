//! Keys: who may do what with them, and what the attributes forbid.

use super::*;
use crate::api::key::{KeyFilter, UnwrapTemplate};
use crate::api::mechanism::{Hash, SignMechanism, WrapMechanism};
use crate::api::spec::{Curve, KeyType};

#[tokio::test]
async fn a_key_encrypts_and_decrypts_under_the_same_context_only() {
    let cluster = founded().await;
    let session = cluster.crypto_user("alice").await;
    let key = cluster.cipher(session).await;
    let ciphertext = cluster.encrypt(session, key.handle).await.unwrap();
    assert_eq!(ciphertext.len(), 12 + 9 + 16);
    let plain = cluster.hsm.decrypt(session, key.handle, GCM, b"context", &ciphertext).await.unwrap();
    assert_eq!(&*plain, b"plaintext");
    let refused = cluster.hsm.decrypt(session, key.handle, GCM, b"other", &ciphertext).await;
    assert_eq!(refused.unwrap_err(), HsmError::InvalidCiphertext);
    let data = cluster.hsm.generate_data_key(session, key.handle, b"c", 32).await.unwrap();
    let opened = cluster.hsm.decrypt(session, key.handle, GCM, b"c", &data.ciphertext).await.unwrap();
    assert_eq!((&*opened, opened.len()), (&*data.plaintext, 32));
    for bytes in [0, 1025] {
        assert!(cluster.hsm.generate_data_key(session, key.handle, b"", bytes).await.is_err());
    }
}

#[tokio::test]
async fn a_key_does_what_its_attributes_say_and_nothing_else() {
    let cluster = founded().await;
    let session = cluster.crypto_user("alice").await;
    let plain = cluster.key(session, &[]).await;
    let (hsm, key) = (&cluster.hsm, plain.handle);
    let forbids = |flag: &str| HsmError::KeyForbids(flag.to_owned());
    assert_eq!(cluster.encrypt(session, key).await.unwrap_err(), forbids("encrypt"));
    assert_eq!(hsm.decrypt(session, key, GCM, b"", &[0; 40]).await.unwrap_err(), forbids("decrypt"));
    let wrap = hsm.wrap(session, key, WrapMechanism::AesKeyWrapPad, key).await;
    assert_eq!(wrap.unwrap_err(), forbids("wrap"));
    let template =
        UnwrapTemplate { key_type: KeyType::Aes, label: "k".to_owned(), changes: vec![], share_with: vec![] };
    let unwrap = hsm.unwrap(session, operation(), key, WrapMechanism::AesKeyWrapPad, &[0; 40], &template);
    assert_eq!(unwrap.await.unwrap_err(), forbids("unwrap"));
    let changed =
        hsm.set_attributes(session, operation(), key, &flags(&[(Flag::Encrypt, true)])).await.unwrap();
    assert!(changed.value.attributes.has(Flag::Encrypt));
    assert!(cluster.encrypt(session, key).await.is_ok());
}

#[tokio::test]
async fn a_key_is_its_owners_until_it_is_shared() {
    let cluster = founded().await;
    let (alice, bob) = (cluster.crypto_user("alice").await, cluster.crypto_user("bob").await);
    let key = cluster.cipher(alice).await.handle;
    let hsm = &cluster.hsm;
    assert_eq!(cluster.encrypt(bob, key).await.unwrap_err(), HsmError::NoSuchKey);
    assert!(hsm.find_keys(bob, &KeyFilter::default()).await.unwrap().is_empty());
    hsm.share(alice, operation(), key, &name("bob")).await.unwrap();
    assert!(cluster.encrypt(bob, key).await.is_ok());
    let seen = hsm.find_keys(bob, &KeyFilter::labelled("label")).await.unwrap();
    assert_eq!((seen.len(), &seen[0].shared_with[..]), (1, &[name("bob")][..]));
    // Using is all that a share gives.
    assert_eq!(hsm.delete_key(bob, operation(), key).await.unwrap_err(), HsmError::NotPermitted);
    assert_eq!(hsm.share(bob, operation(), key, &name("alice")).await.unwrap_err(), HsmError::NotPermitted);
    let change = hsm.set_attributes(bob, operation(), key, &flags(&[(Flag::Wrap, true)])).await;
    assert_eq!(change.unwrap_err(), HsmError::NotPermitted);
    let wrapping = cluster.key(bob, &[(Flag::Wrap, true)]).await.handle;
    let wrap = hsm.wrap(bob, wrapping, WrapMechanism::AesKeyWrapPad, key).await;
    assert_eq!(wrap.unwrap_err(), HsmError::NotPermitted);
    hsm.unshare(alice, operation(), key, &name("bob")).await.unwrap();
    assert_eq!(cluster.encrypt(bob, key).await.unwrap_err(), HsmError::NoSuchKey);
    assert_eq!(hsm.share(alice, operation(), key, &name("admin")).await.unwrap_err(), HsmError::NoSuchUser);
}

#[tokio::test]
async fn admins_and_strangers_use_no_keys() {
    let cluster = founded().await;
    let (alice, admin) = (cluster.crypto_user("alice").await, cluster.admin().await);
    let key = cluster.cipher(alice).await.handle;
    assert_eq!(cluster.encrypt(admin, key).await.unwrap_err(), HsmError::NotPermitted);
    let make = cluster.hsm.generate_key(admin, operation(), &template("k", &[])).await;
    assert_eq!(make.unwrap_err(), HsmError::NotPermitted);
    assert_eq!(cluster.hsm.delete_key(admin, operation(), key).await.unwrap_err(), HsmError::NotPermitted);
    let stranger = SessionId([0; 16]);
    assert_eq!(cluster.encrypt(stranger, key).await.unwrap_err(), HsmError::NotLoggedIn);
    cluster.hsm.logout(alice).await.unwrap();
    assert_eq!(cluster.encrypt(alice, key).await.unwrap_err(), HsmError::NotLoggedIn);
    // But they mark keys as trusted.
    let trust = cluster.hsm.set_attributes(admin, operation(), key, &flags(&[(Flag::Trusted, true)])).await;
    assert!(trust.unwrap().value.attributes.has(Flag::Trusted));
}

#[tokio::test]
async fn a_key_bound_to_trusted_ones_leaves_under_no_other() {
    let cluster = founded().await;
    let (alice, admin) = (cluster.crypto_user("alice").await, cluster.admin().await);
    let wrapping = cluster.key(alice, &[(Flag::Wrap, true)]).await.handle;
    let bound = cluster.key(alice, &[(Flag::WrapWithTrusted, true)]).await.handle;
    let wrap = || cluster.hsm.wrap(alice, wrapping, WrapMechanism::AesKeyWrapPad, bound);
    assert_eq!(wrap().await.unwrap_err(), HsmError::KeyForbids("wrap-with-trusted".to_owned()));
    let trust = flags(&[(Flag::Trusted, true)]);
    cluster.hsm.set_attributes(admin, operation(), wrapping, &trust).await.unwrap();
    assert_eq!(wrap().await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_key_that_is_not_extractable_never_leaves() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let wrapping = cluster.key(alice, &[(Flag::Wrap, true)]).await.handle;
    let kept = cluster.key(alice, &[(Flag::Extractable, false)]).await.handle;
    let wrap = cluster.hsm.wrap(alice, wrapping, WrapMechanism::AesKeyWrapPad, kept).await;
    assert_eq!(wrap.unwrap_err(), HsmError::KeyForbids("extractable".to_owned()));
}

#[tokio::test]
async fn a_wrapped_key_comes_back_as_another_key_with_the_same_material() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let wrapping = cluster.key(alice, &[(Flag::Wrap, true), (Flag::Unwrap, true)]).await.handle;
    let key = cluster.cipher(alice).await;
    let ciphertext = cluster.encrypt(alice, key.handle).await.unwrap();
    let wrapped = cluster.hsm.wrap(alice, wrapping, WrapMechanism::AesKeyWrap, key.handle).await.unwrap();
    let template = UnwrapTemplate {
        key_type: KeyType::Aes,
        label: "back".to_owned(),
        changes: flags(&[(Flag::Decrypt, true)]),
        share_with: vec![],
    };
    let mechanism = WrapMechanism::AesKeyWrap;
    let unwrapped = cluster.hsm.unwrap(alice, operation(), wrapping, mechanism, &wrapped, &template).await;
    let back = unwrapped.unwrap().value;
    assert_ne!(back.handle, key.handle);
    assert_eq!(back.attributes.check_value, key.attributes.check_value);
    assert!(!back.attributes.has(Flag::Local) && !back.attributes.has(Flag::AlwaysSensitive));
    let plain = cluster.hsm.decrypt(alice, back.handle, GCM, b"context", &ciphertext).await.unwrap();
    assert_eq!(&*plain, b"plaintext");
}

#[tokio::test]
async fn a_pair_is_two_keys_and_signs() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let spec = KeySpec::Ec { curve: Curve::P384 };
    let made = cluster.hsm.generate_pair(alice, operation(), &pair(spec, &[], &[])).await.unwrap();
    assert_eq!(made.records.len(), 2);
    let (public, private) = made.value;
    assert!(public.public_key.is_some() && private.public_key.is_none());
    let mechanism = SignMechanism::Ecdsa(Hash::Sha384);
    let signature = cluster.hsm.sign(alice, private.handle, mechanism, b"message").await.unwrap();
    assert_eq!(signature.len(), 96);
    cluster.hsm.verify(alice, public.handle, mechanism, b"message", &signature).await.unwrap();
    let wrong = cluster.hsm.verify(alice, public.handle, mechanism, b"massage", &signature).await;
    assert_eq!(wrong.unwrap_err(), HsmError::InvalidSignature);
}

#[tokio::test]
async fn a_deleted_key_is_gone_unless_it_may_not_be_destroyed() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let lasting = cluster.key(alice, &[(Flag::Destroyable, false)]).await.handle;
    let refused = cluster.hsm.delete_key(alice, operation(), lasting).await.unwrap_err();
    assert!(matches!(refused, HsmError::KeyForbids(_)));
    let key = cluster.cipher(alice).await.handle;
    let gone = cluster.hsm.delete_key(alice, operation(), key).await.unwrap();
    assert!(gone.records[0].stamp.tombstone);
    assert_eq!(cluster.encrypt(alice, key).await.unwrap_err(), HsmError::NoSuchKey);
}

#[tokio::test]
async fn an_hsm_holds_as_many_keys_as_its_type_and_no_more() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let made = cluster.key(alice, &[]).await;
    for _ in 1..HsmType::Hsm1Medium.keys_max() {
        cluster.key(alice, &[]).await;
    }
    let refused = cluster.hsm.generate_key(alice, operation(), &template("one more", &[])).await;
    assert_eq!(refused.unwrap_err(), HsmError::KeyLimit);
    cluster.hsm.delete_key(alice, operation(), made.handle).await.unwrap();
    assert!(cluster.hsm.generate_key(alice, operation(), &template("fits", &[])).await.is_ok());
}

#[tokio::test]
async fn an_operation_is_undone_by_its_id_and_takes_only_what_it_made() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let [pair_made, changed, late] = [operation(), operation(), operation()];
    let template = pair(KeySpec::Ec { curve: Curve::P256 }, &[], &[]);
    cluster.hsm.generate_pair(alice, pair_made, &template).await.unwrap();
    let key = cluster.cipher(alice).await.handle;
    let change = [Change::Label("changed".to_owned())];
    cluster.hsm.set_attributes(alice, changed, key, &change).await.unwrap();
    // What is known survives a restart.
    cluster.test.revive().unwrap();
    let alice = cluster.login("alice").await;
    let undone = cluster.hsm.undo(pair_made).await.unwrap();
    assert!(undone.len() == 2 && undone.iter().all(|record| record.stamp.tombstone));
    assert_eq!(cluster.hsm.undo(pair_made).await.unwrap(), []);
    assert_eq!(cluster.hsm.undo(changed).await.unwrap(), []);
    // One that comes later is not done any more.
    assert_eq!(cluster.hsm.undo(late).await.unwrap(), []);
    let refused = cluster.hsm.generate_pair(alice, late, &template).await;
    assert_eq!(refused.unwrap_err(), HsmError::NotPermitted);
    let left = cluster.hsm.find_keys(alice, &KeyFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|key| key.handle).collect::<Vec<_>>(), [key]);
}

#[tokio::test]
async fn one_operation_that_comes_twice_at_once_makes_one_pair() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let (once, template) = (operation(), pair(KeySpec::Rsa { bits: 2048 }, &[], &[]));
    let ask = || cluster.hsm.generate_pair(alice, once, &template);
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!(first.unwrap().value, second.unwrap().value);
    assert_eq!(cluster.hsm.find_keys(alice, &KeyFilter::default()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_that_was_written_over_is_done_again_when_it_is_asked_for_again() {
    let cluster = founded().await;
    let alice = cluster.crypto_user("alice").await;
    let key = cluster.cipher(alice).await.handle;
    let other = TestHsm::start(&FLEET_KEY).unwrap();
    let backup = cluster.hsm.backup().await.unwrap();
    other.client().restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    let (once, change) = (operation(), [Change::Label("new".to_owned())]);
    let ask = async || cluster.hsm.set_attributes(alice, once, key, &change).await.unwrap();
    let first = ask().await;
    assert_eq!(ask().await.records, first.records);
    let stamps: Vec<_> = first.records.iter().map(|record| record.stamp.clone()).collect();
    let above = other.client().reaffirm(&stamps).await.unwrap();
    cluster.hsm.absorb(&above).await.unwrap();
    let shown = cluster.hsm.find_keys(alice, &KeyFilter::handle(key)).await.unwrap().remove(0);
    assert_eq!(shown.attributes.label, "label");
    let second = ask().await;
    assert!(second.records[0].stamp.supersedes(&above[0].stamp));
    assert_eq!(second.value.attributes.label, "new");
    assert_eq!(ask().await.records, second.records);
}
