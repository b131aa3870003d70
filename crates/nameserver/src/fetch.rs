//! From a published row to the generation that it names: blobs, checked by size and SHA-256.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::digest;
use keyward_store::{BlobError, Blobs};
use keyward_zone::publication::{BlobRef, PublishedZone};
use keyward_zone::{Delta, DeltaError, Generation, Name};

use crate::catalog::Touched;

/// Why a published generation could not be had.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The blob store failed.
    Blobs(BlobError),
    /// There is no blob of that name.
    Missing(String),
    /// A blob is not the one that the row names.
    Altered(String),
    /// A blob could not be read or applied.
    Delta(DeltaError),
    /// What comes out is not what the row says, or has no SOA.
    Other,
    /// The runtime ended while a blob was read.
    Ended,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blobs(error) => error.fmt(f),
            Self::Missing(name) => write!(f, "the blob {name} is missing"),
            Self::Altered(name) => write!(f, "the blob {name} is not the one that was published"),
            Self::Delta(error) => error.fmt(f),
            Self::Other => f.write_str("the blobs lead to another generation than the published one"),
            Self::Ended => f.write_str("the server is ending"),
        }
    }
}

impl std::error::Error for FetchError {}

/// The generation of `row`, on top of `previous` where the published deltas allow it, and in which names it
/// differs from that.
pub(crate) async fn fetch(
    blobs: &dyn Blobs,
    row: &PublishedZone,
    previous: Option<&Generation>,
) -> Result<(Generation, Touched), FetchError> {
    let chain: Vec<&BlobRef> = std::iter::once(&row.base).chain(&row.deltas).collect();
    let reached = |zone: &&Generation| chain.iter().position(|blob| blob.generation == zone.number());
    if let Some(previous) = previous
        && let Some(at) = reached(&previous)
        && let Ok((zone, touched)) = follow(blobs, row, &chain, at + 1, Some(previous.clone())).await
    {
        return Ok((zone, Touched::Names(touched)));
    }
    let (zone, _) = follow(blobs, row, &chain, 0, None).await?;
    Ok((zone, Touched::All))
}

async fn follow(
    blobs: &dyn Blobs,
    row: &PublishedZone,
    chain: &[&BlobRef],
    start: usize,
    mut zone: Option<Generation>,
) -> Result<(Generation, BTreeSet<Name>), FetchError> {
    let mut touched = BTreeSet::new();
    for blob in chain.iter().skip(start) {
        let (next, names) = step(blobs, blob, zone).await?;
        zone = Some(next);
        touched.extend(names);
    }
    let right = |zone: &Generation| {
        zone.number() == row.generation && *zone.apex() == row.apex && zone.soa().is_some()
    };
    zone.filter(right).map(|zone| (zone, touched)).ok_or(FetchError::Other)
}

async fn step(
    blobs: &dyn Blobs,
    blob: &BlobRef,
    zone: Option<Generation>,
) -> Result<(Generation, Vec<Name>), FetchError> {
    let name = blob.name.parse().map_err(FetchError::Blobs)?;
    let bytes = blobs.get(&name).await.map_err(FetchError::Blobs)?;
    let bytes = bytes.ok_or_else(|| FetchError::Missing(blob.name.clone()))?;
    let blob = blob.clone();
    // Large zones take seconds of computing, which other tasks must not wait for.
    let applied = tokio::task::spawn_blocking(move || {
        let intact = u64::try_from(bytes.len()) == Ok(blob.size)
            && digest::digest(&digest::SHA256, &bytes).as_ref() == blob.sha256;
        if !intact {
            return Err(FetchError::Altered(blob.name));
        }
        let delta = Delta::decode(&bytes).map_err(FetchError::Delta)?;
        let next = delta.apply(zone.as_ref()).map_err(FetchError::Delta)?;
        // Of a base it would be every name, and nobody asks.
        let puts = delta.puts().map(|set| set.rrset.name()).chain(delta.removals().map(|(name, _)| name));
        let names = if zone.is_some() { puts.cloned().collect() } else { Vec::new() };
        Ok((next, names))
    });
    applied.await.map_err(|_| FetchError::Ended)?
}
