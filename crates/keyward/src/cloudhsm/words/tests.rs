use clap::Parser as _;

use super::*;

fn parse(line: &str) -> Words {
    let words = line.split(' ');
    Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}")).words
}

fn refused(line: &str) -> bool {
    Line::try_parse_from(line.split(' ')).is_err()
}

/// Every form of AWS's documentation that this CLI has.
const FORMS: [&str; 27] = [
    "cluster activate",
    "cluster hsm-info",
    "login --username admin --role admin",
    "logout",
    "user create --username alice --role crypto-user --password secret1",
    "user list",
    "user delete --username alice --role crypto-user",
    "user change-password --username alice --role crypto-user --password secret1",
    "quorum token-sign generate --service user --token /tmp/t",
    "quorum token-sign list",
    "quorum token-sign list-quorum-values",
    "quorum token-sign set-quorum-value --service user --value 2",
    "quorum token-sign delete --scope all",
    "key list --filter attr.label=a attr.class=secret-key --verbose",
    "key list --max-items 5 --starting-token 10",
    "key generate-symmetric aes --label a --key-length-bytes 32 --attributes extractable=false wrap=true",
    "key generate-symmetric generic-secret --label a --key-length-bytes 100 --share-crypto-users alice bob",
    "key generate-asymmetric-pair rsa --public-label a --private-label b --modulus-size-bits 2048 --public-exponent 65537",
    "key generate-asymmetric-pair ec --curve secp384r1 --public-label a --private-label b",
    "key set-attribute --filter attr.label=a --name encrypt --value true",
    "key share --filter attr.label=a attr.class=secret-key --username alice --role crypto-user",
    "key unshare --filter key-reference=0x1c --username alice --role crypto-user",
    "key delete --filter attr.label=a",
    "key wrap aes-zero-pad --payload-filter attr.label=p --wrapping-filter attr.label=w --path /tmp/w",
    "key unwrap rsa-oaep --key-type-class aes --label a --filter attr.label=w --hash-function sha256 --mgf mgf1-sha256 --data AAAA",
    "crypto sign rsa-pkcs-pss --key-filter attr.label=k --hash-function sha256 --mgf mgf1-sha256 --salt-length 32 --data YWJj",
    "crypto verify ecdsa --key-filter attr.label=k --hash-function sha256 --data YWJj --signature AAAA",
];

#[test]
fn reads_the_forms_of_the_documentation_and_sends_them_whole() {
    for form in FORMS {
        let words = parse(form);
        let sent = serde_json::to_string(&words).unwrap();
        let arrived: Words = serde_json::from_str(&sent).unwrap_or_else(|error| panic!("{sent}: {error}"));
        assert_eq!(serde_json::to_string(&arrived).unwrap(), sent);
    }
}

#[test]
fn asks_only_for_passwords_that_were_not_given() {
    assert!(matches!(parse("cluster activate").missing_password(), Some((_, true))));
    assert!(matches!(parse("login --username a --role admin").missing_password(), Some((_, false))));
    assert!(parse("login --username a --role admin --password b").missing_password().is_none());
    assert!(parse("user list").missing_password().is_none());
}

#[test]
fn needs_no_login_only_where_aws_needs_none() {
    let without: Vec<_> = FORMS.into_iter().filter(|form| !parse(form).needs_login()).collect();
    assert_eq!(
        without,
        [
            "cluster activate",
            "cluster hsm-info",
            "login --username admin --role admin",
            "logout",
            "user list",
            "quorum token-sign list-quorum-values"
        ]
    );
}

#[test]
fn passwords_are_never_printed() {
    let words = parse("user create --username alice --role crypto-user --password hunter2hunter");
    assert!(!format!("{words:?}").contains("hunter2"));
}

#[test]
fn refuses_what_cannot_be() {
    assert!(refused("user create --username alice --role appliance-user"));
    assert!(refused("key delete"));
    assert!(refused("key unwrap aes-no-pad --filter attr.label=w --key-type-class aes --label a"));
    assert!(refused("crypto sign ecdsa --key-filter attr.label=k --hash-function sha256"));
    assert!(refused(
        "user change-quorum token-sign register --public-key /nonexistent/a --signed-token /nonexistent/b"
    ));
}

#[test]
fn files_are_sent_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("approval");
    std::fs::write(&file, b"\x00\xffbytes").unwrap();
    let words = parse(&format!("user delete --username a --role admin --approval {}", file.display()));
    let sent = serde_json::to_string(&words).unwrap();
    let Words::User(UserWords::Delete { approval, .. }) = serde_json::from_str(&sent).unwrap() else {
        panic!("{sent}")
    };
    assert_eq!(approval, Some(FileBytes(b"\x00\xffbytes".to_vec())));
}
