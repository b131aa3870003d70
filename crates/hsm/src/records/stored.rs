//! The rows' forms: versioned, in postcard.

use serde::{Deserialize, Serialize};

use crate::api::ids::{KeyHandle, OperationId, UserName};
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion};
use crate::api::status::Membership;
use crate::protocol::answer::Value;
use crate::records::Done;

#[derive(Serialize, Deserialize)]
enum RecordRow {
    V1(MaskedRecord),
}

#[derive(Serialize, Deserialize)]
enum MembershipRow {
    V1(Membership),
}

#[derive(Serialize, Deserialize)]
enum DoneRow {
    V1 {
        operation: OperationId,
        user: Option<UserName>,
        value: Value,
        keys: Vec<RecordKey>,
    },
    V2 {
        operation: OperationId,
        user: Option<UserName>,
        value: Value,
        keys: Vec<RecordKey>,
        version: Option<RecordVersion>,
        made: Vec<KeyHandle>,
    },
}

pub(crate) fn key(key: &RecordKey) -> Vec<u8> {
    encode(key)
}

pub(crate) fn record(record: &MaskedRecord) -> Vec<u8> {
    encode(&RecordRow::V1(record.clone()))
}

pub(crate) fn read_record(bytes: &[u8]) -> Option<MaskedRecord> {
    decode(bytes).map(|RecordRow::V1(record)| record)
}

pub(crate) fn membership(membership: &Membership) -> Vec<u8> {
    encode(&MembershipRow::V1(membership.clone()))
}

pub(crate) fn read_membership(bytes: &[u8]) -> Option<Membership> {
    decode(bytes).map(|MembershipRow::V1(membership)| membership)
}

pub(crate) fn done(done: &Done) -> Vec<u8> {
    let Done { operation, user, value, keys, version, made, .. } = done.clone();
    encode(&DoneRow::V2 { operation, user, value, keys, version, made })
}

pub(crate) fn read_done(order: u64, bytes: &[u8]) -> Option<Done> {
    Some(match decode(bytes)? {
        // Which version it wrote and which keys it made was not said.
        DoneRow::V1 { operation, user, value, keys } => {
            Done { order, operation, user, value, keys, version: None, made: vec![] }
        }
        DoneRow::V2 { operation, user, value, keys, version, made } => {
            Done { order, operation, user, value, keys, version, made }
        }
    })
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    // Encoding to memory fails only for types that postcard has no form for; ours all have one.
    postcard::to_allocvec(value).unwrap_or_default()
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ids::HsmSerial;
    use crate::api::record::Stamp;
    use crate::api::status::{HsmMode, HsmType};

    #[test]
    fn the_forms_are_fixed() {
        let version = RecordVersion { counter: 3, origin: HsmSerial(4) };
        let stamp = Stamp { key: RecordKey::Key(KeyHandle(5)), version, tombstone: false };
        let bytes = record(&MaskedRecord { stamp, sealed: vec![9, 8] });
        assert_eq!(bytes, [0, 0, 5, 3, 4, 0, 2, 9, 8]);
        assert!(read_record(&bytes).is_some() && read_record(&bytes[1..]).is_none());
        let row = Done {
            order: 7,
            operation: OperationId([1; 16]),
            user: None,
            value: Value::Nothing,
            keys: vec![RecordKey::ClusterKey],
            version: Some(version),
            made: vec![KeyHandle(5)],
        };
        let second = [&[1][..], &[1; 16], &[0, 0, 1, 3, 1, 3, 4, 1, 5]].concat();
        assert_eq!(done(&row), second);
        assert_eq!(read_done(7, &second).unwrap().made, [KeyHandle(5)]);
        let first = read_done(7, &[&[0][..], &[1; 16], &[0, 0, 1, 3]].concat()).unwrap();
        assert_eq!((first.operation, first.keys.len(), first.made.len()), (OperationId([1; 16]), 1, 0));
        let facts = Membership {
            cluster: "cluster-234567abcde".parse().unwrap(),
            mode: HsmMode::Fips,
            hsm_type: HsmType::Hsm2mMedium,
            certificate_sha256: None,
        };
        assert_eq!(membership(&facts), [&[0, 19][..], b"cluster-234567abcde", &[0, 1, 0]].concat());
    }
}
