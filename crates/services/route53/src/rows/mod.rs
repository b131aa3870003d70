//! What Route 53 stores, and where.
//!
//! ```text
//! route53/zone/<zone>                                   ZoneRow: written by every change of the zone
//! route53/zone-of/<account>/<zone>                      IndexRow
//! route53/zone-named/<account>/<name key>\0<zone>       IndexRow
//! route53/reference/<account>/<base64url>               IndexRow: a zone's CallerReference
//! route53/vpc/<region>/<vpc>/<name key>\0               IndexRow: a private zone of a VPC; void once that is gone
//! route53/delegated/<name key>\0<zone>                  DelegatedRow: a public zone's name servers
//! route53/family/<name key of two labels>               FamilyRow: compared when servers are chosen
//! route53/set/<zone>/<name key>\0<type>\0<identifier>   RecordSetRow: keys order as lists do
//! route53/journal/<zone>/<version>                      JournalRow: a large batch, not yet folded into sets
//! route53/pending/<zone>/<version>                      PendingRow: a change that is not yet INSYNC
//! route53/change/<change>                               ChangeRow
//! route53/dnssec/<zone>                                 DnssecRow: signing and all key-signing keys
//! route53/tags/<zone>                                   TagsRow
//! ```
//!
//! **A batch is one transaction.** A store takes 128 operations in one; a batch can change a thousand sets.
//! A small batch writes its sets at once. A large one writes what it leaves behind as one `JournalRow`,
//! which readers lay over the sets from then on; a duty folds it into the sets afterwards, oldest first, in
//! transactions that compare on the journal row and remove it with the last. Every fold writes final states
//! and so can be repeated from any point. A small batch is written at once only when nothing waits in the
//! journal, and every batch compares on the zone's row and writes it, so that none slips in between.
//!
//! A name key (`RecordName::sort_key`) holds no zero octet that is not behind a backslash, and ends with a
//! dot; a name that lies below another has its key as prefix.

mod bodies;
mod keys;

use keyward_base::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use bodies::{
    Change, ChangeRow, Delegated, DelegatedRow, DnssecRow, Effect, Family, FamilyRow, Index, IndexRow,
    Journal, JournalRow, Pending, PendingRow, RecordSetRow, Tags, TagsRow, Touched, Visibility, Vpc, Zone,
    ZoneRow,
};
pub(crate) use keys::*;

/// The bytes of a row's value.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_stdvec(row).map_err(Fault::ours)
}

/// Reads a row's value; a newer version than this binary knows is refused.
pub(crate) fn decode<T: DeserializeOwned>(row: &keyward_store::Row) -> Result<T, Fault> {
    postcard::from_bytes(&row.value).map_err(|error| {
        Fault::ours(format!("cannot read row {:?} (is it of a newer version?): {error}", row.key))
    })
}

#[cfg(test)]
mod tests;
