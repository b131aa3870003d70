"""DNSSEC of hosted zones, proved with boto3: every error of its API and every state of a key."""

import base64
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.rdatatype
import pytest
from botocore.exceptions import ClientError
from harness import dnssec_key_policy, in_sync, register_domain, user_with, wait_for
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

NEEDED = (
    "did not grant all required permissions for DNSSEC usage. Please review your key-policy, and verify that "
    "you and Route 53 have permissions to perform the following actions: DescribeKey, GetPublicKey, and Sign."
)


def reference():
    return uuid.uuid4().hex


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Zone:
    """A public zone with what it takes to sign it."""

    def __init__(self, server, name=None, zone_id=None):
        self.server = server
        self.route53 = server.client("route53")
        self.kms = server.client("kms")
        self.account = server.client("sts").get_caller_identity()["Account"]
        self.name = name or f"s{uuid.uuid4().hex[:12]}.org"
        if zone_id is None:
            made = self.route53.create_hosted_zone(Name=self.name, CallerReference=reference())
            zone_id = made["HostedZone"]["Id"]
        self.id = zone_id.rsplit("/", 1)[1]

    def kms_key(self, **changed):
        """The ARN of a KMS key that fits, but for what is changed."""
        arguments = {
            "KeySpec": "ECC_NIST_P256",
            "KeyUsage": "SIGN_VERIFY",
            "Policy": dnssec_key_policy(self.account),
        } | changed
        return self.kms.create_key(**arguments)["KeyMetadata"]["Arn"]

    def arguments(self, name="A4LKSK", **changed):
        return {
            "CallerReference": reference(),
            "HostedZoneId": self.id,
            "Name": name,
            "Status": "ACTIVE",
        } | changed

    def create(self, name="A4LKSK", **changed):
        if "KeyManagementServiceArn" not in changed:
            changed["KeyManagementServiceArn"] = self.kms_key()
        return self.route53.create_key_signing_key(**self.arguments(name, **changed))

    def create_refused(self, name="A4LKSK", **changed):
        return refused(self.route53.create_key_signing_key, **self.arguments(name, **changed))

    def key(self, name="A4LKSK"):
        keys = self.route53.get_dnssec(HostedZoneId=self.id)["KeySigningKeys"]
        return next(key for key in keys if key["Name"] == name)

    def serve_signature(self):
        return self.route53.get_dnssec(HostedZoneId=self.id)["Status"]["ServeSignature"]

    def enable(self):
        change = self.route53.enable_hosted_zone_dnssec(HostedZoneId=self.id)["ChangeInfo"]
        in_sync(self.route53, change["Id"])

    def ask(self, name, kind):
        """The zone's own answer, with DNSSEC records."""
        host, port = self.server.dns
        query = dns.message.make_query(name, kind, want_dnssec=True)
        return dns.query.tcp(query, host, port=port, timeout=10)


@pytest.fixture
def zone(server):
    return Zone(server)


# --- CreateKeySigningKey ----------------------------------------------------------------------


