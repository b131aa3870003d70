"""Custom key stores with boto3: made, connected, used, broken and mended, with every error on the way."""

import pytest
from cloudhsm_support import ZONES, Cluster, done, openssl
from harness import Keyward, user_with, wait_for
from key_store_support import (
    KMSUSER_PASSWORD,
    active_cluster,
    connect,
    create_key,
    create_store,
    describe,
    disconnect,
    dispose,
    wait_until,
    wanted,
)
from kms_support import create, fresh, refused

NO_CLUSTER = "cluster-234567abcde"
NO_STORE = "cks-0123456789abcdef0"
IN_STORE = {"Origin": "AWS_CLOUDHSM"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server with one active cluster, which each test's own store may use."""
    folder = tmp_path_factory.mktemp("key-stores")
    with Keyward(folder / "data") as server:
        server.cluster = active_cluster(server, folder / "ca")
        yield server


@pytest.fixture
def kms(house):
    return house.client("kms")


@pytest.fixture
def store(house, kms):
    """A store of one's own, without keys at the end."""
    store = create_store(house, kms)
    yield store
    dispose(house, kms, store)


def test_a_stores_life(house, kms):
    name = fresh("life")
    store = create_store(house, kms, CustomKeyStoreName=name)
    entry = describe(kms, store)
    assert entry.pop("CreationDate")
    assert entry == {
        "CustomKeyStoreId": store,
        "CustomKeyStoreName": name,
        "CloudHsmClusterId": house.cluster.id,
        "TrustAnchorCertificate": house.cluster.trust_anchor,
        "ConnectionState": "DISCONNECTED",
        "CustomKeyStoreType": "AWS_CLOUDHSM",
    }
    assert kms.describe_custom_key_stores(CustomKeyStoreName=name)["CustomKeyStores"][0]["CustomKeyStoreId"] == store
    # The same request again while it is disconnected is the same store.
    assert create_store(house, kms, CustomKeyStoreName=name) == store
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert disconnect(kms, store)["ConnectionState"] == "DISCONNECTED"
    kms.update_custom_key_store(CustomKeyStoreId=store, NewCustomKeyStoreName=name + "2")
    assert describe(kms, store)["CustomKeyStoreName"] == name + "2"
    refused("CustomKeyStoreNotFoundException", kms.describe_custom_key_stores, CustomKeyStoreName=name)
    dispose(house, kms, store)
    refused("CustomKeyStoreNotFoundException", kms.describe_custom_key_stores, CustomKeyStoreId=store)


def test_creating_is_refused(house, kms, store, tmp_path):
    def refuse(code, **changes):
        refused(code, kms.create_custom_key_store, **wanted(house, **changes))

    refuse("CloudHsmClusterInUseException")
    name = describe(kms, store)["CustomKeyStoreName"]
    refuse("CustomKeyStoreNameInUseException", CustomKeyStoreName=name, KeyStorePassword="otherPswd1")
    refuse("CloudHsmClusterNotFoundException", CloudHsmClusterId=NO_CLUSTER)
    refuse("UnsupportedOperationException", CustomKeyStoreType="EXTERNAL_KEY_STORE")
    refuse("ValidationException", XksProxyConnectivity="PUBLIC_ENDPOINT")
    short = house.client("kms", parameter_validation=False)
    refused("ValidationException", short.create_custom_key_store, **wanted(house, KeyStorePassword="short"))
    for member in ["CloudHsmClusterId", "TrustAnchorCertificate", "KeyStorePassword"]:
        given = wanted(house)
        del given[member]
        refused("ValidationException", kms.create_custom_key_store, **given)


def test_a_cluster_must_be_fit(house, kms, store, tmp_path):
    half = Cluster.make(house, tmp_path / "ca", hsms=1, activate=False)
    members = {"CloudHsmClusterId": half.id, "TrustAnchorCertificate": half.trust_anchor}

    def refuse(code, **changes):
        refused(code, kms.create_custom_key_store, **wanted(house, **(members | changes)))

    refuse("CloudHsmClusterNotActiveException")
    assert half.cli("cluster", "activate", "--password", "admin-password-2")[0] == 0
    half.wait_for("ACTIVE")
    refuse("CloudHsmClusterInvalidConfigurationException")
    half.add_hsm(ZONES[0])
    # Two HSMs in one zone are not enough.
    refuse("CloudHsmClusterInvalidConfigurationException")
    half.add_hsm(ZONES[1])
    other = tmp_path / "other.crt"
    subject = ["-subj", "/C=GB/O=Example/CN=Customer CA"]
    openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", other, *subject)
    refuse("IncorrectTrustAnchorException", TrustAnchorCertificate=other.read_text())
    refuse("IncorrectTrustAnchorException", TrustAnchorCertificate="no certificate")

    # Nobody has made kmsuser there.
    first, store = store, create_store(house, kms, CustomKeyStoreType="AWS_CLOUDHSM", **members)
    entry = connect(kms, store)
    assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "USER_NOT_FOUND")
    refused("CustomKeyStoreInvalidStateException", kms.connect_custom_key_store, CustomKeyStoreId=store)
    refused("CustomKeyStoreInvalidStateException", kms.delete_custom_key_store, CustomKeyStoreId=store)
    disconnect(kms, store)

    # Two stores make two pages, and each has a name of its own.
    page = kms.describe_custom_key_stores(Limit=1)
    assert page["Truncated"]
    rest = kms.describe_custom_key_stores(Limit=1, Marker=page["NextMarker"])
    assert not rest["Truncated"]
    both = [entry["CustomKeyStoreId"] for entry in page["CustomKeyStores"] + rest["CustomKeyStores"]]
    assert both == sorted([first, store])
    taken = {"CustomKeyStoreId": store, "NewCustomKeyStoreName": describe(kms, first)["CustomKeyStoreName"]}
    refused("CustomKeyStoreNameInUseException", kms.update_custom_key_store, **taken)

    # While an HSM is added the cluster is not active; without HSMs nothing can be connected, nor without the cluster.
    half.api.create_hsm(ClusterId=half.id, AvailabilityZone=ZONES[2])
    refused("CloudHsmClusterNotActiveException", kms.connect_custom_key_store, CustomKeyStoreId=store)
    wait_for(lambda: len(half.hsms()) == 4, 60)
    for hsm in half.hsms():
        half.delete_hsm(hsm["HsmId"])
    refused("CloudHsmClusterInvalidConfigurationException", kms.connect_custom_key_store, CustomKeyStoreId=store)
    half.delete()
    entry = connect(kms, store)
    assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "CLUSTER_NOT_FOUND")
    disconnect(kms, store)
    kms.delete_custom_key_store(CustomKeyStoreId=store)


