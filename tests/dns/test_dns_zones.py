"""Which zone is served, how changes come in, and how whole zones go out."""

import os
import signal
import subprocess

import dns.flags
import dns.query
import dns.rcode
import dns.rdatatype
import dns.xfr
import dns.zone
from dns_tools import ask, delv
from harness import in_sync, operation_done, register_domain, wait_for


def text(lab, name, address=None):
    reply = ask(address or lab.hosted[0], name, "TXT", dnssec=False)
    return [record.strings[0].decode() for rrset in reply.answer for record in rrset]


def hosted_zone(lab, name, mark):
    """Makes a hosted zone with a text at its apex; answers its id and name servers."""
    route53 = lab.server.client("route53")
    made = route53.create_hosted_zone(Name=name, CallerReference=f"{name}-{mark}")
    in_sync(route53, made["ChangeInfo"]["Id"])
    zone = made["HostedZone"]["Id"]
    lab.change(("CREATE", name, "TXT", [f'"{mark}"']), zone=zone)
    return zone, made["DelegationSet"]["NameServers"]


def point(lab, domain, servers):
    """Lets the registrar delegate a domain to these name servers."""
    domains = lab.server.client("route53domains")
    servers = [{"Name": server} for server in servers]
    done = domains.update_domain_nameservers(DomainName=domain, Nameservers=servers)
    operation_done(domains, done["OperationId"])


def test_a_zone_is_transferred_whole_and_signed(lab):
    zone = dns.zone.Zone("answers.org")
    dns.query.inbound_xfr(lab.hosted[0], zone, timeout=20)
    assert len(zone.get_rdataset("big", "TXT")) == 20
    assert zone.get_rdataset("@", "RRSIG", covers="SOA")
    assert zone.get_rdataset("@", "NSEC3PARAM")


def test_a_transfer_over_udp_or_of_no_zone_is_refused(lab):
    assert ask(lab.hosted[0], "answers.org", "AXFR").rcode() == dns.rcode.REFUSED
    assert ask(lab.hosted[0], "www.answers.org", "AXFR", tcp=True).rcode() == dns.rcode.NOTAUTH


def test_a_change_that_is_in_sync_is_served_at_once(lab):
    for number in range(10):
        lab.change(("UPSERT", "counter.answers.org", "TXT", [f'"{number}"']))
        for address in lab.hosted:
            assert text(lab, "counter.answers.org", address) == [str(number)]


def test_a_name_that_comes_and_goes_validates_each_time(lab, unbound):
    record = ("coming.answers.org", "A", ["192.0.2.77"])
    for _ in range(3):
        lab.change(("CREATE", *record))
        wait_for(lambda: unbound.verdict("coming.answers.org", "A") == ("NOERROR", True))
        lab.change(("DELETE", *record))
        wait_for(lambda: unbound.verdict("coming.answers.org", "A") == ("NXDOMAIN", True))


def test_the_parents_delegation_chooses_among_zones_of_one_name(lab):
    host, port = lab.server.dns

    def served():
        reply = ask(host, "twins.org", "TXT", port=port, dnssec=False)
        return [record.strings[0].decode() for rrset in reply.answer for record in rrset]

    first = register_domain(lab.server, "twins.org")
    lab.change(("CREATE", "twins.org", "TXT", ['"first"']), zone=first)
    assert served() == ["first"]
    _, servers = hosted_zone(lab, "twins.org", "second")
    assert served() == ["first"], "nobody delegates to the second"
    own = lab.server.client("route53").get_hosted_zone(Id=first)["DelegationSet"]["NameServers"]
    point(lab, "twins.org", servers)
    wait_for(lambda: served() == ["second"])
    point(lab, "twins.org", own)
    wait_for(lambda: served() == ["first"])


def test_without_a_delegation_the_oldest_is_served(lab):
    oldest, _ = hosted_zone(lab, "orphans.org", "oldest")
    younger, _ = hosted_zone(lab, "orphans.org", "younger")
    assert text(lab, "orphans.org") == ["oldest"]
    lab.change(("DELETE", "orphans.org", "TXT", ['"oldest"']), zone=oldest)
    lab.server.client("route53").delete_hosted_zone(Id=oldest)
    wait_for(lambda: text(lab, "orphans.org") == ["younger"])
    assert younger


def test_nobody_speaks_for_a_name_in_somebody_elses_zone(lab, unbound):
    """A hosted zone of a name inside a served zone counts when that zone delegates to it."""
    zone, servers = hosted_zone(lab, "inner.answers.org", "inner")
    host, port = lab.server.dns
    for address, where in ((lab.hosted[0], 53), (host, port)):
        assert ask(address, "inner.answers.org", "TXT", port=where).rcode() == dns.rcode.NXDOMAIN
    assert unbound.verdict("inner.answers.org", "TXT") == ("NXDOMAIN", True)
    lab.change(("CREATE", "inner.answers.org", "NS", servers))
    assert text(lab, "inner.answers.org") == ["inner"]
    wait_for(lambda: unbound.verdict("inner.answers.org", "TXT") == ("NOERROR", False))
    lab.change(("DELETE", "inner.answers.org", "NS", servers))
    wait_for(lambda: unbound.verdict("inner.answers.org", "TXT") == ("NXDOMAIN", True))
    assert zone


def test_nobody_takes_the_names_of_the_registrys_servers(lab, unbound):
    servers = lab.server.client("route53").get_hosted_zone(Id=lab.zone)["DelegationSet"]["NameServers"]
    taken = next(server for server in servers if server.count(".") == 2)
    hosted_zone(lab, taken, "taken")
    host, port = lab.server.dns
    assert not ask(host, taken, "TXT", port=port).answer
    assert ask(host, taken, "A", port=port).answer
    assert unbound.verdict(taken, "A") == ("NOERROR", True)


def test_a_private_zone_is_never_served(lab):
    route53 = lab.server.client("route53")
    made = route53.create_hosted_zone(
        Name="inside.org",
        CallerReference="inside",
        VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-0123456789abcdef0"},
    )
    in_sync(route53, made["ChangeInfo"]["Id"])
    host, port = lab.server.dns
    assert ask(lab.hosted[0], "inside.org", "SOA").rcode() == dns.rcode.REFUSED
    assert not ask(host, "inside.org", "SOA", port=port).flags & dns.flags.AA or not ask(
        host, "inside.org", "SOA", port=port
    ).answer


def test_answers_go_on_while_the_vault_stands_still(lab, unbound):
    children = subprocess.run(
        ["pgrep", "-P", str(lab.server.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert children, "the vault is a process of its own"
    for child in children:
        os.kill(int(child), signal.SIGSTOP)
    try:
        for number in range(50):
            assert ask(lab.hosted[0], "www.answers.org", "A").answer
            assert ask(lab.hosted[0], f"no{number}.answers.org", "A").rcode() == dns.rcode.NXDOMAIN
        assert unbound.verdict("www.answers.org", "A") == ("NOERROR", True)
    finally:
        for child in children:
            os.kill(int(child), signal.SIGCONT)


def test_an_unsigned_domain_below_signed_ones_is_insecure(lab, unbound):
    zone = register_domain(lab.server, "unsigned.org")
    lab.change(("CREATE", "www.unsigned.org", "A", ["192.0.2.9"]), zone=zone)
    wait_for(lambda: unbound.verdict("www.unsigned.org", "A") == ("NOERROR", False))
    assert unbound.verdict("no.unsigned.org", "A") == ("NXDOMAIN", False)
    said = delv(unbound.address, lab.bind_anchor, "www.unsigned.org", "A")
    assert any("unsigned answer" in line for line in said), said
