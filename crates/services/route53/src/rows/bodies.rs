//! The values of rows, each behind a versioned enum. A new field is a new version.

use keyward_base::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dnssec::Dnssec;
use crate::record::{RecordSet, SetKey};
use crate::{ChangeId, RecordName, ZoneId};

macro_rules! row {
    ($(#[$doc:meta])* $row:ident holds $body:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum $row {
            /// The first version.
            V1($body),
        }

        impl From<$row> for $body {
            fn from(row: $row) -> Self {
                match row {
                    $row::V1(body) => body,
                }
            }
        }
    };
}

row! {
    /// A hosted zone.
    ZoneRow holds Zone
}

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone {
    /// Its id.
    pub(crate) id: ZoneId,
    /// The account that owns it.
    pub(crate) owner: AccountId,
    /// Its apex.
    pub(crate) name: RecordName,
    /// What the caller named the request that made it.
    pub(crate) caller_reference: String,
    /// The comment.
    pub(crate) comment: Option<String>,
    /// Who can ask it.
    pub(crate) visibility: Visibility,
    /// How many record sets it has.
    pub(crate) record_sets: u64,
    /// How many changes it has seen; each has a number of its own. Making it is the first.
    pub(crate) version: u64,
    /// How often its record sets were changed; what it was made with is version 1.
    pub(crate) content_version: u64,
    /// How often anything else that is served was changed: signing, keys, VPCs; starts at 1.
    pub(crate) wish_version: u64,
    /// When it was made.
    pub(crate) created: Timestamp,
}

/// Who can ask a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Visibility {
    /// Everybody, at these name servers (no trailing dot).
    Public(Vec<String>),
    /// Instances in these VPCs.
    Private(Vec<Vpc>),
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Vpc {
    /// Its region.
    pub(crate) region: String,
    /// Its id.
    pub(crate) id: String,
}

row! {
    /// Points at a zone.
    IndexRow holds Index
}

/// Points at a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// The zone.
    pub(crate) zone: ZoneId,
}

row! {
    /// A public zone's name servers.
    DelegatedRow holds Delegated
}

/// A public zone's name servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delegated {
    /// The zone.
    pub(crate) zone: ZoneId,
    /// Its name servers, without trailing dots.
    pub(crate) name_servers: Vec<String>,
}

row! {
    /// The public zones that share their last two labels.
    FamilyRow holds Family
}

/// The public zones that share their last two labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Family {
    /// How many there are.
    pub(crate) zones: u64,
}

row! {
    /// A record set.
    RecordSetRow holds RecordSet
}

row! {
    /// What a large batch leaves behind.
    JournalRow holds Journal
}

/// What a large batch leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// The sets that it changed.
    pub(crate) effects: Vec<Effect>,
}

/// What became of one record set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// It is now this.
    Put(RecordSet),
    /// It is gone.
    Gone(SetKey),
}

row! {
    /// A change that is not INSYNC.
    PendingRow holds Pending
}

/// A change that is not INSYNC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The change.
    pub(crate) change: ChangeId,
    /// What it touched.
    pub(crate) touched: Touched,
    /// The zone's content version from which on it is served.
    pub(crate) content_version: u64,
    /// The zone's wish version from which on it is served.
    pub(crate) wish_version: u64,
}

/// What a change touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Touched {
    /// The record sets at these names.
    Names(Vec<RecordName>),
    /// Whether and with which keys the zone is signed, or who may ask it.
    Wish,
    /// The zone came or went.
    Zone,
}

row! {
    /// A change.
    ChangeRow holds Change
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Its id.
    pub(crate) id: ChangeId,
    /// The account whose change it is.
    pub(crate) owner: AccountId,
    /// The zone that it changed.
    pub(crate) zone: ZoneId,
    /// Whether every name server has it.
    pub(crate) insync: bool,
    /// When it was asked for.
    pub(crate) submitted: Timestamp,
    /// The comment.
    pub(crate) comment: Option<String>,
}

row! {
    /// A zone's DNSSEC.
    DnssecRow holds Dnssec
}

row! {
    /// A zone's tags.
    TagsRow holds Tags
}

/// Tags, in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tags {
    /// Keys and values.
    pub(crate) tags: std::collections::BTreeMap<String, String>,
}
