//! What the builder needs from those whose zones it builds.

use std::error::Error;
use std::fmt;

use keyward_base::Timestamp;
use keyward_store::BoxFuture;
use keyward_zone::keys::{PUBLIC_KEY_BYTES, SIGNATURE_BYTES};
use keyward_zone::plan::Update;
use keyward_zone::publication::{ZoneId, ZoneKind};
use keyward_zone::{GenerationNumber, Name, Policy};

/// A key-signing key that is to sign a zone's DNSKEY set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ksk {
    /// The source's name for it within the zone.
    pub name: String,
    /// Its public point, X then Y (`keyward_zone::keys::point_of_spki` takes it out of KMS's answer).
    pub point: [u8; PUBLIC_KEY_BYTES],
}

/// How a zone wants to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningWish {
    /// Not at all; signatures that it has are taken away.
    Off,
    /// With the DNSKEY set signed by every one of these: the ACTIVE keys, and those in trouble.
    On(Vec<Ksk>),
}

/// What a zone is and how it is to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneWish {
    /// The zone's name.
    pub apex: Name,
    /// Which kind of zone.
    pub kind: ZoneKind,
    /// The name servers it is delegated to.
    pub name_servers: Vec<Name>,
    /// When it was made.
    pub created: Timestamp,
    /// How it is signed.
    pub signing: SigningWish,
    /// Times, TTLs, and what becomes of the serial.
    pub policy: Policy,
    /// Grows with each change of anything here, and with each operation upon which all key-signing keys
    /// are to sign anew. Starts at 1.
    pub version: u64,
}

/// A zone's records, or those that changed.
#[derive(Clone, Debug)]
pub struct Content {
    /// The records.
    pub update: Update,
    /// The version of the content that results. Grows with each change of records; starts at 1.
    pub version: u64,
}

/// What happened at a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneEvent {
    /// The zone is new or gone, or its wish or content has a new version.
    Changed(ZoneId),
    /// Something happened to a key-signing key (its KMS key or the policy changed): have it sign now.
    CheckKeys(ZoneId),
    /// Events were missed: list the zones again.
    Missed,
}

/// Why a source could not tell something; the builder tries again.
#[derive(Debug)]
pub struct SourceError(pub Box<dyn Error + Send + Sync>);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the zone's source failed: {}", self.0)
    }
}

impl Error for SourceError {}

/// Why a key-signing key did not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KskTrouble {
    /// The key, its state or its policy forbids it; only its owner can mend that. The text is for them.
    Refused(String),
    /// Something needed is away for now; the text is for the log.
    Away(String),
}

/// Delivers a source's events.
pub trait ZoneEvents: Send {
    /// Waits for the next events. Events of one zone may be merged.
    fn next(&mut self) -> BoxFuture<'_, Vec<ZoneEvent>>;
}

/// Who has zones to build. Ids are unique across sources. Every method may be called again with the same
/// arguments at any time, also after a crash in between.
pub trait ZoneSource: Send + Sync + 'static {
    /// A short name, such as `route53`; stored with what is published, so that it must not change.
    fn name(&self) -> &'static str;

    /// Events from now on. Called before `zones`, so that nothing is missed between the two.
    fn events(&self) -> Box<dyn ZoneEvents>;

    /// Every zone.
    fn zones(&self) -> BoxFuture<'_, Result<Vec<ZoneId>, SourceError>>;

    /// What a zone is; `None` when there is no such zone (any longer).
    fn wish<'a>(&'a self, zone: &'a ZoneId) -> BoxFuture<'a, Result<Option<ZoneWish>, SourceError>>;

    /// What changed in the zone after content version `since`: all sets of each name that was touched. The
    /// whole content when `since` is `None`, or when the source no longer knows what changed since.
    fn content<'a>(
        &'a self,
        zone: &'a ZoneId,
        since: Option<u64>,
    ) -> BoxFuture<'a, Result<Content, SourceError>>;

    /// Signs each of `messages` (canonical DNSKEY sets with their RRSIG data, below 4096 bytes) with the
    /// key-signing key, ECDSA with SHA-256, r and s. All of them or none.
    fn sign<'a>(
        &'a self,
        zone: &'a ZoneId,
        ksk: &'a Ksk,
        messages: &'a [&'a [u8]],
    ) -> BoxFuture<'a, Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble>>;

    /// A key-signing key refused; the zone goes on with the signatures that it has. Route 53 sets
    /// ACTION_NEEDED. Called at each attempt.
    fn ksk_refused<'a>(&'a self, zone: &'a ZoneId, ksk: &'a Ksk, message: &'a str) -> BoxFuture<'a, ()>;

    /// A key-signing key signed. Called at each attempt.
    fn ksk_signed<'a>(&'a self, zone: &'a ZoneId, ksk: &'a Ksk) -> BoxFuture<'a, ()>;

    /// The zone's content and wish of these versions are published, in this generation. Told again after
    /// an error.
    fn published<'a>(
        &'a self,
        zone: &'a ZoneId,
        progress: Progress,
    ) -> BoxFuture<'a, Result<(), SourceError>>;

    /// Every live name server serves them: changes up to these versions are INSYNC. Told again after an error.
    fn served<'a>(&'a self, zone: &'a ZoneId, progress: Progress) -> BoxFuture<'a, Result<(), SourceError>>;
}

/// How far a zone has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The generation.
    pub generation: GenerationNumber,
    /// The version of the content that it holds.
    pub content_version: u64,
    /// The version of the wish that it follows.
    pub wish_version: u64,
}
