//! Puts a verified generation where name servers find it: the blob first, then all rows in one transaction.
//!
//! A crash before the transaction leaves a blob that nobody points at; its name holds its hash, so that no
//! later one is confused with it, and it is cleared away with the next base.

use aws_lc_rs::digest;
use bytes::Bytes;
use keyward_store::{BlobName, Compare, Key, KeyRange, Revision, Txn};
use keyward_zone::publication::{BlobRef, PublishedZone, ZoneId, keys};
use keyward_zone::{Delta, Generation, SerialPolicy};

use crate::ksk::Prepared;
use crate::load::{Cached, State};
use crate::{BuildError, Builder, Progress, ZoneSource, ZoneWish, rows};

/// How many deltas may follow a base, as long as they are smaller than it together. Name servers that start
/// apply them all, and the row that lists them is written with each; a base of a large zone costs far more.
const DELTAS_MAX: usize = 256;

/// A verified generation, ready to be published.
pub(crate) struct Built {
    pub(crate) generation: Generation,
    /// What it differs in from what is published; `None` when in nothing.
    pub(crate) delta: Option<Delta>,
    pub(crate) content_version: u64,
    pub(crate) prepared: Option<Prepared>,
}

impl Builder {
    /// Publishes `built`, which was verified. Does nothing when nothing is new.
    pub(crate) async fn publish(
        &self,
        source: &dyn ZoneSource,
        zone: &ZoneId,
        wish: &ZoneWish,
        state: State,
        built: Built,
        fence: Option<&Compare>,
    ) -> Result<Progress, BuildError> {
        let old = state.published.as_ref().map(|(row, _)| row);
        let (base, deltas) = self.write_blobs(zone, old, &built).await?;
        let row = self.row(source, wish, old, &built, base, deltas);
        let progress = progress_of(&row);
        let mut txn = Txn::when(fence.cloned().into_iter().collect());
        let key = Key::new(keys::published(zone));
        let revision = state.published.as_ref().map_or(Revision::ABSENT, |(_, revision)| *revision);
        txn = txn.compare(key.clone(), revision);
        let row_is_new = old != Some(&row);
        if row_is_new {
            txn = txn.put(key, row.encode());
        }
        let txn = with_signing(txn, zone, &state, built.prepared.as_ref())?;
        let revision = if txn.puts.is_empty() && txn.deletes.is_empty() {
            revision
        } else {
            let written = self.store.txn(txn).await?;
            if row_is_new { written } else { revision }
        };
        self.remember(zone, Cached { revision, generation: built.generation });
        self.note_progress(zone, progress);
        if old.is_some_and(|old| old.base.name != row.base.name) {
            self.clear_blobs(zone, old, &row).await;
        }
        Ok(progress)
    }

    /// Writes the blob that leads to the new generation; answers base and deltas for the row.
    async fn write_blobs(
        &self,
        zone: &ZoneId,
        old: Option<&PublishedZone>,
        built: &Built,
    ) -> Result<(BlobRef, Vec<BlobRef>), BuildError> {
        match (old, &built.delta) {
            (Some(old), None) => Ok((old.base.clone(), old.deltas.clone())),
            (Some(old), Some(delta)) if delta.from() == Some(old.generation) => {
                let blob = delta.encode();
                let grown: u64 = old.deltas.iter().map(|blob| blob.size).sum::<u64>() + size(&blob);
                if old.deltas.len() >= DELTAS_MAX || grown > old.base.size {
                    return Ok((self.write_base(zone, &built.generation).await?, Vec::new()));
                }
                let delta = self.write_blob(zone, &built.generation, blob).await?;
                Ok((old.base.clone(), old.deltas.iter().cloned().chain([delta]).collect()))
            }
            _ => Ok((self.write_base(zone, &built.generation).await?, Vec::new())),
        }
    }

    async fn write_base(&self, zone: &ZoneId, generation: &Generation) -> Result<BlobRef, BuildError> {
        self.write_blob(zone, generation, Delta::whole(generation).encode()).await
    }

    async fn write_blob(
        &self,
        zone: &ZoneId,
        generation: &Generation,
        blob: Vec<u8>,
    ) -> Result<BlobRef, BuildError> {
        let sum = digest::digest(&digest::SHA256, &blob);
        let sha256: [u8; 32] =
            sum.as_ref().try_into().map_err(|_| BuildError::Broken("a hash has a wrong length"))?;
        let number = generation.number();
        let short: String = sha256.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name: BlobName = format!("{}{:020}.{short}", folder(zone), number.0).parse()?;
        let size = size(&blob);
        self.blobs.put(&name, Bytes::from(blob)).await?;
        Ok(BlobRef { name: name.to_string(), size, sha256, generation: number })
    }