def test_a_key_signing_key_shows_every_member_of_the_api(zone):
    arn = zone.kms_key()
    made = zone.create(KeyManagementServiceArn=arn)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["ChangeInfo"]["Status"] == "PENDING"
    assert made["ChangeInfo"]["Id"].startswith("/change/")
    assert made["Location"] == f"https://route53.amazonaws.com/2013-04-01/keysigningkey/{zone.id}/A4LKSK"
    key = made["KeySigningKey"]
    assert (key["Name"], key["KmsArn"], key["Status"]) == ("A4LKSK", arn, "ACTIVE")
    assert "StatusMessage" not in key
    assert (key["Flag"], key["SigningAlgorithmMnemonic"], key["SigningAlgorithmType"]) == (
        257,
        "ECDSAP256SHA256",
        13,
    )
    assert (key["DigestAlgorithmMnemonic"], key["DigestAlgorithmType"]) == ("SHA-256", 2)
    public = load_der_public_key(zone.kms.get_public_key(KeyId=arn)["PublicKey"])
    assert isinstance(public, EllipticCurvePublicKey)
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    assert base64.b64decode(key["PublicKey"]) == point
    # The same values by another hand: dnspython.
    assert key["DNSKEYRecord"] == f"257 3 13 {key['PublicKey']}"
    dnskey = dns.rdata.from_text("IN", "DNSKEY", key["DNSKEYRecord"])
    ds = dns.dnssec.make_ds(dns.name.from_text(zone.name), dnskey, "SHA256")
    assert key["KeyTag"] == dns.dnssec.key_id(dnskey) == ds.key_tag
    assert key["DigestValue"] == ds.digest.hex().upper()
    assert key["DSRecord"] == f"{ds.key_tag} 13 2 {key['DigestValue']}"
    assert key["CreatedDate"] == key["LastModifiedDate"]
    shown = zone.route53.get_dnssec(HostedZoneId=zone.id)
    assert shown["KeySigningKeys"] == [key]
    assert shown["Status"] == {"ServeSignature": "NOT_SIGNING"}


def test_the_zone_must_exist_and_be_public(zone):
    arn = zone.kms_key()
    code, text = zone.create_refused(KeyManagementServiceArn=arn, HostedZoneId="Z404")
    assert (code, text) == ("NoSuchHostedZone", "No hosted zone found with ID: Z404")
    vpc = {"VPCRegion": "us-east-1", "VPCId": f"vpc-{uuid.uuid4().hex[:17]}"}
    private = zone.route53.create_hosted_zone(Name=zone.name, CallerReference=reference(), VPC=vpc)
    private_id = private["HostedZone"]["Id"].rsplit("/", 1)[1]
    assert zone.create_refused(KeyManagementServiceArn=arn, HostedZoneId=private_id)[0] == "InvalidArgument"


@pytest.mark.parametrize("name", ["A-KSK", "A KSK", "A.KSK", "ÄKSK"])
def test_names_are_numbers_letters_and_underscores(zone, name):
    arn = zone.kms_key()
    assert zone.create_refused(name, KeyManagementServiceArn=arn)[0] == "InvalidKeySigningKeyName"
    zone.create("a_KSK_1", KeyManagementServiceArn=arn)


@pytest.mark.parametrize("status", ["active", "DELETING", "ACTION_NEEDED", "ENABLED"])
def test_the_initial_status_is_active_or_inactive(zone, status):
    arn = zone.kms_key()
    code, _ = zone.create_refused(KeyManagementServiceArn=arn, Status=status)
    assert code == "InvalidKeySigningKeyStatus"
    made = zone.create(KeyManagementServiceArn=arn, Status="INACTIVE")
    assert made["KeySigningKey"]["Status"] == "INACTIVE"


def test_two_keys_a_zone_with_unique_names_and_kms_keys(zone):
    first, second, third = (zone.kms_key() for _ in range(3))
    zone.create("one", KeyManagementServiceArn=first)
    exists = "KeySigningKeyAlreadyExists"
    assert zone.create_refused("one", KeyManagementServiceArn=second)[0] == exists
    assert zone.create_refused("two", KeyManagementServiceArn=first)[0] == exists
    zone.create("two", KeyManagementServiceArn=second)
    assert zone.create_refused("three", KeyManagementServiceArn=third)[0] == "TooManyKeySigningKeys"
    # Unique for each zone alone: another zone may use the same name and KMS key.
    Zone(zone.server).create("one", KeyManagementServiceArn=first)


