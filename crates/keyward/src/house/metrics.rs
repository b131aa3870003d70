//! `/metrics`: counters in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::Arc;

use keyward_builder::{Builder, Health};
use keyward_nameserver::{Counts, Metrics, Running};

/// Where the counters are read.
pub(super) struct Sources {
    name_server: Arc<Metrics>,
    builder: Arc<Builder>,
}

impl Sources {
    pub(super) fn of(name_server: &Running, builder: &Arc<Builder>) -> Self {
        Self { name_server: Arc::clone(name_server.metrics()), builder: Arc::clone(builder) }
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
        for (name, help, value) in zones(&self.builder.health()) {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        }
        text
    }
}

/// The alarm that matters most is the last: when it comes near, nothing has signed for days.
fn zones(health: &Health) -> Vec<(&'static str, &'static str, u64)> {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mut gauges = vec![
        ("keyward_zones", "Zones that are published.", count(health.zones)),
        (
            "keyward_zones_failing",
            "Zones of which no new generation can be built.",
            count(health.failing.len()),
        ),
        (
            "keyward_zones_ksk_trouble",
            "Zones that live on DNSKEY signatures in stock, as a key-signing key does not sign.",
            count(health.ksk_trouble.len()),
        ),
    ];
    if let Some(expiration) = health.earliest_expiration {
        let name = "keyward_zones_earliest_expiration_seconds";
        gauges.push((
            name,
            "When the first signature of any zone expires, Unix time.",
            u64::from(expiration),
        ));
    }
    gauges
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
