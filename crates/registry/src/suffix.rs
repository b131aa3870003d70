//! Which registry zone a domain belongs to. Pure.

use keyward_zone::Name;

/// Top-level names that mean something else than a zone of the root (RFC 6761, 6762, 7686, 8375, ICANN's
/// `internal`), and those of the infrastructure.
const SPECIAL_USE: [&[u8]; 6] = [b"arpa", b"invalid", b"internal", b"local", b"localhost", b"onion"];

/// Whether the name lies at or below a top-level name that is no TLD to register in.
pub fn is_special_use(name: &Name) -> bool {
    name.labels().last().is_some_and(|top| SPECIAL_USE.contains(&top))
}

/// The deepest of `zones` that `name` lies below.
pub(crate) fn enclosing<'a>(zones: impl IntoIterator<Item = &'a Name>, name: &Name) -> Option<&'a Name> {
    zones.into_iter().filter(|zone| name.is_below(zone)).max_by_key(|zone| zone.label_count())
}

/// The zone that `domain` would be registered in: the deepest one above it, else its TLD. `None` when the
/// domain is not exactly one label below that zone, or is no host name.
pub(crate) fn home<'a>(zones: impl IntoIterator<Item = &'a Name>, domain: &Name) -> Option<Name> {
    let zone = match enclosing(zones, domain) {
        Some(zone) if !zone.is_root() => zone.clone(),
        _ => domain.suffix(1),
    };
    let fits = domain.label_count() == zone.label_count() + 1 && domain.labels().all(is_host_label);
    (fits && !zone.is_root()).then_some(zone)
}

/// Letters, digits and hyphens inside (RFC 1123 section 2.1).
fn is_host_label(label: &[u8]) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    label.iter().all(inner) && !label.starts_with(b"-") && !label.ends_with(b"-")
}

/// Whether a TLD of this name may be made on demand: letters, or an internationalized name (RFC 3696
/// section 2), and nothing special.
pub(crate) fn may_be_made(zone: &Name) -> bool {
    let mut labels = zone.labels();
    let top = labels.next().unwrap_or_default();
    let letters = top.iter().all(u8::is_ascii_lowercase) && top.len() > 1;
    labels.next().is_none() && (letters || top.starts_with(b"xn--")) && !is_special_use(zone)
}