def test_missing_and_wrongly_sized_members_are_refused(zone):
    careless = zone.server.client("route53", parameter_validation=False)
    fitting = zone.arguments(KeyManagementServiceArn=zone.kms_key())
    for member, value, text in [
        ("Name", "ab", "greater than or equal to 3"),
        ("Name", "a" * 129, "less than or equal to 128"),
        ("CallerReference", "", "greater than or equal to 1"),
        ("CallerReference", "r" * 129, "less than or equal to 128"),
        ("Status", "X", "greater than or equal to 5"),
        ("HostedZoneId", "Z" * 33, "less than or equal to 32"),
    ]:
        code, told = refused(careless.create_key_signing_key, **fitting | {member: value})
        assert code == "InvalidInput" and text in told, member
    for member in fitting:
        without = {name: value for name, value in fitting.items() if name != member}
        assert refused(careless.create_key_signing_key, **without)[0] == "InvalidInput", member


def test_the_arn_must_be_that_of_a_customer_managed_key_in_us_east_1(zone):
    arn = zone.kms_key()
    alias = f"alias/ksk-{uuid.uuid4().hex}"
    zone.kms.create_alias(AliasName=alias, TargetKeyId=arn)
    elsewhere = zone.server.client("kms", region="eu-central-1").create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Policy=dnssec_key_policy(zone.account)
    )["KeyMetadata"]["Arn"]
    for wrong in [
        arn.rsplit("/", 1)[1],
        arn.rsplit(":", 1)[0] + f":{alias}",
        arn.replace(":kms:", ":sns:"),
        arn.replace("arn:aws:", "arn:aws-cn:"),
        elsewhere,
        arn.rsplit("/", 1)[0] + f"/{uuid.uuid4()}",
    ]:
        code, text = zone.create_refused(KeyManagementServiceArn=wrong)
        assert code == "InvalidKMSArn", wrong
        assert wrong in text


