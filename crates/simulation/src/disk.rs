//! A simulated disk with a write cache: what was not synced may be lost, kept, reordered or torn at sectors.
//!
//! It counts its operations (writes, syncs, changes of length), and can fail or lose power at any of them, or be full.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_base::Random;
use redb::StorageBackend;

const SECTOR_BYTES: usize = 512;

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Power is lost during this operation: it and all later ones fail.
    PowerLoss,
    /// This operation and later ones of its kind fail, until `mend`.
    Failure,
}

/// A disk that holds one file. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// As readers see it.
    image: Vec<u8>,
    /// As of the last sync.
    durable: Vec<u8>,
    /// Each unsynced content of each sector, in order.
    unsynced: BTreeMap<usize, Vec<[u8; SECTOR_BYTES]>>,
    /// Each unsynced length.
    lengths: Vec<usize>,
    operations: usize,
    syncs: usize,
    trouble: Option<(usize, Trouble)>,
    dead: bool,
    failing_syncs: bool,
    failing_writes: bool,
    capacity: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    Sync,
}

impl Disk {
    /// Brings `trouble` at operation `number`, counted from zero.
    pub fn trouble_at(&self, number: usize, trouble: Trouble) {
        self.state().trouble = Some((number, trouble));
    }

    /// Loses power at this operation, counted from now.
    pub fn lose_power_after(&self, operations: usize) {
        self.trouble_at(self.operations() + operations, Trouble::PowerLoss);
    }

    /// Loses power now.
    pub fn cut(&self) {
        self.state().dead = true;
    }

    /// Whether power was lost.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Ends failures that are not a loss of power.
    pub fn mend(&self) {
        let mut state = self.state();
        state.failing_syncs = false;
        state.failing_writes = false;
    }

    /// Makes syncs fail, until `mend`.
    pub fn fail_syncs(&self) {
        self.state().failing_syncs = true;
    }

    /// Lets the file grow to no more than so many bytes; `None` for any size.
    pub fn limit(&self, bytes: Option<usize>) {
        self.state().capacity = bytes;
    }

    /// How long the file is.
    pub fn length(&self) -> usize {
        self.state().image.len()
    }

    /// Makes every operation wait until the guard is dropped.
    pub fn hold(&self) -> impl Drop {
        self.state()
    }

    /// How many syncs there were.
    pub fn syncs(&self) -> usize {
        self.state().syncs
    }

    /// How many operations there were.
    pub fn operations(&self) -> usize {
        self.state().operations
    }

    /// A disk as it may be found after power was lost: each sector has its synced content or any that was
    /// written since, drawn from `random`.
    #[must_use]
    pub fn after_power_loss(&self, random: &dyn Random) -> Self {
        let state = self.state();
        let choose = |choices: usize| random.below(u32::try_from(choices).unwrap_or(1)) as usize;
        let chosen = choose(state.lengths.len() + 1);
        let length = chosen.checked_sub(1).and_then(|at| state.lengths.get(at).copied());
        let length = length.unwrap_or(state.durable.len());
        let mut image = state.durable.clone();
        image.resize(length, 0);
        // Some crashes lose all of the cache, some nothing; most something.
        let mood = choose(4);
        for (sector, contents) in &state.unsynced {
            let chosen = match mood {
                0 => 0,
                1 => contents.len(),
                _ => choose(contents.len() + 1),
            };
            let content = chosen.checked_sub(1).and_then(|at| contents.get(at));
            let start = sector * SECTOR_BYTES;
            let end = length.min(start + SECTOR_BYTES);
            if let (Some(content), Some(place)) = (content, image.get_mut(start..end)) {
                let kept = place.len();
                place.copy_from_slice(content.get(..kept).unwrap_or_default());
            }
        }
        let state = State { durable: image.clone(), image, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation. `Ok(true)` when power is lost while it is under way.
    fn begin(&mut self, kind: Kind) -> io::Result<bool> {
        self.check_alive()?;
        let number = self.operations;
        self.operations += 1;
        match self.trouble {
            Some((at, Trouble::PowerLoss)) if at == number => {
                self.dead = true;
                return Ok(true);
            }
            Some((at, Trouble::Failure)) if at == number => match kind {
                Kind::Write => self.failing_writes = true,
                Kind::Sync => self.failing_syncs = true,
            },
            _ => {}
        }
        let failing = if kind == Kind::Write { self.failing_writes } else { self.failing_syncs };
        if failing { Err(io::Error::other("injected failure")) } else { Ok(false) }
    }

    fn check_alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("power is off")) } else { Ok(()) }
    }

    fn check_room(&self, end: usize) -> io::Result<()> {
        match self.capacity {
            Some(capacity) if end > capacity => Err(io::Error::from(io::ErrorKind::StorageFull)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.image.len() {
            self.image.resize(end, 0);
            self.lengths.push(end);
        }
        if let Some(place) = self.image.get_mut(offset..end) {
            place.copy_from_slice(data);
        }
        for sector in offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            let start = sector * SECTOR_BYTES;
            let stop = self.image.len().min(start + SECTOR_BYTES);
            let mut content = [0; SECTOR_BYTES];
            if let (Some(written), Some(place)) =
                (self.image.get(start..stop), content.get_mut(..stop - start))
            {
                place.copy_from_slice(written);
            }
            self.unsynced.entry(sector).or_default().push(content);
        }
    }
}

fn lost(died: bool) -> io::Result<()> {
    if died { Err(io::Error::other("power was lost")) } else { Ok(()) }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        state.check_alive()?;
        Ok(state.image.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        state.check_alive()?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.image.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        let length = usize::try_from(len).map_err(io::Error::other)?;
        state.check_room(length)?;
        let died = state.begin(Kind::Write)?;
        state.image.resize(length, 0);
        state.lengths.push(length);
        lost(died)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.begin(Kind::Sync) {
            Ok(died) => {
                // Power lost during a sync: any part of the cache may have reached the disk.
                lost(died)?;
                state.syncs += 1;
                state.durable = state.image.clone();
                state.unsynced.clear();
                state.lengths.clear();
                Ok(())
            }
            Err(error) => {
                // As Linux does: what could not be written is forgotten, and readers still see it.
                state.unsynced.clear();
                state.lengths.clear();
                Err(error)
            }
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        state.check_room(start + data.len())?;
        let died = state.begin(Kind::Write)?;
        state.write(start, data);
        lost(died)
    }
}

#[cfg(test)]
mod tests;
