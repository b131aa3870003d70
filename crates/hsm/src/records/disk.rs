//! A simulated disk with a write cache, for tests: what was not synced may be lost, kept or torn at sectors; it fills up, fails and
//! loses power at whichever operation a test chooses.
#![cfg(any(test, feature = "test-hsm", feature = "fuzz"))]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(any(test, feature = "test-hsm"))]
use keyward_base::Random;
use redb::StorageBackend;

const SECTOR_BYTES: usize = 512;

/// A disk that holds one file. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// As readers see it.
    image: Vec<u8>,
    /// As of the last sync.
    durable: Vec<u8>,
    /// Each unsynced content of each sector, in order.
    unsynced: BTreeMap<usize, Vec<[u8; SECTOR_BYTES]>>,
    lengths: Vec<usize>,
    /// Writes, syncs and changes of length so far.
    operations: usize,
    /// At which operation power is lost.
    power_loss_at: Option<usize>,
    dead: bool,
    capacity: Option<usize>,
}

/// What goes wrong.
#[cfg(test)]
impl Disk {
    /// Loses power at this operation, counted from now.
    pub(crate) fn lose_power_after(&self, operations: usize) {
        let mut state = self.state();
        state.power_loss_at = Some(state.operations + operations);
    }

    /// Lets the file grow to no more than this; `None` for any size.
    pub(crate) fn limit(&self, bytes: Option<usize>) {
        self.state().capacity = bytes;
    }

    /// How long the file is.
    pub(crate) fn length(&self) -> usize {
        self.state().image.len()
    }

    /// Whether power was lost.
    pub(crate) fn is_dead(&self) -> bool {
        self.state().dead
    }
}

impl Disk {
    /// Loses power now.
    #[cfg(any(test, feature = "test-hsm"))]
    pub(crate) fn cut(&self) {
        self.state().dead = true;
    }

    /// The disk as it may be found after power was lost: each sector has its synced content or any written since.
    #[cfg(any(test, feature = "test-hsm"))]
    pub(crate) fn after_power_loss(&self, random: &dyn Random) -> Self {
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
            let start = sector * SECTOR_BYTES;
            let end = length.min(start + SECTOR_BYTES);
            let content = chosen.checked_sub(1).and_then(|at| contents.get(at));
            if let (Some(content), Some(place)) = (content, image.get_mut(start..end)) {
                let count = place.len();
                place.copy_from_slice(content.get(..count).unwrap_or_default());
            }
        }
        Self(Arc::new(Mutex::new(State { durable: image.clone(), image, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation; false when power is lost while it is under way.
    fn begin(&mut self) -> io::Result<bool> {
        self.check_alive()?;
        self.operations += 1;
        if self.power_loss_at.is_some_and(|at| self.operations > at) {
            self.dead = true;
        }
        Ok(!self.dead)
    }

    fn check_alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("power is off")) } else { Ok(()) }
    }

    fn check_room(&self, end: usize) -> io::Result<()> {
        if self.capacity.is_some_and(|capacity| end > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// All that was written is durable now.
    fn settle(&mut self) {
        self.durable.resize(self.image.len(), 0);
        for sector in std::mem::take(&mut self.unsynced).into_keys() {
            let start = sector * SECTOR_BYTES;
            let end = self.image.len().min(start + SECTOR_BYTES);
            if let (Some(from), Some(to)) = (self.image.get(start..end), self.durable.get_mut(start..end)) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Notes the sectors that a write touched.
    fn note(&mut self, start: usize, end: usize) {
        for sector in start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            let mut content = [0; SECTOR_BYTES];
            let from = sector * SECTOR_BYTES;
            let until = self.image.len().min(from + SECTOR_BYTES);
            if let (Some(source), Some(place)) =
                (self.image.get(from..until), content.get_mut(..until.saturating_sub(from)))
            {
                place.copy_from_slice(source);
            }
            self.unsynced.entry(sector).or_default().push(content);
        }
    }
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
        let bytes = state.image.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let alive = state.begin()?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        state.check_room(length)?;
        state.image.resize(length, 0);
        state.lengths.push(length);
        if alive { Ok(()) } else { Err(io::Error::other("power is off")) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        if !state.begin()? {
            return Err(io::Error::other("power is off"));
        }
        state.settle();
        state.lengths.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let alive = state.begin()?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start + data.len();
        state.check_room(end)?;
        if state.image.len() < end {
            state.image.resize(end, 0);
        }
        if let Some(place) = state.image.get_mut(start..end) {
            place.copy_from_slice(data);
        }
        state.note(start, end);
        if alive { Ok(()) } else { Err(io::Error::other("power is off")) }
    }
}
