"""Custom key stores as the tests make them, on a cluster that `house.cluster` is."""

from cloudhsm_support import Cluster
from harness import wait_for
from kms_support import fresh

KMSUSER_PASSWORD = "kmsPswd123"


def active_cluster(server, folder):
    """A cluster with an HSM in each of two zones and the crypto user `kmsuser`."""
    cluster = Cluster.make(server, folder)
    cluster.make_user("kmsuser", password=KMSUSER_PASSWORD)
    return cluster


def wanted(house, **changes):
    return {
        "CustomKeyStoreName": fresh("store"),
        "CloudHsmClusterId": house.cluster.id,
        "TrustAnchorCertificate": house.cluster.trust_anchor,
        "KeyStorePassword": KMSUSER_PASSWORD,
    } | changes


def create_store(house, kms, **changes):
    return kms.create_custom_key_store(**wanted(house, **changes))["CustomKeyStoreId"]


def describe(kms, store):
    (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"]
    return entry


def wait_until(kms, store, *states):
    return wait_for(lambda: describe(kms, store)["ConnectionState"] in states and describe(kms, store))


def connect(kms, store):
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    return wait_until(kms, store, "CONNECTED", "FAILED")


def disconnect(kms, store):
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    return wait_until(kms, store, "DISCONNECTED")


def dispose(house, kms, store):
    """Forgets a store without keys, and gives `kmsuser` the password back that the tests know."""
    if describe(kms, store)["ConnectionState"] != "DISCONNECTED":
        disconnect(kms, store)
    kms.delete_custom_key_store(CustomKeyStoreId=store)
    house.cluster.set_password("kmsuser", KMSUSER_PASSWORD)


def create_key(kms, store, **members):
    return kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store, **members)["KeyMetadata"]
