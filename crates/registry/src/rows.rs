//! Where the registry's rows are, and what they hold.
//!
//! ```text
//! registry/zone/<zone id>                    ZoneRow
//! registry/delegation/<zone id>/<name>       DelegationRow
//! registry/host/<zone id>/<name>             HostRow
//! registry/log/<zone id>/<version>           LogRow: the names that this version of the content touched
//! registry/served/<zone id>                  ServedRow: the version that every name server serves
//! ```

use std::net::IpAddr;

use keyward_base::Timestamp;
use keyward_store::Key;
use keyward_vault::{Ekt, KeyBinding, KeyOrigin, KeyRef, KeySpec, KeyUsage, MaterialId};
use keyward_zone::Name;
use keyward_zone::keys::{Dnskey, PUBLIC_KEY_BYTES};
use keyward_zone::publication::ZoneId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Delegation, RegistryError};

/// A registry zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone {
    /// Its name.
    pub(crate) apex: Name,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Grows with each change of its records.
    pub(crate) content_version: u64,
    /// Grows with each change of its servers or key-signing keys.
    pub(crate) wish_version: u64,
    /// The names of its servers.
    pub(crate) servers: Vec<Name>,
    /// Its key-signing keys.
    pub(crate) ksks: Vec<KskToken>,
}

impl Zone {
    /// Its key-signing keys.
    pub(crate) fn dnskeys(&self) -> Result<Vec<Dnskey>, RegistryError> {
        let dnskey = |ksk: &KskToken| Ok(Dnskey::ksk(&ksk.point()?));
        self.ksks.iter().map(dnskey).collect()
    }
}

/// A key-signing key as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KskToken {
    /// Its name within the zone.
    pub(crate) name: String,
    /// Its public point, X then Y.
    pub(crate) point: Vec<u8>,
    /// Its material's id.
    pub(crate) material: MaterialId,
    /// Its token.
    pub(crate) ekt: Ekt,
}

/// What the token of a zone's key-signing key is bound to.
pub(crate) fn binding(zone: &ZoneId, ksk: &str, material_id: MaterialId) -> KeyBinding {
    KeyBinding {
        owner: format!("registry/zone/{zone}/{ksk}").into(),
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::SignVerify,
        origin: KeyOrigin::AwsKms,
        material_id,
    }
}

impl KskToken {
    /// Its public point.
    pub(crate) fn point(&self) -> Result<[u8; PUBLIC_KEY_BYTES], RegistryError> {
        let point = self.point.as_slice().try_into();
        point.map_err(|_| RegistryError::internal("a key-signing key is no P-256 point"))
    }

    /// The key, for the vault.
    pub(crate) fn key(&self, zone: &ZoneId) -> KeyRef {
        KeyRef::new(self.ekt.clone(), binding(zone, &self.name, self.material))
    }
}

/// A delegation in a registry zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delegated {
    /// What it says.
    pub(crate) delegation: Delegation,
    /// Who may change it.
    pub(crate) sponsor: String,
    /// The version of the zone's content since which it says so.
    pub(crate) version: u64,
}

/// A host with addresses in a registry zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Host {
    /// Its addresses.
    pub(crate) addresses: Vec<IpAddr>,
    /// Why it is there.
    pub(crate) source: HostSource,
}

/// Why a host is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HostSource {
    /// It serves a registry zone.
    Server,
    /// It serves hosted zones.
    Hosted,
    /// It serves the domain of this name, which it lies in.
    Domain(Name),
}

/// How far the name servers are with a zone's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// The version that every one of them serves.
    pub(crate) content_version: u64,
}

/// The names that one version of a zone's content touched.
pub(crate) type Touched = Vec<Name>;

/// A row as stored: the version of its form, and the thing.
#[derive(Serialize, Deserialize)]
enum Versioned<T> {
    V1(T),
}

/// A row's value.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, RegistryError> {
    postcard::to_stdvec(&Versioned::V1(row)).map_err(RegistryError::internal)
}

/// Reads a row's value.
pub(crate) fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, RegistryError> {
    let Versioned::V1(row) = postcard::from_bytes(value).map_err(RegistryError::internal)?;
    Ok(row)
}

/// The id of the registry zone `apex`.
pub(crate) fn zone_id(apex: &Name) -> Result<ZoneId, RegistryError> {
    let text = apex.to_string();
    let id = if apex.is_root() { "root".to_owned() } else { format!("tld-{}", text.trim_end_matches('.')) };
    id.parse().map_err(|_| RegistryError::Unsupported(apex.clone()))
}

/// Before every zone's id.
pub(crate) fn zones() -> Key {
    Key::of(&["registry", "zone", ""])
}

/// The place of a zone.
pub(crate) fn zone(id: &ZoneId) -> Key {
    Key::of(&["registry", "zone", id.as_str()])
}

/// Before every delegation of a zone.
pub(crate) fn delegations(id: &ZoneId) -> Key {
    Key::of(&["registry", "delegation", id.as_str(), ""])
}

/// The place of a delegation.
pub(crate) fn delegation(id: &ZoneId, name: &Name) -> Key {
    Key::of(&["registry", "delegation", id.as_str(), &name.to_string()])
}

/// Before every host of a zone.
pub(crate) fn hosts(id: &ZoneId) -> Key {
    Key::of(&["registry", "host", id.as_str(), ""])
}

/// The place of a host.
pub(crate) fn host(id: &ZoneId, name: &Name) -> Key {
    Key::of(&["registry", "host", id.as_str(), &name.to_string()])
}

/// Before every log row of a zone.
pub(crate) fn logs(id: &ZoneId) -> Key {
    Key::of(&["registry", "log", id.as_str(), ""])
}

/// The place of what a version touched.
pub(crate) fn log(id: &ZoneId, version: u64) -> Key {
    Key::of(&["registry", "log", id.as_str(), &format!("{version:020}")])
}

/// The place of what the name servers serve of a zone.
pub(crate) fn served(id: &ZoneId) -> Key {
    Key::of(&["registry", "served", id.as_str()])
}

/// The last part of a key below `prefix`.
pub(crate) fn last_part<'a>(prefix: &Key, key: &'a Key) -> Option<&'a str> {
    std::str::from_utf8(key.as_bytes().strip_prefix(prefix.as_bytes())?).ok()
}
