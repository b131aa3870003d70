//! What the documents name must exist, and every crate must be named in ARCHITECTURE.md.

use std::collections::BTreeSet;

use crate::tree::SourceFile;

const ROOMS: [&str; 8] = ["crates/", "xtask/", "tests/", "models/", "docs/", "bench/", "fuzz/", ".ci/"];

pub(crate) fn check(files: &[SourceFile]) -> Vec<String> {
    let mut findings: Vec<String> = files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
        .flat_map(|document| {
            named_paths(&document.text)
                .into_iter()
                .filter(|path| !exists(path, files))
                .map(|path| format!("{}: names '{path}', which is not there", document.path))
                .collect::<Vec<_>>()
        })
        .collect();
    findings.extend(missing_rooms(files));
    findings
}

/// Paths in back quotes that lie in one of our rooms.
fn named_paths(text: &str) -> BTreeSet<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| ROOMS.iter().any(|room| word.starts_with(room)))
        .filter(|word| !word.contains(['*', '<', '{', ' ', '…', '\n']))
        .collect()
}

fn exists(path: &str, files: &[SourceFile]) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
}

fn missing_rooms(files: &[SourceFile]) -> Vec<String> {
    let Some(architecture) = files.iter().find(|file| file.path == "ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md is missing".to_owned()];
    };
    files
        .iter()
        .filter_map(|file| file.path.strip_suffix("/Cargo.toml"))
        .filter(|room| room.starts_with("crates/") && !architecture.text.contains(&format!("`{room}`")))
        .map(|room| format!("ARCHITECTURE.md does not name `{room}`"))
        .collect()
}
