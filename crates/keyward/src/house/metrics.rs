//! `/metrics`: counters in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::Arc;

use keyward_nameserver::{Counts, Metrics, Running};

/// Where the counters are read.
pub(super) struct Sources {
    name_server: Arc<Metrics>,
}

impl Sources {
    pub(super) fn of(name_server: &Running) -> Self {
        Self { name_server: Arc::clone(name_server.metrics()) }
    }

    /// The counters now.
    pub(super) fn text(&self) -> String {
        let counts = self.name_server.counts();
        let mut text = String::new();
        for (name, help, value) in plain(&counts) {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
        }
        let name = "keyward_dns_replies_total";
        let _ = write!(text, "# HELP {name} Replies by code.\n# TYPE {name} counter\n");
        for (rcode, value) in counts.replies.iter().enumerate() {
            let _ = writeln!(text, "{name}{{rcode=\"{rcode}\"}} {value}");
        }
        text
    }
}

fn plain(counts: &Counts) -> [(&'static str, &'static str, u64); 8] {
    [
        ("keyward_dns_udp_queries_total", "Datagrams that were read.", counts.udp_queries),
        ("keyward_dns_tcp_queries_total", "Messages read from connections.", counts.tcp_queries),
        ("keyward_dns_truncated_total", "Replies with TC.", counts.truncated),
        ("keyward_dns_silent_total", "Messages that got no reply.", counts.silent),
        ("keyward_dns_panics_total", "Messages at which the server failed by its own defect.", counts.panics),
        ("keyward_dns_transfers_total", "Whole-zone transfers completed.", counts.transfers),
        ("keyward_dns_tcp_connections_total", "Connections accepted.", counts.tcp_connections),
        ("keyward_dns_tcp_refused_total", "Connections closed at once for a limit.", counts.tcp_refused),
    ]
}
