//! Reads what is published of a zone: its rows, and the generation out of its blobs.

use aws_lc_rs::digest;
use keyward_store::{BlobName, Key, KeyRange, Revision};
use keyward_zone::publication::{BlobRef, PublishedZone, Served, ZoneId, keys, served_everywhere};
use keyward_zone::publication::{Node, NodeId};
use keyward_zone::{Delta, Generation, Policy};

use crate::rows::{self, SigningRow};
use crate::{BuildError, Builder};

/// A zone as it stands.
pub(crate) struct State {
    /// The row that name servers follow.
    pub(crate) published: Option<(PublishedZone, Revision)>,
    /// The generation that it points at; `None` when there is none, or its blobs are lost.
    pub(crate) generation: Option<Generation>,
    /// The keys.
    pub(crate) signing: Option<(SigningRow, Revision)>,
    /// Whether this process has verified the generation.
    pub(crate) verified: bool,
}

/// A generation that this process published, and the revision of the row that points at it.
#[derive(Clone)]
pub(crate) struct Cached {
    pub(crate) revision: Revision,
    pub(crate) generation: Generation,
}

impl Builder {
    /// Reads the zone's rows, and its blobs unless this process wrote them itself.
    pub(crate) async fn load(&self, zone: &ZoneId) -> Result<State, BuildError> {
        let published = match self.store.get(&Key::new(keys::published(zone))).await? {
            Some(row) => {
                Some((PublishedZone::decode(&row.value).map_err(|_| BuildError::BadRow)?, row.revision))
            }
            None => None,
        };
        let signing = match self.store.get(&rows::signing(zone)).await? {
            Some(row) => Some((SigningRow::decode(&row.value)?, row.revision)),
            None => None,
        };
        let Some((row, revision)) = &published else {
            return Ok(State { published, generation: None, signing, verified: false });
        };
        if let Some(cached) = self.cached(zone).filter(|cached| cached.revision == *revision) {
            return Ok(State { published, generation: Some(cached.generation), signing, verified: true });
        }
        let generation = self.read_generation(zone, row).await?;
        Ok(State { published, generation, signing, verified: false })
    }

    /// The generation of `row`; `None` when a blob is missing or spoiled, and the zone must be built anew.
    async fn read_generation(
        &self,
        zone: &ZoneId,
        row: &PublishedZone,
    ) -> Result<Option<Generation>, BuildError> {
        let mut generation = None;
        for blob in std::iter::once(&row.base).chain(&row.deltas) {
            let name: BlobName = blob.name.parse()?;
            let bytes = self.blobs.get(&name).await?;
            generation = bytes.and_then(|bytes| follow(generation.as_ref(), blob, &bytes));
            if generation.is_none() {
                tracing::error!(%zone, blob = %blob.name, "a zone blob is missing or spoiled; building the zone anew");
                return Ok(None);
            }
        }
        Ok(generation.filter(|generation| generation.number() == row.generation))
    }

    /// Whether every name server that may still answer serves exactly what is published. One that was not
    /// heard of counts until its signatures must have ended: cut off from the store it goes on answering.
    pub(crate) async fn is_settled(
        &self,
        zone: &ZoneId,
        state: &State,
        policy: &Policy,
    ) -> Result<bool, BuildError> {
        let Some((row, _)) = &state.published else {
            return Ok(false);
        };
        let past = self.clock.now().minus(policy.validity);
        let (nodes, served) = self.read_served(zone).await?;
        let reached = served_everywhere(nodes, |node| find(&served, node), past);
        Ok(reached.is_some_and(|reached| reached >= row.generation))
    }

    /// Every name server, and what each serves of `zone`.
    pub(crate) async fn read_served(
        &self,
        zone: &ZoneId,
    ) -> Result<(Vec<(NodeId, Node)>, Vec<(NodeId, Served)>), BuildError> {
        let (rows, _) = self.store.range(&KeyRange::prefix(&Key::new(keys::NODES)), usize::MAX).await?;
        let node = |row: &keyward_store::Row| {
            Some((keys::node_of(row.key.as_bytes())?, Node::decode(&row.value).ok()?))
        };
        let nodes = rows.iter().filter_map(node).collect();
        let (rows, _) =
            self.store.range(&KeyRange::prefix(&Key::new(keys::served_of(zone))), usize::MAX).await?;
        let served = |row: &keyward_store::Row| {
            let (_, node) = keys::zone_and_node_of(row.key.as_bytes())?;
            Some((node, Served::decode(&row.value).ok()?))
        };
        Ok((nodes, rows.iter().filter_map(served).collect()))
    }
}

/// What `node` serves according to `served`.
pub(crate) fn find(served: &[(NodeId, Served)], node: &NodeId) -> Option<Served> {
    served.iter().find(|(name, _)| name == node).map(|(_, served)| *served)
}

/// The generation that `blob` leads to from `base`, if its bytes are what the row says.
fn follow(base: Option<&Generation>, blob: &BlobRef, bytes: &[u8]) -> Option<Generation> {
    let sum = digest::digest(&digest::SHA256, bytes);
    if sum.as_ref() != blob.sha256 {
        return None;
    }
    Delta::decode(bytes).ok()?.apply(base).ok()
}
