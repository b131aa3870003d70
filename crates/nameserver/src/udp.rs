//! Answers datagrams: threads of their own, each with its own socket on the same address.
//!
//! A thread drains its socket without waiting, then sleeps until a datagram comes or the server stops;
//! batched system calls fit into `drain` later. Nothing here waits for anything but the network.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::metrics::Metrics;
use crate::respond::{Outcome, Transport, respond};
use crate::served::Served;

/// Octets of the largest query that is read; what a client sends is small.
const QUERY_OCTETS_MAX: usize = 4096;
/// What the kernel may keep of queries that wait, in octets.
const RECEIVE_BUFFER_OCTETS: usize = 4 << 20;

/// What the threads of one listener share.
pub(crate) struct Shared {
    pub(crate) listener: usize,
    pub(crate) served: Arc<ArcSwap<Served>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) octets_max: usize,
    pub(crate) nsid: Option<Vec<u8>>,
}

/// Threads that answer; they end when this is stopped or dropped.
pub(crate) struct Threads {
    stop: Arc<OwnedFd>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Ends the threads and waits for them.
    pub(crate) fn stop(&mut self) {
        let _written = rustix::io::write(&*self.stop, &1u64.to_ne_bytes());
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Opens `count` sockets on `address`, which must name its port.
pub(crate) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<UdpSocket>> {
    (0..count.max(1)).map(|_| bind_one(address)).collect()
}

fn bind_one(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_port(true)?;
    // A wish: without the right to it the kernel keeps less, and more queries are lost in a burst.
    let _wished = socket.set_recv_buffer_size(RECEIVE_BUFFER_OCTETS);
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket.into())
}

/// Starts a thread for each socket.
pub(crate) fn start(sockets: Vec<UdpSocket>, shared: Shared) -> io::Result<Threads> {
    let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let shared = Arc::new(shared);
    let mut running = Threads { stop: stop.clone(), threads: Vec::with_capacity(sockets.len()) };
    for (number, socket) in sockets.into_iter().enumerate() {
        let (stop, shared) = (stop.clone(), shared.clone());
        let name = format!("dns-udp-{}-{number}", shared.listener);
        let thread = std::thread::Builder::new().name(name).spawn(move || run(&socket, &stop, &shared))?;
        running.threads.push(thread);
    }
    Ok(running)
}

fn run(socket: &UdpSocket, stop: &OwnedFd, shared: &Shared) {
    let mut query = [0; QUERY_OCTETS_MAX];
    let mut reply = vec![0; shared.octets_max.max(512)];
    loop {
        let mut events =
            [PollFd::new(socket, PollFlags::IN), PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN)];
        match poll(&mut events, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => {
                tracing::error!(%error, "a DNS thread can't wait for queries and ends");
                return;
            }
        }
        if !events[1].revents().is_empty() {
            return;
        }
        drain(socket, shared, &mut query, &mut reply);
    }
}

/// Datagrams that are answered before the thread looks again at whether it shall stop.
const BURST: usize = 1024;

fn drain(socket: &UdpSocket, shared: &Shared, query: &mut [u8], reply: &mut [u8]) {
    for _ in 0..BURST {
        let (length, client) = match socket.recv_from(query) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // An ICMP error of an earlier reply, a signal: the next datagram is another matter.
            Err(_) => continue,
        };
        let Some(message) = query.get(..length) else { continue };
        // Loaded after the query has come: who asks after a change was reported sees it.
        let outcome = answer(&shared.served.load(), message, shared, reply);
        shared.metrics.count_udp(outcome);
        if let Outcome::Reply { length, .. } = outcome
            && let Some(message) = reply.get(..length)
        {
            // UDP promises nothing: a client whose reply is lost asks again.
            let _sent = socket.send_to(message, client);
        }
    }
}

/// Answers, and lives on should a defect of ours panic.
fn answer(served: &Served, message: &[u8], shared: &Shared, reply: &mut [u8]) -> Outcome {
    let transport = Transport::Udp { octets_max: shared.octets_max };
    let zones = served.view(shared.listener);
    let answered =
        catch_unwind(AssertUnwindSafe(|| respond(zones, message, transport, shared.nsid.as_deref(), reply)));
    answered.unwrap_or_else(|_| {
        shared.metrics.count_panic();
        Outcome::Silence
    })
}
