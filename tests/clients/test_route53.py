"""Hosted zones, records, tags and VPCs of Route 53, proved with boto3."""

import uuid

import pytest
from botocore.exceptions import ClientError, WaiterError
from harness import in_sync, user_with


def reference():
    return uuid.uuid4().hex


def refused(call, **arguments):
    """The code and text with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def refused_status(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def route53(server):
    return server.client("route53")


@pytest.fixture
def zone(route53):
    """A public zone of its own, `(id, name)`."""
    name = f"z{uuid.uuid4().hex[:12]}.org"
    made = route53.create_hosted_zone(Name=name, CallerReference=reference())
    return made["HostedZone"]["Id"].rsplit("/", 1)[1], name


def change(action, name, kind, *values, ttl=60):
    records = [{"Value": value} for value in values]
    return {
        "Action": action,
        "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records},
    }


def change_sets(route53, zone_id, *changes, **more):
    batch = {"Changes": list(changes), **more}
    return route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)["ChangeInfo"]


def listed(route53, zone_id):
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return [found for page in pages for found in page["ResourceRecordSets"]]


# --- hosted zones -----------------------------------------------------------------------------


def test_a_public_zone_has_four_servers_and_its_records(route53):
    name = f"A{uuid.uuid4().hex[:12]}.Example.ORG"
    made = route53.create_hosted_zone(
        Name=name, CallerReference=reference(), HostedZoneConfig={"Comment": "mine"}
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    zone = made["HostedZone"]
    assert zone["Id"].startswith("/hostedzone/Z")
    assert made["Location"] == f"https://route53.amazonaws.com/2013-04-01{zone['Id']}"
    assert zone["Name"] == name.lower() + "."
    assert zone["Config"] == {"Comment": "mine", "PrivateZone": False}
    assert zone["ResourceRecordSetCount"] == 2
    assert made["ChangeInfo"]["Status"] == "PENDING"
    assert made["ChangeInfo"]["Id"].startswith("/change/C")
    servers = made["DelegationSet"]["NameServers"]
    assert len(set(servers)) == 4
    shown = route53.get_hosted_zone(Id=zone["Id"])
    assert shown["HostedZone"] == zone
    assert shown["DelegationSet"]["NameServers"] == servers
    ns, soa = listed(route53, zone["Id"])
    assert (ns["Type"], ns["TTL"]) == ("NS", 172800)
    assert [record["Value"] for record in ns["ResourceRecords"]] == [f"{server}." for server in servers]
    assert (soa["Type"], soa["TTL"]) == ("SOA", 900)
    assert soa["ResourceRecords"] == [
        {"Value": f"{servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}
    ]


def test_zones_of_one_name_share_no_server(route53, zone):
    _, name = zone
    servers = set()
    for owner in (name, name, f"sub.{name}"):
        made = route53.create_hosted_zone(Name=owner, CallerReference=reference())
        fresh = set(made["DelegationSet"]["NameServers"])
        assert not servers & fresh
        servers |= fresh


def test_refusals_of_create_hosted_zone(route53, zone):
    _, name = zone
    create = route53.create_hosted_zone
    code, text = refused(create, Name="a..org", CallerReference=reference())
    assert code == "InvalidDomainName"
    assert text == "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..org'"
    assert refused(create, Name="org", CallerReference=reference())[0] == "InvalidDomainName"
    again = reference()
    create(Name=name, CallerReference=again)
    assert refused(create, Name=name, CallerReference=again)[0] == "HostedZoneAlreadyExists"
    assert refused_status(create, Name=name, CallerReference=again) == 409
    code, _ = refused(create, Name=name, CallerReference=reference(), DelegationSetId="N1234567890")
    assert code == "NoSuchDelegationSet"
    private = {"PrivateZone": True}
    code, _ = refused(create, Name=name, CallerReference=reference(), HostedZoneConfig=private)
    assert code == "InvalidInput"


def test_unknown_zones_are_404(route53):
    for call, arguments in [
        (route53.get_hosted_zone, {"Id": "Z404"}),
        (route53.delete_hosted_zone, {"Id": "Z404"}),
        (route53.update_hosted_zone_comment, {"Id": "Z404"}),
        (route53.list_resource_record_sets, {"HostedZoneId": "Z404"}),
        (route53.get_dnssec, {"HostedZoneId": "Z404"}),
    ]:
        assert refused(call, **arguments) == ("NoSuchHostedZone", "No hosted zone found with ID: Z404")
        assert refused_status(call, **arguments) == 404
    assert refused(route53.get_change, Id="C404")[0] == "NoSuchChange"
    assert refused_status(route53.get_change, Id="C404") == 404


def test_a_zone_is_deleted_when_it_is_empty(route53, zone):
    zone_id, name = zone
    change_sets(route53, zone_id, change("CREATE", f"www.{name}", "A", "192.0.2.1"))
    code, text = refused(route53.delete_hosted_zone, Id=zone_id)
    assert code == "HostedZoneNotEmpty"
    assert text == (
        "The specified hosted zone contains non-required resource record sets  and so cannot be deleted."
    )
    change_sets(route53, zone_id, change("DELETE", f"www.{name}", "A", "192.0.2.1"))
    deleted = route53.delete_hosted_zone(Id=zone_id)["ChangeInfo"]
    assert refused(route53.get_hosted_zone, Id=zone_id)[0] == "NoSuchHostedZone"
    in_sync(route53, deleted["Id"])


def test_comments_change_and_go(route53, zone):
    zone_id, _ = zone
    shown = route53.update_hosted_zone_comment(Id=zone_id, Comment="a <b> & c")["HostedZone"]["Config"]
    assert shown["Comment"] == "a <b> & c"
    assert "Comment" not in route53.update_hosted_zone_comment(Id=zone_id)["HostedZone"]["Config"]


def test_lists_count_and_page_zones(route53, zone):
    _, name = zone
    more = [f"b.{name}", f"a.{name}", f"a-b.{name}", f"x.a.{name}"]
    for owner in more:
        route53.create_hosted_zone(Name=owner, CallerReference=reference())
    pages = route53.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 2})
    found = [zone for page in pages for zone in page["HostedZones"]]
    assert {f"{owner}." for owner in [name, *more]} <= {zone["Name"] for zone in found}
    assert all("PrivateZone" in zone["Config"] for zone in found)
    assert route53.get_hosted_zone_count()["HostedZoneCount"] >= 5
    by_name = route53.list_hosted_zones_by_name(DNSName=name, MaxItems="5")
    assert [zone["Name"] for zone in by_name["HostedZones"]] == [
        f"{owner}." for owner in [name, f"a-b.{name}", f"a.{name}", f"x.a.{name}", f"b.{name}"]
    ]
    first = route53.list_hosted_zones_by_name(DNSName=name, MaxItems="1")
    assert first["IsTruncated"] and first["NextDNSName"] == f"a-b.{name}."
    then = route53.list_hosted_zones_by_name(
        DNSName=first["NextDNSName"], HostedZoneId=first["NextHostedZoneId"], MaxItems="1"
    )
    assert then["HostedZones"][0]["Name"] == f"a-b.{name}."


# --- records ----------------------------------------------------------------------------------


def test_every_type_is_listed_as_it_was_given(route53, zone):
    zone_id, name = zone
    owner = f"x.{name}"
    given = {
        "A": "192.0.2.1",
        "AAAA": "2001:DB8::1",
        "CAA": '0 issue "ca.example"',
        "DS": "27578 13 2 21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA",
        "HTTPS": "1 . alpn=h2",
        "MX": "10 Mail.example.org",
        "NAPTR": '100 50 "s" "SIP+D2U" "" _sip._udp.example.org',
        "NS": "ns.example.org",
        "PTR": "www.example.org",
        "SPF": '"v=spf1 -all"',
        "SRV": "10 5 80 host.example.org",
        "SSHFP": "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789",
        "SVCB": "16 foo.example.org port=53",
        "TLSA": "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
        "TXT": '"Some \\"quoted\\" text" "and \\052 more <&>"',
    }
    change_sets(route53, zone_id, *(change("CREATE", owner, kind, value) for kind, value in given.items()))
    found = [entry for entry in listed(route53, zone_id) if entry["Name"] == f"{owner}."]
    assert {entry["Type"]: entry["ResourceRecords"][0]["Value"] for entry in found} == given
    assert [entry["Type"] for entry in found] == sorted(given)


def test_names_come_back_escaped_and_in_order(route53, zone):
    zone_id, name = zone
    owners = ["b", "*", "b-c", "x.b", "user@a"]
    change_sets(
        route53, zone_id, *(change("CREATE", f"{owner}.{name}", "A", "192.0.2.1") for owner in owners)
    )
    names = [entry["Name"] for entry in listed(route53, zone_id)]
    assert names == [
        f"{owner}{name}." for owner in ["", "", "\\052.", "b-c.", "b.", "x.b.", "user\\100a."]
    ]
    page = route53.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=f"\\052.{name}", MaxItems="1")
    assert page["ResourceRecordSets"][0]["Name"] == f"\\052.{name}."
    assert page["NextRecordName"] == f"b-c.{name}." and page["NextRecordType"] == "A"


def test_refusals_of_change_batches_are_those_of_aws(route53, zone):
    zone_id, name = zone

    def told(*changes):
        batch = {"Changes": list(changes)}
        code, text = refused(route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch=batch)
        assert code == "InvalidChangeBatch", text
        return text

    owner = f"n.{name}"
    change_sets(route53, zone_id, change("CREATE", owner, "A", "192.0.2.1"))
    identity = f"[name='{owner}.', type='A']"
    assert told(change("CREATE", owner, "A", "192.0.2.2")) == (
        f"[Tried to create resource record set {identity} but it already exists]"
    )
    assert told(change("DELETE", owner, "A", "192.0.2.2")) == (
        f"[Tried to delete resource record set {identity} but the values provided do not match the current values]"
    )
    assert told(change("DELETE", f"m.{name}", "A", "192.0.2.2")) == (
        f"[Tried to delete resource record set [name='m.{name}.', type='A'] but it was not found]"
    )
    assert told(change("CREATE", "a.example.net", "A", "192.0.2.2")) == (
        f"[RRSet with DNS name a.example.net. is not permitted in zone {name}.]"
    )
    assert told(change("CREATE", name, "CNAME", "a.example.net")) == (
        f"[RRSet of type CNAME with DNS name {name}. is not permitted at apex in zone {name}.]"
    )
    assert told(change("CREATE", owner, "CNAME", "a.example.net")) == (
        f"[RRSet of type CNAME with DNS name {owner}. is not permitted as it conflicts with other records "
        f"with the same DNS name in zone {name}.]"
    )
    change_sets(route53, zone_id, change("CREATE", f"c.{name}", "CNAME", "a.example.net"))
    assert told(change("CREATE", f"c.{name}", "A", "192.0.2.2")) == (
        f"[RRSet of type A with DNS name c.{name}. is not permitted because a conflicting RRSet of type CNAME "
        f"with the same DNS name already exists in zone {name}.]"
    )
    assert told(change("CREATE", f"t.{name}", "TXT", "bare")) == (
        "[Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in "
        "quotation marks) encountered with 'bare'']"
    )
    assert "CharacterStringTooLong (Value is too long)" in told(
        change("CREATE", f"t.{name}", "TXT", '"' + "x" * 256 + '"')
    )
    assert "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)" in told(
        change("CREATE", f"t.{name}", "A", "192.0.2")
    )
    apex = {entry["Type"]: entry for entry in listed(route53, zone_id)[:2]}
    for kind, text in [
        ("SOA", "A HostedZone must contain exactly one SOA record."),
        ("NS", "A HostedZone must contain at least one NS record for the zone itself."),
    ]:
        assert told({"Action": "DELETE", "ResourceRecordSet": apex[kind]}) == f"[{text}]"
    many = [change("CREATE", f"n{number}.{name}", "A", "192.0.2.1") for number in range(1001)]
    assert told(*many) == "[Number of records limit of 1000 exceeded.]"


def test_refused_inputs(route53, zone):
    zone_id, name = zone
    bare = {"Action": "CREATE", "ResourceRecordSet": {"Name": f"n.{name}", "Type": "A"}}
    code, text = refused(
        route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch={"Changes": [bare]}
    )
    assert (code, text) == (
        "InvalidInput",
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
        "TrafficPolicyInstanceId], but found none in Change with "
        f"[Action=CREATE, Name=n.{name}, Type=A, SetIdentifier=null]",
    )
    weighted = change("CREATE", f"n.{name}", "A", "192.0.2.1")
    weighted["ResourceRecordSet"] |= {"SetIdentifier": "one", "Weight": 1}
    code, text = refused(
        route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch={"Changes": [weighted]}
    )
    assert code == "InvalidInput" and "not served yet" in text
    list_sets = route53.list_resource_record_sets
    assert refused(list_sets, HostedZoneId=zone_id, StartRecordType="A")[0] == "InvalidInput"
    assert refused(route53.get_hosted_zone, Id="Z" * 33) == (
        "InvalidInput",
        f"1 validation error detected: Value '{'Z' * 33}' at 'id' failed to satisfy constraint: "
        "Member must have length less than or equal to 32",
    )


def test_a_thousand_records_are_one_batch(route53, zone):
    zone_id, name = zone
    many = [change("CREATE", f"n{number}.{name}", "A", "192.0.2.1") for number in range(1000)]
    change_sets(route53, zone_id, *many)
    assert len(listed(route53, zone_id)) == 1002
    change_sets(route53, zone_id, *(dict(entry, Action="DELETE") for entry in many))
    assert len(listed(route53, zone_id)) == 2


def test_changes_come_in_sync(route53, zone):
    zone_id, name = zone
    info = change_sets(route53, zone_id, change("CREATE", f"n.{name}", "A", "192.0.2.1"), Comment="why")
    assert (info["Status"], info["Comment"]) == ("PENDING", "why")
    in_sync(route53, info["Id"])
    shown = route53.get_change(Id=info["Id"])["ChangeInfo"]
    assert (shown["Id"], shown["Comment"], shown["SubmittedAt"]) == (info["Id"], "why", info["SubmittedAt"])
    waiter = route53.get_waiter("resource_record_sets_changed")
    try:
        waiter.wait(Id=info["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    except WaiterError as error:
        pytest.fail(str(error))


# --- tags and VPCs ----------------------------------------------------------------------------


def test_tags_of_zones(route53, zone):
    zone_id, _ = zone
    of_zone = {"ResourceType": "hostedzone", "ResourceId": zone_id}
    tags = [{"Key": "team", "Value": "dns & co"}, {"Key": "stage", "Value": "test"}]
    route53.change_tags_for_resource(**of_zone, AddTags=tags)
    route53.change_tags_for_resource(**of_zone, RemoveTagKeys=["stage"])
    shown = route53.list_tags_for_resource(**of_zone)["ResourceTagSet"]
    assert shown == {"ResourceType": "hostedzone", "ResourceId": zone_id, "Tags": tags[:1]}
    many = route53.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[zone_id])
    assert many["ResourceTagSets"] == [shown]
    code, _ = refused(route53.list_tags_for_resource, ResourceType="hostedzone", ResourceId="Z404")
    assert code == "NoSuchHostedZone"
    code, _ = refused(route53.list_tags_for_resource, ResourceType="healthcheck", ResourceId="x")
    assert code == "NoSuchHealthCheck"


def test_private_zones_and_their_vpcs(route53):
    name = f"p{uuid.uuid4().hex[:12]}.internal"
    first, second = ({"VPCRegion": "us-east-1", "VPCId": f"vpc-{uuid.uuid4().hex[:17]}"} for _ in range(2))
    made = route53.create_hosted_zone(Name=name, CallerReference=reference(), VPC=first)
    zone_id = made["HostedZone"]["Id"]
    assert made["HostedZone"]["Config"]["PrivateZone"] is True
    assert made["VPC"] == first
    in_sync(route53, made["ChangeInfo"]["Id"])
    code, _ = refused(route53.create_hosted_zone, Name=name, CallerReference=reference(), VPC=first)
    assert code == "ConflictingDomainExists"
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone_id, VPC=second)
    shown = route53.get_hosted_zone(Id=zone_id)
    assert shown["VPCs"] == [first, second] and "DelegationSet" not in shown
    by_vpc = route53.list_hosted_zones_by_vpc(VPCId=second["VPCId"], VPCRegion="us-east-1")
    assert [zone["Name"] for zone in by_vpc["HostedZoneSummaries"]] == [f"{name}."]
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone_id, VPC=first)
    code, _ = refused(route53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone_id, VPC=first)
    assert code == "VPCAssociationNotFound"
    code, _ = refused(route53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone_id, VPC=second)
    assert code == "LastVPCAssociation"
    private = route53.list_hosted_zones(HostedZoneType="PrivateHostedZone")["HostedZones"]
    assert zone_id in [zone["Id"] for zone in private]


def test_a_vpc_has_no_public_zone(route53, zone):
    zone_id, _ = zone
    vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-0123456789abcdef0"}
    code, _ = refused(route53.associate_vpc_with_hosted_zone, HostedZoneId=zone_id, VPC=vpc)
    assert code == "PublicZoneVPCAssociation"


# --- permissions ------------------------------------------------------------------------------


def test_a_user_without_permission_is_refused(server, zone):
    zone_id, _ = zone
    keys, arn = user_with(server, f"nobody-{uuid.uuid4().hex[:8]}")
    nobody = server.client("route53", keys=keys)
    for call, arguments in [
        (nobody.list_hosted_zones, {}),
        (nobody.get_hosted_zone, {"Id": zone_id}),
        (nobody.get_dnssec, {"HostedZoneId": zone_id}),
        (nobody.delete_hosted_zone, {"Id": zone_id}),
    ]:
        code, text = refused(call, **arguments)
        assert code == "AccessDenied"
        assert text.startswith(f"User: {arn} is not authorized to perform: route53:")
        assert refused_status(call, **arguments) == 403


def test_a_policy_limits_the_names_of_a_batch(server, zone):
    zone_id, name = zone
    statement = {
        "Effect": "Allow",
        "Action": "route53:ChangeResourceRecordSets",
        "Resource": f"arn:aws:route53:::hostedzone/{zone_id}",
        "Condition": {
            "ForAllValues:StringEquals": {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"_acme-challenge.{name}"],
                "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
                "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
            }
        },
    }
    keys, _ = user_with(server, f"acme-{uuid.uuid4().hex[:8]}", statement)
    acme = server.client("route53", keys=keys)
    change_sets(acme, zone_id, change("UPSERT", f"_ACME-challenge.{name}", "TXT", '"token"'))
    for wrong in [
        change("UPSERT", f"www.{name}", "TXT", '"token"'),
        change("UPSERT", f"_acme-challenge.{name}", "A", "192.0.2.1"),
        change("CREATE", f"_acme-challenge.{name}", "TXT", '"token"'),
    ]:
        batch = {"Changes": [wrong]}
        code, _ = refused(acme.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch=batch)
        assert code == "AccessDenied"
