"""What takes days in KMS: the server goes on with a clock that is ahead, and so do its clients (`Keyward.restart`)."""

from datetime import datetime, timedelta, timezone

from cloudhsm_support import done
from harness import user_with, wait_for
from import_support import FOREVER, KEY_WRAP, external, files_in, import_into, parameters, shown, wrap
from key_store_support import active_cluster, connect, create_key, create_store, disconnect
from kms_support import create, refused

DAY = timedelta(days=1)


def now():
    return datetime.now(timezone.utc)


def client(server):
    return server.client("kms", read_timeout=120)


def test_an_import_token_is_good_for_a_day(own_server, tmp_path):
    kms = client(own_server.start())
    wanted = []
    for _ in range(2):
        arn = external(kms)
        answer = parameters(kms, arn)
        assert abs(answer["ParametersValidTo"] - now() - DAY) < timedelta(minutes=1)
        sealed = wrap(files_in(tmp_path), answer, KEY_WRAP, bytes(32))
        wanted.append({"KeyId": arn, "ImportToken": answer["ImportToken"], "EncryptedKeyMaterial": sealed, **FOREVER})
    in_time, too_late = wanted
    kms = client(own_server.restart(DAY - timedelta(hours=1)))
    kms.import_key_material(**in_time)
    assert shown(kms, in_time["KeyId"])["KeyState"] == "Enabled"
    kms = client(own_server.restart(DAY + timedelta(minutes=5)))
    refused("ExpiredImportTokenException", kms.import_key_material, **too_late)
    assert shown(kms, too_late["KeyId"])["KeyState"] == "PendingImport"


def test_imported_material_goes_at_its_time_and_the_same_comes_back(own_server, tmp_path):
    kms = client(own_server.start())
    arn, file = external(kms), files_in(tmp_path)
    import_into(kms, file, arn, b"m" * 32, ValidTo=now() + 2 * DAY)
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"kept")["CiphertextBlob"]
    kms = client(own_server.restart(DAY))
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"
    kms = client(own_server.restart(2 * DAY + timedelta(minutes=5)))
    wait_for(lambda: shown(kms, arn)["KeyState"] == "PendingImport")
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed)
    assert "ValidTo" not in shown(kms, arn)
    refused("IncorrectKeyMaterialException", import_into, kms=kms, file=file, arn=arn, material=b"x" * 32)
    import_into(kms, file, arn, b"m" * 32)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"


