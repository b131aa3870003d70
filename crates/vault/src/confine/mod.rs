//! What the system does to keep the vault apart from everything else on the machine.
//!
//! Each protection either holds or is named as missing with its reason, in the log and in the vault's
//! status; none is assumed. All but `signals` works through safe wrappers (rustix, landlock, seccompiler). It must run
//! while the process has one thread: landlock, capabilities and seccomp are the thread's, and threads that
//! are made later inherit them.

mod filesystem;
mod memory;
mod privileges;
mod signals;
mod syscalls;

use std::io;
use std::path::Path;

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::thread::CapabilitySet;

use crate::confine::memory::LockedBy;
use crate::server::vault::Protections;

/// Before any key is in memory: no core dumps, no tracing by equals, no new privileges. Without these no vault.
pub(crate) fn protect_process() -> io::Result<()> {
    // Not dumpable also means that a process of the same user can neither trace us nor read our memory.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::thread::set_no_new_privs(true)?;
    signals::leave_the_end_to_the_session()
}

/// Whether confining this thread confines the process.
pub(crate) fn require_one_thread() -> io::Result<()> {
    // Without /proc nobody can say; the house's own binary starts the vault before any thread.
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Ok(()) };
    match tasks.count() {
        1 => Ok(()),
        count => Err(io::Error::other(format!("the vault was started in a process with {count} threads"))),
    }
}

/// Before the first request: locked memory, one folder, no privileges, few system calls.
pub(crate) fn confine(folder: &Path) -> Protections {
    let mut protections = Protections::default();
    for already in ["no core dumps", "not traceable", "no new privileges"] {
        protections.active.push(already.to_owned());
    }
    // The order matters: locking needs a privilege, and seccomp forbids what the others do.
    let locked = memory::lock();
    let kept = match locked {
        Ok(LockedBy::Privilege) => CapabilitySet::IPC_LOCK,
        _ => CapabilitySet::empty(),
    };
    note(&mut protections, "locked memory", locked.map(|_| ()));
    note(&mut protections, "landlock", filesystem::confine(folder));
    note(&mut protections, "no privileges", privileges::drop_all_but(kept));
    note(&mut protections, "seccomp", syscalls::confine());
    protections
}

fn note(protections: &mut Protections, name: &str, outcome: Result<(), String>) {
    match outcome {
        Ok(()) => protections.active.push(name.to_owned()),
        Err(reason) => {
            tracing::warn!(protection = name, reason, "the vault runs without a protection");
            protections.missing.push(format!("{name}: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests;