@pytest.mark.parametrize(
    "changed",
    [
        {"KeySpec": "ECC_NIST_P384"},
        {"KeySpec": "ECC_SECG_P256K1"},
        {"KeySpec": "RSA_2048"},
        {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"},
        {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"},
    ],
    ids=lambda changed: "-".join(changed.values()),
)
def test_the_kms_key_must_be_ecc_nist_p256_for_signing(zone, changed):
    code, text = zone.create_refused(KeyManagementServiceArn=zone.kms_key(**changed))
    assert code == "InvalidKMSArn"
    assert changed["KeySpec"] in text


def test_the_kms_key_must_be_enabled(zone):
    arn = zone.kms_key()
    zone.kms.disable_key(KeyId=arn)
    code, text = zone.create_refused(KeyManagementServiceArn=arn)
    assert code == "InvalidKMSArn" and "Disabled" in text
    zone.kms.enable_key(KeyId=arn)
    zone.kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    code, text = zone.create_refused(KeyManagementServiceArn=arn)
    assert code == "InvalidKMSArn" and "PendingDeletion" in text
    zone.kms.cancel_key_deletion(KeyId=arn)
    zone.kms.enable_key(KeyId=arn)
    zone.create(KeyManagementServiceArn=arn)


def policy(account, actions, condition=None, service="dnssec-route53.amazonaws.com"):
    """A key policy in which the service may do `actions` under `condition`."""
    document = json.loads(dnssec_key_policy(account))
    statement = document["Statement"][1]
    statement["Action"] = [f"kms:{action}" for action in actions]
    statement["Principal"] = {"Service": service}
    if condition is not None:
        statement["Condition"] = condition
    return json.dumps(document)


ALL = ["DescribeKey", "GetPublicKey", "Sign"]


def test_the_key_policy_must_let_route_53_describe_read_and_sign(zone):
    arn = zone.kms_key()

    def with_policy(*arguments, **more):
        document = policy(zone.account, *arguments, **more)
        zone.kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=document)

    for missing in ALL:
        with_policy([action for action in ALL if action != missing])
        code, text = zone.create_refused(KeyManagementServiceArn=arn)
        assert (code, text) == ("InvalidKMSArn", f"The CMK with ARN '{arn}' {NEEDED}"), missing
    with_policy(ALL, service="route53.amazonaws.com")
    assert zone.create_refused(KeyManagementServiceArn=arn)[0] == "InvalidKMSArn"
    for wrong in [
        {"StringEquals": {"aws:SourceAccount": "999999999999"}},
        {"ArnEquals": {"aws:SourceArn": "arn:aws:route53:::hostedzone/ZOTHER"}},
    ]:
        with_policy(ALL, wrong)
        assert zone.create_refused(KeyManagementServiceArn=arn)[0] == "InvalidKMSArn", wrong
    with_policy(
        ALL,
        {
            "StringEquals": {"aws:SourceAccount": zone.account},
            "ArnEquals": {"aws:SourceArn": f"arn:aws:route53:::hostedzone/{zone.id}"},
        },
    )
    zone.create(KeyManagementServiceArn=arn)


def test_the_caller_needs_the_permissions_too(zone):
    arn = zone.kms_key()
    name = f"dns-{uuid.uuid4().hex[:8]}"
    dns_only = {"Effect": "Allow", "Action": "route53:*", "Resource": "*"}
    keys, _ = user_with(zone.server, name, dns_only)
    route53 = zone.server.client("route53", keys=keys)
    arguments = zone.arguments(KeyManagementServiceArn=arn)
    assert refused(route53.create_key_signing_key, **arguments) == (
        "InvalidKMSArn",
        f"The CMK with ARN '{arn}' {NEEDED}",
    )
    use = {"Effect": "Allow", "Action": [f"kms:{action}" for action in ALL], "Resource": arn}
    keys, _ = user_with(zone.server, f"{name}-2", dns_only, use)
    zone.server.client("route53", keys=keys).create_key_signing_key(**arguments)


def test_without_permission_for_route_53_nothing_is_told(zone):
    keys, arn = user_with(zone.server, f"nobody-{uuid.uuid4().hex[:8]}")
    nobody = zone.server.client("route53", keys=keys)
    one = {"HostedZoneId": zone.id}
    for call, arguments in [
        (nobody.create_key_signing_key, zone.arguments(KeyManagementServiceArn="arn")),
        (nobody.activate_key_signing_key, one | {"Name": "A4LKSK"}),
        (nobody.deactivate_key_signing_key, one | {"Name": "A4LKSK"}),
        (nobody.delete_key_signing_key, one | {"Name": "A4LKSK"}),
        (nobody.enable_hosted_zone_dnssec, one),
        (nobody.disable_hosted_zone_dnssec, one),
    ]:
        code, text = refused(call, **arguments)
        assert code == "AccessDenied"
        assert text.startswith(f"User: {arn} is not authorized to perform: route53:")


# --- the other operations ---------------------------------------------------------------------


def test_unknown_key_signing_keys_are_told(zone):
    one = {"HostedZoneId": zone.id, "Name": "none"}
    for call in [
        zone.route53.activate_key_signing_key,
        zone.route53.deactivate_key_signing_key,
        zone.route53.delete_key_signing_key,
    ]:
        assert refused(call, **one)[0] == "NoSuchKeySigningKey"


def test_keys_are_activated_deactivated_and_deleted(zone):
    zone.create(Status="INACTIVE")
    one = {"HostedZoneId": zone.id, "Name": "A4LKSK"}
    before = zone.key()["LastModifiedDate"]
    assert zone.route53.activate_key_signing_key(**one)["ChangeInfo"]["Status"] == "PENDING"
    assert zone.key()["Status"] == "ACTIVE" and zone.key()["LastModifiedDate"] >= before
    code, text = refused(zone.route53.delete_key_signing_key, **one)
    assert code == "InvalidKeySigningKeyStatus"
    assert text == (
        "Key Signing Key with name A4LKSK cannot be deleted because current status is not INACTIVE."
    )
    zone.route53.deactivate_key_signing_key(**one)
    assert zone.key()["Status"] == "INACTIVE"
    code, text = refused(zone.route53.delete_hosted_zone, Id=zone.id)
    assert (code, text) == (
        "HostedZoneNotEmpty",
        "The specified hosted zone contains DNSSEC Key Signing Keys and so cannot be deleted.",
    )
    zone.route53.delete_key_signing_key(**one)
    assert zone.route53.get_dnssec(HostedZoneId=zone.id)["KeySigningKeys"] == []
    zone.route53.delete_hosted_zone(Id=zone.id)


def test_signing_needs_an_active_key_and_disabling_something_to_disable(zone):
    one = {"HostedZoneId": zone.id}
    missing = (
        "KeySigningKeyWithActiveStatusNotFound",
        f"Hosted zone with ID '{zone.id}' does not have a Key Signing Key in ACTIVE status.",
    )
    assert refused(zone.route53.enable_hosted_zone_dnssec, **one) == missing
    assert refused(zone.route53.disable_hosted_zone_dnssec, **one)[0] == "DNSSECNotFound"
    zone.create(Status="INACTIVE")
    assert refused(zone.route53.enable_hosted_zone_dnssec, **one) == missing


def test_activating_and_enabling_ask_kms_again(zone):
    arn = zone.kms_key()
    zone.create(Status="INACTIVE", KeyManagementServiceArn=arn)
    one = {"HostedZoneId": zone.id}
    zone.kms.disable_key(KeyId=arn)
    assert refused(zone.route53.activate_key_signing_key, **one, Name="A4LKSK")[0] == "InvalidKMSArn"
    zone.kms.enable_key(KeyId=arn)
    zone.route53.activate_key_signing_key(**one, Name="A4LKSK")
    zone.kms.disable_key(KeyId=arn)
    assert refused(zone.route53.enable_hosted_zone_dnssec, **one)[0] == "InvalidKMSArn"


# --- with the zone served ---------------------------------------------------------------------


def test_an_operation_that_does_not_fit_the_zones_signing_is_refused(zone):
    zone.create()
    arn = zone.kms_key()
    # While signatures are being taken away no key can be added. That lasts only until every name server
    # serves the zone without them, so it may take a few tries to be in time.
    for _ in range(40):
        zone.enable()
        disabled = zone.route53.disable_hosted_zone_dnssec(HostedZoneId=zone.id)["ChangeInfo"]
        try:
            zone.create("late", KeyManagementServiceArn=arn)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidSigningStatus"
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            break
        in_sync(zone.route53, disabled["Id"])
        zone.route53.deactivate_key_signing_key(HostedZoneId=zone.id, Name="late")
        zone.route53.delete_key_signing_key(HostedZoneId=zone.id, Name="late")
    else:
        pytest.fail("the zone was never seen while its signatures were being taken away")
    in_sync(zone.route53, disabled["Id"])
    assert [key["Name"] for key in zone.route53.get_dnssec(HostedZoneId=zone.id)["KeySigningKeys"]] == ["A4LKSK"]
    zone.create("late", KeyManagementServiceArn=arn)


def test_of_operations_that_overlap_one_wins_and_the_others_are_told(zone):
    zone.create()

    def activate(client):
        try:
            client.activate_key_signing_key(HostedZoneId=zone.id, Name="A4LKSK")
            return None
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]

    clients = [zone.server.client("route53") for _ in range(8)]
    with ThreadPoolExecutor(len(clients)) as pool:
        for _ in range(40):
            outcomes = set(pool.map(activate, clients))
            assert None in outcomes, "one of them always wins"
            assert outcomes <= {None, ("ConcurrentModification", 400)}
            if len(outcomes) == 2:
                break
        else:
            pytest.fail("no two operations ever overlapped")
    assert zone.key()["Status"] == "ACTIVE"