def test_a_key_is_gone_after_its_waiting_period(own_server):
    kms = client(own_server.start())
    going, spared = create(kms), create(kms)
    kms.create_alias(AliasName="alias/going", TargetKeyId=going)
    sealed = kms.encrypt(KeyId=going, Plaintext=b"lost")["CiphertextBlob"]
    kept = kms.encrypt(KeyId=spared, Plaintext=b"kept")["CiphertextBlob"]
    for arn in (going, spared):
        planned = kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        assert abs(planned["DeletionDate"] - now() - 7 * DAY) < timedelta(minutes=1)
    kms = client(own_server.restart(7 * DAY - timedelta(hours=1)))
    assert shown(kms, going)["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=spared)
    kms.enable_key(KeyId=spared)
    kms = client(own_server.restart(8 * DAY))
    wait_for(lambda: going not in [key["KeyArn"] for key in kms.list_keys()["Keys"]])
    for operation, members in [
        (kms.describe_key, {"KeyId": going}),
        (kms.cancel_key_deletion, {"KeyId": going}),
        (kms.encrypt, {"KeyId": "alias/going", "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": sealed, "KeyId": going}),
    ]:
        refused("NotFoundException", operation, **members)
    assert kms.decrypt(CiphertextBlob=kept)["Plaintext"] == b"kept"
    # The command line, whose clock is the machine's, sees the same day.
    listed = own_server.aws("kms", "list-keys")["Keys"]
    assert [key["KeyArn"] for key in listed] == [spared]


def test_automatic_rotation_every_ninety_days(own_server):
    kms = client(own_server.start())
    arn = create(kms)
    kms.enable_key_rotation(KeyId=arn, RotationPeriodInDays=90)
    first = shown(kms, arn)["CurrentKeyMaterialId"]
    sealed = [kms.encrypt(KeyId=arn, Plaintext=b"of the first")["CiphertextBlob"]]
    due = kms.get_key_rotation_status(KeyId=arn)["NextRotationDate"]
    assert abs(due - now() - 90 * DAY) < timedelta(minutes=1)
    # Shortly before, none can be asked for.
    kms = client(own_server.restart(90 * DAY - timedelta(minutes=10)))
    refused("ConflictException", kms.rotate_key_on_demand, KeyId=arn)
    assert kms.list_key_rotations(KeyId=arn)["Rotations"] == []
    for turn in (1, 2):
        kms = client(own_server.restart(turn * 90 * DAY + timedelta(hours=1)))
        rotations = wait_for(lambda: len(kms.list_key_rotations(KeyId=arn)["Rotations"]) == turn and kms.list_key_rotations(KeyId=arn))
        last = rotations["Rotations"][-1]
        assert last["RotationType"] == "AUTOMATIC"
        assert abs(last["RotationDate"] - now() - turn * 90 * DAY) < timedelta(hours=2)
        status = kms.get_key_rotation_status(KeyId=arn)
        assert timedelta(0) < status["NextRotationDate"] - now() - (turn + 1) * 90 * DAY + timedelta(hours=1) < timedelta(hours=3)
        assert shown(kms, arn)["CurrentKeyMaterialId"] not in (first, None)
        sealed.append(kms.encrypt(KeyId=arn, Plaintext=f"of turn {turn}".encode())["CiphertextBlob"])
    opened = [kms.decrypt(CiphertextBlob=one) for one in sealed]
    assert [one["Plaintext"] for one in opened] == [b"of the first", b"of turn 1", b"of turn 2"]
    assert len({one["KeyMaterialId"] for one in opened}) == 3 and opened[0]["KeyMaterialId"] == first


def test_a_deleted_key_of_a_key_store_leaves_the_hsms(own_server, tmp_path):
    house = own_server.start()
    house.cluster = cluster = active_cluster(house, tmp_path / "ca")
    kms = client(house)
    store = create_store(house, kms)
    assert connect(kms, store)["ConnectionState"] == "CONNECTED"
    going, kept = create_key(kms, store)["Arn"], create_key(kms, store)["Arn"]
    kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)
    house.restart(8 * DAY)
    kms, cluster.api = client(house), house.client("cloudhsmv2")
    wait_for(lambda: going not in [key["KeyArn"] for key in kms.list_keys()["Keys"]])
    sealed = wait_for(lambda: kms.encrypt(KeyId=kept, Plaintext=b"x"))["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    # As the HSMs see it, when KMS has said so.
    wait_for(lambda: "the material of a deleted key is deleted" in house.log_text())
    disconnect(kms, store)
    cluster.set_password("kmsuser", "lookAround1")
    listed = done(cluster.user("kmsuser", "key", "list", "--verbose", password="lookAround1"))
    assert [key["attributes"]["label"] for key in listed["matched_keys"]] == [kept]


def test_a_session_ends_after_its_hour(own_server):
    sts = own_server.start().client("sts")
    account = sts.get_caller_identity()["Account"]
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "%s"}, "Action": "sts:AssumeRole"}]}'
    role = own_server.client("iam").create_role(RoleName="hourly", AssumeRolePolicyDocument=trust % account)["Role"]["Arn"]
    keys, _ = user_with(own_server, "assumes", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    given = own_server.client("sts", keys=keys).assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    session = {"keys": (given["AccessKeyId"], given["SecretAccessKey"]), "token": given["SessionToken"]}
    assert own_server.client("sts", **session).get_caller_identity()["Arn"].endswith("/hourly/one")
    own_server.restart(timedelta(minutes=59))
    assert own_server.client("sts", **session).get_caller_identity()["Account"] == account
    own_server.restart(timedelta(minutes=61))
    refused("ExpiredToken", own_server.client("sts", **session).get_caller_identity, status=403)
