//! Writes a reply into a given buffer, an RRset whole or not at all.
//!
//! Names are compressed, no octet goes beyond the limit, and room for the OPT record is kept from the
//! start, so that a full message still carries it.

use domain::base::StaticCompressor;
use domain::base::iana::{OptRcode, OptionCode};
use domain::base::name::ToName;
use domain::base::opt::OptHeader;
use domain::base::record::ComposeRecord;
use domain::base::wire::{Compose, Composer};
use domain::base::{Header, HeaderSection, Question};
use domain::dep::octseq::{OctetsBuilder, ShortBuf, Truncate};

use super::Edns;

/// What we say we take ourselves over UDP, in octets: queries are small, so this only has to be sane
/// (RFC 9715 section 3.2).
const OUR_PAYLOAD_OCTETS: u16 = 1232;

/// The sections of records, in their order on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// What was asked for.
    Answer,
    /// Referrals, SOA and denials.
    Authority,
    /// Addresses that spare a question.
    Additional,
}

/// The RRset does not fit; the message is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// What the header and the OPT record of a reply say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// The query's header.
    pub(crate) query: Header,
    /// The code; its upper bits go into the OPT record.
    pub(crate) rcode: OptRcode,
    /// The answer is ours with authority.
    pub(crate) authoritative: bool,
    /// Something required did not fit.
    pub(crate) truncated: bool,
    /// The DO bit to give back; `None` writes no OPT record.
    pub(crate) edns: Option<bool>,
    /// The identifier to give, when it was asked for (RFC 5001).
    pub(crate) nsid: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// The head of a reply to a query with this header and EDNS.
    pub(crate) fn to(query: Header, edns: Option<Edns>, nsid: Option<&'a [u8]>) -> Self {
        Self {
            query,
            rcode: OptRcode::NOERROR,
            authoritative: false,
            truncated: false,
            edns: edns.map(|edns| edns.dnssec_ok),
            nsid: edns.filter(|edns| edns.nsid).and(nsid),
        }
    }

    fn opt_octets(&self) -> usize {
        match self.edns {
            None => 0,
            Some(_) => 11 + self.nsid.map_or(0, |nsid| 4 + nsid.len()),
        }
    }
}

/// A reply in the making.
pub(crate) struct Reply<'b> {
    target: StaticCompressor<Frame<'b>>,
    questions: u16,
    counts: [u16; 3],
}

impl<'b> Reply<'b> {
    /// Begins a reply in `buffer` of at most `limit` octets, with room kept for what `head` needs.
    pub(crate) fn begin(buffer: &'b mut [u8], limit: usize, head: &Head<'_>) -> Result<Self, Full> {
        let limit = limit.min(buffer.len());
        let limit = limit.checked_sub(head.opt_octets()).ok_or(Full)?;
        let mut target = StaticCompressor::new(Frame { buffer, limit, length: 0 });
        target.append_slice(HeaderSection::new().as_slice()).map_err(|_| Full)?;
        Ok(Self { target, questions: 0, counts: [0; 3] })
    }

    /// Repeats the question, its name spelled as it came.
    pub(crate) fn question(&mut self, question: &Question<impl ToName>) -> Result<(), Full> {
        let start = self.length();
        question.compose(&mut self.target).map_err(|_| self.undo(start))?;
        self.questions += 1;
        Ok(())
    }

    /// Adds `records` to `section`: all, or none and `Full`. Sections are written in their order.
    pub(crate) fn records<R: ComposeRecord>(
        &mut self,
        section: Section,
        records: impl IntoIterator<Item = R>,
    ) -> Result<(), Full> {
        let start = self.length();
        let mut added = 0u16;
        for record in records {
            record.compose_record(&mut self.target).map_err(|_| self.undo(start))?;
            added = added.checked_add(1).ok_or_else(|| self.undo(start))?;
        }
        let count = &mut self.counts[section as usize];
        *count = count.checked_add(added).ok_or(Full)?;
        Ok(())
    }

    /// Octets so far, without the OPT record.
    pub(crate) fn length(&self) -> usize {
        self.target.as_slice().len()
    }

    fn undo(&mut self, start: usize) -> Full {
        self.target.truncate(start);
        Full
    }

    /// Ends the reply and answers its length in octets.
    pub(crate) fn finish(self, head: &Head<'_>) -> usize {
        let mut frame = self.target.into_target();
        frame.limit = frame.buffer.len().min(frame.limit + head.opt_octets());
        let start = frame.length;
        // The room was kept in `begin`; were it missing all the same, the reply would go without OPT.
        let opts = match head.edns.map(|dnssec_ok| compose_opt(&mut frame, head, dnssec_ok)) {
            None => 0,
            Some(Ok(())) => 1,
            Some(Err(_)) => {
                frame.truncate(start);
                0
            }
        };
        let [answers, authorities, additionals] = self.counts;
        let mut section = HeaderSection::new();
        *section.header_mut() = header(head);
        let counts = section.counts_mut();
        counts.set_qdcount(self.questions);
        counts.set_ancount(answers);
        counts.set_nscount(authorities);
        counts.set_arcount(additionals.saturating_add(opts));
        if let Some(place) = frame.buffer.first_chunk_mut::<12>() {
            place.copy_from_slice(section.as_slice());
        }
        frame.length
    }
}

/// RD and CD come back as they came (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6); RA and AD are a
/// resolver's.
fn header(head: &Head<'_>) -> Header {
    let mut header = Header::new();
    header.set_id(head.query.id());
    header.set_qr(true);
    header.set_opcode(head.query.opcode());
    header.set_aa(head.authoritative);
    header.set_tc(head.truncated);
    header.set_rd(head.query.rd());
    header.set_cd(head.query.cd());
    header.set_rcode(head.rcode.rcode());
    header
}

fn compose_opt(frame: &mut Frame<'_>, head: &Head<'_>, dnssec_ok: bool) -> Result<(), ShortBuf> {
    let mut opt = OptHeader::default();
    opt.set_udp_payload_size(OUR_PAYLOAD_OCTETS);
    opt.set_rcode(head.rcode);
    opt.set_dnssec_ok(dnssec_ok);
    opt.compose(frame)?;
    let Some(nsid) = head.nsid else { return 0u16.compose(frame) };
    let length = u16::try_from(nsid.len()).map_err(|_| ShortBuf)?;
    length.checked_add(4).ok_or(ShortBuf)?.compose(frame)?;
    OptionCode::NSID.compose(frame)?;
    length.compose(frame)?;
    frame.append_slice(nsid)
}

/// A buffer that ends at its limit.
struct Frame<'b> {
    buffer: &'b mut [u8],
    limit: usize,
    length: usize,
}

impl OctetsBuilder for Frame<'_> {
    type AppendError = ShortBuf;

    fn append_slice(&mut self, slice: &[u8]) -> Result<(), ShortBuf> {
        let end = self.length.checked_add(slice.len()).filter(|end| *end <= self.limit).ok_or(ShortBuf)?;
        let place = self.buffer.get_mut(self.length..end).ok_or(ShortBuf)?;
        place.copy_from_slice(slice);
        self.length = end;
        Ok(())
    }
}

impl Truncate for Frame<'_> {
    fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl AsRef<[u8]> for Frame<'_> {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Frame<'_> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(..self.length).unwrap_or_default()
    }
}

impl Composer for Frame<'_> {}

#[cfg(test)]
mod tests;
