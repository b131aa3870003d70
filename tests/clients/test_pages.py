"""Lists of every service go on after what changed, and with their own tokens only."""

import base64

import pytest
from kms_support import fresh, refused

VPC = {"VPCRegion": "us-east-1", "VPCId": "vpc-0123456789abcdef0"}


@pytest.mark.parametrize("name", ["forged", base64.urlsafe_b64encode(b"aaa").decode().rstrip("=")])
def test_made_up_tokens_are_refused(server, name):
    client = server.client
    refused("ValidationError", client("iam").list_users, Marker=name)
    refused("InvalidInput", client("route53domains").list_domains, Marker=name)
    refused("InvalidInput", client("route53domains").list_operations, Marker=name)
    refused("InvalidPaginationToken", client("route53").list_hosted_zones_by_vpc, NextToken=name, **VPC)
    refused("InvalidMarkerException", client("kms").list_keys, Marker=name)
    refused("CloudHsmInvalidRequestException", client("cloudhsmv2").describe_clusters, NextToken=name)


def test_users_come_in_pages_that_go_on_after_who_is_gone(server):
    iam, path = server.client("iam"), f"/{fresh('pages')}/"
    names = [f"paged-{letter}" for letter in "abcd"]
    for name in names:
        iam.create_user(UserName=name, Path=path)
    page = iam.list_users(PathPrefix=path, MaxItems=2)
    assert [user["UserName"] for user in page["Users"]] == names[:2] and page["IsTruncated"]
    iam.delete_user(UserName=names[1])
    rest = iam.list_users(PathPrefix=path, MaxItems=2, Marker=page["Marker"])
    assert [user["UserName"] for user in rest["Users"]] == names[2:] and not rest["IsTruncated"]
    # Another list's token, and another account's list.
    refused("ValidationError", iam.list_users, PathPrefix="/", Marker=page["Marker"])
    refused("ValidationError", iam.list_roles, PathPrefix=path, Marker=page["Marker"])


def test_private_zones_of_a_vpc_come_in_pages(server):
    route53, made = server.client("route53"), []
    vpc = VPC | {"VPCId": "vpc-0fedcba9876543210"}
    for letter in "abc":
        zone = route53.create_hosted_zone(Name=f"{letter}.{fresh('pages')}.internal", CallerReference=fresh("r"), VPC=vpc)
        made.append(zone["HostedZone"]["Name"])
    page = route53.list_hosted_zones_by_vpc(MaxItems="2", **vpc)
    rest = route53.list_hosted_zones_by_vpc(MaxItems="2", NextToken=page["NextToken"], **vpc)
    assert sorted(zone["Name"] for zone in page["HostedZoneSummaries"] + rest["HostedZoneSummaries"]) == sorted(made)
    assert len(page["HostedZoneSummaries"]) == 2 and "NextToken" not in rest
    refused("InvalidPaginationToken", route53.list_hosted_zones_by_vpc, NextToken=page["NextToken"], **VPC)
