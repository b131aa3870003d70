//! Row keys. Ids and account numbers hold no slash; names come as their sort keys.

use data_encoding::BASE64URL_NOPAD;
use keyward_base::AccountId;
use keyward_store::Key;

use super::Vpc;
use crate::record::SetKey;
use crate::{ChangeId, RecordName, ZoneId};

const SET: &str = "route53/set/";
const JOURNAL: &str = "route53/journal/";
const PENDING: &str = "route53/pending/";

/// A hosted zone.
pub(crate) fn zone(zone: &ZoneId) -> Key {
    Key::of(&["route53/zone", zone.as_str()])
}

/// All hosted zones.
pub(crate) fn zones() -> Key {
    Key::of(&["route53/zone", ""])
}

/// A zone among those of its account.
pub(crate) fn zone_of(account: AccountId, zone: &str) -> Key {
    Key::of(&["route53/zone-of", &account.to_string(), zone])
}

/// All zones of an account.
pub(crate) fn zones_of(account: AccountId) -> Key {
    zone_of(account, "")
}

/// A zone among those of its account, by name.
pub(crate) fn zone_named(account: AccountId, name: &RecordName, zone: &str) -> Key {
    named(&format!("route53/zone-named/{account}/"), name, zone)
}

/// All zones of an account, in the order of their names.
pub(crate) fn zones_named(account: AccountId) -> Key {
    Key::new(format!("route53/zone-named/{account}/"))
}

/// The zone that an account made with a caller reference.
pub(crate) fn reference(account: AccountId, reference: &str) -> Key {
    let reference = BASE64URL_NOPAD.encode(reference.as_bytes());
    Key::of(&["route53/reference", &account.to_string(), &reference])
}

/// The private zone of this name that a VPC uses; at most one.
pub(crate) fn vpc_zone(vpc: &Vpc, name: &RecordName) -> Key {
    named(&format!("route53/vpc/{}/{}/", vpc.region, vpc.id), name, "")
}

/// The private zones that a VPC uses, in the order of their names.
pub(crate) fn vpc_zones(vpc: &Vpc) -> Key {
    Key::of(&["route53/vpc", &vpc.region, &vpc.id, ""])
}

/// A public zone's name servers.
pub(crate) fn delegated(name: &RecordName, zone: &ZoneId) -> Key {
    named("route53/delegated/", name, zone.as_str())
}

/// The name servers of the public zones of exactly this name.
pub(crate) fn delegated_at(name: &RecordName) -> Key {
    named("route53/delegated/", name, "")
}

/// The name servers of the public zones at and below this name.
pub(crate) fn delegated_within(name: &RecordName) -> Key {
    prefixed("route53/delegated/", &name.sort_key())
}

/// What zones that may lie above one another compare on; a zone has two labels at least.
pub(crate) fn family(name: &RecordName) -> Key {
    prefixed("route53/family/", &name.suffix(2).sort_key())
}

/// A record set.
pub(crate) fn set(zone: &ZoneId, key: &SetKey) -> Key {
    prefixed(&format!("{SET}{zone}/"), key.as_octets())
}

/// The record sets of a zone.
pub(crate) fn sets(zone: &ZoneId) -> Key {
    Key::new(format!("{SET}{zone}/"))
}

/// The record sets at one name.
pub(crate) fn sets_at(zone: &ZoneId, name: &RecordName) -> Key {
    prefixed(&format!("{SET}{zone}/"), &SetKey::name_prefix(name))
}

/// What names a record set within its zone, from its row's key.
pub(crate) fn set_key(zone: &ZoneId, key: &Key) -> Option<SetKey> {
    let rest = key.as_bytes().strip_prefix(format!("{SET}{zone}/").as_bytes())?;
    Some(SetKey::from_octets(rest))
}

/// A batch that waits to be folded.
pub(crate) fn journal(zone: &ZoneId, version: u64) -> Key {
    Key::new(format!("{JOURNAL}{zone}/{version:016x}"))
}

/// The batches of a zone that wait to be folded, oldest first.
pub(crate) fn journals(zone: &ZoneId) -> Key {
    Key::new(format!("{JOURNAL}{zone}/"))
}

/// All batches that wait to be folded.
pub(crate) fn all_journals() -> Key {
    Key::new(JOURNAL)
}

/// A change that is not INSYNC.
pub(crate) fn pending(zone: &ZoneId, version: u64) -> Key {
    Key::new(format!("{PENDING}{zone}/{version:016x}"))
}

/// The changes of a zone that are not INSYNC, oldest first.
pub(crate) fn pendings(zone: &ZoneId) -> Key {
    Key::new(format!("{PENDING}{zone}/"))
}

/// All changes that are not INSYNC.
pub(crate) fn all_pendings() -> Key {
    Key::new(PENDING)
}

/// The zone and the version in the key of a journal or pending row.
pub(crate) fn zone_and_version(key: &Key) -> Option<(ZoneId, u64)> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    let rest = text.strip_prefix(JOURNAL).or_else(|| text.strip_prefix(PENDING))?;
    let (zone, version) = rest.split_once('/')?;
    Some((ZoneId::parse(zone)?, u64::from_str_radix(version, 16).ok()?))
}

/// A change.
pub(crate) fn change(change: &ChangeId) -> Key {
    Key::of(&["route53/change", change.as_str()])
}

/// A zone's DNSSEC.
pub(crate) fn dnssec(zone: &ZoneId) -> Key {
    Key::of(&["route53/dnssec", zone.as_str()])
}

/// The DNSSEC of all zones.
pub(crate) fn all_dnssec() -> Key {
    Key::of(&["route53/dnssec", ""])
}

/// The zone in the key of a DNSSEC row.
pub(crate) fn dnssec_zone(key: &Key) -> Option<ZoneId> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    ZoneId::parse(text.strip_prefix("route53/dnssec/")?)
}

/// A zone's tags.
pub(crate) fn tags(zone: &ZoneId) -> Key {
    Key::of(&["route53/tags", zone.as_str()])
}

fn prefixed(prefix: &str, octets: &[u8]) -> Key {
    Key::new([prefix.as_bytes(), octets].concat())
}

fn named(prefix: &str, name: &RecordName, zone: &str) -> Key {
    Key::new([prefix.as_bytes(), &SetKey::name_prefix(name), zone.as_bytes()].concat())
}
