//! Why a change is refused, in AWS's words (`InvalidChangeBatch`).

use std::fmt;

use crate::RecordName;
use crate::record::RecordType;

/// One message of an `InvalidChangeBatch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    AlreadyExists { name: RecordName, kind: RecordType },
    NotFound { name: RecordName, kind: RecordType },
    ValuesDiffer { name: RecordName, kind: RecordType },
    OutsideZone { name: RecordName, zone: RecordName },
    CnameAtApex { zone: RecordName },
    DsAtApex { zone: RecordName },
    SoaBelowApex { name: RecordName, zone: RecordName },
    WildcardNs { name: RecordName, zone: RecordName },
    CnameInTheWay { name: RecordName, kind: RecordType, zone: RecordName },
    OthersBesideCname { name: RecordName, zone: RecordName },
    InvalidName { reason: String },
    InvalidValue { reason: String },
    DuplicateValue { value: String },
    SingleValue { name: RecordName, kind: RecordType },
    TooManyValues { name: RecordName, kind: RecordType, values_max: usize },
    Clash { name: RecordName, kind: RecordType },
    NotOneSoa,
    NoNs,
    TooManyRecords,
    TooManyCharacters,
    ZoneFull { zone: RecordName, record_sets_max: u64 },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyExists { name, kind } => {
                write!(
                    f,
                    "Tried to create resource record set [name='{name}', type='{kind}'] but it already exists"
                )
            }
            Self::NotFound { name, kind } => {
                write!(
                    f,
                    "Tried to delete resource record set [name='{name}', type='{kind}'] but it was not found"
                )
            }
            Self::ValuesDiffer { name, kind } => write!(
                f,
                "Tried to delete resource record set [name='{name}', type='{kind}'] but the values provided do not match the current values"
            ),
            Self::OutsideZone { name, zone } => {
                write!(f, "RRSet with DNS name {name} is not permitted in zone {zone}")
            }
            Self::CnameAtApex { zone } => {
                write!(f, "RRSet of type CNAME with DNS name {zone} is not permitted at apex in zone {zone}")
            }
            Self::DsAtApex { zone } => {
                write!(f, "RRSet of type DS with DNS name {zone} is not permitted at apex in zone {zone}")
            }
            Self::SoaBelowApex { name, zone } => {
                write!(f, "RRSet of type SOA with DNS name {name} is not permitted in zone {zone}")
            }
            Self::WildcardNs { name, zone } => {
                write!(f, "RRSet of type NS with DNS name {name} is not permitted in zone {zone}")
            }
            Self::CnameInTheWay { name, kind, zone } => write!(
                f,
                "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone {zone}"
            ),
            Self::OthersBesideCname { name, zone } => write!(
                f,
                "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {zone}"
            ),
            Self::InvalidName { reason } => f.write_str(reason),
            Self::InvalidValue { reason } => write!(f, "Invalid Resource Record: '{reason}'"),
            Self::DuplicateValue { value } => write!(f, "Duplicate Resource Record: '{value}'"),
            Self::SingleValue { name, kind } => write!(
                f,
                "RRSet of type {kind} with DNS name {name} must contain exactly one resource record"
            ),
            Self::TooManyValues { name, kind, values_max } => write!(
                f,
                "RRSet of type {kind} with DNS name {name} exceeds the limit of {values_max} resource records"
            ),
            Self::Clash { name, kind } => write!(
                f,
                "The request contains an invalid set of changes for a resource record set '{kind} {name}'"
            ),
            Self::NotOneSoa => f.write_str("A HostedZone must contain exactly one SOA record."),
            Self::NoNs => {
                f.write_str("A HostedZone must contain at least one NS record for the zone itself.")
            }
            Self::TooManyRecords => f.write_str("Number of records limit of 1000 exceeded."),
            Self::TooManyCharacters => f.write_str("Number of characters limit of 32000 exceeded."),
            Self::ZoneFull { zone, record_sets_max } => {
                write!(f, "Number of record sets limit of {record_sets_max} exceeded in zone {zone}")
            }
        }
    }
}
