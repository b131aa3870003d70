"""Every operation of KMS, asked for each error that its model declares."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import recording
from harness import user_with, wait_for
from kms_calls import (
    AGREEMENT,
    CRYPTOGRAPHIC,
    MANAGING,
    SIGNING,
    SYMMETRIC,
    Used,
    managing_members,
)
from kms_support import UNKNOWN_ID, account_of, allow, create, document, fresh, refused, root_of

# Operations that list no InvalidArnException answer NotFoundException to a malformed ARN.
ARN_IS_NOT_FOUND = {"create_alias", "update_alias"} | set(CRYPTOGRAPHIC) - {"get_public_key"}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def used(kms):
    """Keys by kind and state, each made when it is first asked for."""
    made = {}

    def key(kind, state="Enabled"):
        if (kind, state) not in made:
            one = made[kind, state] = Used(kms, kind)
            if state == "Disabled":
                kms.disable_key(KeyId=one.arn)
            if state == "PendingDeletion":
                kms.schedule_key_deletion(KeyId=one.arn, PendingWindowInDays=7)
        return made[kind, state]

    return key


def managing(kms, operation, key):
    """Calls an operation that manages a key; an alias that it moves is there."""
    members = managing_members(operation, key)
    if operation == "update_alias":
        kms.create_alias(AliasName=members["AliasName"], TargetKeyId=create(kms))
    return {"call": getattr(kms, operation), **members}


# --- the key -----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", CRYPTOGRAPHIC)
def test_an_unknown_key_is_not_used(kms, used, operation):
    members = used(CRYPTOGRAPHIC[operation]).members(operation, UNKNOWN_ID)
    message = refused("NotFoundException", getattr(kms, operation), **members)
    assert message.endswith(f":key/{UNKNOWN_ID}' does not exist"), message


@pytest.mark.parametrize("operation", MANAGING)
def test_an_unknown_key_is_not_managed(kms, operation):
    message = refused("NotFoundException", **managing(kms, operation, UNKNOWN_ID))
    assert message.endswith(f":key/{UNKNOWN_ID}' does not exist"), message


@pytest.mark.parametrize("operation", [*CRYPTOGRAPHIC, *MANAGING])
def test_an_arn_that_names_no_key_is_told_as_the_operation_tells_it(kms, used, operation):
    wrong = "arn:aws:kms:us-east-1:111122223333:nothing"
    if operation in CRYPTOGRAPHIC:
        call = {"call": getattr(kms, operation), **used(CRYPTOGRAPHIC[operation]).members(operation, wrong)}
    else:
        call = managing(kms, operation, wrong)
    code = "NotFoundException" if operation in ARN_IS_NOT_FOUND else "InvalidArnException"
    assert wrong in refused(code, **call)


@pytest.mark.parametrize("operation", CRYPTOGRAPHIC)
def test_a_disabled_key_is_not_used(kms, used, operation):
    key = used(CRYPTOGRAPHIC[operation], "Disabled")
    refused("DisabledException", getattr(kms, operation), f"{key.arn} is disabled.", **key.members(operation))


@pytest.mark.parametrize("operation", CRYPTOGRAPHIC)
def test_a_key_that_is_pending_deletion_is_not_used(kms, used, operation):
    key = used(CRYPTOGRAPHIC[operation], "PendingDeletion")
    message = f"{key.arn} is pending deletion."
    refused("KMSInvalidStateException", getattr(kms, operation), message, **key.members(operation))


@pytest.mark.parametrize(
    "operation",
    [
        "create_alias",
        "create_grant",
        "disable_key",
        "disable_key_rotation",
        "enable_key",
        "enable_key_rotation",
        "rotate_key_on_demand",
        "schedule_key_deletion",
        "tag_resource",
        "untag_resource",
        "update_alias",
        "update_key_description",
    ],
)
def test_a_key_that_is_pending_deletion_is_not_managed(kms, used, operation):
    key = used(SYMMETRIC, "PendingDeletion").arn
    call = managing(kms, operation, key)
    if operation == "create_grant":
        call["GranteePrincipal"] = root_of(account_of(key))["AWS"]
    refused("KMSInvalidStateException", message=f"{key} is pending deletion.", **call)


def test_a_key_that_is_not_pending_deletion_has_nothing_to_cancel(kms, used):
    key = used(SYMMETRIC).arn
    message = f"{key} is not pending deletion."
    refused("KMSInvalidStateException", kms.cancel_key_deletion, message, KeyId=key)


# --- how it is used ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", sorted(set(CRYPTOGRAPHIC) - {"get_public_key"}))
def test_a_key_of_another_usage_is_not_used(kms, used, operation):
    kind = CRYPTOGRAPHIC[operation]
    other = used(SIGNING if kind != SIGNING else AGREEMENT).arn
    members = used(kind).members(operation, other)
    if operation == "decrypt":
        # A key that decrypts nothing is an incorrect one, so that this is about the algorithm.
        members = {**used(kind).members(operation), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    refused("InvalidKeyUsageException", getattr(kms, operation), **members)


@pytest.mark.parametrize("operation", [*sorted(CRYPTOGRAPHIC), "create_grant"])
def test_a_grant_token_that_is_none_is_refused(kms, used, operation):
    if operation == "create_grant":
        key = used(SYMMETRIC).arn
        members = {"KeyId": key, "GranteePrincipal": root_of(account_of(key))["AWS"], "Operations": ["Encrypt"]}
    else:
        members = used(CRYPTOGRAPHIC[operation]).members(operation)
    refused("InvalidGrantTokenException", getattr(kms, operation), **members, GrantTokens=["made-up"])


@pytest.fixture(scope="module")
def bob(server):
    """A user that no policy allows anything."""
    keys, arn = user_with(server, fresh("bob"))
    return server.client("kms", keys=keys), arn


@pytest.mark.parametrize("operation", CRYPTOGRAPHIC)
def test_a_grant_s_token_lets_its_grantee_in_at_once(kms, used, bob, operation):
    client, arn = bob
    key = used(CRYPTOGRAPHIC[operation])
    granted = {
        "re_encrypt": ["ReEncryptFrom", "ReEncryptTo"],
    }.get(operation, ["".join(word.title() for word in operation.split("_"))])
    refused("AccessDeniedException", getattr(client, operation), **key.members(operation))
    made = kms.create_grant(KeyId=key.arn, GranteePrincipal=arn, Operations=granted)
    answer = getattr(client, operation)(**key.members(operation), GrantTokens=[made["GrantToken"]])
    assert answer["KeyId"] == key.arn
    kms.revoke_grant(KeyId=key.arn, GrantId=made["GrantId"])


def test_a_grant_s_token_shows_the_key(kms, used, bob):
    client, arn = bob
    key = used(SYMMETRIC).arn
    members = {"KeyId": key, "GranteePrincipal": arn}
    made = kms.create_grant(Operations=["DescribeKey", "CreateGrant", "Encrypt"], **members)
    tokens = {"GrantTokens": [made["GrantToken"]]}
    assert client.describe_key(KeyId=key, **tokens)["KeyMetadata"]["Arn"] == key
    handed_on = client.create_grant(Operations=["Encrypt"], **members, **tokens)
    assert handed_on["GrantId"] != made["GrantId"]
    for one in (made, handed_on):
        kms.revoke_grant(KeyId=key, GrantId=one["GrantId"])


DRY_RUN = sorted(set(CRYPTOGRAPHIC) - {"get_public_key"})


@pytest.mark.parametrize("operation", DRY_RUN)
def test_a_dry_run_tells_that_it_would_have_worked(kms, used, operation):
    members = used(CRYPTOGRAPHIC[operation]).members(operation)
    refused("DryRunOperationException", getattr(kms, operation), **members, DryRun=True)


# --- our own failures ----------------------------------------------------------------------------


def changing(kms, there):
    """Each operation that writes, with members that make it write; by name, and again for each call. `there` asks
    in the Region of a replica."""
    key, disabled, leaving = create(kms), create(kms), create(kms)
    kms.enable_key_rotation(KeyId=disabled)
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=leaving)
    alias = f"alias/{fresh('a')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "k", "TagValue": "old"}])
    root = root_of(account_of(key))
    members = {"KeyId": key, "GranteePrincipal": root["AWS"], "Operations": ["Encrypt"]}
    grant = {"KeyId": key, "GrantId": kms.create_grant(**members)["GrantId"]}
    rotating = create(kms)
    kms.enable_key_rotation(KeyId=rotating)
    primary = create(kms, MultiRegion=True)
    kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")
    wait_for(lambda: there.describe_key(KeyId=primary.rsplit("/", 1)[1])["KeyMetadata"]["KeyState"] == "Enabled")
    return {
        "cancel_key_deletion": {"KeyId": leaving},
        "create_alias": {"AliasName": alias + "2", "TargetKeyId": key},
        "create_grant": members,
        "create_key": {},
        "delete_alias": {"AliasName": alias},
        # It makes the key that it describes.
        "describe_key": {"KeyId": "alias/aws/s3"},
        "disable_key": {"KeyId": key},
        "disable_key_rotation": {"KeyId": rotating},
        "enable_key": {"KeyId": disabled},
        "enable_key_rotation": {"KeyId": key},
        "put_key_policy": {"KeyId": key, "Policy": document(allow(root, "kms:*"))},
        "replicate_key": {"KeyId": primary, "ReplicaRegion": "eu-west-2"},
        "retire_grant": grant,
        "revoke_grant": grant,
        "rotate_key_on_demand": {"KeyId": key},
        "schedule_key_deletion": {"KeyId": key},
        "tag_resource": {"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "new"}]},
        "untag_resource": {"KeyId": key, "TagKeys": ["k"]},
        "update_alias": {"AliasName": alias, "TargetKeyId": rotating},
        "update_key_description": {"KeyId": key, "Description": "d"},
        "update_primary_region": {"KeyId": primary, "PrimaryRegion": "eu-west-1"},
    }


def reading(key, signing):
    """Each operation that only reads the store, with its members."""
    own = {"KeyId": key}
    return {
        "describe_custom_key_stores": {},
        "describe_key": own,
        "get_key_last_usage": own,
        "get_key_policy": own,
        "get_key_rotation_status": own,
        "get_public_key": {"KeyId": signing},
        "list_aliases": {},
        "list_grants": own,
        "list_key_policies": own,
        "list_key_rotations": own,
        "list_keys": {},
        "list_resource_tags": own,
        "list_retirable_grants": {"RetiringPrincipal": root_of(account_of(key))["AWS"]},
    }


def test_a_disk_that_takes_nothing_is_an_internal_error_until_it_does(own_server):
    kms = own_server.start().client("kms")
    calls = changing(kms, own_server.client("kms", region="eu-west-1"))
    reads = reading(calls["disable_key"]["KeyId"], create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY"))
    with own_server.without_room():
        for operation, members in calls.items():
            refused("KMSInternalException", getattr(kms, operation), status=500, **members)
        # The file is closed by now, and can't be opened where nothing can be written.
        for operation, members in reads.items():
            refused("KMSInternalException", getattr(kms, operation), status=500, **members)
    for operation, members in reads.items():
        getattr(kms, operation)(**members)
    # Whoever comes first opens the store again; nothing that failed has happened.
    key = calls["disable_key"]["KeyId"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "k", "TagValue": "old"}]
    assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=key)["Aliases"]] == [calls["delete_alias"]["AliasName"]]
    assert [grant["GrantId"] for grant in kms.list_grants(KeyId=key)["Grants"]] == [calls["retire_grant"]["GrantId"]]
    (managed,) = [entry for entry in kms.list_aliases()["Aliases"] if entry["AliasName"] == "alias/aws/s3"]
    assert "TargetKeyId" not in managed
    assert kms.describe_key(**calls["describe_key"])["KeyMetadata"]["KeyManager"] == "AWS"


def test_a_vault_that_is_gone_is_an_internal_error_until_it_is_back(own_server):
    kms = own_server.start().client("kms", read_timeout=120, max_pool_connections=50)
    kinds = {kind: Used(kms, kind) for kind in {*CRYPTOGRAPHIC.values()}}
    calls = {name: kinds[kind].members(name) for name, kind in CRYPTOGRAPHIC.items() if name != "get_public_key"}
    calls |= {"create_key": {}, "describe_key": {"KeyId": "alias/aws/s3"}, "generate_random": {"NumberOfBytes": 8}}
    home, away = own_server.folder / "vault", own_server.folder / "away"
    home.rename(away)
    os.kill(own_server.vault(), signal.SIGKILL)

    def call(operation):
        refused("KMSInternalException", getattr(kms, operation), status=500, **calls[operation])

    # Each waits for the vault for a while.
    with ThreadPoolExecutor(len(calls)) as threads:
        list(threads.map(recording.carried(call), calls))
    away.rename(home)
    assert len(wait_for(lambda: kms.generate_random(NumberOfBytes=8))["Plaintext"]) == 8
    for operation, members in calls.items():
        getattr(kms, operation)(**members)
