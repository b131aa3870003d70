//! Answers over TCP (RFC 7766): pipelined queries, whole zones, limits on connections and time.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::base::iana::{Class, OptRcode, Rtype};
use keyward_zone::answer::ZoneSet;
use keyward_zone::{Generation, Name};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config::ClientNetwork;
use crate::message::{Query, read};
use crate::metrics::Metrics;
use crate::respond::{Outcome, TCP_OCTETS_MAX, Transport, refuse, respond};
use crate::served::Served;
use crate::transfer::Transfer;

/// Octets of the length before each message.
const PREFIX_OCTETS: usize = 2;

/// What the connections of one listener share.
pub(crate) struct Shared {
    pub(crate) listener: usize,
    pub(crate) served: Arc<ArcSwap<Served>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) nsid: Option<Vec<u8>>,
    pub(crate) idle_timeout: Duration,
    pub(crate) transfer_clients: Vec<ClientNetwork>,
    pub(crate) connections_max: usize,
    pub(crate) connections_per_client_max: usize,
}

/// Accepts connections until `stop` changes, then lets those that are open end their present message.
pub(crate) async fn serve(socket: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(shared.connections_max));
    let clients = Arc::new(Clients::default());
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // At the limit, newcomers wait in the kernel's queue until an idle connection has timed out.
        let accepted = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, socket.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            accepted = accepted => accepted,
            _ = stop.changed() => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a DNS connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(entry) = clients.enter(client.ip(), shared.connections_per_client_max) else {
            shared.metrics.count_connection(false);
            continue;
        };
        shared.metrics.count_connection(true);
        let (shared, stop) = (shared.clone(), stop.clone());
        connections.spawn(async move {
            let _held = (slot, entry);
            // A client that goes away or sends nonsense is no concern of ours.
            let _ended = converse(stream, client, &shared, stop).await;
        });
    }
    while connections.join_next().await.is_some() {}
}

/// How many connections each client address has.
#[derive(Default)]
struct Clients(Mutex<HashMap<IpAddr, usize>>);

struct Entry(Arc<Clients>, IpAddr);

impl Clients {
    fn enter(self: &Arc<Self>, client: IpAddr, max: usize) -> Option<Entry> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Entry(self.clone(), client))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut counts = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}

async fn converse(
    stream: TcpStream,
    client: SocketAddr,
    shared: &Shared,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection {
        stream: BufReader::new(stream),
        client,
        shared,
        query: Vec::new(),
        reply: vec![0; PREFIX_OCTETS + TCP_OCTETS_MAX],
    };
    loop {
        let more = tokio::select! {
            more = connection.receive() => more?,
            _ = stop.changed() => return Ok(()),
        };
        if !more {
            return Ok(());
        }
        connection.handle().await?;
    }
}

struct Connection<'s> {
    stream: BufReader<TcpStream>,
    client: SocketAddr,
    shared: &'s Shared,
    query: Vec<u8>,
    reply: Vec<u8>,
}

impl Connection<'_> {
    /// Reads the next message; `false` when the client has closed its side.
    async fn receive(&mut self) -> io::Result<bool> {
        let mut prefix = [0; PREFIX_OCTETS];
        match timeout(self.shared.idle_timeout, self.stream.read_exact(&mut prefix)).await? {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        };
        self.query.resize(usize::from(u16::from_be_bytes(prefix)), 0);
        timeout(self.shared.idle_timeout, self.stream.read_exact(&mut self.query)).await??;
        Ok(true)
    }

    async fn handle(&mut self) -> io::Result<()> {
        let served = self.shared.served.load_full();
        let zones = served.view(self.shared.listener);
        let message = std::mem::take(&mut self.query);
        let handled = match read(&message) {
            Ok(query) if matches!(query.question.qtype(), Rtype::AXFR | Rtype::IXFR) => {
                self.transfer(zones, &query).await
            }
            _ => {
                let nsid = self.shared.nsid.as_deref();
                let outcome = respond(zones, &message, Transport::Tcp, nsid, body(&mut self.reply));
                self.send(outcome).await
            }
        };
        self.query = message;
        handled
    }

    async fn transfer(&mut self, zones: Option<&ZoneSet>, query: &Query<'_>) -> io::Result<()> {
        let zone = match self.transferable(zones, query) {
            Ok(zone) => zone,
            Err(rcode) => {
                let outcome = refuse(query, rcode, body(&mut self.reply));
                return self.send(outcome).await;
            }
        };
        let mut transfer = Transfer::new(query, zone);
        loop {
            let next = transfer.next_message(body(&mut self.reply));
            match next.map_err(|_| io::Error::other("a record is too large for a message"))? {
                Some(length) => self.write(length).await?,
                None => break,
            }
        }
        self.shared.metrics.count_transfer();
        tracing::info!(zone = %zone.apex(), client = %self.client, "transferred a zone");
        Ok(())
    }

    /// The zone to transfer, or why not (RFC 5936 section 2.2.1).
    fn transferable<'z>(
        &self,
        zones: Option<&'z ZoneSet>,
        query: &Query<'_>,
    ) -> Result<&'z Generation, OptRcode> {
        if !self.shared.transfer_clients.iter().any(|network| network.contains(self.client.ip())) {
            return Err(OptRcode::REFUSED);
        }
        let name = Name::from_wire(query.question.qname().as_slice()).map_err(|_| OptRcode::FORMERR)?;
        let zone =
            zones.ok_or(OptRcode::SERVFAIL)?.get(&name).filter(|_| query.question.qclass() == Class::IN);
        zone.map(AsRef::as_ref).filter(|zone| zone.soa().is_some()).ok_or(OptRcode::NOTAUTH)
    }

    async fn send(&mut self, outcome: Outcome) -> io::Result<()> {
        self.shared.metrics.count_tcp(outcome);
        match outcome {
            Outcome::Reply { length, .. } => self.write(length).await,
            // Nobody who means well sends that over a connection.
            Outcome::Silence => Err(io::Error::other("not a query")),
        }
    }

    async fn write(&mut self, length: usize) -> io::Result<()> {
        let prefix = u16::try_from(length).map_err(io::Error::other)?.to_be_bytes();
        if let Some(place) = self.reply.first_chunk_mut() {
            *place = prefix;
        }
        let message = self.reply.get(..PREFIX_OCTETS + length).unwrap_or_default();
        timeout(self.shared.idle_timeout, self.stream.write_all(message)).await?
    }
}

/// The buffer behind the room for the length, so that both go out in one write.
fn body(buffer: &mut [u8]) -> &mut [u8] {
    buffer.get_mut(PREFIX_OCTETS..).unwrap_or_default()
}
