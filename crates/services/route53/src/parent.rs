//! What the parent of a zone serves about it, asked when DNSSEC is switched on or off.

use keyward_base::Fault;
use keyward_store::{BoxFuture, KeyRange};
use keyward_zone::Name;

use crate::record::{RecordSet, RecordType};
use crate::rows::{self, Index, IndexRow, Visibility, Zone, ZoneRow};
use crate::{Route53, values};

/// Looks at a zone from its parent's side: at what our own registry serves, or by DNS at the parent's servers.
pub trait ParentView: Send + Sync + 'static {
    /// The delegation of `zone` at its parent; `None` when the parent does not delegate it.
    fn delegation<'a>(&'a self, zone: &'a Name) -> BoxFuture<'a, Result<Option<Delegation>, LookupFailed>>;
}

/// A zone's delegation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delegation {
    /// The names of the NS set; case and a trailing dot do not matter.
    pub name_servers: Vec<String>,
    /// The DS set.
    pub ds: Vec<ParentDs>,
}

/// A DS record (RFC 4034 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentDs {
    /// The key tag.
    pub key_tag: u16,
    /// The key's algorithm.
    pub algorithm: u8,
    /// The digest's type.
    pub digest_type: u8,
    /// The digest.
    pub digest: Vec<u8>,
}

/// The parent could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupFailed(pub String);

/// Sees no parent: no zone is delegated.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoParent;

impl ParentView for NoParent {
    fn delegation<'a>(&'a self, _zone: &'a Name) -> BoxFuture<'a, Result<Option<Delegation>, LookupFailed>> {
        Box::pin(async { Ok(None) })
    }
}

impl Route53 {
    /// The delegation of `zone`: at the parent that is asked from outside or, for a zone below another one of
    /// the same owner, in that one. Zones of other owners don't count: anybody can make a zone of any name.
    pub(crate) async fn delegation(&self, zone: &Zone) -> Result<Option<Delegation>, LookupFailed> {
        match self.parent.delegation(zone.name.as_name()).await? {
            Some(delegation) => Ok(Some(delegation)),
            None => self.hosted_delegation(zone).await.map_err(|fault| LookupFailed(fault.to_string())),
        }
    }

    async fn hosted_delegation(&self, zone: &Zone) -> Result<Option<Delegation>, Fault> {
        let mut above = zone.name.parent();
        while let Some(ancestor) = above {
            let named = KeyRange::prefix(&rows::zone_named(zone.owner, &ancestor, ""));
            let (index, _) = self.store.range(&named, usize::MAX).await.map_err(Fault::ours)?;
            for row in index {
                let Index { zone: parent } = rows::decode::<IndexRow>(&row)?.into();
                let row = self.store.get(&rows::zone(&parent)).await.map_err(Fault::ours)?;
                let parent = row.map(|row| rows::decode::<ZoneRow>(&row)).transpose()?.map(Zone::from);
                let public = parent.filter(|parent| matches!(parent.visibility, Visibility::Public(_)));
                let Some(parent) = public else { continue };
                let sets = self.content(&parent.id).at_names([&zone.name]).await?;
                if sets.iter().any(|set| set.kind == RecordType::Ns) {
                    return Ok(Some(delegation_in(&sets)));
                }
            }
            above = ancestor.parent();
        }
        Ok(None)
    }
}

fn delegation_in(sets: &[RecordSet]) -> Delegation {
    let values = |kind| sets.iter().filter(move |set| set.kind == kind).flat_map(|set| set.values.iter());
    Delegation {
        name_servers: values(RecordType::Ns).cloned().collect(),
        ds: values(RecordType::Ds).filter_map(|value| read_ds(value)).collect(),
    }
}

fn read_ds(value: &str) -> Option<ParentDs> {
    let rdata = values::read(RecordType::Ds, value).ok()?;
    let [high, low, algorithm, digest_type, digest @ ..] = rdata.as_slice() else { return None };
    let key_tag = u16::from_be_bytes([*high, *low]);
    Some(ParentDs { key_tag, algorithm: *algorithm, digest_type: *digest_type, digest: digest.to_vec() })
}
