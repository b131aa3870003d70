"""Rotation with boto3: plans, rotations on demand, their history and their errors."""

import datetime

import pytest
from botocore import xform_name
from harness import user_with
from kms_support import create, fresh, refused


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


def current(kms, arn):
    return kms.describe_key(KeyId=arn)["KeyMetadata"]["CurrentKeyMaterialId"]


def test_a_plans_life(kms):
    arn = create(kms)
    off = {"KeyId": arn, "KeyRotationEnabled": False}

    def status():
        answer = kms.get_key_rotation_status(KeyId=arn)
        answer.pop("ResponseMetadata")
        return answer

    assert status() == off
    for members, days in [({}, 365), ({"RotationPeriodInDays": 90}, 90), ({"RotationPeriodInDays": 2560}, 2560)]:
        now = datetime.datetime.now(datetime.timezone.utc)
        kms.enable_key_rotation(KeyId=arn, **members)
        shown = status()
        next_date = shown.pop("NextRotationDate")
        assert shown == {"KeyId": arn, "KeyRotationEnabled": True, "RotationPeriodInDays": days}
        assert abs(next_date - now - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)
    for _ in range(2):
        kms.disable_key_rotation(KeyId=arn)
        assert status() == off


def test_the_period_is_limited(server, kms):
    arn = create(kms)
    unchecked = server.client("kms", parameter_validation=False)
    for days, rule in [(89, "greater than or equal to 90"), (2561, "less than or equal to 2560")]:
        refused(
            "ValidationException",
            unchecked.enable_key_rotation,
            f"1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: "
            f"Member must have value {rule}",
            KeyId=arn,
            RotationPeriodInDays=days,
        )
    assert not kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]


def test_rotation_on_demand(kms):
    arn = create(kms)
    first, sealed = current(kms, arn), kms.encrypt(KeyId=arn, Plaintext=b"old")["CiphertextBlob"]
    assert kms.rotate_key_on_demand(KeyId=arn)["KeyId"] == arn
    second = current(kms, arn)
    assert second != first
    old = kms.decrypt(CiphertextBlob=sealed)
    assert (old["Plaintext"], old["KeyMaterialId"]) == (b"old", first)
    data_key = kms.generate_data_key(KeyId=arn, KeySpec="AES_256")
    assert data_key["KeyMaterialId"] == second
    moved = kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=arn)
    assert (moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]) == (first, second)

    (rotation,) = kms.list_key_rotations(KeyId=arn)["Rotations"]
    assert rotation["KeyMaterialId"] == second
    assert (rotation["RotationType"], rotation["KeyMaterialState"]) == ("ON_DEMAND", "CURRENT")
    older, newer = kms.list_key_rotations(KeyId=arn, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert older == {"KeyId": arn, "KeyMaterialId": first, "KeyMaterialState": "NON_CURRENT"}
    assert newer == rotation


def test_rotations_are_listed_in_pages_and_limited_to_25(kms):
    arn = create(kms)
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=arn)
    pages = kms.get_paginator("list_key_rotations").paginate(KeyId=arn, PaginationConfig={"PageSize": 10})
    pages = [page["Rotations"] for page in pages]
    assert [len(page) for page in pages] == [10, 10, 5]
    dates = [entry["RotationDate"] for page in pages for entry in page]
    assert dates == sorted(dates)
    refused(
        "LimitExceededException",
        kms.rotate_key_on_demand,
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be "
        f"performed for this key: {arn}",
        KeyId=arn,
    )
    refused("InvalidMarkerException", kms.list_key_rotations, KeyId=arn, Marker="made-up")


def test_keys_that_do_not_rotate(kms):
    arn = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    calls = [kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand, kms.list_key_rotations]
    for call in calls:
        assert refused("UnsupportedOperationException", call, KeyId=arn) == ""
    assert not kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]


def test_states_that_keep_a_key_from_rotating(kms):
    arn = create(kms)
    kms.enable_key_rotation(KeyId=arn)
    kms.disable_key(KeyId=arn)
    changing = [kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand]
    for call in changing:
        refused("DisabledException", call, f"{arn} is disabled.", KeyId=arn)
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    kms.schedule_key_deletion(KeyId=arn)
    for call in changing:
        refused("KMSInvalidStateException", call, f"{arn} is pending deletion.", KeyId=arn)
    assert not kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    assert kms.list_key_rotations(KeyId=arn)["Rotations"] == []


def test_rotation_takes_its_permissions(server, kms):
    arn = create(kms)
    keys, _ = user_with(server, fresh("stranger"))
    stranger = server.client("kms", keys=keys)
    for action in [
        "EnableKeyRotation",
        "DisableKeyRotation",
        "GetKeyRotationStatus",
        "RotateKeyOnDemand",
        "ListKeyRotations",
    ]:
        call = getattr(stranger, xform_name(action))
        message = refused("AccessDeniedException", call, KeyId=arn)
        assert message.endswith(f"because no identity-based policy allows the kms:{action} action")
