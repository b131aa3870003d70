//! A whole zone as a stream of messages (AXFR, RFC 5936).
//!
//! Who asks for what changed (IXFR, RFC 1995) is told that nothing did, or gets the whole zone as well.
//! The zone is one immutable generation, so that a transfer is of one moment however long it takes.

use domain::base::Serial;
use domain::base::iana::{OptRcode, Rtype};
use keyward_zone::{Generation, SignedRrset};

use crate::message::{Full, Head, Query, Reply, Section};
use crate::records::{self, OneRecord};
use crate::respond::TCP_OCTETS_MAX;

/// Octets after which a message ends: names can be compressed against the first 16 kB alone.
const MESSAGE_OCTETS: usize = 16_000;

/// Every record of `zone` in the order of RFC 5936 section 2.2: the SOA first and last.
fn records(zone: &Generation) -> impl Iterator<Item = OneRecord<'_>> {
    let soa = zone.soa().map(AsRef::as_ref);
    let sets = zone.nodes().flat_map(|node| node.sets());
    let chain = zone.nsec3_chain().map(|(_, set)| set);
    let others = sets.chain(chain).map(AsRef::as_ref).filter(move |set| !is_same(soa, set));
    let first = soa.into_iter().flat_map(records::of_set);
    let last = soa.into_iter().flat_map(|soa| records::of_set(soa).take(1));
    first.chain(others.flat_map(records::of_set)).chain(last)
}

fn is_same(soa: Option<&SignedRrset>, set: &SignedRrset) -> bool {
    soa.is_some_and(|soa| std::ptr::eq(soa, set))
}

/// The messages of one transfer, written one after another into the same buffer.
pub(crate) struct Transfer<'q, 'z> {
    query: &'q Query<'q>,
    records: std::iter::Peekable<Box<dyn Iterator<Item = OneRecord<'z>> + Send + 'z>>,
    first: bool,
}

impl<'q, 'z> Transfer<'q, 'z> {
    /// Begins to transfer `zone`.
    pub(crate) fn new(query: &'q Query<'q>, zone: &'z Generation) -> Self {
        //= rfc1995#section-2: a client that has this serial, or a newer one, gets the SOA alone.
        let up_to_date = query.question.qtype() == Rtype::IXFR
            && query.known_serial.zip(zone.serial()).is_some_and(|(known, ours)| known >= Serial(ours));
        let records: Box<dyn Iterator<Item = OneRecord<'z>> + Send + 'z> =
            if up_to_date { Box::new(records(zone).take(1)) } else { Box::new(records(zone)) };
        Self { query, records: records.peekable(), first: true }
    }

    /// Writes the next message into `buffer` and answers its length; `Ok(None)` after the last.
    /// `Err` when a record is too large for any message.
    pub(crate) fn next_message(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Full> {
        if self.records.peek().is_none() {
            return Ok(None);
        }
        let mut head = Head::to(self.query.header, self.query.edns, None);
        head.authoritative = true;
        head.rcode = OptRcode::NOERROR;
        let mut reply = Reply::begin(buffer, TCP_OCTETS_MAX, &head)?;
        if std::mem::take(&mut self.first) {
            reply.question(&self.query.question)?;
        }
        let mut empty = true;
        while let Some(record) = self.records.peek() {
            match reply.records(Section::Answer, [record]) {
                Ok(()) => empty = false,
                Err(Full) if empty => return Err(Full),
                Err(Full) => break,
            }
            self.records.next();
            if reply.length() >= MESSAGE_OCTETS {
                break;
            }
        }
        Ok(Some(reply.finish(&head)))
    }
}

#[cfg(test)]
mod tests;