def test_connecting_tells_what_is_wrong_with_kmsuser(house, kms, store):
    cluster = house.cluster
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword="wrongPswd1")
    entry = connect(kms, store)
    assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "INVALID_CREDENTIALS")
    disconnect(kms, store)
    assert "ConnectionErrorCode" not in describe(kms, store)
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword=KMSUSER_PASSWORD)

    with cluster.shell("kmsuser", KMSUSER_PASSWORD):
        entry = connect(kms, store)
        assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "USER_LOGGED_IN")
    disconnect(kms, store)

    for _ in range(5):
        assert cluster.user("kmsuser", "key", "list", password="notThePswd1")[0] == 1
    entry = connect(kms, store)
    assert (entry["ConnectionState"], entry["ConnectionErrorCode"]) == ("FAILED", "USER_LOCKED_OUT")
    disconnect(kms, store)
    cluster.set_password("kmsuser", KMSUSER_PASSWORD)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"


def test_states_allow_what_they_should(house, kms, store):
    def refuse(operation, **members):
        refused("CustomKeyStoreInvalidStateException", operation, CustomKeyStoreId=store, **members)

    refuse(kms.disconnect_custom_key_store)
    refuse(kms.create_key, Origin="AWS_CLOUDHSM")
    refuse(kms.generate_random, NumberOfBytes=16)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    assert len(kms.generate_random(NumberOfBytes=16, CustomKeyStoreId=store)["Plaintext"]) == 16
    refuse(kms.delete_custom_key_store)
    refuse(kms.update_custom_key_store, KeyStorePassword=KMSUSER_PASSWORD)
    refuse(kms.update_custom_key_store, CloudHsmClusterId=house.cluster.id)
    kms.update_custom_key_store(CustomKeyStoreId=store, NewCustomKeyStoreName=fresh("renamed"))
    refused("ValidationException", kms.update_custom_key_store, CustomKeyStoreId=store)
    refused(
        "ValidationException", kms.update_custom_key_store, CustomKeyStoreId=store, XksProxyUriPath="/kms/xks/v1"
    )
    for operation in [
        kms.connect_custom_key_store,
        kms.disconnect_custom_key_store,
        kms.delete_custom_key_store,
        kms.describe_custom_key_stores,
    ]:
        refused("CustomKeyStoreNotFoundException", operation, CustomKeyStoreId=NO_STORE)
    refused(
        "CustomKeyStoreNotFoundException", kms.update_custom_key_store, CustomKeyStoreId=NO_STORE, KeyStorePassword="a" * 7
    )
    refused("CustomKeyStoreNotFoundException", kms.generate_random, NumberOfBytes=1, CustomKeyStoreId=NO_STORE)
    refused("CustomKeyStoreNotFoundException", kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId=NO_STORE)
    refused(
        "ValidationException", kms.describe_custom_key_stores, CustomKeyStoreId=store, CustomKeyStoreName="both"
    )
    refused("InvalidMarkerException", kms.describe_custom_key_stores, Marker="forged")


