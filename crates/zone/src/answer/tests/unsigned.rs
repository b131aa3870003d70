//! What needs no signature: the algorithm of RFC 1034 section 4.3.2 and the wildcards of RFC 4592.

use super::{ask, check};
use crate::Rtype;
use crate::answer::{CHAIN_LENGTH_MAX, ZoneSet};
use crate::testing::unsigned;

/// The zone of RFC 4592 section 2.2.1, with addresses and some CNAMEs more.
fn example() -> ZoneSet {
    let zone = unsigned(
        "example",
        "$ORIGIN example.
$TTL 3600
@ IN SOA ns.example.com. admin 1 7200 900 1209600 300
@ NS ns.example.com.
@ NS ns.example.net.
* TXT \"this is a wildcard\"
* MX 10 host1
sub.* TXT \"this is not a wildcard\"
host1 A 192.0.2.1
host1 AAAA 2001:db8::1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel NS ns.example.com.
subdel NS ns.subdel
subdel NS ns.other
ns.subdel A 192.0.2.53
other NS ns.other
ns.other A 192.0.2.54
alias CNAME host1
far CNAME www.elsewhere.test.
*.wild CNAME host1
loop1 CNAME loop2
loop2 CNAME loop1
down CNAME www.subdel
",
    );
    [zone].into_iter().collect()
}

#[test]
fn answers_what_is_there_rfc1034_section_4_3_2() {
    let zones = example();
    check(
        &ask(&zones, "HOST1.example", Rtype::A),
        "NOERROR aa
         Answer host1.example. 3600 Ax1",
    );
    check(
        &ask(&zones, "example", Rtype::NS),
        "NOERROR aa
         Answer example. 3600 NSx2",
    );
}

#[test]
fn refuses_names_outside_its_zones() {
    check(&ask(&example(), "example.com", Rtype::A), "REFUSED");
    check(&ask(&example(), ".", Rtype::NS), "REFUSED");
    check(&ask(&ZoneSet::new(), "example", Rtype::NS), "REFUSED");
}

#[test]
fn a_missing_type_is_no_data_with_the_lesser_ttl_rfc2308_section_3() {
    check(
        &ask(&example(), "host1.example", Rtype::TXT),
        "NOERROR aa
         Authority example. 300 SOAx1",
    );
}

#[test]
fn synthesizes_as_rfc4592_section_2_2_1_says() {
    let zones = example();
    check(
        &ask(&zones, "host3.example", Rtype::MX),
        "NOERROR aa
         Answer host3.example. 3600 MXx1
         Additional host1.example. 3600 Ax1
         Additional host1.example. 3600 AAAAx1",
    );
    check(
        &ask(&zones, "host3.example", Rtype::A),
        "NOERROR aa
         Authority example. 300 SOAx1",
    );
    check(
        &ask(&zones, "foo.bar.example", Rtype::TXT),
        "NOERROR aa
         Answer foo.bar.example. 3600 TXTx1",
    );
}

#[test]
fn does_not_synthesize_where_rfc4592_section_2_2_1_says_so() {
    let zones = example();
    let no_data = "NOERROR aa
                   Authority example. 300 SOAx1";
    check(&ask(&zones, "host1.example", Rtype::MX), no_data);
    check(&ask(&zones, "sub.*.example", Rtype::MX), no_data);
    let name_error = "NXDOMAIN aa
                      Authority example. 300 SOAx1";
    check(&ask(&zones, "_telnet._tcp.host1.example", Rtype::SRV), name_error);
    check(&ask(&zones, "ghost.*.example", Rtype::MX), name_error);
    check(
        &ask(&zones, "host.subdel.example", Rtype::A),
        "NOERROR
         Authority subdel.example. 3600 NSx3
         Glue ns.subdel.example. 3600 Ax1
         Additional ns.other.example. 3600 Ax1",
    );
}

#[test]
fn an_empty_non_terminal_exists_rfc4592_section_2_2_2() {
    let zones = example();
    for name in ["_tcp.host1.example", "host2.example", "_tcp.host2.example"] {
        check(
            &ask(&zones, name, Rtype::A),
            "NOERROR aa
             Authority example. 300 SOAx1",
        );
    }
    check(
        &ask(&zones, "x.host2.example", Rtype::A),
        "NXDOMAIN aa
         Authority example. 300 SOAx1",
    );
}

#[test]
fn an_empty_wildcard_gives_no_data_rfc4592_section_2_2_2() {
    let text = "$ORIGIN example.\n@ 60 IN SOA ns admin 1 1 1 1 60\nsub.* 60 TXT \"x\"\n";
    let zones = [unsigned("example", text)].into_iter().collect();
    check(
        &ask(&zones, "any.example", Rtype::TXT),
        "NOERROR aa
         Authority example. 60 SOAx1",
    );
}

#[test]
fn a_literal_asterisk_is_an_exact_name_rfc4592_section_2_3() {
    check(
        &ask(&example(), "*.example", Rtype::TXT),
        "NOERROR aa
         Answer *.example. 3600 TXTx1",
    );
}

#[test]
fn follows_a_cname_inside_the_zone() {
    let zones = example();
    check(
        &ask(&zones, "alias.example", Rtype::A),
        "NOERROR aa
         Answer alias.example. 3600 CNAMEx1
         Answer host1.example. 3600 Ax1",
    );
    check(
        &ask(&zones, "alias.example", Rtype::CNAME),
        "NOERROR aa
         Answer alias.example. 3600 CNAMEx1",
    );
    check(
        &ask(&zones, "x.wild.example", Rtype::A),
        "NOERROR aa
         Answer x.wild.example. 3600 CNAMEx1
         Answer host1.example. 3600 Ax1",
    );
}

