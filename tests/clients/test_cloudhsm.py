"""CloudHSM v2 with boto3 and the AWS CLI: all 18 operations, over JSON and CBOR, and each error, with real HSMs and openssl."""

import copy
import json
import os
import signal

import botocore.session
import pytest
from botocore.config import Config
from cloudhsm_support import (
    DENIED,
    INVALID,
    NO_BACKUP,
    NO_CLUSTER,
    NOT_FOUND,
    PASSWORD,
    TAGS,
    TWO_SUBNETS,
    Cluster,
    backups,
    described,
    empty_cluster,
    openssl,
    ready_backup,
    state,
    with_many_clusters,
)
from harness import another_account, user_with, wait_for
from kms_support import refused


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with with_many_clusters(tmp_path_factory.mktemp("cloudhsm")) as server:
        yield server


@pytest.fixture
def hsm(house):
    return house.client("cloudhsmv2")


def speaking_cbor(server):
    """A client of the same model that is made to speak RPC v2 CBOR; by itself botocore prefers JSON."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    plain = loader.load_service_model

    def load(service, kind, api_version=None):
        model = copy.deepcopy(plain(service, kind, api_version))
        if service == "cloudhsmv2" and kind == "service-2":
            model["metadata"] |= {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor"]}
        return model

    loader.load_service_model = load
    key, secret = server.keys()
    return session.create_client(
        "cloudhsmv2",
        region_name="us-east-1",
        endpoint_url=server.endpoints["api"],
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}),
    )


# --- clusters -------------------------------------------------------------------------------------


def test_a_new_cluster_has_the_members_of_seed_002(hsm):
    made = hsm.create_cluster(
        HsmType="hsm1.medium",
        SubnetIds=TWO_SUBNETS,
        BackupRetentionPolicy={"Type": "DAYS", "Value": "30"},
        NetworkType="DUALSTACK",
        Mode="FIPS",
        TagList=[{"Key": "team", "Value": "red"}],
    )["Cluster"]
    assert made["State"] == "CREATE_IN_PROGRESS"
    state(hsm, made["ClusterId"], "UNINITIALIZED")
    shown = described(hsm, made["ClusterId"])
    assert shown["SubnetMapping"] == {"us-east-1a": TWO_SUBNETS[0], "us-east-1b": TWO_SUBNETS[1]}
    assert shown["BackupPolicy"] == "DEFAULT"
    assert shown["BackupRetentionPolicy"] == {"Type": "DAYS", "Value": "30"}
    assert (shown["HsmType"], shown["Mode"], shown["NetworkType"]) == ("hsm1.medium", "FIPS", "DUALSTACK")
    assert shown["SecurityGroup"].startswith("sg-") and shown["VpcId"].startswith("vpc-")
    assert shown["TagList"] == [{"Key": "team", "Value": "red"}]
    assert shown["Hsms"] == [] and shown["Certificates"] == {}
    assert shown["CreateTimestamp"] == made["CreateTimestamp"]


def test_subnets_are_where_the_configuration_says(hsm):
    cluster = empty_cluster(hsm, SubnetIds=["subnet-00000001", "subnet-00000009"])
    assert described(hsm, cluster)["SubnetMapping"] == {"us-east-1c": "subnet-00000001", "us-east-1a": "subnet-00000009"}


def test_bad_clusters_are_refused(hsm):
    plain = {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS}
    for change in [
        {"HsmType": "hsm9.huge"},
        {"HsmType": "nonsense"},
        {"SubnetIds": ["subnet-x"]},
        {"SubnetIds": [TWO_SUBNETS[0]] * 2},
        {"Mode": "NON_FIPS"},
        {"BackupRetentionPolicy": {"Type": "DAYS", "Value": "6"}},
        {"SourceBackupId": "nonsense"},
    ]:
        refused(INVALID, hsm.create_cluster, **plain | change)
    refused(NOT_FOUND, hsm.create_cluster, SourceBackupId=NO_BACKUP, **plain)
    refused(TAGS, hsm.create_cluster, TagList=[{"Key": "aws:x", "Value": ""}], **plain)
    refused(INVALID, hsm.describe_clusters, NextToken="made-up")
    refused(INVALID, hsm.describe_clusters, Filters={"names": ["x"]})
    assert hsm.describe_clusters(Filters={"clusterIds": [NO_CLUSTER]})["Clusters"] == []


def test_clusters_come_in_pages(hsm):
    made = {empty_cluster(hsm) for _ in range(3)}
    pages = list(hsm.get_paginator("describe_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert len(pages) > 1 and all(len(page["Clusters"]) <= 2 for page in pages)
    assert made <= {cluster["ClusterId"] for page in pages for cluster in page["Clusters"]}


def test_what_is_not_there_is_not_found(hsm):
    refused(NOT_FOUND, hsm.create_hsm, ClusterId=NO_CLUSTER, AvailabilityZone="us-east-1a")
    refused(NOT_FOUND, hsm.delete_hsm, ClusterId=NO_CLUSTER, HsmId="hsm-aaaaaaaaaaa")
    refused(NOT_FOUND, hsm.initialize_cluster, ClusterId=NO_CLUSTER, SignedCert="x", TrustAnchor="x")
    refused(NOT_FOUND, hsm.modify_cluster, ClusterId=NO_CLUSTER, HsmType="hsm2m.medium")
    refused(NOT_FOUND, hsm.delete_cluster, ClusterId=NO_CLUSTER)
    refused(NOT_FOUND, hsm.delete_backup, BackupId=NO_BACKUP)
    refused(NOT_FOUND, hsm.restore_backup, BackupId=NO_BACKUP)
    refused(NOT_FOUND, hsm.modify_backup_attributes, BackupId=NO_BACKUP, NeverExpires=True)
    refused(NOT_FOUND, hsm.copy_backup_to_region, BackupId=NO_BACKUP, DestinationRegion="eu-central-1")
    refused(NOT_FOUND, hsm.list_tags, ResourceId=NO_CLUSTER)
    refused(NOT_FOUND, hsm.tag_resource, ResourceId=NO_BACKUP, TagList=[{"Key": "a", "Value": ""}])
    refused(NOT_FOUND, hsm.untag_resource, ResourceId=NO_CLUSTER, TagKeyList=["a"])
    refused(INVALID, hsm.get_resource_policy, ResourceArn=f"arn:aws:cloudhsm:us-east-1:111122223333:cluster/{NO_CLUSTER}")


def test_a_deleted_cluster_shows_as_deleted(hsm):
    cluster = empty_cluster(hsm)
    deleted = hsm.delete_cluster(ClusterId=cluster)["Cluster"]
    assert (deleted["State"], deleted["StateMessage"]) == ("DELETE_IN_PROGRESS", "The cluster is being deleted.")
    state(hsm, cluster, "DELETED")
    refused(NOT_FOUND, hsm.delete_cluster, ClusterId=cluster)


def test_tags_are_added_listed_and_removed(hsm):
    cluster = empty_cluster(hsm)
    hsm.tag_resource(ResourceId=cluster, TagList=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    page = hsm.list_tags(ResourceId=cluster, MaxResults=1)
    assert page["TagList"] == [{"Key": "a", "Value": "2"}]
    rest = hsm.list_tags(ResourceId=cluster, NextToken=page["NextToken"])
    assert rest["TagList"] == [{"Key": "b", "Value": "1"}] and "NextToken" not in rest
    hsm.untag_resource(ResourceId=cluster, TagKeyList=["a"])
    assert described(hsm, cluster)["TagList"] == [{"Key": "b", "Value": "1"}]
    twice = [{"Key": "x", "Value": "1"}] * 2
    refused(TAGS, hsm.tag_resource, ResourceId=cluster, TagList=twice)
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    refused("CloudHsmResourceLimitExceededException", hsm.tag_resource, ResourceId=cluster, TagList=many)


def test_an_account_has_four_clusters_and_six_hsms_unless_configured(own_server):
    with own_server as server:
        hsm = server.client("cloudhsmv2")
        made = [empty_cluster(hsm) for _ in range(4)]
        assert "4 clusters" in refused(INVALID, hsm.create_cluster, HsmType="hsm1.medium", SubnetIds=TWO_SUBNETS)
        for cluster in made[:3]:
            hsm.create_hsm(ClusterId=cluster, AvailabilityZone="us-east-1a")
        assert "initialized before" in refused(INVALID, hsm.create_hsm, ClusterId=made[0], AvailabilityZone="us-east-1b")


# --- a cluster's life -----------------------------------------------------------------------------


def test_a_cluster_from_its_first_hsm_to_its_last_backup(house, hsm, tmp_path):
    cluster = empty_cluster(hsm)
    refused(INVALID, hsm.create_hsm, ClusterId=cluster, AvailabilityZone="us-east-1f")
    refused(INVALID, hsm.initialize_cluster, ClusterId=cluster, SignedCert="x", TrustAnchor="x")
    made = hsm.create_hsm(ClusterId=cluster, AvailabilityZone="us-east-1a", IpAddress="10.0.1.11")["Hsm"]
    assert (made["State"], made["EniIp"], made["SubnetId"]) == ("CREATE_IN_PROGRESS", "10.0.1.11", TWO_SUBNETS[0])
    wait_for(lambda: described(hsm, cluster)["Hsms"][0]["State"] == "ACTIVE", 60)
    shown = described(hsm, cluster)
    (first,) = shown["Hsms"]
    assert (first["HsmId"], first["ClusterId"], first["StateMessage"]) == (made["HsmId"], cluster, "HSM created.")
    assert first["EniId"].startswith("eni-") and first["HsmType"] == "hsm1.medium"
    assert_chain(house, shown["Certificates"], tmp_path)
    assert_only_the_owners_certificate_claims(hsm, cluster, shown["Certificates"]["ClusterCsr"], tmp_path)
    state(hsm, cluster, "INITIALIZED")
    assert list(described(hsm, cluster)["Certificates"]) == ["ClusterCertificate"]
    refused(INVALID, hsm.initialize_cluster, ClusterId=cluster, SignedCert="x", TrustAnchor="x")

    owner = Cluster(house, tmp_path, cluster, hsm)
    assert owner.cli("cluster", "activate", "--password", PASSWORD)[0] == 0
    state(hsm, cluster, "ACTIVE")
    owner.make_user("alice")
    refused(INVALID, hsm.delete_cluster, ClusterId=cluster)
    refused(NOT_FOUND, hsm.delete_hsm, ClusterId=cluster, EniIp="10.9.9.9")
    refused(INVALID, hsm.delete_hsm, ClusterId=cluster)
    before = len(backups(hsm, clusterIds=cluster))
    assert hsm.delete_hsm(ClusterId=cluster, EniIp="10.0.1.11")["HsmId"] == first["HsmId"]
    wait_for(lambda: described(hsm, cluster)["Hsms"] == [], 60)
    assert described(hsm, cluster)["State"] == "ACTIVE"
    assert len(backups(hsm, clusterIds=cluster)) == before + 1, "a backup is taken first"
    owner.add_hsm("us-east-1b")
    assert "alice" in [user["username"] for user in owner.cli("user", "list")[1]["users"]]


def assert_chain(house, certificates, folder):
    """What the user guide says of the certificates, checked by openssl."""
    for name, text in certificates.items():
        (folder / name).write_text(text)
    csr = openssl("req", "-in", folder / "ClusterCsr", "-noout", "-verify", "-subject", "-pubkey")
    assert b"O = Cavium" in csr and b"PARTN" in csr
    for root, hardware in [
        ("cloudhsm-aws-root.crt", "AwsHardwareCertificate"),
        ("cloudhsm-manufacturer-root.crt", "ManufacturerHardwareCertificate"),
    ]:
        root = house.folder / root
        openssl("verify", "-CAfile", root, folder / hardware)
        openssl("verify", "-CAfile", root, "-untrusted", folder / hardware, folder / "HsmCertificate")
    keys = {name: openssl("x509", "-in", folder / name, "-noout", "-pubkey") for name in certificates if name != "ClusterCsr"}
    assert keys["AwsHardwareCertificate"] == keys["ManufacturerHardwareCertificate"]
    assert keys["HsmCertificate"] == openssl("req", "-in", folder / "ClusterCsr", "-noout", "-pubkey")


def assert_only_the_owners_certificate_claims(hsm, cluster, csr, folder):
    """InitializeCluster refuses every other pair, and takes the right one."""

    def root(name):
        key, crt = folder / f"{name}.key", folder / f"{name}.crt"
        openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 3652, "-keyout", key, "-out", crt, "-subj", f"/CN={name}")
        return key, crt

    def sign(request, ca, name):
        signed = folder / f"{name}-signed.crt"
        openssl("x509", "-req", "-in", request, "-CA", ca[1], "-CAkey", ca[0], "-CAcreateserial", "-out", signed, "-days", 3652)
        return signed.read_text()

    request = folder / "request.csr"
    request.write_text(csr)
    mine, theirs = root("mine"), root("theirs")
    anchor, signed = mine[1].read_text(), sign(request, mine, "good")
    other = folder / "other.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "other.key", "-out", other, "-subj", "/CN=other")
    initialize = lambda signed, anchor: {"ClusterId": cluster, "SignedCert": signed, "TrustAnchor": anchor}
    for wrong, why in [
        (initialize(signed, theirs[1].read_text()), "not signed directly"),
        (initialize(sign(other, mine, "other"), anchor), "another public key"),
        (initialize(signed, signed), "self-signed"),
        (initialize("nonsense", anchor), "SignedCert"),
        (initialize(signed, csr), "TrustAnchor"),
    ]:
        assert why in refused(INVALID, hsm.initialize_cluster, **wrong)
    answer = hsm.initialize_cluster(**initialize(signed, anchor))
    assert answer["State"] == "INITIALIZE_IN_PROGRESS"
    assert answer["StateMessage"] == "Cluster is initializing. State will change to INITIALIZED upon completion."


@pytest.fixture(scope="module")
def used(house, tmp_path_factory):
    """A cluster in use with one HSM and a user."""
    cluster = Cluster.make(house, tmp_path_factory.mktemp("used"), hsms=1)
    cluster.make_user("bob")
    return cluster


def test_backups_are_listed_kept_deleted_and_taken_back(hsm, used):
    backup = ready_backup(hsm, used.id)
    assert backup["BackupArn"].endswith(f":backup/{backup['BackupId']}")
    assert (backup["HsmType"], backup["Mode"], backup["NeverExpires"]) == ("hsm1.medium", "FIPS", False)
    own = {"BackupId": backup["BackupId"]}
    assert hsm.modify_backup_attributes(**own, NeverExpires=True)["Backup"]["NeverExpires"] is True
    assert own["BackupId"] in [one["BackupId"] for one in backups(hsm, neverExpires="true")]
    refused(INVALID, hsm.restore_backup, **own)
    deleted = hsm.delete_backup(**own)["Backup"]
    assert deleted["BackupState"] == "PENDING_DELETION" and deleted["DeleteTimestamp"]
    refused(INVALID, hsm.delete_backup, **own)
    refused(INVALID, hsm.modify_backup_attributes, **own, NeverExpires=False)
    refused(INVALID, hsm.create_cluster, HsmType="hsm1.medium", SubnetIds=TWO_SUBNETS, SourceBackupId=own["BackupId"])
    assert [one["BackupId"] for one in backups(hsm, states="PENDING_DELETION")] == [own["BackupId"]]
    assert hsm.restore_backup(**own)["Backup"]["BackupState"] == "READY"
    ascending = hsm.describe_backups(SortAscending=True, MaxResults=50)["Backups"]
    moments = [one["CreateTimestamp"] for one in ascending]
    assert moments == sorted(moments)
    page = hsm.describe_backups(MaxResults=1)
    if "NextToken" in page:
        assert hsm.describe_backups(MaxResults=1, NextToken=page["NextToken"])["Backups"] != page["Backups"]
    refused(INVALID, hsm.describe_backups, NextToken="made-up")


def test_a_copy_in_another_region_makes_a_cluster_there(house, hsm, used, tmp_path):
    backup = ready_backup(hsm, used.id)
    copied = hsm.copy_backup_to_region(
        BackupId=backup["BackupId"], DestinationRegion="eu-central-1", TagList=[{"Key": "copy", "Value": "1"}]
    )["DestinationBackup"]
    assert (copied["SourceRegion"], copied["SourceBackup"], copied["SourceCluster"]) == ("us-east-1", backup["BackupId"], used.id)
    assert copied["CreateTimestamp"] == backup["CreateTimestamp"]
    there = house.client("cloudhsmv2", region="eu-central-1")
    (copy_,) = backups(there, sourceBackupIds=backup["BackupId"])
    assert (copy_["SourceRegion"], copy_["SourceBackup"], copy_["SourceCluster"]) == ("us-east-1", backup["BackupId"], used.id)
    assert copy_["TagList"] == [{"Key": "copy", "Value": "1"}] and copy_["CopyTimestamp"]
    for wrong in ["us-east-1", "mars-north-1"]:
        refused(INVALID, hsm.copy_backup_to_region, BackupId=backup["BackupId"], DestinationRegion=wrong)
    cluster = empty_cluster(there, SourceBackupId=copy_["BackupArn"])
    shown = described(there, cluster)
    assert (shown["State"], shown["SourceBackupId"]) == ("ACTIVE", copy_["BackupId"])
    assert shown["Certificates"] == used.describe()["Certificates"]
    restored = Cluster(house, tmp_path, cluster, there)
    restored.add_hsm("eu-central-1a")
    # The password of before: no activation.
    assert "admin" in [user["username"] for user in restored.admin("user", "list")[1]["users"]]


def test_a_changed_backup_is_refused(house, hsm, used):
    backup = ready_backup(hsm, used.id)["BackupId"]
    (blob,) = [path for path in (house.folder / "blobs").rglob(backup) if path.is_file()]
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        wanted = {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS, "SourceBackupId": backup}
        assert "was changed" in refused(INVALID, hsm.create_cluster, **wanted)
    finally:
        blob.write_bytes(content)


def test_a_resource_policy_shares_a_backup_with_another_account(house, hsm, used):
    backup = ready_backup(hsm, used.id)
    arn = {"ResourceArn": backup["BackupArn"]}
    other_keys, other_account = another_account(house)
    other = house.client("cloudhsmv2", keys=other_keys)
    wanted = {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS, "SourceBackupId": backup["BackupArn"]}
    assert other.describe_backups(Shared=True)["Backups"] == []
    refused(DENIED, other.create_cluster, **wanted)
    assert "Policy" not in hsm.get_resource_policy(**arn)
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": other_account},
                    "Action": ["cloudhsm:DescribeBackups", "cloudhsm:CreateCluster"],
                    "Resource": "*",
                }
            ],
        }
    )
    refused(INVALID, hsm.put_resource_policy, **arn, Policy="{}")
    assert hsm.put_resource_policy(**arn, Policy=policy) | {"ResponseMetadata": None} == {
        **arn,
        "Policy": policy,
        "ResponseMetadata": None,
    }
    assert hsm.get_resource_policy(**arn)["Policy"] == policy
    assert [one["BackupId"] for one in other.describe_backups(Shared=True)["Backups"]] == [backup["BackupId"]]
    refused(DENIED, other.get_resource_policy, **arn)
    made = other.create_cluster(**wanted)["Cluster"]["ClusterId"]
    state(other, made, "ACTIVE")
    deleted = hsm.delete_resource_policy(**arn)
    assert (deleted["ResourceArn"], deleted["Policy"]) == (backup["BackupArn"], policy)
    assert other.describe_backups(Shared=True)["Backups"] == []


def test_the_type_of_a_cluster_changes_and_goes_back(house, hsm, tmp_path):
    cluster = Cluster.make(house, tmp_path, hsms=2)
    cluster.make_user("carol")
    assert hsm.modify_cluster(ClusterId=cluster.id, BackupRetentionPolicy={"Type": "DAYS", "Value": "7"})["Cluster"][
        "BackupRetentionPolicy"
    ] == {"Type": "DAYS", "Value": "7"}
    changing = hsm.modify_cluster(ClusterId=cluster.id, HsmType="hsm2m.medium")["Cluster"]
    assert changing["State"] == "MODIFY_IN_PROGRESS"
    cluster.wait_for("ACTIVE")
    shown = cluster.describe()
    assert shown["HsmType"] == "hsm2m.medium" and shown["HsmTypeRollbackExpiration"]
    assert {one["HsmType"] for one in shown["Hsms"]} == {"hsm2m.medium"} and len(shown["Hsms"]) == 2
    assert "carol" in [user["username"] for user in cluster.cli("user", "list")[1]["users"]]
    assert hsm.modify_cluster(ClusterId=cluster.id, HsmType="hsm1.medium")["Cluster"]["State"] == "ROLLBACK_IN_PROGRESS"
    cluster.wait_for("ACTIVE")
    assert cluster.describe()["HsmType"] == "hsm1.medium"
    refused(INVALID, hsm.modify_cluster, ClusterId=cluster.id)
    refused(INVALID, hsm.modify_cluster, ClusterId=cluster.id, HsmType="hsm9.huge")


# --- who and how ----------------------------------------------------------------------------------


def test_policies_decide_by_action_resource_and_tag(house, hsm):
    cluster = empty_cluster(hsm, TagList=[{"Key": "team", "Value": "red"}])
    other = empty_cluster(hsm)
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    keys, arn = user_with(
        house,
        "hsm-red",
        {"Effect": "Allow", "Action": "cloudhsm:ListTags", "Resource": "*", "Condition": red},
        {"Effect": "Allow", "Action": "cloudhsm:DescribeClusters", "Resource": "*"},
    )
    alice = house.client("cloudhsmv2", keys=keys)
    assert alice.list_tags(ResourceId=cluster)["TagList"]
    assert alice.describe_clusters()["Clusters"]
    message = refused(DENIED, alice.list_tags, ResourceId=other)
    assert message.startswith(f"User: {arn} is not authorized to perform: cloudhsm:ListTags on resource: arn:aws:cloudhsm:")
    refused(DENIED, alice.delete_cluster, ClusterId=cluster)


def test_cbor_speaks_as_json_does(house, hsm):
    cbor = speaking_cbor(house)
    assert cbor.meta.service_model.metadata["protocol"] == "smithy-rpc-v2-cbor"
    made = cbor.create_cluster(HsmType="hsm1.medium", SubnetIds=TWO_SUBNETS, TagList=[{"Key": "a", "Value": "ü"}])["Cluster"]
    state(cbor, made["ClusterId"], "UNINITIALIZED")
    assert described(cbor, made["ClusterId"]) == described(hsm, made["ClusterId"])
    refused(INVALID, cbor.create_cluster, HsmType="hsm9.huge", SubnetIds=TWO_SUBNETS)
    refused(NOT_FOUND, cbor.delete_cluster, ClusterId=NO_CLUSTER)
    assert cbor.list_tags(ResourceId=made["ClusterId"])["TagList"] == [{"Key": "a", "Value": "ü"}]
    assert cbor.delete_cluster(ClusterId=made["ClusterId"])["Cluster"]["State"] == "DELETE_IN_PROGRESS"


def test_the_aws_cli_walks_the_api(house):
    made = house.aws("cloudhsmv2", "create-cluster", "--hsm-type", "hsm1.medium", "--subnet-ids", *TWO_SUBNETS)["Cluster"]
    cluster = made["ClusterId"]
    one = ["cloudhsmv2", "describe-clusters", "--filters", f"clusterIds={cluster}"]
    wait_for(lambda: house.aws(*one)["Clusters"][0]["State"] == "UNINITIALIZED", 60)
    hsm = house.aws("cloudhsmv2", "create-hsm", "--cluster-id", cluster, "--availability-zone", "us-east-1a")["Hsm"]
    wait_for(lambda: house.aws(*one)["Clusters"][0]["Hsms"][0]["State"] == "ACTIVE", 60)
    assert "BEGIN CERTIFICATE REQUEST" in house.aws(*one)["Clusters"][0]["Certificates"]["ClusterCsr"]
    house.aws("cloudhsmv2", "delete-hsm", "--cluster-id", cluster, "--hsm-id", hsm["HsmId"])
    wait_for(lambda: house.aws(*one)["Clusters"][0]["Hsms"] == [], 60)
    assert house.aws("cloudhsmv2", "delete-cluster", "--cluster-id", cluster)["Cluster"]["State"] == "DELETE_IN_PROGRESS"


# --- faults ---------------------------------------------------------------------------------------


def test_an_hsm_that_hangs_shows_as_degraded_and_comes_back(house, hsm, used):
    (pid,) = house.children(used.describe()["Hsms"][0]["HsmId"])
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: used.describe()["Hsms"][0]["State"] == "DEGRADED", 60)
        assert used.describe()["State"] == "DEGRADED"
    finally:
        os.kill(pid, signal.SIGCONT)
    used.wait_for("ACTIVE")
    assert used.admin("user", "list")[0] == 0


def test_serve_killed_while_hsms_are_made_completes_them(own_server, tmp_path):
    server = own_server.start()
    cluster = Cluster.make(server, tmp_path / "ca", hsms=1)
    cluster.make_user("dan")
    for zone in ("us-east-1a", "us-east-1b"):
        cluster.api.create_hsm(ClusterId=cluster.id, AvailabilityZone=zone)
        server.kill()
        server.start()
        cluster.api = server.client("cloudhsmv2")
    wait_for(lambda: [one["State"] for one in cluster.describe()["Hsms"]] == ["ACTIVE"] * 3, 90)
    assert "dan" in [user["username"] for user in cluster.cli("user", "list")[1]["users"]]
    assert len([path for path in (server.folder / "hsms").glob("hsm-*") if not path.suffix]) == 3
    server.stop()
