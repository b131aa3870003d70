//! What the system does to keep the child apart from everything else on the machine.
//!
//! Each protection either holds or is named as missing with its reason, in the log and in the child's
//! status; none is assumed. All but `signals` works through safe wrappers (rustix, landlock, seccompiler). It must run
//! while the process has one thread: landlock, capabilities and seccomp are the thread's, and threads that
//! are made later inherit them.

mod filesystem;
mod memory;
mod privileges;
mod signals;
mod syscalls;

use std::io;
use std::path::PathBuf;

use libc::c_long;
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::thread::CapabilitySet;

use crate::Kind;
use crate::confine::memory::LockedBy;

/// Before any key is in memory: no core dumps, no tracing by equals, no new privileges. Without these no child.
pub fn protect_process() -> io::Result<()> {
    // Not dumpable also means that a process of the same user can neither trace us nor read our memory.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::thread::set_no_new_privs(true)?;
    signals::leave_the_end_to_the_session()
}

/// Whether confining this thread confines the process.
pub fn require_one_thread() -> io::Result<()> {
    one_thread().map_err(|others| io::Error::other(format!("it was started in a process with {others}")))
}

fn one_thread() -> Result<(), String> {
    // Without /proc nobody can say; the house's own binary starts the child before any thread.
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Ok(()) };
    match tasks.count() {
        1 => Ok(()),
        count => Err(format!("{count} threads")),
    }
}

/// What the system gave at the start.
#[derive(Clone, Debug, Default)]
pub struct Protections {
    /// Protections that are active, such as `seccomp`.
    pub active: Vec<String>,
    /// Protections that this system does not give, with the reason.
    pub missing: Vec<String>,
}

/// What a child needs besides the least.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Folders that it may read, and write files and folders in.
    pub folders: Vec<PathBuf>,
    /// Files and folders that it may read.
    pub readable: Vec<PathBuf>,
    /// Device files that it may read, write and control.
    pub devices: Vec<PathBuf>,
    /// Whether it may reach others by TCP. The system calls that this takes are named besides.
    pub network: bool,
    /// System calls besides those of the list in `syscalls`; they may be among those that are forbidden otherwise.
    pub calls: Vec<c_long>,
    /// Forbidden system calls that are refused instead of ending the child: those of libraries that go on without.
    pub refused: Vec<c_long>,
}

/// Before the first request: locked memory, few folders, no privileges, few system calls.
pub fn confine(kind: &Kind, needs: &Needs) -> Protections {
    let mut protections = Protections::default();
    for already in ["no core dumps", "not traceable", "no new privileges"] {
        protections.active.push(already.to_owned());
    }
    // What is confined is this thread and those that it makes; a library may have made some before.
    if let Err(threads) = one_thread() {
        note(kind, &mut protections, "all threads confined", Err(threads));
    }
    if needs.network {
        note(kind, &mut protections, "no network", Err("the configuration allows it".to_owned()));
    }
    // The order matters: locking needs a privilege, and seccomp forbids what the others do.
    let locked = memory::lock();
    let kept = match locked {
        Ok(LockedBy::Privilege) => CapabilitySet::IPC_LOCK,
        _ => CapabilitySet::empty(),
    };
    let outcomes = [
        ("locked memory", locked.map(|_| ())),
        ("landlock", filesystem::confine(needs)),
        ("no privileges", privileges::drop_all_but(kept)),
        ("seccomp", syscalls::confine(needs)),
    ];
    for (name, outcome) in outcomes {
        note(kind, &mut protections, name, outcome);
    }
    protections
}

fn note(kind: &Kind, protections: &mut Protections, name: &str, outcome: Result<(), String>) {
    match outcome {
        Ok(()) => protections.active.push(name.to_owned()),
        Err(reason) => {
            tracing::warn!(protection = name, reason, "the {} runs without a protection", kind.name);
            protections.missing.push(format!("{name}: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests;