def test_a_signed_zone_validates_and_its_only_key_stays(zone):
    zone.create()
    zone.enable()
    assert zone.serve_signature() == "SIGNING"
    answer = zone.ask(zone.name, "DNSKEY")
    owner = dns.name.from_text(zone.name)
    keys = answer.find_rrset(answer.answer, owner, "IN", "DNSKEY")
    signatures = answer.find_rrset(answer.answer, owner, "IN", "RRSIG", dns.rdatatype.DNSKEY)
    assert sorted(key.flags for key in keys) == [256, 257]
    assert {signature.key_tag for signature in signatures} == {zone.key()["KeyTag"]}
    dns.dnssec.validate(keys, signatures, {owner: keys})
    one = {"HostedZoneId": zone.id, "Name": "A4LKSK"}
    assert refused(zone.route53.deactivate_key_signing_key, **one)[0] == "KeySigningKeyInUse"
    change = zone.route53.disable_hosted_zone_dnssec(HostedZoneId=zone.id)["ChangeInfo"]
    in_sync(zone.route53, change["Id"])
    wait_for(lambda: zone.serve_signature() == "NOT_SIGNING")
    assert not zone.ask(zone.name, "DNSKEY").answer
    zone.route53.deactivate_key_signing_key(**one)
    zone.route53.delete_key_signing_key(**one)
    zone.route53.delete_hosted_zone(Id=zone.id)
    wait_for(lambda: not zone.ask(zone.name, "SOA").answer)