def test_another_cluster_must_be_related(house, kms, store, tmp_path):
    stranger = Cluster.make(house, tmp_path / "ca", hsms=1)
    update = {"CustomKeyStoreId": store, "CloudHsmClusterId": stranger.id}
    refused("CloudHsmClusterNotRelatedException", kms.update_custom_key_store, **update)
    update["CloudHsmClusterId"] = NO_CLUSTER
    refused("CloudHsmClusterNotFoundException", kms.update_custom_key_store, **update)
    stranger.delete()


def test_a_cluster_from_a_backup_takes_a_lost_ones_place(own_server, tmp_path):
    """The way back that the guide describes: a backup, a new cluster of it, the store moved there."""
    house = own_server.start()
    house.cluster = lost = active_cluster(house, tmp_path / "ca")
    kms = house.client("kms")
    store = create_store(house, kms)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    arn = create_key(kms, store)["Arn"]
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"worth keeping")["CiphertextBlob"]
    disconnect(kms, store)
    lost.set_password("kmsuser", "restored1")
    lost.delete()
    backups = lost.api.describe_backups(Filters={"clusterIds": [lost.id], "states": ["READY"]})["Backups"]
    latest = max(backups, key=lambda backup: backup["CreateTimestamp"])["BackupId"]

    made = lost.api.create_cluster(
        HsmType="hsm1.medium", SubnetIds=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], SourceBackupId=latest
    )
    found = Cluster(house, tmp_path / "ca", made["Cluster"]["ClusterId"], lost.api)
    update = {"CustomKeyStoreId": store, "CloudHsmClusterId": found.id}
    found.wait_for("ACTIVE")
    refused("CloudHsmClusterInvalidConfigurationException", kms.update_custom_key_store, **update)
    found.add_hsm(ZONES[0])
    # While an HSM is added the cluster is not active.
    found.api.create_hsm(ClusterId=found.id, AvailabilityZone=ZONES[1])
    refused("CloudHsmClusterNotActiveException", kms.update_custom_key_store, **update)
    wait_for(lambda: len(found.hsms()) == 2, 60)
    # It shares its history with the store's cluster, so that it can back no second store.
    name = {"CustomKeyStoreName": fresh("second"), "CloudHsmClusterId": found.id}
    refused("CloudHsmClusterInUseException", kms.create_custom_key_store, **wanted(house, **name))
    kms.update_custom_key_store(KeyStorePassword="restored1", **update)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"worth keeping"
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["CloudHsmClusterId"] == found.id


