use std::sync::Arc;

use keyward_base::{SeededRandom, SimulatedClock};
use keyward_hsm::Certificate;
use keyward_store::SimulatedStore;
use rcgen::{KeyPair, PublicKeyData as _};

use super::*;

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000)
}

fn store() -> SimulatedStore {
    SimulatedStore::new(Arc::new(SimulatedClock::new(now())))
}

fn read(pem: &str) -> Certificate {
    Certificate::from_pem(pem).unwrap()
}

/// A hardware key with the certificate that it made of a cluster key, as an HSM has them.
fn hsm() -> (KeyPair, String) {
    let hardware = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    for (kind, text) in
        [(DnType::CountryName, "US"), (DnType::OrganizationName, "Maker"), (DnType::CommonName, "HSM:1")]
    {
        issuer.distinguished_name.push(kind, text);
    }
    let cluster = KeyPair::generate().unwrap();
    let made = CertificateParams::default()
        .signed_by(&cluster, &rcgen::Issuer::from_params(&issuer, &hardware))
        .unwrap();
    (hardware, made.pem())
}

#[tokio::test]
async fn both_roots_certify_the_hardware_key_under_its_own_name() {
    let (store, vault, random) = (store(), VaultClient::in_process(), SeededRandom::new(1));
    let roots = Roots::open(&store, &vault, &random, now()).await.unwrap();
    let (hardware, of_cluster) = hsm();
    let spki = hardware.subject_public_key_info();
    let made = roots.certify(&vault, &random, &spki, &of_cluster, now()).await.unwrap();
    let (aws, manufacturer) = roots.certificates();
    for (root, other, certified) in [(aws, manufacturer, &made.aws), (manufacturer, aws, &made.manufacturer)]
    {
        let (root, certified) = (read(root), read(certified));
        assert!(root.is_root() && root.is_valid_at(now()));
        assert!(certified.is_signed_by(&root) && !certified.is_signed_by(&read(other)));
        assert_eq!(certified.public_key(), spki);
        assert!(read(&of_cluster).is_signed_by(&certified), "the chain does not hold");
    }
}

#[tokio::test]
async fn the_roots_are_made_once() {
    let (store, vault) = (store(), VaultClient::in_process());
    let first = Roots::open(&store, &vault, &SeededRandom::new(1), now()).await.unwrap();
    let second = Roots::open(&store, &vault, &SeededRandom::new(2), now()).await.unwrap();
    assert_eq!(first.certificates(), second.certificates());
    assert_ne!(first.certificates().0, first.certificates().1);
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_root_row_of_version_1_keeps_its_bytes() {
    let root = Root {
        material: MaterialId([1; 32]),
        token: Ekt::from_bytes(vec![2; 3]),
        public: vec![4],
        since: now(),
        certificate: "c".to_owned(),
    };
    let bytes = rows::encode(&Versioned::V1(root.clone())).unwrap();
    let text =
        [&[0][..], &[1; 32], &[3, 2, 2, 2, 1, 4, 0x80, 0xc0, 0xe2, 0x85, 0xe3, 0x68, 1, b'c']].concat();
    assert_eq!(bytes, text);
    let Versioned::V1(read) = rows::decode::<Versioned<Root>>(&bytes).unwrap();
    assert_eq!(read, root);
}
