//! Opens the sockets of every listener before anything is served.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::config::{Config, Listener};
use crate::udp;

/// Connections that wait to be accepted.
const TCP_BACKLOG: i32 = 256;
/// Attempts to find a port that is free for both UDP and TCP.
const PORT_ATTEMPTS: usize = 32;

/// Why a name server could not start. Nothing stays open.
#[derive(Debug)]
pub struct StartError {
    address: SocketAddr,
    cause: io::Error,
}

impl StartError {
    pub(crate) fn new(address: SocketAddr, cause: io::Error) -> Self {
        Self { address, cause }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        match cause.kind() {
            io::ErrorKind::AddrInUse => {
                write!(f, "DNS can't listen on {address}: the port is in use; choose another one")
            }
            io::ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "DNS can't listen on {address}: ports below 1024 need the right CAP_NET_BIND_SERVICE"
                )
            }
            io::ErrorKind::AddrNotAvailable => {
                write!(f, "DNS can't listen on {address}: this machine does not have that address")
            }
            _ => write!(f, "DNS can't listen on {address}: {cause}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Where one listener really listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundAddress {
    /// What was asked for.
    pub wanted: SocketAddr,
    /// With the port that was taken when the wanted one was 0.
    pub bound: SocketAddr,
}

pub(crate) struct Open {
    pub(crate) address: BoundAddress,
    pub(crate) udp: Vec<UdpSocket>,
    pub(crate) tcp: TcpListener,
}

/// Opens all, or none and says which failed.
pub(crate) fn open(config: &Config) -> Result<Vec<Open>, StartError> {
    config.listeners.iter().map(|listener| open_one(listener, config.udp_threads)).collect()
}

fn open_one(listener: &Listener, udp_sockets: usize) -> Result<Open, StartError> {
    let wanted = listener.address;
    let mut attempt = 1;
    loop {
        match open_pair(wanted, udp_sockets) {
            Ok(open) => return Ok(open),
            // TCP's free port may be taken in UDP: try with the next.
            Err(error)
                if wanted.port() == 0
                    && attempt < PORT_ATTEMPTS
                    && error.kind() == io::ErrorKind::AddrInUse =>
            {
                attempt += 1;
            }
            Err(cause) => return Err(StartError::new(wanted, cause)),
        }
    }
}

/// TCP first: its socket does not share the port, and so finds out that another process has it.
fn open_pair(wanted: SocketAddr, udp_sockets: usize) -> io::Result<Open> {
    let tcp = Socket::new(Domain::for_address(wanted), Type::STREAM, Some(Protocol::TCP))?;
    if wanted.is_ipv6() {
        tcp.set_only_v6(true)?;
    }
    // Lets a restart have the port while old connections linger.
    tcp.set_reuse_address(true)?;
    tcp.set_nonblocking(true)?;
    tcp.bind(&SockAddr::from(wanted))?;
    tcp.listen(TCP_BACKLOG)?;
    let tcp = TcpListener::from(tcp);
    let bound = tcp.local_addr()?;
    Ok(Open { address: BoundAddress { wanted, bound }, udp: udp::bind(bound, udp_sockets)?, tcp })
}