def test_a_disk_that_takes_nothing_changes_no_store(own_server, tmp_path):
    house = own_server.start()
    house.cluster = active_cluster(house, tmp_path / "ca")
    kms = house.client("kms")
    store = create_store(house, kms)
    calls = [
        (kms.connect_custom_key_store, {"CustomKeyStoreId": store}),
        (kms.update_custom_key_store, {"CustomKeyStoreId": store, "NewCustomKeyStoreName": "other"}),
        (kms.delete_custom_key_store, {"CustomKeyStoreId": store}),
    ]
    failing(house, calls)
    # The next write opens the store's file again.
    wait_for(lambda: create(kms))
    assert describe(kms, store)["ConnectionState"] == "DISCONNECTED"
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    wait_until(kms, store, "CONNECTED")
    failing(house, [(kms.disconnect_custom_key_store, {"CustomKeyStoreId": store})])
    wait_for(lambda: create(kms))
    assert describe(kms, store)["ConnectionState"] == "CONNECTED"
    disconnect(kms, store)
    kms.delete_custom_key_store(CustomKeyStoreId=store)
    failing(house, [(kms.create_custom_key_store, wanted(house))])
    wait_for(lambda: create(kms))
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []


def failing(house, calls):
    """Makes these calls while the server can write nothing."""
    with house.without_room():
        for operation, members in calls:
            refused("KMSInternalException", operation, status=500, **members)


