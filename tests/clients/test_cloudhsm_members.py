"""CloudHSM v2 with boto3: every member of every answer, with its value."""

import ipaddress
import os
import re
import signal
from datetime import datetime, timedelta, timezone

import pytest
from cloudhsm_support import (
    DENIED,
    INVALID,
    NO_BACKUP,
    NOT_FOUND,
    TAGS,
    TWO_SUBNETS,
    Cluster,
    backups,
    described,
    empty_cluster,
    ready_backup,
    state,
    with_many_clusters,
)
from harness import user_with, wait_for
from kms_support import account_of, allow, document, refused, root_of

TEAM = [{"Key": "team", "Value": "red"}]
UNCLAIMED = {"ClusterCsr", "HsmCertificate", "AwsHardwareCertificate", "ManufacturerHardwareCertificate"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with with_many_clusters(tmp_path_factory.mktemp("members")) as server:
        yield server


@pytest.fixture
def hsm(house):
    return house.client("cloudhsmv2")


@pytest.fixture(scope="module")
def used(house, tmp_path_factory):
    """A cluster in use with one HSM."""
    return Cluster.make(house, tmp_path_factory.mktemp("used"), hsms=1)


def kept_for(days):
    return {"BackupRetentionPolicy": {"Type": "DAYS", "Value": str(days)}}


def test_a_dual_stack_cluster_and_its_first_hsm_in_every_answer(hsm):
    made = hsm.create_cluster(
        HsmType="hsm1.medium", SubnetIds=TWO_SUBNETS, NetworkType="DUALSTACK", Mode="FIPS", TagList=TEAM, **kept_for(30)
    )["Cluster"]
    cluster = made["ClusterId"]
    expected = {
        "ClusterId": cluster,
        "State": "CREATE_IN_PROGRESS",
        "HsmType": "hsm1.medium",
        "Mode": "FIPS",
        "NetworkType": "DUALSTACK",
        "BackupPolicy": "DEFAULT",
        "SubnetMapping": {"us-east-1a": TWO_SUBNETS[0], "us-east-1b": TWO_SUBNETS[1]},
        "VpcId": made["VpcId"],
        "SecurityGroup": made["SecurityGroup"],
        "Hsms": [],
        "Certificates": {},
        "TagList": TEAM,
        "CreateTimestamp": made["CreateTimestamp"],
        **kept_for(30),
    }
    assert made == expected
    assert re.fullmatch(r"vpc-[0-9a-f]{8,17}", made["VpcId"]) and re.fullmatch(r"sg-[0-9a-f]{8,17}", made["SecurityGroup"])
    assert abs(made["CreateTimestamp"] - datetime.now(timezone.utc)) < timedelta(minutes=2)
    state(hsm, cluster, "UNINITIALIZED")
    assert described(hsm, cluster) == expected | {"State": "UNINITIALIZED"}

    first = hsm.create_hsm(ClusterId=cluster, AvailabilityZone="us-east-1b")["Hsm"]
    expected_hsm = {
        "HsmId": first["HsmId"],
        "ClusterId": cluster,
        "AvailabilityZone": "us-east-1b",
        "SubnetId": TWO_SUBNETS[1],
        "EniId": first["EniId"],
        "EniIp": first["EniIp"],
        "EniIpV6": first["EniIpV6"],
        "HsmType": "hsm1.medium",
        "State": "CREATE_IN_PROGRESS",
        "StateMessage": "HSM is being created.",
    }
    assert first == expected_hsm
    assert re.fullmatch(r"eni-[0-9a-f]{8,17}", first["EniId"]) and re.fullmatch(r"hsm-[2-7a-z]{11}", first["HsmId"])
    assert ipaddress.IPv4Address(first["EniIp"]) and ipaddress.IPv6Address(first["EniIpV6"])
    wait_for(lambda: described(hsm, cluster)["Hsms"][0]["State"] == "ACTIVE", 60)
    shown = described(hsm, cluster)
    assert set(shown["Certificates"]) == UNCLAIMED
    active = expected_hsm | {"State": "ACTIVE", "StateMessage": "HSM created."}
    expected |= {"State": "UNINITIALIZED", "Hsms": [active], "Certificates": dict(shown["Certificates"].items())}
    assert shown == expected
    expected |= kept_for(7)
    assert hsm.modify_cluster(ClusterId=cluster, **kept_for(7))["Cluster"] == expected

    # By each of its names an HSM can be deleted.
    assert hsm.delete_hsm(ClusterId=cluster, EniId=first["EniId"])["HsmId"] == first["HsmId"]
    wait_for(lambda: described(hsm, cluster)["Hsms"] == [], 60)
    expected |= {"Hsms": [], "Certificates": {}}
    assert described(hsm, cluster) == expected
    going = {"State": "DELETE_IN_PROGRESS", "StateMessage": "The cluster is being deleted."}
    assert hsm.delete_cluster(ClusterId=cluster)["Cluster"] == expected | going
    state(hsm, cluster, "DELETED")
    assert described(hsm, cluster) == expected | {"State": "DELETED"}


def test_a_cluster_says_that_it_is_being_initialized(house, hsm, tmp_path):
    cluster = Cluster(house, tmp_path, empty_cluster(hsm), hsm)
    new = cluster.add_hsm("us-east-1a")
    (process,) = house.children(new)
    os.kill(process, signal.SIGSTOP)
    try:
        answer = hsm.initialize_cluster(ClusterId=cluster.id, **cluster.signed_by_its_owner())
        message = "Cluster is initializing. State will change to INITIALIZED upon completion."
        expected = {"State": "INITIALIZE_IN_PROGRESS", "StateMessage": message}
        assert {name: answer[name] for name in expected} == expected
        # Its HSM does not answer yet.
        shown = described(hsm, cluster.id)
        assert (shown["State"], shown["StateMessage"]) == ("INITIALIZE_IN_PROGRESS", message)
        modified = hsm.modify_cluster(ClusterId=cluster.id, **kept_for(8))["Cluster"]
        assert (modified["State"], modified["StateMessage"]) == ("INITIALIZE_IN_PROGRESS", message)
        refused(INVALID, hsm.create_hsm, ClusterId=cluster.id, AvailabilityZone="us-east-1b")
        refused(INVALID, hsm.delete_hsm, ClusterId=cluster.id, HsmId=new)
    finally:
        os.kill(process, signal.SIGCONT)
    cluster.wait_for("INITIALIZED")
    assert "StateMessage" not in cluster.describe()


def test_a_cluster_from_a_backup_and_its_change_of_type_in_every_answer(house, hsm, used, tmp_path):
    backup = ready_backup(hsm, used.id)["BackupId"]
    certificates = {"ClusterCertificate": used.describe()["Certificates"]["ClusterCertificate"]}
    wanted = {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS, "SourceBackupId": backup}
    made = hsm.create_cluster(**wanted)["Cluster"]
    assert (made["SourceBackupId"], made["Certificates"], made["NetworkType"]) == (backup, certificates, "IPV4")
    restored = Cluster(house, tmp_path, made["ClusterId"], hsm)
    restored.wait_for("ACTIVE")
    restored.add_hsm("us-east-1a")
    changing = hsm.modify_cluster(ClusterId=restored.id, HsmType="hsm2m.medium")["Cluster"]
    assert (changing["State"], changing["HsmType"]) == ("MODIFY_IN_PROGRESS", "hsm1.medium")
    refused(INVALID, hsm.create_hsm, ClusterId=restored.id, AvailabilityZone="us-east-1b")
    restored.wait_for("ACTIVE")
    expected = restored.describe() | {"HsmType": "hsm2m.medium", "SourceBackupId": backup, "Certificates": certificates}
    left = expected["HsmTypeRollbackExpiration"] - datetime.now(timezone.utc)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert restored.describe() == expected
    expected |= kept_for(9)
    assert hsm.modify_cluster(ClusterId=restored.id, **kept_for(9))["Cluster"] == expected
    restored.delete_hsm(expected["Hsms"][0]["HsmId"])
    deleted = hsm.delete_cluster(ClusterId=restored.id)["Cluster"]
    message = "The cluster is being deleted."
    assert deleted == expected | {"Hsms": [], "State": "DELETE_IN_PROGRESS", "StateMessage": message}


def test_a_backup_in_every_answer(house, hsm, used):
    backup = ready_backup(hsm, used.id)
    copied = hsm.copy_backup_to_region(BackupId=backup["BackupId"], DestinationRegion="eu-central-1", TagList=TEAM)
    origin = {"SourceRegion": "us-east-1", "SourceBackup": backup["BackupId"], "SourceCluster": used.id}
    assert copied["DestinationBackup"] == origin | {"CreateTimestamp": backup["CreateTimestamp"]}
    there = house.client("cloudhsmv2", region="eu-central-1")
    (copy,) = backups(there, sourceBackupIds=backup["BackupId"])
    own = {"BackupId": copy["BackupId"]}
    expected = {
        "BackupArn": f"arn:aws:cloudhsm:eu-central-1:{account_of(backup['BackupArn'])}:backup/{copy['BackupId']}",
        "BackupState": "READY",
        "ClusterId": used.id,
        "CreateTimestamp": backup["CreateTimestamp"],
        "CopyTimestamp": copy["CopyTimestamp"],
        "NeverExpires": False,
        "HsmType": "hsm1.medium",
        "Mode": "FIPS",
        "TagList": TEAM,
        **own,
        **origin,
    }
    assert copy == expected
    assert backups(there, clusterIds=used.id, backupIds=copy["BackupId"], states="READY", neverExpires="false") == [copy]
    expected["NeverExpires"] = True
    assert there.modify_backup_attributes(NeverExpires=True, **own)["Backup"] == expected
    deleted = there.delete_backup(**own)["Backup"]
    assert deleted == expected | {"BackupState": "PENDING_DELETION", "DeleteTimestamp": deleted["DeleteTimestamp"]}
    waiting = deleted["DeleteTimestamp"] - datetime.now(timezone.utc)
    assert timedelta(days=7, minutes=-2) < waiting <= timedelta(days=7)
    assert backups(there, states="PENDING_DELETION") == [deleted]
    assert there.restore_backup(**own)["Backup"] == expected


# --- errors ---------------------------------------------------------------------------------------


class World:
    """Clusters and backups on which every operation can do something, and what each is asked to do."""

    def __init__(self, server, folder):
        self.api = server.client("cloudhsmv2", read_timeout=120)
        self.active = Cluster.make(server, folder / "active", hsms=1)
        self.unclaimed = Cluster(server, folder, empty_cluster(self.api), self.api)
        self.unclaimed.add_hsm("us-east-1a")
        self.backup = ready_backup(self.api, self.active.id)
        account = account_of(self.backup["BackupArn"])
        self.policy = document(allow(root_of(account), "cloudhsm:DescribeBackups"))

    def reads(self):
        cluster, arn = {"ResourceId": self.active.id}, {"ResourceArn": self.backup["BackupArn"]}
        return {"describe_backups": {}, "describe_clusters": {}, "list_tags": cluster, "get_resource_policy": arn}

    def writes(self):
        """In an order in which they can be done one after the other."""
        cluster, resource = {"ClusterId": self.active.id}, {"ResourceId": self.active.id}
        backup, arn = {"BackupId": self.backup["BackupId"]}, {"ResourceArn": self.backup["BackupArn"]}
        return {
            "create_cluster": {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS},
            "initialize_cluster": {"ClusterId": self.unclaimed.id} | self.unclaimed.signed_by_its_owner(),
            "modify_cluster": cluster | kept_for(9),
            "tag_resource": resource | {"TagList": TEAM},
            "untag_resource": resource | {"TagKeyList": ["team"]},
            "copy_backup_to_region": backup | {"DestinationRegion": "eu-central-1"},
            "modify_backup_attributes": backup | {"NeverExpires": True},
            "put_resource_policy": arn | {"Policy": self.policy},
            "delete_resource_policy": arn,
            "delete_backup": backup,
            "restore_backup": backup,
            "create_hsm": cluster | {"AvailabilityZone": "us-east-1b"},
            "delete_hsm": cluster | {"HsmId": self.active.hsms()[0]["HsmId"]},
            "delete_cluster": {"ClusterId": empty_cluster(self.api)},
        }


def test_who_may_do_nothing_is_refused_everything_and_what_cant_be_written_is_ours(house, tmp_path):
    world = World(house, tmp_path)
    writes = world.writes()
    keys, _ = user_with(house, "nobody")
    nobody = house.client("cloudhsmv2", keys=keys)
    for operation, members in (world.reads() | writes).items():
        refused(DENIED, getattr(nobody, operation), **members)
    there = len(world.api.describe_clusters()["Clusters"])
    for operation, members in writes.items():
        call = getattr(world.api, operation)
        with house.without_room():
            refused("CloudHsmInternalFailureException", call, status=500, **members)
        assert len(world.api.describe_clusters()["Clusters"]) in (there, there + 1)
        # The same request works as soon as there is room.
        wait_for(lambda: call(**members))
    with house.without_room():
        for _ in range(2):
            refused("CloudHsmInternalFailureException", world.api.create_cluster, status=500, **writes["create_cluster"])
        # The file is closed by now, and can't be opened where nothing can be written.
        for operation, members in world.reads().items():
            refused("CloudHsmInternalFailureException", getattr(world.api, operation), status=500, **members)
    for operation, members in world.reads().items():
        getattr(world.api, operation)(**members)


def test_requests_that_make_no_sense_are_refused(hsm, used):
    backup = ready_backup(hsm, used.id)
    arn, missing = backup["BackupArn"], backup["BackupArn"].rsplit("/", 1)[0] + "/" + NO_BACKUP
    for operation in [hsm.get_resource_policy, hsm.delete_resource_policy]:
        refused(INVALID, operation)
        refused(INVALID, operation, ResourceArn=arn.replace("us-east-1", "eu-central-1"))
        refused(NOT_FOUND, operation, ResourceArn=missing)
    policy = document(allow("*", "cloudhsm:DescribeBackups"))
    refused(INVALID, hsm.put_resource_policy, ResourceArn=arn)
    refused(NOT_FOUND, hsm.put_resource_policy, ResourceArn=missing, Policy=policy)
    refused(INVALID, hsm.list_tags, ResourceId="nonsense")
    refused(INVALID, hsm.list_tags, ResourceId=used.id, NextToken="made-up")
    refused(INVALID, hsm.tag_resource, ResourceId="nonsense", TagList=TEAM)
    refused(INVALID, hsm.untag_resource, ResourceId="nonsense", TagKeyList=["team"])
    refused(TAGS, hsm.tag_resource, ResourceId=used.id, TagList=[{"Key": "aws:x", "Value": ""}])
    refused(TAGS, hsm.untag_resource, ResourceId=used.id, TagKeyList=["aws:x"])
    copy = {"BackupId": backup["BackupId"], "DestinationRegion": "eu-central-1"}
    refused(TAGS, hsm.copy_backup_to_region, TagList=TEAM * 2, **copy)
    # An address that another HSM has, and one that none can have.
    (only,) = used.hsms()
    wanted = {"ClusterId": used.id, "AvailabilityZone": "us-east-1b"}
    refused(INVALID, hsm.create_hsm, IpAddress=only["EniIp"], **wanted)
    refused(INVALID, hsm.create_hsm, IpAddress="10.0.0.256", **wanted)
    refused(INVALID, hsm.delete_hsm, ClusterId=used.id, HsmId=only["HsmId"], EniIp=only["EniIp"])
