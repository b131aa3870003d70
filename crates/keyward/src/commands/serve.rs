//! `keyward serve`: from configuration to ready, and from SIGTERM to a clean end.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener as StdTcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::ServeArgs;
use crate::commands::env::{OTHERS, quoted};
use crate::config::{Config, DnsConfig};
use crate::folder::DataFolder;
use crate::house::House;
use crate::refusal::Refusal;
use crate::{admin, http};

pub(crate) fn run(arguments: &ServeArgs) -> Result<(), Refusal> {
    let config = Config::of(arguments)?;
    crate::log::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("cannot start threads: {error}")))?;
    runtime.block_on(serve(&config))
}

/// Sockets first: when one is taken, nothing has been touched yet.
async fn serve(config: &Config) -> Result<(), Refusal> {
    let listener = bind_api(config.listen).await?;
    probe_dns(&config.dns)?;
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    let folder =
        if config.ephemeral { DataFolder::ephemeral()? } else { DataFolder::open(&config.data_dir)? };
    // What a killed process left must not look ready.
    let _ = std::fs::remove_file(folder.file("endpoints.json"));
    let house = Arc::new(House::build(config, &folder, local_address(&listener)?).await?);
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(http::serve(listener, Arc::clone(&house), stopped));
    admin::serve(folder.path(), Arc::clone(&house)).map_err(|error| {
        Refusal::new(format!("cannot make {}: {error}", folder.file(admin::SOCKET).display()))
    })?;
    house.publish_files(&folder).await?;
    tracing::info!(api = house.endpoints().api, dns = house.endpoints().dns, folder = %folder.path().display(), "ready");
    print_lines(&house.endpoints().api, folder.path(), &house.endpoints().region);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    let _ = std::fs::remove_file(folder.file("endpoints.json"));
    let _ = stop.send(true);
    let _ = server.await;
    house.close().await;
    let _ = std::fs::remove_file(folder.file(admin::SOCKET));
    Ok(())
}

fn handler(kind: SignalKind) -> Result<tokio::signal::unix::Signal, Refusal> {
    signal(kind).map_err(|error| Refusal::new(format!("cannot listen for signals: {error}")))
}

async fn bind_api(address: SocketAddr) -> Result<TcpListener, Refusal> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen("--listen", address, &error))
}

/// The name server's sockets share their ports (SO_REUSEPORT) and would not notice a neighbour.
fn probe_dns(dns: &DnsConfig) -> Result<(), Refusal> {
    let levels = [&dns.root, &dns.tld, &dns.hosted];
    for address in std::iter::once(&dns.listen).chain(levels.iter().flat_map(|level| &level.listen)) {
        StdTcpListener::bind(address)
            .and_then(|_| UdpSocket::bind(address))
            .map_err(|error| cannot_listen("--dns-listen", *address, &error))?;
    }
    Ok(())
}

fn cannot_listen(flag: &str, address: SocketAddr, error: &std::io::Error) -> Refusal {
    Refusal::new(format!(
        "cannot listen on {address}: {error}; stop what uses it, or choose another with {flag}"
    ))
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, Refusal> {
    listener.local_addr().map_err(|error| Refusal::new(format!("cannot tell the API's port: {error}")))
}

/// The three lines that make the AWS CLI work; nothing else is ever printed. Whoever closed our output
/// does not want them.
fn print_lines(api: &str, folder: &Path, region: &str) {
    let credentials = folder.join("credentials");
    let region = quoted(region);
    let lines = format!(
        "export AWS_ENDPOINT_URL={} AWS_SHARED_CREDENTIALS_FILE={}\n\
         export AWS_DEFAULT_REGION={region} AWS_REGION={region}\n\
         unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY {OTHERS}\n",
        quoted(api),
        quoted(&credentials.to_string_lossy()),
    );
    let _ = std::io::stdout().lock().write_all(lines.as_bytes());
}
