//! What `cargo metadata` says of the workspace and its dependencies.

use std::process::Command;

use serde::Deserialize;

use crate::failure::Failure;
use crate::{process, tree};

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) license_file: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) path: Option<String>,
}

/// Reads it.
pub(crate) fn read() -> Result<Metadata, Failure> {
    let json = process::output(Command::new("cargo").current_dir(tree::root()).args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    Ok(serde_json::from_str(&json)?)
}

impl Metadata {
    /// The packages of this workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
