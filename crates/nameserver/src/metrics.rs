//! Counters of the data plane. Counting never waits and never fails.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::base::iana::OptRcode;

use crate::respond::Outcome;

/// Codes that are counted one by one: the twelve bits' first sixteen, and the rest as one.
const RCODES: usize = 17;

/// What a name server has done since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    udp_queries: AtomicU64,
    tcp_queries: AtomicU64,
    replies: [AtomicU64; RCODES],
    truncated: AtomicU64,
    silent: AtomicU64,
    panics: AtomicU64,
    transfers: AtomicU64,
    tcp_connections: AtomicU64,
    tcp_refused: AtomicU64,
}

/// The counters at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that were read.
    pub udp_queries: u64,
    /// Messages that were read from connections.
    pub tcp_queries: u64,
    /// Replies by code, 0 to 15; the last entry counts all higher codes.
    pub replies: [u64; RCODES],
    /// Replies with TC.
    pub truncated: u64,
    /// Messages that got no reply.
    pub silent: u64,
    /// Messages at which the server failed by a defect of its own.
    pub panics: u64,
    /// Whole-zone transfers that were completed.
    pub transfers: u64,
    /// Connections that were accepted.
    pub tcp_connections: u64,
    /// Connections that were closed at once for a limit.
    pub tcp_refused: u64,
}

impl Metrics {
    /// The counters now.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            udp_queries: read(&self.udp_queries),
            tcp_queries: read(&self.tcp_queries),
            replies: std::array::from_fn(|at| self.replies.get(at).map_or(0, read)),
            truncated: read(&self.truncated),
            silent: read(&self.silent),
            panics: read(&self.panics),
            transfers: read(&self.transfers),
            tcp_connections: read(&self.tcp_connections),
            tcp_refused: read(&self.tcp_refused),
        }
    }

    pub(crate) fn count_udp(&self, outcome: Outcome) {
        add(&self.udp_queries);
        self.count_outcome(outcome);
    }

    pub(crate) fn count_tcp(&self, outcome: Outcome) {
        add(&self.tcp_queries);
        self.count_outcome(outcome);
    }

    pub(crate) fn count_panic(&self) {
        add(&self.panics);
    }

    pub(crate) fn count_transfer(&self) {
        add(&self.transfers);
    }

    pub(crate) fn count_connection(&self, accepted: bool) {
        add(if accepted { &self.tcp_connections } else { &self.tcp_refused });
    }

    fn count_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Silence => add(&self.silent),
            Outcome::Reply { rcode, truncated, .. } => {
                if let Some(counter) = self.replies.get(place(rcode)) {
                    add(counter);
                }
                if truncated {
                    add(&self.truncated);
                }
            }
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn place(rcode: OptRcode) -> usize {
    usize::from(rcode.to_int()).min(RCODES - 1)
}
