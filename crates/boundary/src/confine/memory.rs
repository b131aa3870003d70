//! Memory that is never written to swap.

use rustix::mm::MlockAllFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

/// What a child may come to map: stacks, the allocator's arenas (reserved, mostly untouched), the program.
const NEEDED_BYTES: u64 = 1 << 30;

/// What lets the child lock its memory, and must therefore stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockedBy {
    /// `RLIMIT_MEMLOCK`.
    Limit,
    /// `CAP_IPC_LOCK`, where even root may not lift the limit (as in many containers).
    Privilege,
}

/// Locks all memory, present and future, page by page as it is used.
pub(crate) fn lock() -> Result<LockedBy, String> {
    let by = allowance()?;
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    rustix::mm::mlockall(flags).map(|()| by).map_err(|error| format!("mlockall: {error}"))
}

fn allowance() -> Result<LockedBy, String> {
    let unlimited = Rlimit { current: None, maximum: None };
    if setrlimit(Resource::Memlock, unlimited).is_ok() {
        return Ok(LockedBy::Limit);
    }
    raise_to_hard_limit();
    let limit = getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX);
    if limit >= NEEDED_BYTES {
        return Ok(LockedBy::Limit);
    }
    if capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::IPC_LOCK)) {
        return Ok(LockedBy::Privilege);
    }
    // A limit that is too small would make later allocations fail: worse than no locking.
    let limit = limit / 1024;
    Err(format!("only {limit} KiB may be locked; give RLIMIT_MEMLOCK 1 GiB (systemd: LimitMEMLOCK=infinity)"))
}

fn raise_to_hard_limit() {
    let limit = getrlimit(Resource::Memlock);
    // When it fails, the limit stays and is judged as it is.
    let _ = setrlimit(Resource::Memlock, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
