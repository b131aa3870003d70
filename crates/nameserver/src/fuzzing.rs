//! The way of a datagram without its socket, for the fuzz targets.

use domain::base::Message;
use keyward_zone::answer::ZoneSet;

use crate::respond::{Outcome, TCP_OCTETS_MAX, Transport, respond};

/// Answers `message` over UDP and over TCP and checks what no input may break: a reply is well formed, is
/// no longer than its transport allows, and carries the query's id.
///
/// # Panics
/// When a reply breaks one of these.
pub fn answer(zones: &ZoneSet, message: &[u8]) {
    let mut buffer = vec![0; TCP_OCTETS_MAX];
    for (transport, octets_max) in
        [(Transport::Udp { octets_max: 1232 }, 1232), (Transport::Tcp, TCP_OCTETS_MAX)]
    {
        let outcome = respond(Some(zones), message, transport, Some(b"fuzz"), &mut buffer);
        let Outcome::Reply { length, .. } = outcome else { continue };
        assert!(length <= octets_max, "{length} octets");
        let reply = buffer.get(..length).unwrap_or_default();
        assert!(reply.get(..2) == message.get(..2), "another id");
        let parsed = Message::from_octets(reply).ok();
        let well_formed = parsed.is_some_and(|parsed| parsed.iter().all(|record| record.is_ok()));
        assert!(well_formed, "a malformed reply");
    }
}
