//! What a name server is told before it starts.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use keyward_zone::Name;
use keyward_zone::publication::NodeId;

/// How a name server is set up. `Config::new` has the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node's name, under which it reports what it serves.
    pub node: NodeId,
    /// Where it listens, over UDP and TCP alike.
    pub listeners: Vec<Listener>,
    /// Threads that answer over UDP, for each listener.
    pub udp_threads: usize,
    /// The largest reply over UDP in octets, whatever a client takes (RFC 9715 section 3.1).
    pub udp_octets_max: usize,
    /// Connections that a listener keeps at a time.
    pub tcp_connections_max: usize,
    /// Connections that a listener keeps with one client address at a time (RFC 7766 section 6.2.2).
    pub tcp_connections_per_client_max: usize,
    /// How long a connection may be idle, and how long one message may take either way.
    pub tcp_idle_timeout: Duration,
    /// Who may take whole zones.
    pub transfer_clients: Vec<ClientNetwork>,
    /// What is said to those that ask for the server's identifier (RFC 5001).
    pub nsid: Option<String>,
}

impl Config {
    /// The defaults, with nowhere to listen yet.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            listeners: Vec::new(),
            udp_threads: std::thread::available_parallelism().map_or(1, usize::from),
            udp_octets_max: 1232,
            tcp_connections_max: 512,
            tcp_connections_per_client_max: 64,
            tcp_idle_timeout: Duration::from_secs(20),
            transfer_clients: ClientNetwork::loopback().to_vec(),
            nsid: None,
        }
    }

    /// The same with one more address to listen on.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr, stands_for: StandsFor) -> Self {
        self.listeners.push(Listener { address, stands_for });
        self
    }
}

/// One address, and the name servers that answer there.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whose questions are answered there.
    pub stands_for: StandsFor,
}

/// The name servers that one address stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandsFor {
    /// All of them: every zone is served, of several with one name the one that is delegated to.
    Everything,
    /// The root's name servers.
    Root,
    /// The name servers of the registry's top-level domains.
    Registry,
    /// The name servers of hosted zones.
    Hosted,
    /// The name servers of these names.
    Servers(Vec<Name>),
}

/// The addresses that share the first `bits` bits with `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientNetwork {
    address: IpAddr,
    bits: u8,
}

impl ClientNetwork {
    /// `127.0.0.0/8` and `::1`.
    pub const fn loopback() -> [Self; 2] {
        [
            Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), bits: 8 },
            Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
        ]
    }

    /// Whether `client` belongs to it.
    pub fn contains(&self, client: IpAddr) -> bool {
        match (self.address, client.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.bits);
                mine.to_bits().checked_shr(shift) == theirs.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(mine), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.bits);
                mine.to_bits().checked_shr(shift) == theirs.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(String);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is neither an IP address nor a network such as 192.0.2.0/24", self.0)
    }
}

impl std::error::Error for NetworkError {}

impl FromStr for ClientNetwork {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.to_owned());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(bits_max), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > bits_max { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

#[cfg(test)]
mod tests;
