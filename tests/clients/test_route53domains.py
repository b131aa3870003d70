"""The registrar, proved with boto3: what is registered enters the top-level domain's zone, for real."""

import uuid

import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest
from botocore.exceptions import ClientError
from harness import CONTACT, operation_done, register_domain, user_with, wait_for

# The worked key of the private scalar 1.
PUBLIC_KEY = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="


def a_name(tld="org"):
    return f"d{uuid.uuid4().hex[:12]}.{tld}"


def contacts():
    return {"AdminContact": CONTACT, "RegistrantContact": CONTACT, "TechContact": CONTACT}


def refused(call, **arguments):
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400, response
    return response["Error"]["Code"]


@pytest.fixture
def domains(server):
    return server.client("route53domains")


@pytest.fixture(scope="session")
def domain(server):
    """A registered domain that the tests leave as it was."""
    name = a_name()
    register_domain(server, name)
    return name


def asked(server, name, rtype):
    """What the shared name server says of a name, answer and authority: `{text of a set's data}`."""
    host, port = server.dns
    query = dns.message.make_query(name, rtype, want_dnssec=True)
    query.flags &= ~dns.flags.RD
    reply = dns.query.udp(query, host, 10, port)
    sets = [found for section in (reply.answer, reply.authority) for found in section]
    wanted = dns.rdatatype.from_text(rtype)
    return {data.to_text() for found in sets if found.rdtype == wanted for data in found}


def test_a_registration_makes_a_hosted_zone_and_delegates_to_it(server, domains):
    name = a_name()
    assert domains.check_domain_availability(DomainName=name)["Availability"] == "AVAILABLE"
    operation = domains.register_domain(DomainName=name, DurationInYears=2, **contacts())["OperationId"]
    assert domains.check_domain_availability(DomainName=name)["Availability"] == "UNAVAILABLE"
    operation_done(domains, operation)
    detail = domains.get_operation_detail(OperationId=operation)
    assert (detail["Type"], detail["DomainName"]) == ("REGISTER_DOMAIN", name)
    assert detail["LastUpdatedDate"] >= detail["SubmittedDate"]
    route53 = server.client("route53")
    zones = route53.list_hosted_zones_by_name(DNSName=name, MaxItems="1")["HostedZones"]
    assert zones[0]["Name"] == f"{name}."
    assert zones[0]["CallerReference"] == f"RISWorkflow-RD:{operation}"
    servers = route53.get_hosted_zone(Id=zones[0]["Id"])["DelegationSet"]["NameServers"]
    shown = domains.get_domain_detail(DomainName=name)
    assert [server["Name"] for server in shown["Nameservers"]] == servers
    assert shown["ExpirationDate"].year == shown["CreationDate"].year + 2
    assert shown["RegistrantContact"] == CONTACT
    assert shown["DnssecKeys"] == []


def test_a_key_enters_the_zone_as_a_ds_record_and_leaves_it(server, domains):
    name = a_name("com")
    register_domain(server, name)
    attributes = {"Algorithm": 13, "Flags": 257, "PublicKey": PUBLIC_KEY}
    add = domains.associate_delegation_signer_to_domain
    operation_done(domains, add(DomainName=name, SigningAttributes=attributes)["OperationId"])
    (key,) = domains.get_domain_detail(DomainName=name)["DnssecKeys"]
    assert key["Id"] == f"DS:{key['KeyTag']}-13-2-{key['Digest']}"
    assert "PublicKey" not in key and "Flags" not in key
    ds = f"{key['KeyTag']} 13 2 {key['Digest'].lower()}"
    assert asked(server, name, "DS") == {ds}
    assert refused(add, DomainName=name, SigningAttributes=attributes) == "DuplicateRequest"
    remove = domains.disassociate_delegation_signer_from_domain
    operation_done(domains, remove(DomainName=name, Id=key["Id"])["OperationId"])
    assert domains.get_domain_detail(DomainName=name)["DnssecKeys"] == []
    assert asked(server, name, "DS") == set()
    assert refused(remove, DomainName=name, Id=key["Id"]) == "InvalidInput"


