use super::*;

const ALL: [Connection; 5] = [
    Connection::Disconnected,
    Connection::Connecting,
    Connection::Connected,
    Connection::Failed(FailureCode::InternalError),
    Connection::Disconnecting,
];

fn allowed(allows: impl Fn(Connection) -> bool) -> Vec<&'static str> {
    ALL.into_iter().filter(|state| allows(*state)).map(|state| state.shown().as_str()).collect()
}

#[test]
fn each_move_is_allowed_in_its_states_only() {
    assert_eq!(allowed(|state| state.connect().is_ok()), ["DISCONNECTED", "CONNECTING", "CONNECTED"]);
    assert_eq!(allowed(|state| state.disconnect().is_ok()), ["CONNECTING", "CONNECTED", "FAILED"]);
    assert_eq!(allowed(|state| state.require_disconnected().is_ok()), ["DISCONNECTED"]);
    assert_eq!(allowed(|state| state.require_renamable().is_ok()), ["DISCONNECTED", "CONNECTED"]);
    assert_eq!(allowed(|state| state.require_connected().is_ok()), ["CONNECTED"]);
}

#[test]
fn the_reason_shows_only_in_a_failed_store() {
    let failures: Vec<_> = ALL.into_iter().filter_map(Connection::failure).collect();
    assert_eq!(failures, [FailureCode::InternalError]);
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_row_of_version_1_keeps_its_bytes() {
    let row = KeyStoreRow::V1(KeyStoreRecord {
        name: "s".to_owned(),
        created: Timestamp::EPOCH,
        cluster_id: "cluster-x".to_owned(),
        certificate: CertificateFingerprint([3; 32]),
        trust_anchor: "pem".to_owned(),
        credentials: Credentials {
            key: Ekt::from_bytes(vec![9]),
            material_id: MaterialId([4; 32]),
            password: vec![5],
            next: Some(vec![6]),
        },
        connection: Connection::Failed(FailureCode::UserLoggedIn),
    });
    let bytes = crate::rows::encode(&row).unwrap();
    let expected: Vec<u8> = [
        &[0, 1, b's', 0][..],
        &[9],
        b"cluster-x",
        &[3; 32],
        &[3],
        b"pem",
        &[1, 9],
        &[4; 32],
        &[1, 5, 1, 1, 6],
        &[3, 7],
    ]
    .concat();
    assert_eq!(bytes, expected);
    assert_eq!(crate::rows::decode::<KeyStoreRow>(&bytes).unwrap(), row);
}
