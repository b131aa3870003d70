//! `xtask/tidy.toml`: which crate may see which, and the exceptions to the size limits.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::failure::Failure;
use crate::tree;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// For each crate of ours the crates of ours that it may depend on.
    pub(crate) arrows: BTreeMap<String, BTreeSet<String>>,
    /// Files over 500 lines, with the lines that they may have at most. May only shrink.
    #[serde(default)]
    pub(crate) long_files: BTreeMap<String, usize>,
    /// Functions over 70 lines as `path:function`, with the reason.
    #[serde(default)]
    pub(crate) long_functions: BTreeMap<String, String>,
}

impl Rules {
    pub(crate) fn read() -> Result<Self, Failure> {
        let text = std::fs::read_to_string(tree::root().join("xtask/tidy.toml"))?;
        toml::from_str(&text).map_err(|error| Failure::new(format!("tidy.toml: {error}")))
    }
}
