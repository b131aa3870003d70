"""Why a custom key store does not connect, and what its keys answer while no HSM does: with boto3, real HSMs and real trouble."""

import os
import resource
import signal
from contextlib import contextmanager

import pytest
from cloudhsm_support import Cluster, done
from harness import Keyward, wait_for
from key_store_support import (
    KMSUSER_PASSWORD,
    active_cluster,
    connect,
    create_key,
    create_store,
    describe,
    disconnect,
    wait_until,
)
from kms_support import refused


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("connections")
    with Keyward(folder / "data") as server:
        server.cluster = active_cluster(server, folder / "ca")
        yield server


@pytest.fixture(scope="module")
def kms(house):
    return house.client("kms", read_timeout=120)


@contextmanager
def hanging(house):
    """While it lasts no HSM answers."""
    hsms = house.children("hsm", "run")
    for hsm in hsms:
        os.kill(hsm, signal.SIGSTOP)
    try:
        yield
    finally:
        for hsm in hsms:
            os.kill(hsm, signal.SIGCONT)


@contextmanager
def gone(house):
    """While it lasts no HSM runs, and none can be started: their disks are not there."""
    disks = house.folder / "hsms"
    away = disks.rename(disks.with_name("hsms-away"))
    for hsm in house.children("hsm", "run"):
        os.kill(hsm, signal.SIGKILL)
    try:
        yield
    finally:
        away.rename(disks)


@contextmanager
def full(house):
    """While it lasts no HSM can write anything."""
    hsms = house.children("hsm", "run")
    _, most = resource.prlimit(hsms[0], resource.RLIMIT_FSIZE)
    for hsm in hsms:
        resource.prlimit(hsm, resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        for hsm in hsms:
            resource.prlimit(hsm, resource.RLIMIT_FSIZE, (most, most))


def test_hsms_that_do_not_answer_are_gone_or_can_not_write(house, kms):
    cluster, store = house.cluster, create_store(house, kms)

    def failed(code):
        entry = connect(kms, store)
        assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", code)
        # The way out that the guide tells.
        disconnect(kms, store)

    with hanging(house):
        failed("NETWORK_ERRORS")
        # Seen by CloudHSM too, and then told at once.
        cluster.wait_for("DEGRADED")
        refused("CloudHsmClusterNotActiveException", kms.connect_custom_key_store, CustomKeyStoreId=store)
    cluster.wait_for("ACTIVE")
    with gone(house):
        failed("INSUFFICIENT_CLOUDHSM_HSMS")
    cluster.wait_for("ACTIVE")
    with full(house):
        failed("INTERNAL_ERROR")
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"

    # CONNECTED it stays, and its keys are Enabled; but nobody does anything with them.
    key = create_key(kms, store)["Arn"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    with hanging(house):
        refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed)
        refused("KMSInvalidStateException", kms.generate_data_key, KeyId=key, KeySpec="AES_256")
        refused("CustomKeyStoreInvalidStateException", kms.generate_random, NumberOfBytes=8, CustomKeyStoreId=store)
        code = "CloudHsmClusterInvalidConfigurationException"
        refused(code, kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)
        assert describe(kms, store)["ConnectionState"] == "CONNECTED"
    opened = wait_for(lambda: kms.decrypt(CiphertextBlob=sealed)["Plaintext"])
    assert opened == b"kept"


def test_asking_again_and_again_connects_once(own_server, tmp_path):
    house = own_server.start()
    house.cluster = active_cluster(house, tmp_path / "ca")
    kms = house.client("kms")
    store = create_store(house, kms)
    for _ in range(5):
        for _ in range(5):
            kms.connect_custom_key_store(CustomKeyStoreId=store)
        assert wait_until(kms, store, "CONNECTED", "FAILED")["ConnectionState"] == "CONNECTED"
        disconnect(kms, store)
        # KMS has set another password meanwhile, which is in the store.
        house.cluster.set_password("kmsuser", KMSUSER_PASSWORD)
        kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword=KMSUSER_PASSWORD)


def test_a_kmsuser_who_was_unlocked_stays_so_when_hsms_die(own_server, tmp_path):
    house = own_server.start()
    house.cluster = cluster = active_cluster(house, tmp_path / "ca")
    kms = house.client("kms")
    store = create_store(house, kms)
    for _ in range(5):
        assert cluster.user("kmsuser", "key", "list", password="notThePswd1")[0] == 1
    cluster.set_password("kmsuser", KMSUSER_PASSWORD)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    key = create_key(kms, store)["Arn"]
    for hsm in house.children("hsm", "run"):
        os.kill(hsm, signal.SIGKILL)
    kms.encrypt(KeyId=key, Plaintext=b"still here")


def test_the_command_line_shows_an_hsm_that_does_not_answer(house):
    stopped = house.children("hsm", "run")[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        hsms = done(house.cluster.cli("cluster", "hsm-info"))["hsms"]
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert sorted(hsm["state"] for hsm in hsms) == ["active", "away"]
    (away,) = [hsm for hsm in hsms if hsm["state"] == "away"]
    assert away["hsm-id"] in [hsm["HsmId"] for hsm in house.cluster.describe()["Hsms"]]
    house.cluster.wait_for("ACTIVE")


def test_a_kmsuser_who_is_no_crypto_user_is_none(own_server, tmp_path):
    house = own_server.start()
    house.cluster = Cluster.make(house, tmp_path / "ca")
    house.cluster.make_user("kmsuser", role="admin", password=KMSUSER_PASSWORD)
    kms = house.client("kms")
    entry = connect(kms, create_store(house, kms))
    assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "USER_NOT_FOUND")
    # It was left as it was.
    users = done(house.cluster.cli("user", "list", login=f"kmsuser:{KMSUSER_PASSWORD}", role="admin"))["users"]
    assert "kmsuser" in [user["username"] for user in users]