    fn row(
        &self,
        source: &dyn ZoneSource,
        wish: &ZoneWish,
        old: Option<&PublishedZone>,
        built: &Built,
        base: BlobRef,
        deltas: Vec<BlobRef>,
    ) -> PublishedZone {
        let fulfils = built.prepared.as_ref().is_none_or(|prepared| prepared.fulfils);
        let kept = old.map_or(0, |old| old.wish_version);
        PublishedZone {
            apex: wish.apex.clone(),
            kind: wish.kind,
            source: source.name().to_owned(),
            name_servers: wish.name_servers.clone(),
            created: wish.created,
            generation: built.generation.number(),
            base,
            deltas,
            signed: built.generation.is_signed(),
            serial_grows: wish.policy.serial == SerialPolicy::Increase,
            earliest_expiration: built.generation.earliest_expiration(),
            content_version: built.content_version,
            wish_version: if fulfils { wish.version } else { kept },
            published: match (old, &built.delta) {
                (Some(old), None) => old.published,
                _ => self.clock.now(),
            },
        }
    }

    /// Removes the blobs older than the base before this one. Name servers may still be reading that one.
    async fn clear_blobs(&self, zone: &ZoneId, old: Option<&PublishedZone>, row: &PublishedZone) {
        let Some(oldest) = old.map(|old| old.base.generation) else {
            return;
        };
        let folder = folder(zone);
        let names = self.blobs.list(&folder).await.unwrap_or_default();
        for name in names {
            let number = name.as_str().strip_prefix(&folder).and_then(|rest| rest.split('.').next());
            let number: Option<u64> = number.and_then(|number| number.parse().ok());
            let in_use = std::iter::once(&row.base).chain(&row.deltas).any(|blob| blob.name == name.as_str());
            if number.is_some_and(|number| number < oldest.0) && !in_use {
                self.delete_blob(zone, &name).await;
            }
        }
    }

    async fn delete_blob(&self, zone: &ZoneId, name: &BlobName) {
        if let Err(error) = self.blobs.delete(name).await {
            // It does no harm and is met again at the next base.
            tracing::warn!(%zone, %name, %error, "an old zone blob could not be removed");
        }
    }

    /// Takes a zone that is gone away from name servers, then all that is left of it.
    pub(crate) async fn remove(&self, zone: &ZoneId, fence: Option<&Compare>) -> Result<(), BuildError> {
        let key = Key::new(keys::published(zone));
        let present =
            self.store.get(&key).await?.is_some() || self.store.get(&rows::signing(zone)).await?.is_some();
        if present {
            let txn = Txn::when(fence.cloned().into_iter().collect()).delete(key).delete(rows::signing(zone));
            self.store.txn(txn).await?;
        }
        self.forget(zone);
        let (served, _) = self.store.range(&KeyRange::prefix(&Key::new(keys::served_of(zone))), 100).await?;
        if !served.is_empty() {
            let txn = served.into_iter().fold(Txn::default(), |txn, row| txn.delete(row.key));
            self.store.txn(txn).await?;
        }
        for name in self.blobs.list(&folder(zone)).await? {
            self.delete_blob(zone, &name).await;
        }
        Ok(())
    }
}

/// Adds what becomes of the zone's keys: they are stored with the generation that shows them, or go.
fn with_signing(
    txn: Txn,
    zone: &ZoneId,
    state: &State,
    prepared: Option<&Prepared>,
) -> Result<Txn, BuildError> {
    let key = rows::signing(zone);
    let old = state.signing.as_ref();
    let revision = old.map_or(Revision::ABSENT, |(_, revision)| *revision);
    let txn = txn.compare(key.clone(), revision);
    Ok(match (old, prepared) {
        (None, None) => txn,
        (Some(_), None) => txn.delete(key),
        (Some((old, _)), Some(new)) if *old == new.row => txn,
        (_, Some(new)) => txn.put(key, new.row.encode()?),
    })
}

pub(crate) fn progress_of(row: &PublishedZone) -> Progress {
    Progress {
        generation: row.generation,
        content_version: row.content_version,
        wish_version: row.wish_version,
    }
}

fn folder(zone: &ZoneId) -> String {
    format!("zones/{zone}/")
}

fn size(blob: &[u8]) -> u64 {
    u64::try_from(blob.len()).unwrap_or(u64::MAX)
}
