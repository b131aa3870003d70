//! What the zone builder tells name servers, and what they tell it: row types and their keys.
//!
//! The builder writes `zones/published/<zone>` in one transaction with the generation's number moving
//! forward; its blobs lie there already. A name server writes `zones/nodes/<node>` to say that it lives and
//! `zones/served/<zone>/<node>` to say what it serves. Nothing here reads or writes a store.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{GenerationNumber, Name};

#[cfg(test)]
mod tests;

/// Names a zone among all that are published: Route 53's id, or the registry's, such as `root`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneId(String);

/// Names a name-server process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(String);

/// The text is no id: one to 64 letters, digits, `-`, `_` or `.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of a zone or node")
    }
}

impl std::error::Error for BadId {}

macro_rules! row_id {
    ($name:ident) => {
        impl $name {
            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
                let good = (1..=64).contains(&text.len()) && text.bytes().all(fits);
                if good { Ok(Self(text.to_owned())) } else { Err(BadId) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

row_id!(ZoneId);
row_id!(NodeId);

/// What a zone is, for name servers that serve some kinds only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ZoneKind {
    /// The registry's root.
    Root,
    /// A top-level domain of the registry.
    TopLevel,
    /// A public hosted zone.
    HostedPublic,
    /// A private hosted zone: for the resolvers of its VPCs, never for the public.
    HostedPrivate,
}

/// A blob that a row points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// Its name in the blob store.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256; a blob with another is not to be served.
    pub sha256: [u8; 32],
    /// The generation that it leads to.
    pub generation: GenerationNumber,
}

/// A zone as published: what it is and where its current generation lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedZone {
    /// The zone's name.
    pub apex: Name,
    /// Which kind of zone.
    pub kind: ZoneKind,
    /// Who builds it, such as `route53` or `registry`.
    pub source: String,
    /// The name servers that the zone is delegated to. Where several zones of one name share a socket, the
    /// one whose name servers the parent's NS set names is served; without a delegation, the oldest.
    pub name_servers: Vec<Name>,
    /// When the zone was made.
    pub created: Timestamp,
    /// The current generation.
    pub generation: GenerationNumber,
    /// The base, and the deltas to apply to it in order; the last leads to `generation`.
    pub base: BlobRef,
    /// See `base`.
    pub deltas: Vec<BlobRef>,
    /// Whether it is signed.
    pub signed: bool,
    /// Whether its serial grows with each generation, so that it can be transferred.
    pub serial_grows: bool,
    /// Seconds since the epoch at which its first signature expires.
    pub earliest_expiration: Option<u32>,
    /// The version of the source's content that it holds.
    pub content_version: u64,
    /// The version of the source's wish (signing, name servers) that it follows.
    pub wish_version: u64,
    /// When it was published.
    pub published: Timestamp,
}

/// A name-server process that lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Until when it is taken for alive unless it writes the row again.
    pub alive_until: Timestamp,
}

/// How long a node's row counts; it is renewed three times in that time.
pub const NODE_TERM: Duration = Duration::from_secs(30);

/// What one node serves of one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The generation.
    pub generation: GenerationNumber,
}

/// A row's value is not one of ours, or from a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRow;

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a publication row is malformed or was written by a newer version of this program")
    }
}

impl std::error::Error for BadRow {}

macro_rules! versioned {
    ($name:ident, $row:ident) => {
        #[derive(Serialize, Deserialize)]
        enum $row<T> {
            V1(T),
        }

        impl $name {
            /// The row's value.
            pub fn encode(&self) -> Vec<u8> {
                // Plain data into a vector can't fail; an empty value would be refused when read.
                postcard::to_stdvec(&$row::V1(self)).unwrap_or_default()
            }

            /// Reads a row's value.
            pub fn decode(value: &[u8]) -> Result<Self, BadRow> {
                let $row::V1(row) = postcard::from_bytes(value).map_err(|_| BadRow)?;
                Ok(row)
            }
        }
    };
}

versioned!(PublishedZone, PublishedZoneRow);
versioned!(Node, NodeRow);
versioned!(Served, ServedRow);

/// Where the rows lie. Prefixes end with `/`.
pub mod keys {
    use super::{NodeId, ZoneId};

    /// Before every published zone's id.
    pub const PUBLISHED: &str = "zones/published/";
    /// Before every node's id.
    pub const NODES: &str = "zones/nodes/";
    /// Before every served row's `<zone>/<node>`.
    pub const SERVED: &str = "zones/served/";

    /// The key of a published zone.
    pub fn published(zone: &ZoneId) -> String {
        format!("{PUBLISHED}{zone}")
    }

    /// The key of a node.
    pub fn node(node: &NodeId) -> String {
        format!("{NODES}{node}")
    }

    /// The prefix of what all nodes serve of a zone.
    pub fn served_of(zone: &ZoneId) -> String {
        format!("{SERVED}{zone}/")
    }

    /// The key of what a node serves of a zone.
    pub fn served(zone: &ZoneId, node: &NodeId) -> String {
        format!("{SERVED}{zone}/{node}")
    }

    /// The zone of a published row's key.
    pub fn zone_of_published(key: &[u8]) -> Option<ZoneId> {
        text_after(key, PUBLISHED)?.parse().ok()
    }

    /// The node of a node row's key.
    pub fn node_of(key: &[u8]) -> Option<NodeId> {
        text_after(key, NODES)?.parse().ok()
    }

    /// The zone and node of a served row's key.
    pub fn zone_and_node_of(key: &[u8]) -> Option<(ZoneId, NodeId)> {
        let (zone, node) = text_after(key, SERVED)?.split_once('/')?;
        Some((zone.parse().ok()?, node.parse().ok()?))
    }

    fn text_after<'k>(key: &'k [u8], prefix: &str) -> Option<&'k str> {
        std::str::from_utf8(key.strip_prefix(prefix.as_bytes())?).ok()
    }
}

/// The generation that every live node has reached; `None` when no node lives or one serves nothing yet.
pub fn served_everywhere(
    nodes: impl IntoIterator<Item = (NodeId, Node)>,
    served: impl Fn(&NodeId) -> Option<Served>,
    now: Timestamp,
) -> Option<GenerationNumber> {
    let live = nodes.into_iter().filter(|(_, node)| node.alive_until > now);
    let reached: Option<Vec<GenerationNumber>> =
        live.map(|(node, _)| served(&node).map(|row| row.generation)).collect();
    reached?.into_iter().min()
}
