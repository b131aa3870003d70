"""Nothing acknowledged is lost: the service is killed at random moments under a load of mixed writes.

The seed is printed; KEYWARD_SEED replays it, KEYWARD_KILLS sets how often the service is killed.
"""

import os
import random
import threading
import time

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from harness import Keyward, dnssec_key_policy, in_sync, wait_for

KILLS = int(os.environ.get("KEYWARD_KILLS", "200"))
GROUPS = 4


class Ledger:
    """What the service has acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = {}  # key id -> description
        self.ciphertexts = []  # (blob, plaintext)
        self.records = {}  # name -> values that may be there: the acknowledged one, or one under way
        self.changes = []


class Load(threading.Thread):
    """Writes until it is told to stop; notes what was acknowledged."""

    def __init__(self, server, ledger, zone, seed):
        super().__init__(daemon=True)
        self.kms = server.client("kms", connect_timeout=2, read_timeout=20)
        self.route53 = server.client("route53", connect_timeout=2, read_timeout=20)
        self.ledger, self.zone = ledger, zone
        self.random = random.Random(seed)
        self.done = threading.Event()
        self.surprises = []

    def run(self):
        while not self.done.is_set():
            try:
                self.random.choice([self.key, self.ciphertext, self.record, self.record])()
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    code = error.response["Error"]["Code"]
                    if code not in ("PriorRequestNotComplete", "Throttling"):
                        self.surprises.append(error)
            except BotoCoreError:
                time.sleep(0.005)

    def key(self):
        text = f"key {self.random.getrandbits(64):x}"
        key = self.kms.create_key(Description=text)["KeyMetadata"]["KeyId"]
        with self.ledger.lock:
            self.ledger.keys[key] = text

    def ciphertext(self):
        with self.ledger.lock:
            keys = list(self.ledger.keys)
        if keys:
            plaintext = self.random.randbytes(24)
            blob = self.kms.encrypt(KeyId=self.random.choice(keys), Plaintext=plaintext)["CiphertextBlob"]
            with self.ledger.lock:
                self.ledger.ciphertexts.append((blob, plaintext))

    def record(self):
        name = f"r{self.random.randrange(40)}-{self.random.getrandbits(16)}.{self.zone['name']}"
        value = ".".join(str(self.random.randrange(256)) for _ in range(4))
        with self.ledger.lock:
            self.ledger.records.setdefault(name, set()).add(value)
        change = self.route53.change_resource_record_sets(
            HostedZoneId=self.zone["id"],
            ChangeBatch={
                "Changes": [
                    {
                        "Action": "UPSERT",
                        "ResourceRecordSet": {
                            "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}],
                        },
                    }
                ]
            },
        )["ChangeInfo"]["Id"]
        with self.ledger.lock:
            self.ledger.records[name] = {value, "acknowledged"}
            self.ledger.changes.append(change)


def signed_zone(server):
    """A zone that is signed by a KMS key."""
    route53, kms = server.client("route53"), server.client("kms")
    account = server.client("sts").get_caller_identity()["Account"]
    zone = route53.create_hosted_zone(Name="killed.example", CallerReference="1")["HostedZone"]["Id"]
    key = kms.create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Policy=dnssec_key_policy(account)
    )["KeyMetadata"]["Arn"]
    route53.create_key_signing_key(
        CallerReference="1", HostedZoneId=zone, KeyManagementServiceArn=key, Name="ksk", Status="ACTIVE"
    )
    change = route53.enable_hosted_zone_dnssec(HostedZoneId=zone)["ChangeInfo"]["Id"]
    in_sync(route53, change)
    return {"id": zone, "name": "killed.example"}


def ask(server, name, kind):
    host, port = server.dns
    query = dns.message.make_query(name, kind, want_dnssec=True)
    return dns.query.tcp(query, host, port=port, timeout=5)


def validated(server, name, kind, keys):
    """The answer to a question, after its signature was checked with the zone's keys."""
    answer = ask(server, name, kind)
    data = [s for s in answer.answer if s.rdtype == kind]
    signatures = [s for s in answer.answer if s.rdtype == dns.rdatatype.RRSIG and s.covers == kind]
    assert len(data) == 1 and len(signatures) == 1, answer.to_text()
    dns.dnssec.validate(data[0], signatures[0], keys)
    return data[0]


def zone_keys(server, zone):
    name = dns.name.from_text(zone["name"])
    answer = ask(server, name, dns.rdatatype.DNSKEY)
    rrset = next(s for s in answer.answer if s.rdtype == dns.rdatatype.DNSKEY)
    keys = {name: rrset}
    validated(server, name, dns.rdatatype.DNSKEY, keys)
    return keys


def check(server, ledger, zone, whole=False):
    """All that was acknowledged is there; all ciphertexts decrypt; the zone validates."""
    kms, route53 = server.client("kms"), server.client("route53")
    listed = {key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]}
    assert set(ledger.keys) <= listed
    recent = slice(None) if whole else slice(-20, None)
    for key, description in list(ledger.keys.items())[recent]:
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == description
    for blob, plaintext in ledger.ciphertexts[recent]:
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == plaintext
    stored = {
        found["Name"].rstrip("."): found["ResourceRecords"][0]["Value"]
        for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["id"])
        for found in page["ResourceRecordSets"]
        if found["Type"] == "A"
    }
    for name, values in ledger.records.items():
        if "acknowledged" in values:
            assert stored.get(name) in values, name
    for change in ledger.changes[recent]:
        in_sync(route53, change)
    keys = zone_keys(server, zone)
    sample = list(stored.items()) if whole else list(stored.items())[-10:]
    for name, value in sample:
        def is_served():
            return [r.address for r in validated(server, dns.name.from_text(name), dns.rdatatype.A, keys)] == [value]
        wait_for(is_served, 20)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_acknowledged_is_lost_when_the_service_is_killed(tmp_path, group):
    seed = int(os.environ.get("KEYWARD_SEED", random.SystemRandom().getrandbits(32)))
    print(f"KEYWARD_SEED={seed}")
    chance = random.Random(seed)
    server = Keyward(tmp_path / "data").start()
    ledger = Ledger()
    zone = signed_zone(server)
    for _ in range(KILLS // GROUPS):
        loads = [Load(server, ledger, zone, chance.getrandbits(32)) for _ in range(4)]
        for load in loads:
            load.start()
        time.sleep(chance.uniform(0.0, 0.5))
        server.kill()
        for load in loads:
            load.done.set()
        for load in loads:
            load.join(30)
            assert load.surprises == []
        server.start()
        check(server, ledger, zone)
    check(server, ledger, zone, whole=True)
    print(f"{len(ledger.keys)} keys, {len(ledger.ciphertexts)} ciphertexts, {len(ledger.records)} records")
    assert ledger.keys and ledger.ciphertexts and ledger.records
    server.stop()
