//! DNS messages on the wire: a stranger's bytes in, a query or a refusal out, and a reply back.
//!
//! Nothing here panics on any input, and nothing here knows a zone. Names and record data are read and
//! written by `domain`; what is ours are the rules around them (RFC 1035, 6891, 7766).

mod query;
mod reply;

pub(crate) use query::{Edns, Query, Unanswerable, read};
pub(crate) use reply::{Full, Head, Reply, Section};
