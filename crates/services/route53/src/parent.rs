//! What the parent of a zone serves about it, asked when DNSSEC is switched on or off.

use keyward_store::BoxFuture;
use keyward_zone::Name;

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
