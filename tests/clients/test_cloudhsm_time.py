"""What takes days in CloudHSM: the server goes on with a clock that is ahead, and so do its clients (`Keyward.restart`)."""

from datetime import timedelta

from cloudhsm_support import INVALID, TWO_SUBNETS, Cluster, backups
from harness import wait_for
from kms_support import refused

DAY = timedelta(days=1)


def on(server, cluster, ahead):
    """The cluster of a server that has restarted so far ahead."""
    server.restart(ahead)
    cluster.api = server.client("cloudhsmv2", read_timeout=120)
    return cluster.api


def ids(found):
    return {backup["BackupId"] for backup in found}


def test_backups_are_taken_daily_and_kept_as_long_as_the_cluster_says(own_server, tmp_path):
    cluster = Cluster.make(own_server.start(), tmp_path, hsms=1)
    retention = {"Type": "DAYS", "Value": "7"}
    cluster.api.modify_cluster(ClusterId=cluster.id, BackupRetentionPolicy=retention)
    hsm = cluster.api
    ready = lambda: ids(backups(hsm, clusterIds=cluster.id, states="READY"))
    # Of the claim and of the activation.
    first = wait_for(lambda: len(ready()) == 2 and ready())
    kept = min(first)
    hsm.modify_backup_attributes(BackupId=kept, NeverExpires=True)

    hsm = on(own_server, cluster, DAY + timedelta(minutes=5))
    (daily,) = wait_for(lambda: ready() - first)
    assert ready() == first | {daily}

    # A week later the first ones are on their way out, but one that never expires, and not the newest.
    hsm = on(own_server, cluster, 8 * DAY)
    newest = wait_for(lambda: ready() - first - {daily})
    wait_for(lambda: ready() == {kept, daily} | newest)
    going = backups(hsm, clusterIds=cluster.id, states="PENDING_DELETION")
    assert ids(going) == first - {kept}
    taken_back = going[0]["BackupId"]
    assert hsm.restore_backup(BackupId=taken_back)["Backup"]["BackupState"] == "READY"
    hsm.modify_backup_attributes(BackupId=taken_back, NeverExpires=True)

    # After another week they are gone with their bytes; what was taken back is whole.
    hsm = on(own_server, cluster, 16 * DAY)
    gone = first - {kept, taken_back}
    wait_for(lambda: ids(backups(hsm, clusterIds=cluster.id, states="DELETED")) == gone)
    stored = {path.name for path in (own_server.folder / "blobs").rglob("backup-*")}
    assert not gone & stored and {kept, taken_back} <= stored
    for backup in gone:
        refused(INVALID, hsm.restore_backup, BackupId=backup)
    made = hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=TWO_SUBNETS, SourceBackupId=taken_back)["Cluster"]
    restored = Cluster(own_server, tmp_path, made["ClusterId"], hsm)
    restored.wait_for("ACTIVE")
    restored.add_hsm("us-east-1a")
    assert "admin" in [user["username"] for user in restored.admin("user", "list")[1]["users"]]
    # They are still shown for an hour.
    hsm = on(own_server, cluster, 16 * DAY + timedelta(hours=2))
    wait_for(lambda: backups(hsm, clusterIds=cluster.id, states="DELETED") == [])


def test_a_change_of_type_can_be_taken_back_for_a_day(own_server, tmp_path):
    cluster = Cluster.make(own_server.start(), tmp_path, hsms=1)
    cluster.api.modify_cluster(ClusterId=cluster.id, HsmType="hsm2m.medium")
    cluster.wait_for("ACTIVE")
    hsm = on(own_server, cluster, DAY + timedelta(minutes=5))
    cluster.wait_for("ACTIVE")
    back = {"ClusterId": cluster.id, "HsmType": "hsm1.medium"}
    assert "can't change" in refused(INVALID, hsm.modify_cluster, **back)
