//! Zones that others check: `ldns-verify-zone`, which nobody here wrote, reads the export of a signed zone.
//!
//! `cargo xtask test` installs it. Without it these tests fail, so that nobody takes them for passed.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where something is wrong")]

use std::io::Write;
use std::process::{Command, Stdio};

use keyward_base::{Clock, SystemClock};
use keyward_zone::plan::Update;
use keyward_zone::testing::TestSigner;
use keyward_zone::{Generation, Name, Rrset, Rtype, export, records};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn set(owner: &str, rtype: Rtype, values: &[&str]) -> Rrset {
    Rrset::new(name(owner), rtype, 300, values.iter().map(|value| records::parse(rtype, value).unwrap()))
}

/// Every type, wildcards, empty non-terminals, delegations with and without DS, glue, odd labels.
fn sets() -> Vec<Rrset> {
    let ds = "27578 13 2 21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA";
    vec![
        set("example.com", Rtype::SOA, &["ns.example.com. Host.Example.com. 1 7200 900 1209600 300"]),
        set("example.com", Rtype::NS, &["NS.example.com.", "ns.example.net."]),
        set("example.com", Rtype::MX, &["10 Mail.example.com", "20 mail2.example.com"]),
        set("example.com", Rtype::CAA, &["0 issue \"ca.example.net\"", "128 iodef \"mailto:a@example.com\""]),
        set("ns.example.com", Rtype::A, &["192.0.2.1", "192.0.2.2"]),
        set("ns.example.com", Rtype::AAAA, &["2001:db8::1"]),
        set("*.wild.example.com", Rtype::TXT, &["\"a b\" \"\\101\\\"\""]),
        set("a.b.c.example.com", Rtype::CNAME, &["www.Example.NET"]),
        set("odd\\000\\.\\001.example.com", Rtype::A, &["192.0.2.3"]),
        set("_sip._udp.example.com", Rtype::SRV, &["1 2 5060 Sip.example.com"]),
        set("naptr.example.com", Rtype::NAPTR, &["100 50 \"u\" \"E2U+sip\" \"!^.*$!sip:a@b!\" ."]),
        set("ssh.example.com", Rtype::SSHFP, &["1 1 123456789ABCDEF67890123456789ABCDEF67890"]),
        set("_443._tcp.example.com", Rtype::TLSA, &["3 1 2 0D6FCE13243AA7 0D6FCE13243AA7"]),
        set("ptr.example.com", Rtype::PTR, &["Host.example.com"]),
        set("secure.example.com", Rtype::NS, &["ns.secure.example.com"]),
        set("secure.example.com", Rtype::DS, &[ds]),
        set("ns.secure.example.com", Rtype::A, &["192.0.2.4"]),
        set("plain.sub.example.com", Rtype::NS, &["ns.example.net"]),
    ]
}

fn checked_by_ldns(zone: &Generation) {
    let mut child = Command::new("ldns-verify-zone")
        .arg("-V2")
        .arg("/dev/stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ldns-verify-zone is installed (cargo xtask test installs it)");
    child.stdin.take().unwrap().write_all(export::zone_file(zone).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[test]
fn ldns_accepts_a_new_zone_and_its_successors() {
    let (signer, apex, now) = (TestSigner::default(), name("example.com"), SystemClock.now());
    let zone = signer.sign_zone(&apex, sets(), now).unwrap();
    checked_by_ldns(&zone);
    let changes = vec![
        (name("a.b.c.example.com"), Vec::new()),
        (name("x.secure.example.com"), vec![set("x.secure.example.com", Rtype::A, &["192.0.2.9"])]),
        (name("plain.sub.example.com"), vec![set("plain.sub.example.com", Rtype::A, &["192.0.2.9"])]),
        (name("new.example.com"), vec![set("new.example.com", Rtype::NS, &["ns.example.net"])]),
    ];
    let (zone, _) = signer.update(&apex, Some(&zone), Update::Names(changes), now).unwrap();
    checked_by_ldns(&zone);
}

#[test]
fn ldns_accepts_a_root() {
    let (signer, apex, now) = (TestSigner::default(), Name::root(), SystemClock.now());
    let sets = vec![
        set(".", Rtype::SOA, &["a.root. host.root. 1 2 3 4 300"]),
        set(".", Rtype::NS, &["a.root."]),
        set("a.root", Rtype::A, &["192.0.2.1"]),
        set("org", Rtype::NS, &["a.org."]),
        set("a.org", Rtype::A, &["192.0.2.2"]),
    ];
    checked_by_ldns(&signer.sign_zone(&apex, sets, now).unwrap());
}

#[test]
fn ldns_refuses_a_spoiled_zone() {
    let (signer, apex, now) = (TestSigner::default(), name("example.com"), SystemClock.now());
    let zone = signer.sign_zone(&apex, sets(), now).unwrap();
    let spoiled = export::zone_file(&zone).replace("192.0.2.3", "192.0.2.7");
    let mut child = Command::new("ldns-verify-zone")
        .arg("/dev/stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(spoiled.as_bytes()).unwrap();
    assert!(!child.wait().unwrap().success());
}
