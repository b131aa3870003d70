//! Requests and certificates: signed by the right keys, over the right keys, in CloudHSM's names.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::parse_x509_pem;

use crate::certificate::Certificate;
use crate::instance::tests::founded;

/// Subject and public key of a request that is signed with its own key.
fn request(pem: &str) -> (String, Vec<u8>) {
    let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
    let (_, request) = X509CertificationRequest::from_der(&block.contents).unwrap();
    let info = &request.certification_request_info;
    let spki = info.subject_pki.raw.to_vec();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki);
    key.verify(info.raw, &request.signature_value.data).unwrap();
    (info.subject.to_string(), spki)
}

use x509_parser::prelude::FromDer;

#[tokio::test]
async fn the_request_and_the_hsms_certificate_are_of_the_cluster_key() {
    let cluster = founded().await;
    let hsm = &cluster.hsm;
    let serial = hsm.status().await.unwrap().serial;
    let (subject, key) = request(&hsm.cluster_csr().await.unwrap());
    let expected =
        format!("C=US, ST=CA, O=Cavium, OU=N3FIPS, L=SanJose, CN=HSM:{serial}:PARTN:1, for FIPS mode");
    assert_eq!(subject, expected);
    let pem = hsm.hsm_certificate().await.unwrap();
    let certificate = Certificate::from_pem(&pem).unwrap();
    assert_eq!(certificate.public_key(), key);
    // The issuer's name is the hardware request's subject, and its key signed.
    let (hardware, hardware_key) = request(&hsm.hardware_csr().await.unwrap());
    assert_eq!(hardware_key, hsm.hardware_key().await.unwrap());
    let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&block.contents).unwrap();
    assert_eq!(parsed.issuer().to_string(), hardware);
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &hardware_key);
    key.verify(parsed.tbs_certificate.as_ref(), &parsed.signature_value.data).unwrap();
}

#[tokio::test]
async fn the_cluster_key_is_the_same_on_every_hsm_and_survives_a_restart() {
    let cluster = founded().await;
    let (_, before) = request(&cluster.hsm.cluster_csr().await.unwrap());
    cluster.test.revive().unwrap();
    let (_, after) = request(&cluster.hsm.cluster_csr().await.unwrap());
    assert_eq!(before, after);
    let backup = cluster.hsm.backup().await.unwrap();
    let second = crate::client::TestHsm::start(&crate::instance::tests::FLEET_KEY).unwrap();
    let member = crate::instance::tests::membership();
    second.client().restore(&backup, &member.cluster, member.hsm_type).await.unwrap();
    let (_, theirs) = request(&second.client().cluster_csr().await.unwrap());
    assert_eq!(before, theirs);
}
