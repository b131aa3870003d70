//! Networks of clients.

use super::ClientNetwork;

#[test]
fn networks_contain_their_addresses() {
    for (network, inside, outside) in [
        ("127.0.0.0/8", "127.200.3.4", "128.0.0.1"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "203.0.113.9", "::1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("::/0", "2001:db8::1", "10.0.0.1"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
    ] {
        let network: ClientNetwork = network.parse().unwrap();
        assert!(network.contains(inside.parse().unwrap()), "{network:?} {inside}");
        assert!(!network.contains(outside.parse().unwrap()), "{network:?} {outside}");
    }
}

#[test]
fn refuses_what_is_no_network() {
    for text in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1"] {
        assert!(text.parse::<ClientNetwork>().is_err(), "{text}");
    }
}
