//! The bytes of version 1 stay readable for ever.

use std::fmt::Debug;

use data_encoding::HEXLOWER;

use super::*;

fn golden<T: Stored>(value: T, bytes: &str) -> T {
    let encoded = value.encode().unwrap();
    assert_eq!(HEXLOWER.encode(&encoded), bytes);
    T::decode(&encoded).unwrap()
}

fn same<T: Stored + Clone + PartialEq + Debug>(value: T, bytes: &str) {
    assert_eq!(golden(value.clone(), bytes), value);
}

fn tags() -> Vec<(String, String)> {
    vec![("k".to_owned(), "v".to_owned())]
}

fn policies() -> Vec<InlinePolicy> {
    vec![InlinePolicy { name: "p".to_owned(), document: "{}".to_owned() }]
}

fn moment() -> Timestamp {
    Timestamp::from_unix_millis(1500)
}

#[test]
fn version_1_of_each_row_has_its_bytes() {
    same(
        AccountRecord { name: "a".to_owned(), created: moment(), access_keys: vec!["AK".to_owned()] },
        "000161b8170102414b",
    );
    same(
        UserRecord {
            id: "AIDA".to_owned(),
            path: "/".to_owned(),
            name: "u".to_owned(),
            created: moment(),
            tags: tags(),
            policies: policies(),
            access_keys: vec!["AK".to_owned()],
        },
        "000441494441012f0175b81701016b0176010170027b7d0102414b",
    );
    same(
        RoleRecord {
            id: "AROA".to_owned(),
            path: "/".to_owned(),
            name: "r".to_owned(),
            created: moment(),
            description: Some("d".to_owned()),
            session_seconds_max: 3600,
            trust: TrustPolicy { document: "{}".to_owned(), bound: tags() },
            tags: tags(),
            policies: policies(),
        },
        "000441524f41012f0172b817010164901c027b7d01016b017601016b0176010170027b7d",
    );
}

#[test]
fn version_1_of_each_key_has_its_bytes() {
    let owner = KeyOwner::User { id: "AIDA".to_owned(), name: "u".to_owned() };
    let key = AccessKeyRecord {
        owner,
        secret: KeptSecret::Clear(StoredSecret::new("s")),
        active: true,
        created: moment(),
    };
    assert!(golden(key, "000104414944410175017301b817").active);
    let session = SessionRecord {
        role_id: "AROA".to_owned(),
        role_name: "r".to_owned(),
        name: "s".to_owned(),
        secrets: SessionSecrets::Clear { secret: StoredSecret::new("x"), token: StoredSecret::new("t") },
        issued: moment(),
        expires: moment(),
        policy: Some("{}".to_owned()),
        tags: tags(),
        source_identity: None,
    };
    let session = golden(session, "000441524f410172017301780174b817b81701027b7d01016b017600");
    let SessionSecrets::Clear { token, .. } = session.secrets else { panic!("version 1 is clear") };
    assert_eq!(token.expose(), "t");
}

#[test]
fn version_2_of_each_key_has_its_bytes() {
    let secret = KeptSecret::Sealed(vec![1, 2]);
    let key = AccessKeyRecord { owner: KeyOwner::Root, secret, active: true, created: moment() };
    assert!(golden(key, "010002010201b817").secret == KeptSecret::Sealed(vec![1, 2]));
    let session = SessionRecord {
        role_id: "AROA".to_owned(),
        role_name: "r".to_owned(),
        name: "s".to_owned(),
        secrets: SessionSecrets::Sealed(vec![1, 2]),
        issued: moment(),
        expires: moment(),
        policy: None,
        tags: Vec::new(),
        source_identity: None,
    };
    let session = golden(session, "010441524f4101720173020102b817b817000000");
    assert!(session.secrets == SessionSecrets::Sealed(vec![1, 2]));
}

#[test]
fn a_newer_version_is_refused() {
    let mut bytes =
        AccountRecord { name: String::new(), created: moment(), access_keys: Vec::new() }.encode().unwrap();
    bytes[0] = 1;
    assert!(AccountRecord::decode(&bytes).is_err());
}
