//! The checkout as tidy sees it: the files that git tracks or would track.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// A file of the checkout.
pub(crate) struct SourceFile {
    /// Its path below the root, with `/`.
    pub(crate) path: String,
    /// Its text; empty when it is not UTF-8.
    pub(crate) text: String,
    /// Its size in bytes.
    pub(crate) bytes: u64,
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}

/// Every file that git tracks or would track.
pub(crate) fn files() -> Result<Vec<SourceFile>, Failure> {
    let root = root();
    let list = process::output(Command::new("git").current_dir(&root).args([
        "ls-files",
        "-co",
        "--exclude-standard",
    ]))?;
    let mut files = Vec::new();
    for path in list.lines() {
        let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
        files.push(SourceFile {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            text: String::from_utf8(bytes).unwrap_or_default(),
        });
    }
    Ok(files)
}
