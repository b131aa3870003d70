"""The wire, as a resolver with dnspython sees it: sizes, flags, codes, connections."""

import socket
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from dns_tools import ask


def query(name, rtype, **options):
    return dns.message.make_query(name, rtype, **options)


def udp(lab, message):
    return dns.query.udp(message, lab.hosted[0], 10)


def raw_udp(lab, octets, seconds=10):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.sendto(octets, (lab.hosted[0], 53))
        return client.recv(65535)


def test_a_large_answer_is_truncated_over_udp_and_whole_over_tcp(lab):
    small = ask(lab.hosted[0], "big.answers.org", "TXT", dnssec=False)
    assert small.flags & dns.flags.TC and len(small.to_wire()) <= 512
    large = ask(lab.hosted[0], "big.answers.org", "TXT", payload=4096)
    assert large.flags & dns.flags.TC and len(large.to_wire()) <= 1232
    whole = ask(lab.hosted[0], "big.answers.org", "TXT", tcp=True)
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer[0]) == 20


def test_flags_of_an_authority(lab):
    reply = udp(lab, query("www.answers.org", "A", want_dnssec=True))
    assert reply.flags & dns.flags.AA
    assert reply.flags & dns.flags.RD, "copied"
    assert not reply.flags & (dns.flags.RA | dns.flags.AD | dns.flags.TC)
    assert reply.ednsflags & dns.flags.DO
    assert 512 <= reply.payload <= 4096


def test_without_do_no_signatures_come_and_without_edns_no_opt(lab):
    reply = udp(lab, query("no.answers.org", "A"))
    assert reply.edns == -1
    assert [rrset.rdtype for rrset in reply.authority] == [dns.rdatatype.SOA]
    assert udp(lab, query("no.answers.org", "A", use_edns=0)).edns == 0


def test_the_case_of_the_question_comes_back(lab):
    message = query("wWw.AnSwErS.oRg", "A")
    reply = raw_udp(lab, message.to_wire())
    assert b"\x03wWw\x07AnSwErS\x03oRg\x00" in reply


def test_unknown_edns_versions_get_badvers_and_unknown_options_are_ignored(lab):
    assert udp(lab, query("www.answers.org", "A", use_edns=1)).rcode() == dns.rcode.BADVERS
    option = dns.edns.GenericOption(65001, b"what is this")
    assert udp(lab, query("www.answers.org", "A", use_edns=0, options=[option])).answer


def test_what_is_no_question_gets_its_code(lab):
    notify = query("answers.org", "SOA")
    notify.set_opcode(dns.opcode.UPDATE)
    assert dns.message.from_wire(raw_udp(lab, notify.to_wire())).rcode() == dns.rcode.NOTIMP
    wire = query("www.answers.org", "A").to_wire()
    for spoiled in (wire[:-1], wire + b"x", wire[:4] + b"\0\2" + wire[6:], wire[:12] + b"\xc0\x0c\0\1\0\1"):
        assert raw_udp(lab, spoiled)[3] & 15 == dns.rcode.FORMERR
    chaos = query("version.bind", "TXT", rdclass="CH")
    assert udp(lab, chaos).rcode() == dns.rcode.REFUSED
    assert udp(lab, query("elsewhere.example", "A")).rcode() == dns.rcode.REFUSED


def test_responses_are_not_answered(lab):
    wire = bytearray(query("www.answers.org", "A").to_wire())
    wire[2] |= 0x80
    with pytest.raises(TimeoutError):
        raw_udp(lab, bytes(wire), seconds=0.5)


def test_any_is_answered_small_rfc8482(lab):
    reply = ask(lab.hosted[0], "www.answers.org", "ANY", dnssec=False)
    assert len(reply.answer) == 1


def test_a_referral_has_no_authority_and_its_glue(lab):
    reply = ask(lab.hosted[0], "x.plain.answers.org", "A")
    assert not reply.flags & dns.flags.AA and not reply.answer
    assert {rrset.rdtype for rrset in reply.authority} == {
        dns.rdatatype.NS, dns.rdatatype.NSEC3, dns.rdatatype.RRSIG,
    }
    assert [rrset.name.to_text() for rrset in reply.additional] == ["ns.plain.answers.org."]


def test_the_child_side_never_answers_for_ds_where_the_parent_is_served(lab):
    host, port = lab.server.dns
    reply = ask(host, "answers.org", "DS", port=port)
    assert reply.answer and reply.answer[0].rdtype == dns.rdatatype.DS
    alone = ask(lab.hosted[0], "answers.org", "DS")
    assert not alone.answer and alone.authority


def test_pipelined_queries_are_all_answered(lab):
    names = ["www", "big", "no", "x.wild", "deep.down"] * 20
    messages = [query(f"{name}.answers.org", "TXT", want_dnssec=True) for name in names]
    with socket.create_connection((lab.hosted[0], 53), 10) as stream:
        wires = [message.to_wire() for message in messages]
        stream.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        replies = [dns.query.receive_tcp(stream, time.time() + 10)[0] for _ in messages]
    assert {reply.id for reply in replies} == {message.id for message in messages}


def test_a_connection_may_come_octet_by_octet(lab):
    wire = query("www.answers.org", "A").to_wire()
    with socket.create_connection((lab.hosted[0], 53), 10) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in struct.pack("!H", len(wire)) + wire:
            stream.sendall(bytes([octet]))
        reply, _ = dns.query.receive_tcp(stream, time.time() + 10)
    assert reply.answer


def test_levels_answer_for_themselves_alone(lab):
    assert ask(lab.root, "www.answers.org", "A").authority[0].name.to_text() == "org."
    assert ask(lab.tld, "www.answers.org", "A").authority[0].name.to_text() == "answers.org."
    assert ask(lab.tld, ".", "NS").rcode() == dns.rcode.REFUSED
    assert ask(lab.hosted[0], "org", "SOA").rcode() == dns.rcode.REFUSED
