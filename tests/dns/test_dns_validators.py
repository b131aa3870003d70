"""Real validators follow the chain of trust to every kind of answer and to every kind of denial."""

import dns.rdatatype
import pytest
from dns_tools import ask, delv, dnsviz, ldns_verify_zone, transfer

DOMAIN = "answers.org"

# name, type, code, and whether a validator vouches for it
QUESTIONS = [
    ("answers.org", "SOA", "NOERROR", True),
    ("answers.org", "NS", "NOERROR", True),
    ("answers.org", "DNSKEY", "NOERROR", True),
    ("answers.org", "DS", "NOERROR", True),
    ("answers.org", "NSEC3PARAM", "NOERROR", True),
    ("answers.org", "MX", "NOERROR", True),
    ("www.answers.org", "A", "NOERROR", True),
    ("wWw.AnSwErS.oRg", "AAAA", "NOERROR", True),
    ("www.answers.org", "TXT", "NOERROR", True),
    ("no.answers.org", "A", "NXDOMAIN", True),
    ("a.b.c.no.answers.org", "A", "NXDOMAIN", True),
    ("below.www.answers.org", "A", "NXDOMAIN", True),
    ("down.answers.org", "A", "NOERROR", True),
    ("no.down.answers.org", "A", "NXDOMAIN", True),
    ("deep.down.answers.org", "TXT", "NOERROR", True),
    ("x.wild.answers.org", "A", "NOERROR", True),
    ("x.y.wild.answers.org", "A", "NOERROR", True),
    ("x.wild.answers.org", "MX", "NOERROR", True),
    ("x.wild.answers.org", "TXT", "NOERROR", True),
    ("*.wild.answers.org", "A", "NOERROR", True),
    ("*.wild.answers.org", "AAAA", "NOERROR", True),
    ("real.wild.answers.org", "A", "NOERROR", True),
    ("x.real.wild.answers.org", "A", "NXDOMAIN", True),
    ("wild.answers.org", "A", "NOERROR", True),
    ("alias.answers.org", "A", "NOERROR", True),
    ("alias.answers.org", "CNAME", "NOERROR", True),
    ("alias.answers.org", "TXT", "NOERROR", True),
    ("twice.answers.org", "AAAA", "NOERROR", True),
    ("lost.answers.org", "A", "NXDOMAIN", True),
    ("x.many.answers.org", "A", "NOERROR", True),
    ("x.many.answers.org", "MX", "NOERROR", True),
    ("x.many.answers.org", "TXT", "NOERROR", True),
    ("mail.answers.org", "MX", "NOERROR", True),
    ("_http._tcp.answers.org", "SRV", "NOERROR", True),
    ("issue.answers.org", "CAA", "NOERROR", True),
    ("big.answers.org", "TXT", "NOERROR", True),
    ("plain.answers.org", "DS", "NOERROR", True),
    ("secure.answers.org", "DS", "NOERROR", True),
    ("org", "DS", "NOERROR", True),
    ("org", "DNSKEY", "NOERROR", True),
    ("unregistered.org", "A", "NXDOMAIN", True),
    ("nowhere", "A", "NXDOMAIN", True),
    (".", "NS", "NOERROR", True),
    (".", "DNSKEY", "NOERROR", True),
]


@pytest.mark.parametrize("name, rtype, rcode, secure", QUESTIONS, ids=lambda value: str(value))
def test_unbound_vouches_for(unbound, name, rtype, rcode, secure):
    assert unbound.verdict(name, rtype) == (rcode, secure), unbound.log()[-2000:]


@pytest.mark.parametrize("name, rtype, rcode, secure", QUESTIONS, ids=lambda value: str(value))
def test_delv_says_fully_validated(lab, unbound, name, rtype, rcode, secure):
    said = delv(unbound.address, lab.bind_anchor, name, rtype)
    assert any("fully validated" in line for line in said), said
    assert not any("unsigned" in line or "broken" in line for line in said), said


def test_a_delegation_without_ds_is_insecure_not_bogus(lab, unbound):
    said = delv(unbound.address, lab.bind_anchor, "plain.answers.org", "DS")
    assert any("negative response, fully validated" in line for line in said), said


def test_every_server_of_the_zone_answers_alike(lab):
    replies = [ask(address, "www.answers.org", "A") for address in lab.hosted]
    assert all(reply.answer == replies[0].answer and reply.answer for reply in replies)


@pytest.mark.parametrize("level", ["root", "tld", "hosted"])
def test_ldns_finds_each_level_complete(lab, tmp_path, level):
    zone = {"root": ".", "tld": "org", "hosted": DOMAIN}[level]
    server = lab.hosted[0] if level == "hosted" else getattr(lab, level)
    file = tmp_path / "zone"
    file.write_text(transfer(server, zone))
    anchor = ["-k", lab.anchor] if level == "root" else []
    assert "Zone is verified and complete" in ldns_verify_zone(file, *anchor)


def test_dnsviz_finds_nothing_to_complain_about(lab, tmp_path):
    names = ["www.answers.org", "x.wild.answers.org", "no.answers.org", "deep.down.answers.org"]
    assert dnsviz(tmp_path, lab.root, lab.anchor, *names) == []


def test_denials_use_no_salt_and_no_iterations_rfc9276(lab):
    reply = ask(lab.hosted[0], "no.answers.org", "A")
    records = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC3]
    assert records
    for rrset in records:
        assert (rrset[0].algorithm, rrset[0].flags, rrset[0].iterations, rrset[0].salt) == (1, 0, 0, b"")
