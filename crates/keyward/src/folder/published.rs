//! The files in the data folder that people and scripts read: written when `serve` is ready.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// `endpoints.json`
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    /// The API's URL.
    pub(crate) api: String,
    /// The name server's address and port.
    pub(crate) dns: String,
    /// The root's servers, where they have sockets of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dns_root: Vec<String>,
    /// The top-level domains' servers, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dns_tld: Vec<String>,
    /// The hosted zones' servers, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dns_hosted: Vec<String>,
    /// The region that a new user works in.
    pub(crate) region: String,
    /// The first account.
    pub(crate) account_id: String,
}

/// `credentials`, in the AWS shared-credentials format.
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl Endpoints {
    /// Reads the file of a folder that `serve` runs on.
    pub(crate) fn read(folder: &Path) -> Result<Self, Refusal> {
        let path = folder.join("endpoints.json");
        let text = fs::read_to_string(&path).map_err(|error| not_serving(&path, &error))?;
        serde_json::from_str(&text).map_err(|error| {
            Refusal::new(format!("{} is damaged: {error}; restart keyward serve", path.display()))
        })
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        replace_file(path, &format!("{}\n", serde_json::to_string_pretty(self)?), 0o644)
    }
}

impl Credentials {
    /// Reads the profile `default`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Refusal> {
        let path = folder.join("credentials");
        let text = fs::read_to_string(&path).map_err(|error| not_serving(&path, &error))?;
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(name, _)| name.trim() == key)
                .map(|(_, value)| value.trim().to_owned())
                .ok_or_else(|| {
                    Refusal::new(format!("{} has no {key}; restart keyward serve", path.display()))
                })
        };
        Ok(Self {
            access_key_id: value("aws_access_key_id")?,
            secret_access_key: value("aws_secret_access_key")?,
        })
    }

    /// Writes the profile `default`, readable by the owner alone.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        let text = format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            self.access_key_id, self.secret_access_key
        );
        replace_file(path, &text, 0o600)
    }
}

fn not_serving(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!(
        "cannot read {}: {error}; start keyward serve there, or name its folder with --data-dir",
        path.display()
    ))
}

/// Writes a file so that a reader sees the old text or the new one, never half of it.
pub(crate) fn replace_file(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
