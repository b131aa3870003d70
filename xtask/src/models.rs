//! `cargo xtask models`: extracts the facts in `models/` from the botocore release that
//! `models/served.toml` pins. The reading itself is `xtask/models.py`, run in an environment of its own
//! under `target/`, because botocore is a Python package.

use std::process::Command;

use crate::failure::Failure;
use crate::{process, tree};

/// Writes `models/*.json` anew.
pub(crate) fn run() -> Result<(), Failure> {
    let root = tree::root();
    let models = root.join("models");
    let version = pinned_version(&std::fs::read_to_string(models.join("served.toml"))?)
        .ok_or_else(|| Failure::new("models/served.toml has no line `botocore = \"…\"`"))?;
    let environment = root.join("target").join("models-venv");
    let python = environment.join("bin").join("python");
    if !python.exists() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let requirement = format!("botocore=={version}");
    process::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &requirement]))?;
    process::run(Command::new(&python).arg(root.join("xtask").join("models.py")).arg(&models))
}

/// The release that a line `botocore = "1.2.3"` names.
fn pinned_version(served: &str) -> Option<String> {
    let line = served.lines().find_map(|line| line.strip_prefix("botocore = "))?;
    Some(line.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::pinned_version;

    #[test]
    fn finds_the_pinned_release() {
        let served = "# c\nbotocore = \"1.2.3\"\n[kms]\n";
        assert_eq!(pinned_version(served).as_deref(), Some("1.2.3"));
        assert_eq!(pinned_version("[kms]\n"), None);
    }
}
