//! A temporary data folder that goes with the process.

use std::fs;
use std::path::{Path, PathBuf};

use crate::refusal::Refusal;

const PREFIX: &str = "keyward-ephemeral-";

/// Removed on drop. What a killed process left behind, the next ephemeral start removes.
#[derive(Debug)]
pub(crate) struct Ephemeral(PathBuf);

impl Ephemeral {
    pub(crate) fn create() -> Result<Self, Refusal> {
        let parent = std::env::temp_dir();
        remove_orphans(&parent);
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path)
            .map_err(|error| Refusal::new(format!("cannot make the folder {}: {error}", path.display())))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn remove_orphans(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