def test_other_name_servers_are_delegated_to_with_glue(server, domains):
    name = a_name("net")
    zone = register_domain(server, name)
    servers = [
        {"Name": f"ns1.{name}", "GlueIps": ["192.0.2.1", "2001:db8::1"]},
        {"Name": "ns.example.com", "GlueIps": []},
    ]
    operation = domains.update_domain_nameservers(DomainName=name, Nameservers=servers)["OperationId"]
    operation_done(domains, operation)
    assert domains.get_operation_detail(OperationId=operation)["Type"] == "UPDATE_NAMESERVER"
    assert domains.get_domain_detail(DomainName=name)["Nameservers"] == servers
    # Without its hosted zone the shared server answers with the delegation itself.
    server.client("route53").delete_hosted_zone(Id=zone)
    wait_for(lambda: asked(server, name, "NS") == {f"ns1.{name}.", "ns.example.com."})


def test_wrong_requests_are_refused(domains, domain):
    register = lambda **more: refused(
        domains.register_domain, **{"DomainName": a_name(), "DurationInYears": 1, **contacts(), **more}
    )
    assert register(DomainName=domain) == "InvalidInput"
    assert register(DomainName=f"www.{domain}") == "UnsupportedTLD"
    assert register(DomainName="example.local") == "UnsupportedTLD"
    assert register(DomainName="nic.org") == "InvalidInput"
    assert register(DomainName="a b.org") == "InvalidInput"
    without_city = {name: value for name, value in CONTACT.items() if name != "City"}
    assert register(TechContact=without_city) == "InvalidInput"
    stranger = a_name()
    assert refused(domains.get_domain_detail, DomainName=stranger) == "InvalidInput"
    assert refused(domains.get_operation_detail, OperationId="no-such-operation") == "InvalidInput"
    servers = [{"Name": f"ns1.{domain}"}]
    assert refused(domains.update_domain_nameservers, DomainName=domain, Nameservers=servers) == "InvalidInput"
    add = lambda **more: refused(
        domains.associate_delegation_signer_to_domain,
        DomainName=domain,
        SigningAttributes={"Algorithm": 13, "Flags": 257, "PublicKey": PUBLIC_KEY, **more},
    )
    assert add(Algorithm=5) == "InvalidInput"
    assert add(Flags=1) == "InvalidInput"
    assert add(PublicKey="AAAA") == "InvalidInput"


def test_lists_come_in_pages_and_can_be_filtered(domains, domain):
    pages = domains.get_paginator("list_domains").paginate(PaginationConfig={"PageSize": 1})
    names = [found["DomainName"] for page in pages for found in page["Domains"]]
    assert domain in names and names == sorted(names)
    condition = {"Name": "DomainName", "Operator": "BEGINS_WITH", "Values": [domain]}
    found = domains.list_domains(FilterConditions=[condition])["Domains"]
    assert [entry["DomainName"] for entry in found] == [domain]
    assert found[0]["AutoRenew"] is True and found[0]["Expiry"].year > 2000
    pages = domains.get_paginator("list_operations").paginate(
        Type=["REGISTER_DOMAIN"], Status=["SUCCESSFUL"], PaginationConfig={"PageSize": 1}
    )
    operations = [found for page in pages for found in page["Operations"]]
    assert domain in [found["DomainName"] for found in operations]
    dates = [found["SubmittedDate"] for found in operations]
    assert dates == sorted(dates)
    assert refused(domains.list_domains, Marker="of another list") == "InvalidInput"


def test_a_user_needs_both_permissions(server):
    name = a_name()
    only_domains = {"Effect": "Allow", "Action": "route53domains:*", "Resource": "*"}
    keys, _ = user_with(server, f"u{uuid.uuid4().hex[:8]}", only_domains)
    client = server.client("route53domains", keys=keys)
    assert client.check_domain_availability(DomainName=name)["Availability"] == "AVAILABLE"
    code = refused(client.register_domain, DomainName=name, DurationInYears=1, **contacts())
    assert code == "AccessDeniedException"
    assert client.check_domain_availability(DomainName=name)["Availability"] == "AVAILABLE"


def test_the_registrar_survives_a_kill(own_server):
    own_server.start()
    domains = own_server.client("route53domains")
    name = a_name("dev")
    operation = domains.register_domain(DomainName=name, DurationInYears=1, **contacts())["OperationId"]
    own_server.kill()
    own_server.start()
    domains = own_server.client("route53domains")
    operation_done(domains, operation)
    assert domains.list_domains()["Domains"][0]["DomainName"] == name
    assert len(domains.get_domain_detail(DomainName=name)["Nameservers"]) == 4
