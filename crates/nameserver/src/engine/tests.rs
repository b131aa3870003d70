//! Answers through real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use domain::base::Message;
use domain::base::iana::{Rcode, Rtype};
use keyward_zone::answer::ZoneSet;

use super::*;
use crate::config::StandsFor;
use crate::sockets;
use crate::testing::{example, query};

const PATIENCE: Duration = Duration::from_secs(20);

fn config() -> Config {
    let mut config =
        Config::new("test".parse().unwrap()).listen("127.0.0.1:0".parse().unwrap(), StandsFor::Everything);
    config.udp_threads = 2;
    config
}

fn served(serial: u32) -> Served {
    Served::new(vec![[example(serial)].into_iter().collect::<ZoneSet>()])
}

fn start(config: &Config) -> (Engine, SocketAddr, Arc<ArcSwap<Served>>) {
    let served = Arc::new(ArcSwap::from_pointee(served(1)));
    let engine = Engine::start(config, sockets::open(config).unwrap(), &served).unwrap();
    let address = engine.addresses()[0].bound;
    (engine, address, served)
}

fn ask_udp(address: SocketAddr, message: &[u8]) -> Message<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(message, address).unwrap();
    let mut reply = vec![0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    reply.truncate(length);
    Message::from_octets(reply).unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn send(stream: &mut TcpStream, message: &[u8]) {
    let length = u16::try_from(message.len()).unwrap();
    stream.write_all(&[&length.to_be_bytes(), message].concat()).unwrap();
}

fn receive(stream: &mut TcpStream) -> Message<Vec<u8>> {
    let mut prefix = [0; 2];
    stream.read_exact(&mut prefix).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(prefix))];
    stream.read_exact(&mut message).unwrap();
    Message::from_octets(message).unwrap()
}

fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn answers_over_udp_and_swaps_zones_at_once() {
    let (engine, address, served_now) = start(&config());
    let reply = blocking(move || ask_udp(address, &query("www.example", Rtype::A, None))).await;
    assert_eq!((reply.header().rcode(), reply.header_counts().ancount()), (Rcode::NOERROR, 2));
    served_now.store(Arc::new(Served::new(vec![ZoneSet::new()])));
    let reply = blocking(move || ask_udp(address, &query("www.example", Rtype::A, None))).await;
    assert_eq!(reply.header().rcode(), Rcode::REFUSED);
    let counts = engine.metrics().counts();
    assert_eq!((counts.udp_queries, counts.replies[0], counts.replies[5]), (2, 1, 1));
    engine.stop().await;
}

#[tokio::test]
async fn answers_pipelined_queries_in_order_rfc7766_section_6_2_1_1() {
    let (engine, address, _served) = start(&config());
    blocking(move || {
        let mut stream = connect(address);
        for owner in ["four.example", "www.example", "no.example"] {
            send(&mut stream, &query(owner, Rtype::TXT, None));
        }
        assert_eq!(receive(&mut stream).header_counts().ancount(), 40);
        assert_eq!(receive(&mut stream).header_counts().ancount(), 0);
        assert_eq!(receive(&mut stream).header().rcode(), Rcode::NXDOMAIN);
    })
    .await;
    assert_eq!(engine.metrics().counts().tcp_queries, 3);
    engine.stop().await;
}

#[tokio::test]
async fn closes_idle_connections_and_ones_that_speak_nonsense() {
    let mut config = config();
    config.tcp_idle_timeout = Duration::from_millis(100);
    let (engine, address, _served) = start(&config);
    blocking(move || {
        assert!(is_closed(&mut connect(address)));
        let mut half = connect(address);
        half.write_all(&[0, 50, 1, 2]).unwrap();
        assert!(is_closed(&mut half));
        let mut nonsense = connect(address);
        send(&mut nonsense, &[0xff; 12]);
        assert!(is_closed(&mut nonsense));
    })
    .await;
    engine.stop().await;
}

#[tokio::test]
async fn keeps_only_so_many_connections_with_one_client() {
    let mut config = config();
    config.tcp_connections_per_client_max = 2;
    let (engine, address, _served) = start(&config);
    blocking(move || {
        let (mut one, mut two) = (connect(address), connect(address));
        for stream in [&mut one, &mut two] {
            send(stream, &query("www.example", Rtype::A, None));
            receive(stream);
        }
        assert!(is_closed(&mut connect(address)));
    })
    .await;
    assert_eq!(engine.metrics().counts().tcp_refused, 1);
    engine.stop().await;
}

#[tokio::test]
async fn transfers_a_zone_to_whom_it_may() {
    let (engine, address, _served) = start(&config());
    blocking(move || {
        let mut stream = connect(address);
        send(&mut stream, &query("example", Rtype::AXFR, None));
        let mut soas = 0;
        while soas < 2 {
            let message = receive(&mut stream);
            soas += message.answer().unwrap().filter(|r| r.as_ref().unwrap().rtype() == Rtype::SOA).count();
        }
        send(&mut stream, &query("www.example", Rtype::AXFR, None));
        assert_eq!(receive(&mut stream).header().rcode(), Rcode::NOTAUTH);
    })
    .await;
    assert_eq!(engine.metrics().counts().transfers, 1);
    engine.stop().await;
}

#[tokio::test]
async fn refuses_a_zone_to_others() {
    let mut config = config();
    config.transfer_clients = vec!["192.0.2.0/24".parse().unwrap()];
    let (engine, address, _served) = start(&config);
    let reply = blocking(move || {
        let mut stream = connect(address);
        send(&mut stream, &query("example", Rtype::AXFR, None));
        receive(&mut stream)
    });
    assert_eq!(reply.await.header().rcode(), Rcode::REFUSED);
    engine.stop().await;
}

#[tokio::test]
async fn stops_with_open_connections_and_frees_its_port() {
    let (engine, address, served) = start(&config());
    let stream = blocking(move || connect(address)).await;
    engine.stop().await;
    drop(stream);
    let mut again = Config::new("again".parse().unwrap()).listen(address, StandsFor::Everything);
    again.udp_threads = 1;
    Engine::start(&again, sockets::open(&again).unwrap(), &served).unwrap().stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_told_plainly() {
    let (engine, address, _served) = start(&config());
    let second = Config::new("second".parse().unwrap()).listen(address, StandsFor::Everything);
    let Err(error) = sockets::open(&second) else { panic!("two servers on one port") };
    assert!(error.to_string().contains("the port is in use"), "{error}");
    engine.stop().await;
}
