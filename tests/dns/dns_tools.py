"""The tools that judge our DNS: unbound, delv, kdig, ldns-verify-zone, dnsviz, and dnspython."""

import re
import subprocess
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
from harness import wait_for

SECONDS_MAX = 20


def ask(address, name, rtype, port=53, dnssec=True, tcp=False, **options):
    """Asks one server, without recursion; answers its reply."""
    query = dns.message.make_query(name, rtype, want_dnssec=dnssec, **options)
    query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, address, SECONDS_MAX, port)


def run(*words, check=True):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60)
    if check:
        assert done.returncode == 0, f"{' '.join(map(str, words))}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


class Unbound:
    """An unbound that knows nothing but a root's address and anchor."""

    def __init__(self, folder, address, root, anchor):
        self.folder, self.address = Path(folder), address
        self.folder.mkdir(parents=True, exist_ok=True)
        hints = self.folder / "root.hints"
        hints.write_text(f". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A {root}\n")
        self.config = self.folder / "unbound.conf"
        self.config.write_text(
            f"""server:
  directory: "{self.folder}"
  username: ""
  chroot: ""
  pidfile: "{self.folder}/unbound.pid"
  use-syslog: no
  logfile: "{self.folder}/unbound.log"
  interface: {address}
  port: 53
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  outgoing-interface: {address}
  root-hints: "{hints}"
  trust-anchor-file: "{anchor}"
  val-log-level: 2
  cache-max-ttl: 1
  cache-max-negative-ttl: 1
  infra-host-ttl: 1
  qname-minimisation-strict: yes
  harden-below-nxdomain: yes
  use-caps-for-id: yes
  module-config: "validator iterator"
remote-control:
  control-enable: no
"""
        )
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(["unbound", "-d", "-c", str(self.config)])
        # Soon again: what is asked before it listens is lost.
        wait_for(lambda: self.resolve(".", "SOA", seconds=0.3).rcode() == 0)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def resolve(self, name, rtype, seconds=SECONDS_MAX):
        query = dns.message.make_query(name, rtype, want_dnssec=True)
        return dns.query.udp_with_fallback(query, self.address, seconds)[0]

    def verdict(self, name, rtype):
        """The code, and whether the resolver vouches for the answer."""
        reply = self.resolve(name, rtype)
        return dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AD)

    def log(self):
        return (self.folder / "unbound.log").read_text()


def delv(server, anchor, name, rtype, port=53):
    """What delv says of an answer: its lines about trust."""
    text = run("delv", f"@{server}", "-p", port, "-a", anchor, "+root=.", name, rtype, check=False)
    return [line for line in text.splitlines() if line.startswith(";")]


def transfer(server, zone):
    """A zone by AXFR as `dig` writes it."""
    return run("dig", f"@{server}", zone, "AXFR", "+onesoa", "+nocomments", "+nocmd", "+nostats")


def ldns_verify_zone(file, *words):
    return run("ldns-verify-zone", *words, file, check=False)


def dnsviz(folder, root, anchor, *names):
    """The lines in which dnsviz finds an error or a warning, or no security, for these names."""
    probe, key = Path(folder) / "probe.json", Path(folder) / "anchor.key"
    key.write_text(Path(anchor).read_text())
    run("dnsviz", "probe", "-4", "-A", "-a", ".", "-x", f".+:a.root-servers.net={root}", *names, "-o", probe)
    # -P: name servers on loopback addresses are no error here.
    text = run("dnsviz", "print", "-P", "-t", key, "-r", probe)
    for name in names:
        assert re.search(rf"^{re.escape(name)}\b", text, re.M), text
    return [line for line in text.splitlines() if re.search(r"^ *[EW]:|\[[^.]", line)]