def test_a_change_is_in_sync_only_when_it_is_served(zone):
    zone.create()
    zone.enable()
    for number in range(5):
        name = f"n{number}.{zone.name}"
        record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": f"192.0.2.{number}"}]}
        change = zone.route53.change_resource_record_sets(
            HostedZoneId=zone.id,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
        )["ChangeInfo"]
        in_sync(zone.route53, change["Id"])
        answer = zone.ask(name, "A").answer
        assert answer[0][0].address == f"192.0.2.{number}" and answer[1].rdtype == dns.rdatatype.RRSIG


def lose_by_disabling(zone, arn):
    zone.kms.disable_key(KeyId=arn)
    return "Enable it", lambda: zone.kms.enable_key(KeyId=arn)


def lose_by_deleting(zone, arn):
    zone.kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)

    def mend():
        zone.kms.cancel_key_deletion(KeyId=arn)
        zone.kms.enable_key(KeyId=arn)

    return "scheduled for deletion", mend


def lose_by_policy(zone, arn):
    locked = json.loads(dnssec_key_policy(zone.account))
    locked["Statement"] = locked["Statement"][:1]

    def put(document):
        zone.kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=document)

    put(json.dumps(locked))
    return "key policy", lambda: put(dnssec_key_policy(zone.account))


@pytest.mark.parametrize("lose", [lose_by_disabling, lose_by_deleting, lose_by_policy])
def test_a_lost_kms_key_needs_action_while_the_zone_validates_on(zone, lose):
    arn = zone.kms_key()
    zone.create(KeyManagementServiceArn=arn)
    zone.enable()
    expected, mend = lose(zone, arn)
    wait_for(lambda: zone.key()["Status"] == "ACTION_NEEDED", 20)
    message = zone.key()["StatusMessage"]
    assert expected in message and arn in message and "ActivateKeySigningKey" in message
    assert zone.serve_signature() == "ACTION_NEEDED"
    owner = dns.name.from_text(zone.name)
    answer = zone.ask(zone.name, "DNSKEY")
    keys = answer.find_rrset(answer.answer, owner, "IN", "DNSKEY")
    signatures = answer.find_rrset(answer.answer, owner, "IN", "RRSIG", dns.rdatatype.DNSKEY)
    dns.dnssec.validate(keys, signatures, {owner: keys})
    one = {"HostedZoneId": zone.id, "Name": "A4LKSK"}
    assert refused(zone.route53.activate_key_signing_key, **one)[0] == "InvalidKMSArn"
    code, text = refused(zone.route53.delete_key_signing_key, **one)
    assert code == "InvalidKeySigningKeyStatus" and "is not INACTIVE" in text
    mend()
    change = zone.route53.activate_key_signing_key(**one)["ChangeInfo"]
    in_sync(zone.route53, change["Id"])
    assert zone.key()["Status"] == "ACTIVE" and "StatusMessage" not in zone.key()
    assert zone.serve_signature() == "SIGNING"


