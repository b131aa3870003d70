use keyward_hsm::{ApprovalToken, Flag, KeyClass, KeyFilter, KeyHandle, QuorumService};

use super::*;
use crate::cloudhsm::words::FileBytes;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn filters_name_keys_by_reference_or_attributes() {
    let reference = filter::filter(&words("key-reference=0x2e06bf")).ok().unwrap();
    assert_eq!(reference, KeyFilter::handle(KeyHandle(0x2e_06bf)));
    let attributes = "attr.label=a=b attr.class=private-key attr.sign=true attr.id=0x0aFF";
    let attributes = filter::filter(&words(attributes)).ok().unwrap();
    assert_eq!(attributes.label.as_deref(), Some("a=b"));
    assert_eq!(attributes.class, Some(KeyClass::Private));
    assert_eq!(attributes.flags, [(Flag::Sign, true)]);
    assert_eq!(attributes.id, Some(vec![0x0a, 0xff]));
    for wrong in
        ["label=a", "attr.colour=red", "attr.sign=maybe", "key-reference=7", "attr.id=0xzz", "nothing"]
    {
        assert!(filter::filter(&words(wrong)).is_err(), "{wrong}");
    }
}

fn token(service: QuorumService) -> FileBytes {
    let token = ApprovalToken {
        service,
        user: "admin".parse().unwrap(),
        approval_data: b"what is approved".to_vec(),
        approvals_min: 2,
        seconds_left: 600,
    };
    FileBytes(token_file::of(&token).ok().unwrap())
}

#[test]
fn a_token_file_carries_what_was_signed_into_it() {
    let file = token(QuorumService::User);
    let mut json: serde_json::Value = serde_json::from_slice(&file.0).unwrap();
    assert!(token_file::approvals(&file).ok().unwrap().is_empty());
    json["signatures"] = json!([{ "username": "Admin2", "role": "admin", "signature": "AQID" }]);
    let approvals = token_file::approvals(&FileBytes(json.to_string().into_bytes())).ok().unwrap();
    assert_eq!((approvals[0].user.as_str(), approvals[0].signature.as_slice()), ("admin2", &[1, 2, 3][..]));
    json["signatures"][0]["signature"] = json!("not base64!");
    assert!(token_file::approvals(&FileBytes(json.to_string().into_bytes())).is_err());
}

#[test]
fn what_openssl_signs_is_the_digest_of_the_approval_data() {
    let json: serde_json::Value = serde_json::from_slice(&token(QuorumService::User).0).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"what is approved");
    assert_eq!(json["token"], data_encoding::BASE64.encode(digest.as_ref()));
    let registration: serde_json::Value =
        serde_json::from_slice(&token(QuorumService::Registration).0).unwrap();
    assert_eq!(registration["tokens"][0]["unsigned"], json["token"]);
}

#[tokio::test]
async fn a_cluster_that_is_not_here_is_named() {
    let mut desk = Desk::default();
    let (clusters, words) = (Clusters::new(), Words::Logout);
    let outcome = perform(&clusters, &mut desk, "cluster-234567abcde", words).await;
    assert!(!outcome.is_done());
    assert!(outcome.text().contains("cluster-234567abcde is not here"), "{}", outcome.text());
}
