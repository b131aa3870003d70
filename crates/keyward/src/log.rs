//! The log: structured lines on stderr. What can't be written, on a full disk, is lost and harms nobody.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. The audit log (`audit=info`) has a line a call.
const FILTER: &str = "info,audit=off";

/// Starts it; called once by each process.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        // It would be told on stderr, where nothing can be written: by a panic of whoever logs.
        .log_internal_errors(false)
        .init();
}