def test_a_key_that_the_parent_vouches_for_stays(server):
    name = f"p{uuid.uuid4().hex[:12]}.org"
    zone = Zone(server, name, register_domain(server, name))
    zone.create("one")
    zone.create("two")
    zone.enable()
    domains = server.client("route53domains")
    key = zone.key("one")
    operation = domains.associate_delegation_signer_to_domain(
        DomainName=name,
        SigningAttributes={"Algorithm": 13, "Flags": 257, "PublicKey": key["PublicKey"]},
    )["OperationId"]
    wait_for(lambda: domains.get_operation_detail(OperationId=operation)["Status"] == "SUCCESSFUL")
    in_parent = "KeySigningKeyInParentDSRecord"
    one = {"HostedZoneId": zone.id}
    assert refused(zone.route53.deactivate_key_signing_key, **one, Name="one")[0] == in_parent
    assert refused(zone.route53.disable_hosted_zone_dnssec, **one)[0] == in_parent
    zone.route53.deactivate_key_signing_key(**one, Name="two")
    ds = domains.get_domain_detail(DomainName=name)["DnssecKeys"][0]["Id"]
    operation = domains.disassociate_delegation_signer_from_domain(DomainName=name, Id=ds)["OperationId"]
    wait_for(lambda: domains.get_operation_detail(OperationId=operation)["Status"] == "SUCCESSFUL")
    change = zone.route53.disable_hosted_zone_dnssec(**one)["ChangeInfo"]
    in_sync(zone.route53, change["Id"])


def test_the_parent_must_name_all_of_the_zones_servers(server):
    name = f"h{uuid.uuid4().hex[:12]}.org"
    zone = Zone(server, name, register_domain(server, name))
    zone.create()
    domains = server.client("route53domains")
    servers = zone.route53.get_hosted_zone(Id=zone.id)["DelegationSet"]["NameServers"]

    def delegate(names):
        operation = domains.update_domain_nameservers(
            DomainName=name, Nameservers=[{"Name": server} for server in names]
        )["OperationId"]
        wait_for(lambda: domains.get_operation_detail(OperationId=operation)["Status"] == "SUCCESSFUL")

    delegate(servers[:2])
    code, _ = refused(zone.route53.enable_hosted_zone_dnssec, HostedZoneId=zone.id)
    assert code == "HostedZonePartiallyDelegated"
    delegate(servers)
    zone.enable()


def test_a_zone_above_in_the_same_account_is_a_parent_too(zone):
    below = Zone(zone.server, f"sub.{zone.name}")
    below.create()
    servers = below.route53.get_hosted_zone(Id=below.id)["DelegationSet"]["NameServers"]

    def put(kind, *values, action="UPSERT"):
        records = [{"Value": value} for value in values]
        record = {"Name": below.name, "Type": kind, "TTL": 60, "ResourceRecords": records}
        zone.route53.change_resource_record_sets(
            HostedZoneId=zone.id,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )

    put("NS", *servers[:3])
    one = {"HostedZoneId": below.id}
    assert refused(zone.route53.enable_hosted_zone_dnssec, **one)[0] == "HostedZonePartiallyDelegated"
    put("NS", *servers)
    zone.route53.enable_hosted_zone_dnssec(**one)
    put("DS", below.key()["DSRecord"])
    assert refused(zone.route53.disable_hosted_zone_dnssec, **one)[0] == "KeySigningKeyInParentDSRecord"
    put("DS", below.key()["DSRecord"], action="DELETE")
    zone.route53.disable_hosted_zone_dnssec(**one)


def test_the_digest_is_that_of_owner_and_key(zone):
    key = zone.create()["KeySigningKey"]
    rdata = b"\x01\x01\x03\x0d" + base64.b64decode(key["PublicKey"])
    owner = dns.name.from_text(zone.name).canonicalize().to_wire()
    assert key["DigestValue"] == hashlib.sha256(owner + rdata).hexdigest().upper()
