use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use time::OffsetDateTime;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000)
}

/// An owner's root, valid for a day around now.
struct Owner {
    params: CertificateParams,
    key: KeyPair,
}

fn params(name: &str, ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::from_unix_timestamp(now().unix_seconds()).unwrap();
    params.not_before = now - time::Duration::DAY;
    params.not_after = now + time::Duration::DAY;
    params.is_ca = ca;
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Owner {
    fn new() -> Self {
        Self { params: params("owner", IsCa::Ca(BasicConstraints::Unconstrained)), key: key() }
    }

    fn anchor(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    fn sign(&self, cluster: &KeyPair) -> String {
        let issuer = Issuer::from_params(&self.params, &self.key);
        params("cluster", IsCa::NoCa).signed_by(cluster, &issuer).unwrap().pem()
    }
}

fn csr(cluster: &KeyPair) -> String {
    params("cluster", IsCa::NoCa).serialize_request(cluster).unwrap().pem().unwrap()
}

fn refusal(csr: &str, signed: &str, anchor: &str, now: Timestamp) -> String {
    let fault = check_claim(csr, signed, anchor, now).unwrap_err();
    assert_eq!(fault.code(), "CloudHsmInvalidRequestException");
    fault.message().unwrap().to_owned()
}

#[test]
fn accepts_what_the_owners_root_made_of_the_request() {
    let (owner, cluster) = (Owner::new(), key());
    check_claim(&csr(&cluster), &owner.sign(&cluster), &owner.anchor(), now()).unwrap();
}

#[test]
fn refuses_another_key_than_the_requests() {
    let (owner, cluster) = (Owner::new(), key());
    let text = refusal(&csr(&cluster), &owner.sign(&key()), &owner.anchor(), now());
    assert!(text.contains("another public key"), "{text}");
}

#[test]
fn refuses_another_root_than_the_signers() {
    let (owner, cluster) = (Owner::new(), key());
    // The same name, another key.
    let text = refusal(&csr(&cluster), &owner.sign(&cluster), &Owner::new().anchor(), now());
    assert!(text.contains("not signed directly"), "{text}");
    let text = refusal(&csr(&cluster), &owner.anchor(), &owner.anchor(), now());
    assert!(text.contains("another public key"), "{text}");
}

#[test]
fn refuses_an_intermediate_as_anchor() {
    let (root, cluster, key) = (Owner::new(), key(), key());
    let params = params("intermediate", IsCa::Ca(BasicConstraints::Unconstrained));
    let intermediate = params.signed_by(&key, &Issuer::from_params(&root.params, &root.key)).unwrap().pem();
    let signed = Owner { params, key }.sign(&cluster);
    let text = refusal(&csr(&cluster), &signed, &intermediate, now());
    assert!(text.contains("not a self-signed"), "{text}");
    let text = refusal(&csr(&cluster), &signed, &root.anchor(), now());
    assert!(text.contains("not signed directly"), "{text}");
}

#[test]
fn refuses_an_anchor_that_may_not_issue() {
    let (mut owner, cluster) = (Owner::new(), key());
    owner.params.is_ca = IsCa::ExplicitNoCa;
    let text = refusal(&csr(&cluster), &owner.sign(&cluster), &owner.anchor(), now());
    assert!(text.contains("BasicConstraints"), "{text}");
}

#[test]
fn refuses_what_is_not_valid_now() {
    let (owner, cluster) = (Owner::new(), key());
    for moment in [now().plus(Duration::from_hours(25)), now().minus(Duration::from_hours(25))] {
        let text = refusal(&csr(&cluster), &owner.sign(&cluster), &owner.anchor(), moment);
        assert!(text.contains("not valid at present"), "{text}");
    }
}

#[test]
fn refuses_what_is_no_certificate() {
    let (owner, cluster) = (Owner::new(), key());
    let (signed, anchor) = (owner.sign(&cluster), owner.anchor());
    for wrong in
        ["", "x", &csr(&cluster), &format!("{anchor}{anchor}"), &anchor.replace("CERTIFICATE", "KEY")]
    {
        assert!(refusal(&csr(&cluster), wrong, &anchor, now()).contains("SignedCert"));
        assert!(refusal(&csr(&cluster), &signed, wrong, now()).contains("TrustAnchor"));
    }
    let long = format!("{anchor}{}", "\n".repeat(PEM_CHARACTERS_MAX));
    assert!(refusal(&csr(&cluster), &signed, &long, now()).contains("more than"));
}

#[test]
fn the_requests_key_is_the_clusters() {
    let cluster = key();
    assert_eq!(
        requested_key(&csr(&cluster)).unwrap(),
        rcgen::PublicKeyData::subject_public_key_info(&cluster)
    );
}