def test_keys_of_a_store(own_server, tmp_path):
    """The whole life of such keys, and what they refuse."""
    house = own_server.start()
    house.cluster = active_cluster(house, tmp_path / "ca")
    kms = house.client("kms")
    store = create_store(house, kms)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    key = create_key(kms, store, Description="Example key", Tags=[{"TagKey": "a", "TagValue": "b"}])
    arn = key["Arn"]
    expected = {
        "Origin": "AWS_CLOUDHSM",
        "CustomKeyStoreId": store,
        "CloudHsmClusterId": house.cluster.id,
        "KeyState": "Enabled",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    }
    assert expected.items() <= key.items() and "CurrentKeyMaterialId" not in key
    assert expected.items() <= kms.describe_key(KeyId=arn)["KeyMetadata"].items()

    context = {"purpose": "test"}
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"p" * 4096, EncryptionContext=context)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"p" * 4096
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context, KeyId=arn)["KeyId"] == arn
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=sealed)
    spoiled = sealed[:-1] + bytes([sealed[-1] ^ 1])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=spoiled, EncryptionContext=context)
    data_key = kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)
    opened = kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == data_key["Plaintext"]
    without = kms.generate_data_key_without_plaintext(KeyId=arn, NumberOfBytes=24)["CiphertextBlob"]
    assert len(kms.decrypt(CiphertextBlob=without)["Plaintext"]) == 24

    # Into the vault, back, and between keys of the store.
    vaulted = kms.create_key()["KeyMetadata"]["Arn"]
    second = create_key(kms, store)["Arn"]
    moved, source = sealed, context
    for destination in [vaulted, second, arn, vaulted]:
        moved = kms.re_encrypt(CiphertextBlob=moved, SourceEncryptionContext=source, DestinationKeyId=destination)
        moved, source = moved["CiphertextBlob"], {}
    assert kms.decrypt(CiphertextBlob=moved)["Plaintext"] == b"p" * 4096
    # The other key has other material, and the blob names its key.
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context, KeyId=second)

    unsupported = "UnsupportedOperationException"
    refused(unsupported, kms.enable_key_rotation, KeyId=arn)
    refused(unsupported, kms.rotate_key_on_demand, KeyId=arn)
    refused(unsupported, kms.generate_data_key_pair, KeyId=arn, KeyPairSpec="ECC_NIST_P256")
    refused(unsupported, kms.generate_data_key_pair_without_plaintext, KeyId=arn, KeyPairSpec="ECC_NIST_P256")
    refused(unsupported, kms.create_key, **IN_STORE, CustomKeyStoreId=store, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    refused(unsupported, kms.create_key, **IN_STORE, CustomKeyStoreId=store, MultiRegion=True)
    refused("ValidationException", kms.create_key, CustomKeyStoreId=store)
    refused("ValidationException", kms.create_key, Origin="AWS_CLOUDHSM")

    alias = "alias/" + fresh("store-key")
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    kms.disable_key(KeyId=arn)
    refused("DisabledException", kms.encrypt, KeyId=alias, Plaintext=b"x")
    kms.enable_key(KeyId=arn)
    keys, user = user_with(house, fresh("grantee"))
    grant = kms.create_grant(KeyId=arn, GranteePrincipal=user, Operations=["Decrypt"])
    client = house.client("kms", keys=keys)
    tokens = [grant["GrantToken"]]
    opened = client.decrypt(CiphertextBlob=sealed, EncryptionContext=context, GrantTokens=tokens)
    assert opened["Plaintext"] == b"p" * 4096

    # Disconnected: the keys show it, and are managed as before.
    disconnect(kms, store)
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Unavailable"
    refused("KMSInvalidStateException", kms.encrypt, KeyId=arn, Plaintext=b"x")
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "c", "TagValue": "d"}])
    kms.update_key_description(KeyId=arn, Description="away")
    kms.disable_key(KeyId=second)
    assert kms.describe_key(KeyId=second)["KeyMetadata"]["KeyState"] == "Unavailable"
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=store)

    # A server that was restarted finds the store connected again by itself.
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    house.restart()
    kms, house.cluster.api = house.client("kms"), house.client("cloudhsmv2")
    assert describe(kms, store)["ConnectionState"] == "CONNECTED"
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"p" * 4096
    assert kms.describe_key(KeyId=second)["KeyMetadata"]["KeyState"] == "Disabled"

    # Deleted behind KMS's back.
    disconnect(kms, store)
    house.cluster.set_password("kmsuser", "insidePswd1")
    kmsuser = {"password": "insidePswd1"}
    listed = done(house.cluster.user("kmsuser", "key", "list", "--verbose", **kmsuser))["matched_keys"]
    by_label = {entry["attributes"]["label"]: entry for entry in listed}
    attributes = by_label[arn]["attributes"]
    assert attributes["key-length-bytes"] == 32 and attributes["key-type"] == "aes"
    for name, value in {
        "token": True,
        "private": True,
        "sensitive": True,
        "extractable": False,
        "never-extractable": True,
        "encrypt": True,
        "decrypt": True,
    }.items():
        assert attributes[name] is value, name
    done(house.cluster.user("kmsuser", "key", "delete", "--filter", f"attr.label={arn}", **kmsuser))
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword="insidePswd1")
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=arn, Plaintext=b"x")

    # One HSM of two is enough for what there is; new keys need two.
    lost = house.cluster.hsms()[0]
    house.cluster.delete_hsm(lost["HsmId"])
    kms.enable_key(KeyId=second)
    kms.encrypt(KeyId=second, Plaintext=b"x")
    refused("CloudHsmClusterInvalidConfigurationException", kms.create_key, **IN_STORE, CustomKeyStoreId=store)
    house.cluster.add_hsm(lost["AvailabilityZone"])
    create_key(kms, store)

    # Deletion is planned and cancelled like any key's, connected or not; the store keeps its keys till they are gone.
    kms.schedule_key_deletion(KeyId=second, PendingWindowInDays=7)
    disconnect(kms, store)
    assert kms.describe_key(KeyId=second)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=store)


def test_who_makes_a_store_must_see_the_cluster(house):
    keys, _ = user_with(house, fresh("maker"), {"Effect": "Allow", "Action": "kms:CreateCustomKeyStore", "Resource": "*"})
    client = house.client("kms", keys=keys)
    refused("AccessDeniedException", client.create_custom_key_store, **wanted(house))
    keys, _ = user_with(house, fresh("nobody"), {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"})
    client = house.client("kms", keys=keys)
    for operation in [
        client.connect_custom_key_store,
        client.disconnect_custom_key_store,
        client.delete_custom_key_store,
        client.describe_custom_key_stores,
    ]:
        refused("AccessDeniedException", operation, CustomKeyStoreId=NO_STORE)
