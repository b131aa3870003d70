"""A signed domain with everything that is hard, below our own root, and a resolver that validates."""

import pytest
from harness import dnssec_key_policy, in_sync, operation_done, register_domain, wait_for

from dns_tools import Unbound, ask

DOMAIN = "answers.org"


class Lab:
    """What the tests need to know."""

    def __init__(self, server, zone, ksk_arn):
        self.server, self.zone, self.ksk_arn = server, zone, ksk_arn
        self.root, self.tld = f"{server.network}.1", f"{server.network}.2"
        self.hosted = [f"{server.network}.{last}" for last in (3, 4, 5, 6)]
        self.anchor = server.folder / "trust-anchor.zone"
        self.bind_anchor = server.folder / "trust-anchor.bind"

    def change(self, *changes, zone=None):
        """Changes records as (action, name, type, values) and waits until they are served."""
        route53 = self.server.client("route53")
        batch = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": rtype,
                    "TTL": 60,
                    "ResourceRecords": [{"Value": value} for value in values],
                },
            }
            for action, name, rtype, values in changes
        ]
        change = route53.change_resource_record_sets(
            HostedZoneId=zone or self.zone, ChangeBatch={"Changes": batch}
        )
        in_sync(route53, change["ChangeInfo"]["Id"])


def records(domain):
    """Wildcards, empty non-terminals, chains, loops, delegations with and without DS, large sets."""
    digest = "0" * 64
    return [
        ("CREATE", f"www.{domain}", "A", ["192.0.2.1", "192.0.2.2"]),
        ("CREATE", f"www.{domain}", "AAAA", ["2001:db8::1"]),
        ("CREATE", f"deep.down.{domain}", "TXT", ['"deep"']),
        ("CREATE", f"*.wild.{domain}", "A", ["192.0.2.3"]),
        ("CREATE", f"*.wild.{domain}", "MX", [f"10 www.{domain}"]),
        ("CREATE", f"real.wild.{domain}", "TXT", ['"real"']),
        ("CREATE", f"alias.{domain}", "CNAME", [f"www.{domain}"]),
        ("CREATE", f"twice.{domain}", "CNAME", [f"alias.{domain}"]),
        ("CREATE", f"lost.{domain}", "CNAME", [f"nothing.{domain}"]),
        ("CREATE", f"round.{domain}", "CNAME", [f"about.{domain}"]),
        ("CREATE", f"about.{domain}", "CNAME", [f"round.{domain}"]),
        ("CREATE", f"*.many.{domain}", "CNAME", [f"any.wild.{domain}"]),
        ("CREATE", f"mail.{domain}", "MX", [f"10 www.{domain}"]),
        ("CREATE", f"_http._tcp.{domain}", "SRV", [f"1 1 80 www.{domain}"]),
        ("CREATE", f"issue.{domain}", "CAA", ['0 issue "ca.example"']),
        ("CREATE", f"big.{domain}", "TXT", [f'"{number:0200}"' for number in range(20)]),
        ("CREATE", f"plain.{domain}", "NS", [f"ns.plain.{domain}"]),
        ("CREATE", f"ns.plain.{domain}", "A", ["192.0.2.53"]),
        ("CREATE", f"secure.{domain}", "NS", [f"ns.plain.{domain}"]),
        ("CREATE", f"secure.{domain}", "DS", [f"1 13 2 {digest}"]),
    ]


def sign(server, zone, domain):
    """Makes a KMS key and a key-signing key, signs the zone and hands the key to the registrar."""
    kms, route53, domains = (server.client(name) for name in ("kms", "route53", "route53domains"))
    account = server.client("sts").get_caller_identity()["Account"]
    policy = dnssec_key_policy(account)
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Policy=policy)["KeyMetadata"]["Arn"]
    ksk = route53.create_key_signing_key(
        CallerReference=f"lab-{domain}",
        HostedZoneId=zone,
        KeyManagementServiceArn=key,
        Name="lab",
        Status="ACTIVE",
    )["KeySigningKey"]
    in_sync(route53, route53.enable_hosted_zone_dnssec(HostedZoneId=zone)["ChangeInfo"]["Id"])
    attributes = {"Algorithm": 13, "Flags": 257, "PublicKey": ksk["PublicKey"]}
    operation_done(
        domains,
        domains.associate_delegation_signer_to_domain(DomainName=domain, SigningAttributes=attributes)["OperationId"],
    )
    return key


@pytest.fixture(scope="session")
def lab(tree):
    zone = register_domain(tree, DOMAIN)
    lab = Lab(tree, zone, None)
    lab.change(*records(DOMAIN))
    lab.ksk_arn = sign(tree, zone, DOMAIN)
    wait_for(lambda: ask(lab.tld, DOMAIN, "DS").answer)
    return lab


@pytest.fixture(scope="session")
def unbound(lab, tmp_path_factory):
    """An unbound on an address of its own."""
    folder = tmp_path_factory.mktemp("unbound")
    with Unbound(folder, f"{lab.server.network}.9", lab.root, lab.anchor) as unbound:
        yield unbound
