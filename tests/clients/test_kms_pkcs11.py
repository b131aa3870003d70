"""A custom key store on HSMs whose keys are in SoftHSM tokens: seen there by another program, and used through HSMs that are killed."""

import os
import signal

import pytest
from cloudhsm_support import Cluster
from harness import Keyward, wait_for
from pkcs11_support import SoftHsm

KMSUSER_PASSWORD = "kmsPswd123"
LABELS = ["rack 1", "rack 2"]


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory):
    """Two tokens that an operator has set up for Keyward."""
    softhsm = SoftHsm(tmp_path_factory.mktemp("softhsm"))
    for label in LABELS:
        softhsm.set_up(label)
    return softhsm


@pytest.fixture(scope="module")
def house(tmp_path_factory, softhsm):
    """A server with an active cluster of two HSMs on these tokens, and a connected custom key store."""
    folder = tmp_path_factory.mktemp("pkcs11")
    with Keyward(folder / "data", config=softhsm.configuration) as server:
        server.cluster = Cluster.make(server, folder / "ca")
        server.cluster.make_user("kmsuser", password=KMSUSER_PASSWORD)
        kms = server.client("kms")
        server.store = kms.create_custom_key_store(
            CustomKeyStoreName="tokens",
            CloudHsmClusterId=server.cluster.id,
            TrustAnchorCertificate=server.cluster.trust_anchor,
            KeyStorePassword=KMSUSER_PASSWORD,
        )["CustomKeyStoreId"]
        kms.connect_custom_key_store(CustomKeyStoreId=server.store)

        def state():
            (store,) = kms.describe_custom_key_stores(CustomKeyStoreId=server.store)["CustomKeyStores"]
            return store["ConnectionState"]

        wait_for(lambda: state() == "CONNECTED", 60)
        yield server


@pytest.fixture
def kms(house):
    return house.client("kms", read_timeout=60)


def create_key(house, kms):
    return kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=house.store)["KeyMetadata"]


def test_the_key_is_on_every_token_under_its_arn_and_never_comes_out(house, kms, softhsm):
    key = create_key(house, kms)
    for label in LABELS:
        (seen,) = [one for one in softhsm.objects(label) if key["Arn"] in one]
        assert seen.startswith("Secret Key Object; AES"), seen
        assert "encrypt, decrypt" in seen, seen
        assert "sensitive" in seen and "extractable" not in seen, seen
    assert key["Origin"] == "AWS_CLOUDHSM"


def test_a_key_is_usable_while_its_hsms_are_killed(house, kms):
    key = create_key(house, kms)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    for _ in range(4):
        victims = wait_for(lambda: len(house.children("hsm", "run")) == 2 and house.children("hsm", "run"), 30)
        os.kill(victims[0], signal.SIGKILL)
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"
        data = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        assert kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"]

    def in_step():
        hsms = house.cluster.cli("cluster", "hsm-info")[1]["hsms"]
        return len(hsms) == 2 and all(hsm["state"] == "active" for hsm in hsms)

    wait_for(in_step, 60)


def test_all_is_there_after_a_restart_of_everything(house, kms, softhsm):
    key = create_key(house, kms)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"kept")["CiphertextBlob"]
    house.kill()
    house.start()
    house.cluster.api = house.client("cloudhsmv2", read_timeout=120)
    kms = house.client("kms", read_timeout=60)
    opened = wait_for(lambda: kms.decrypt(CiphertextBlob=blob)["Plaintext"], 60)
    assert opened == b"kept"
    for label in LABELS:
        assert [one for one in softhsm.objects(label) if key["Arn"] in one]


def test_a_deleted_hsm_leaves_its_token_empty(house, softhsm):
    hsms = house.cluster.hsms()
    house.cluster.delete_hsm(hsms[-1]["HsmId"])
    left = wait_for(lambda: [label for label in LABELS if softhsm.objects(label)], 60)
    assert wait_for(lambda: len([label for label in LABELS if softhsm.objects(label)]) == 1, 60), left