#[test]
fn the_code_is_that_of_the_last_name_rfc6604_section_3() {
    let text =
        "$ORIGIN example.\n@ 60 IN SOA ns admin 1 1 1 1 60\na 60 CNAME b\nc 60 CNAME d\nd 60 TXT \"x\"\n";
    let zones: ZoneSet = [unsigned("example", text)].into_iter().collect();
    check(
        &ask(&zones, "a.example", Rtype::A),
        "NXDOMAIN aa
         Answer a.example. 60 CNAMEx1
         Authority example. 60 SOAx1",
    );
    check(
        &ask(&zones, "c.example", Rtype::A),
        "NOERROR aa
         Answer c.example. 60 CNAMEx1
         Authority example. 60 SOAx1",
    );
}

#[test]
fn leaves_a_target_elsewhere_or_below_a_cut_to_the_resolver() {
    let zones = example();
    check(
        &ask(&zones, "far.example", Rtype::A),
        "NOERROR aa
         Answer far.example. 3600 CNAMEx1",
    );
    check(
        &ask(&zones, "down.example", Rtype::A),
        "NOERROR aa
         Answer down.example. 3600 CNAMEx1",
    );
}

#[test]
fn follows_a_cname_into_a_sibling_but_not_up_into_a_registry() {
    let soa = "@ 60 IN SOA ns admin 1 1 1 1 60\n";
    let one = format!("$ORIGIN one.test.\n{soa}a 60 CNAME www.two.test.\nb 60 CNAME www.three.test.\n");
    let two = format!("$ORIGIN two.test.\n{soa}www 60 A 192.0.2.2\n");
    let root = ". 60 IN SOA ns. admin. 1 1 1 1 60\n";
    let zones: ZoneSet =
        [unsigned("one.test", &one), unsigned("two.test", &two), unsigned(".", root)].into_iter().collect();
    check(
        &ask(&zones, "a.one.test", Rtype::A),
        "NOERROR aa
         Answer a.one.test. 60 CNAMEx1
         Answer www.two.test. 60 Ax1",
    );
    check(
        &ask(&zones, "b.one.test", Rtype::A),
        "NOERROR aa
         Answer b.one.test. 60 CNAMEx1",
    );
}

#[test]
fn a_loop_of_cnames_ends_with_each_said_once() {
    check(
        &ask(&example(), "loop1.example", Rtype::A),
        "NOERROR aa
         Answer loop1.example. 3600 CNAMEx1
         Answer loop2.example. 3600 CNAMEx1",
    );
}

#[test]
fn a_long_chain_is_cut_off() {
    let mut text = "$ORIGIN example.\n@ 60 IN SOA ns admin 1 1 1 1 60\n".to_owned();
    for link in 0..40 {
        text += &format!("c{link} 60 CNAME c{}\n", link + 1);
    }
    let zones: ZoneSet = [unsigned("example", &text)].into_iter().collect();
    assert_eq!(ask(&zones, "c0.example", Rtype::A).parts.len(), CHAIN_LENGTH_MAX);
}

#[test]
fn any_gets_one_set_rfc8482_section_4_1() {
    let zones = example();
    check(
        &ask(&zones, "host1.example", Rtype::ANY),
        "NOERROR aa
         Answer host1.example. 3600 Ax1",
    );
    check(
        &ask(&zones, "alias.example", Rtype::ANY),
        "NOERROR aa
         Answer alias.example. 3600 CNAMEx1",
    );
    check(
        &ask(&zones, "_tcp.host1.example", Rtype::ANY),
        "NOERROR aa
         Authority example. 300 SOAx1",
    );
}

fn levels() -> ZoneSet {
    let digest = "0".repeat(64);
    let parent = format!(
        "$ORIGIN test.
@ 60 IN SOA ns admin 1 1 1 1 60
child 60 NS ns.child
child 60 DS 1 13 2 {digest}
ns.child 60 A 192.0.2.1
plain 60 NS ns.child
"
    );
    let child = "$ORIGIN child.test.\n@ 60 IN SOA ns admin 1 1 1 1 60\nns 60 A 192.0.2.1\n";
    [unsigned("test", &parent), unsigned("child.test", child)].into_iter().collect()
}

#[test]
fn the_parent_answers_for_ds_rfc4035_section_3_1_4_1() {
    let zones = levels();
    check(
        &ask(&zones, "child.test", Rtype::DS),
        "NOERROR aa
         Answer child.test. 60 DSx1",
    );
    check(
        &ask(&zones, "plain.test", Rtype::DS),
        "NOERROR aa
         Authority test. 60 SOAx1",
    );
    let child = zones.get(&"child.test".parse().unwrap()).unwrap().clone();
    let alone = ZoneSet::new().with(child);
    check(
        &ask(&alone, "child.test", Rtype::DS),
        "NOERROR aa
         Authority child.test. 60 SOAx1",
    );
}

#[test]
fn the_deepest_zone_answers() {
    let zones = levels();
    check(
        &ask(&zones, "ns.child.test", Rtype::A),
        "NOERROR aa
         Answer ns.child.test. 60 Ax1",
    );
    check(
        &ask(&zones, "child.test", Rtype::SOA),
        "NOERROR aa
         Answer child.test. 60 SOAx1",
    );
    check(
        &ask(&zones, "www.plain.test", Rtype::DS),
        "NOERROR
         Authority plain.test. 60 NSx1
         Additional ns.child.test. 60 Ax1",
    );
}
