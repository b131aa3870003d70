//! What `serve` runs with: defaults, then `keyward.toml`, then flags.

mod cloudhsm;
mod dns;
mod file;
mod quotas;
mod regions;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use keyward_base::{AccountId, Partition};
use keyward_cloudhsm::CloudHsmConfig;
use keyward_gate::Rates;
use keyward_hsm::Pkcs11Settings;
use keyward_kms::AttestationRoots;
use keyward_kms::ResourceQuotas;

pub(crate) use crate::config::dns::DnsConfig;
pub(crate) use crate::config::file::ConfigFile;
pub(crate) use crate::config::regions::Regions;

use crate::cli::ServeArgs;
use crate::refusal::Refusal;

const DATA_DIR: &str = "./keyward-data";
const LISTEN: &str = "127.0.0.1:4566";
const DNS_LISTEN: &str = "127.0.0.1:5300";
const CONFIG_FILE: &str = "keyward.toml";

/// The configuration of one `serve`.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) ephemeral: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) account_id: Option<AccountId>,
    pub(crate) partition: Partition,
    pub(crate) regions: Regions,
    pub(crate) dns: DnsConfig,
    pub(crate) attestation_roots: AttestationRoots,
    pub(crate) cloudhsm: CloudHsmConfig,
    /// The module in whose tokens new HSMs have their keys, where that is not our software.
    pub(crate) hsm_module: Option<Pkcs11Settings>,
    pub(crate) throttling: Rates,
    pub(crate) kms_quotas: ResourceQuotas,
}

impl Config {
    /// Merges flags over the file over the defaults.
    pub(crate) fn of(arguments: &ServeArgs) -> Result<Self, Refusal> {
        let file = read_file(arguments.config.as_deref())?;
        let listen = arguments.listen.as_deref().or(file.listen.as_deref()).unwrap_or(LISTEN);
        let account_id = arguments.account_id.as_deref().or(file.account_id.as_deref());
        let data_dir = arguments.data_dir.clone().or_else(|| file.data_dir.clone());
        let dns_flag = arguments.dns_listen.as_deref();
        let regions = Regions::of(file.regions.as_ref())?;
        Ok(Self {
            data_dir: data_dir.unwrap_or_else(|| DATA_DIR.into()),
            ephemeral: arguments.ephemeral || file.ephemeral.unwrap_or(false),
            listen: address("listen", listen)?,
            account_id: account_id.map(parse_account).transpose()?,
            partition: parse_partition(file.partition.as_deref())?,
            cloudhsm: cloudhsm::service(&file.cloudhsm, &regions)?,
            regions,
            dns: DnsConfig::of(&file.dns, dns_flag, DNS_LISTEN)?,
            attestation_roots: attestation_roots(file.kms.attestation_roots.as_deref())?,
            hsm_module: cloudhsm::module(file.cloudhsm)?,
            throttling: quotas::rates(&file.throttling)?,
            kms_quotas: quotas::kms(&file.quotas),
        })
    }
}

fn read_file(named: Option<&Path>) -> Result<ConfigFile, Refusal> {
    let path = named.unwrap_or(Path::new(CONFIG_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| bad_file(path, &text, &error)),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(ConfigFile::default())
        }
        Err(error) => Err(Refusal::new(format!("cannot read the configuration {}: {error}", path.display()))),
    }
}

fn bad_file(path: &Path, text: &str, error: &toml::de::Error) -> Refusal {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.lines().count() + usize::from(before.is_empty() || before.ends_with('\n'));
    let file = path.display();
    Refusal::new(format!("{file}, line {line}: {}; mend that line and start again", error.message()))
}

/// Reads `ADDRESS:PORT`.
fn address(what: &str, text: &str) -> Result<SocketAddr, Refusal> {
    text.parse().map_err(|_| {
        Refusal::new(format!("{what}: '{text}' is not an address and port; write for example 127.0.0.1:4566"))
    })
}

/// The roots in these files; AWS's without any.
fn attestation_roots(files: Option<&[PathBuf]>) -> Result<AttestationRoots, Refusal> {
    let told = |file: &Path, what: &dyn std::fmt::Display| {
        Refusal::new(format!("kms.attestation_roots: {}: {what}", file.display()))
    };
    let read = |file: &PathBuf| {
        let pem = std::fs::read(file).map_err(|error| told(file, &error))?;
        let roots = AttestationRoots::from_pem(&pem);
        roots.ok_or_else(|| told(file, &"this is no file of X.509 certificates in PEM"))
    };
    let Some(files) = files else { return Ok(AttestationRoots::default()) };
    let roots: Result<Vec<_>, _> = files.iter().map(read).collect();
    let roots = roots?.into_iter().reduce(AttestationRoots::and);
    roots.ok_or_else(|| Refusal::new("kms.attestation_roots: name at least one file, or leave it out"))
}

fn parse_account(text: &str) -> Result<AccountId, Refusal> {
    text.parse().map_err(|error| Refusal::new(format!("account-id: {error}")))
}

fn parse_partition(text: Option<&str>) -> Result<Partition, Refusal> {
    text.unwrap_or("aws").parse().map_err(|error| Refusal::new(format!("partition: {error}")))
}

#[cfg(test)]
mod tests;
