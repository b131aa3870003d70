"""A man in the middle for the lesson: passes DNS on, and spoils one byte of one name's RRSIG over A.

usage: spoiler.py LISTEN-ADDRESS SERVER-ADDRESS NAME     (port 53, UDP and TCP)
"""

import socketserver
import sys
import threading

import dns.message
import dns.name
import dns.query
import dns.rdatatype

LISTEN, SERVER, NAME = sys.argv[1], sys.argv[2], dns.name.from_text(sys.argv[3])


def spoiled(wire):
    """The answer to a question, with the last byte of the signature changed where it is the name's."""
    answer = dns.query.tcp(dns.message.from_wire(wire), SERVER, timeout=5)
    for rrset in answer.answer:
        if rrset.name == NAME and rrset.rdtype == dns.rdatatype.RRSIG:
            signatures = [
                record.replace(signature=record.signature[:-1] + bytes([record.signature[-1] ^ 1]))
                for record in rrset
            ]
            rrset.clear()
            for signature in signatures:
                rrset.add(signature)
    return answer.to_wire(max_size=65535)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        wire, sock = self.request
        sock.sendto(spoiled(wire), self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while length := self.rfile.read(2):
            answer = spoiled(self.rfile.read(int.from_bytes(length, "big")))
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)


socketserver.ThreadingUDPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.allow_reuse_address = True
threading.Thread(target=socketserver.ThreadingTCPServer((LISTEN, 53), Tcp).serve_forever, daemon=True).start()
socketserver.ThreadingUDPServer((LISTEN, 53), Udp).serve_forever()
