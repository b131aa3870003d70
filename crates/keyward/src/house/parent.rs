//! Route 53's look at a zone's parent, answered by what our own registry serves.

use std::sync::Arc;

use keyward_registry::{DsRecord, Registry, RegistryError};
use keyward_route53::{Delegation, LookupFailed, ParentDs, ParentView};
use keyward_store::BoxFuture;
use keyward_zone::Name;

/// The registry's zones as parents.
pub(super) struct ParentZones(Arc<Registry>);

impl ParentZones {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }
}

impl ParentView for ParentZones {
    fn delegation<'a>(&'a self, zone: &'a Name) -> BoxFuture<'a, Result<Option<Delegation>, LookupFailed>> {
        Box::pin(async move {
            match self.0.served_delegation(zone).await {
                Ok(found) => Ok(found.map(seen)),
                // A name that no zone of ours could hold has no parent that we know of.
                Err(RegistryError::Unsupported(_) | RegistryError::Reserved) => Ok(None),
                Err(error) => Err(LookupFailed(error.to_string())),
            }
        })
    }
}

fn seen(delegation: keyward_registry::Delegation) -> Delegation {
    let ds = |DsRecord { tag, algorithm, digest_type, digest }| ParentDs {
        key_tag: tag,
        algorithm,
        digest_type,
        digest,
    };
    Delegation {
        name_servers: delegation.name_servers.iter().map(|server| server.name.to_string()).collect(),
        ds: delegation.ds.into_iter().map(ds).collect(),
    }
}
