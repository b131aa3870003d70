"""Multi-Region keys with boto3: one key in several Regions of a deployment."""

import json

import pytest
from harness import user_with, wait_for
from kms_support import UNKNOWN_ID, account_of, allow, create, document, fresh, openssl, refused, root_of

HOME, AWAY, FAR = "us-east-1", "eu-west-1", "ap-south-1"


@pytest.fixture(scope="module")
def kms(server):
    """A client for each Region."""
    return {region: server.client("kms", region=region) for region in (HOME, AWAY, FAR)}


def twin(arn, region):
    parts = arn.split(":")
    parts[3] = region
    return ":".join(parts)


def shown(kms, arn):
    return kms[arn.split(":")[3]].describe_key(KeyId=arn)["KeyMetadata"]


def state(kms, arn):
    return shown(kms, arn)["KeyState"]


def in_state(kms, arn, wanted):
    wait_for(lambda: state(kms, arn) == wanted)
    return arn


def replicated(kms, arn, *regions, **members):
    """Replicates the key and waits until the replicas are ready; answers their ARNs."""
    home = kms[arn.split(":")[3]]
    for region in regions:
        home.replicate_key(KeyId=arn, ReplicaRegion=region, **members)
    return [in_state(kms, twin(arn, region), "Enabled") for region in regions]


def relatives(kms, arn):
    """The kind of the key, its primary's ARN and its replicas' ARNs, as DescribeKey shows them."""
    configuration = shown(kms, arn)["MultiRegionConfiguration"]
    for key in [configuration["PrimaryKey"], *configuration["ReplicaKeys"]]:
        assert key["Arn"] == twin(arn, key["Region"])
    return (
        configuration["MultiRegionKeyType"],
        configuration["PrimaryKey"]["Arn"],
        [key["Arn"] for key in configuration["ReplicaKeys"]],
    )


def test_a_primary_and_its_replica(kms):
    made = kms[HOME].create_key(MultiRegion=True, Description="here")["KeyMetadata"]
    arn, key_id = made["Arn"], made["KeyId"]
    assert made["MultiRegion"] and key_id.startswith("mrk-") and len(key_id) == 36
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": arn, "Region": HOME},
        "ReplicaKeys": [],
    }
    tags = [{"TagKey": "a", "TagValue": "1"}]
    answer = kms[HOME].replicate_key(KeyId=key_id, ReplicaRegion=AWAY, Description="there", Tags=tags)
    replica = answer["ReplicaKeyMetadata"]
    assert (replica["KeyState"], replica["Enabled"], replica["KeyId"]) == ("Creating", False, key_id)
    assert "CurrentKeyMaterialId" not in replica
    assert replica["Arn"] == twin(arn, AWAY) and replica["Description"] == "there"
    assert answer["ReplicaTags"] == tags
    assert json.loads(answer["ReplicaPolicy"])["Id"] == "key-default-1"
    in_state(kms, replica["Arn"], "Enabled")
    assert shown(kms, replica["Arn"])["CurrentKeyMaterialId"] == shown(kms, arn)["CurrentKeyMaterialId"]
    assert relatives(kms, arn) == ("PRIMARY", arn, [replica["Arn"]])
    assert relatives(kms, replica["Arn"]) == ("REPLICA", arn, [replica["Arn"]])
    assert not kms[HOME].describe_key(KeyId=create(kms[HOME]))["KeyMetadata"]["MultiRegion"]


SHARED = [
    "AWSAccountId",
    "KeyId",
    "KeyUsage",
    "Origin",
    "KeyManager",
    "KeySpec",
    "CustomerMasterKeySpec",
    "MultiRegion",
]


@pytest.mark.parametrize(
    "spec, usage, algorithms",
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms"),
        ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms"),
        ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms"),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms"),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms"),
        ("ML_DSA_44", "SIGN_VERIFY", "SigningAlgorithms"),
    ],
)
def test_every_kind_of_key_can_be_replicated(kms, spec, usage, algorithms):
    primary = kms[HOME].create_key(MultiRegion=True, KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    replica = kms[HOME].replicate_key(KeyId=primary["KeyId"], ReplicaRegion=AWAY)["ReplicaKeyMetadata"]
    for member in [*SHARED, algorithms]:
        assert (member in primary) == (member in replica)
        if member in primary:
            assert replica[member] == primary[member], member
    assert replica["CreationDate"] >= primary["CreationDate"]
    configuration = replica["MultiRegionConfiguration"]
    assert configuration["MultiRegionKeyType"] == "REPLICA"
    key = configuration["PrimaryKey"]
    assert (key["Arn"], key["Region"]) == (primary["Arn"], HOME)
    (key,) = configuration["ReplicaKeys"]
    assert (key["Arn"], key["Region"]) == (replica["Arn"], AWAY)
    for absent in ("CurrentKeyMaterialId", "DeletionDate", "PendingDeletionWindowInDays", "ValidTo"):
        assert absent not in replica


def test_ciphertexts_are_good_in_every_region(kms):
    arn = create(kms[HOME], MultiRegion=True)
    replicated(kms, arn, AWAY, FAR)
    context = {"purpose": "test"}
    for made in (HOME, AWAY, FAR):
        sealed = kms[made].encrypt(KeyId=twin(arn, made), Plaintext=b"x", EncryptionContext=context)
        data = kms[made].generate_data_key(KeyId=twin(arn, made), KeySpec="AES_256")
        for read in (HOME, AWAY, FAR):
            answer = kms[read].decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
            assert (answer["Plaintext"], answer["KeyId"]) == (b"x", twin(arn, read))
            answer = kms[read].decrypt(CiphertextBlob=data["CiphertextBlob"], KeyId=twin(arn, read))
            assert answer["Plaintext"] == data["Plaintext"]
            refused(
                "InvalidCiphertextException",
                kms[read].decrypt,
                CiphertextBlob=sealed["CiphertextBlob"],
                EncryptionContext={"purpose": "other"},
            )
    other = create(kms[HOME], MultiRegion=True)
    refused(
        "IncorrectKeyException", kms[HOME].decrypt, CiphertextBlob=data["CiphertextBlob"], KeyId=other
    )


def test_an_arn_of_another_region_is_not_found(kms):
    arn = create(kms[HOME], MultiRegion=True)
    replicated(kms, arn, AWAY)
    refused("NotFoundException", kms[HOME].describe_key, f"Invalid arn {AWAY}", KeyId=twin(arn, AWAY))


def test_signatures_and_macs_are_good_in_every_region(kms, tmp_path):
    arn = create(kms[HOME], MultiRegion=True, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    (replica,) = replicated(kms, arn, AWAY)
    members = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms[AWAY].sign(KeyId=replica, **members)["Signature"]
    assert kms[HOME].verify(KeyId=arn, Signature=signature, **members)["SignatureValid"]
    public = kms[HOME].get_public_key(KeyId=arn)["PublicKey"]
    assert kms[AWAY].get_public_key(KeyId=replica)["PublicKey"] == public
    for name, content in (("key.der", public), ("signature", signature), ("message", b"m")):
        (tmp_path / name).write_bytes(content)
    pem = openssl("pkey", "-pubin", "-inform", "DER", "-in", tmp_path / "key.der")
    (tmp_path / "key.pem").write_bytes(pem)
    openssl(
        "dgst", "-sha256", "-verify", tmp_path / "key.pem", "-signature", tmp_path / "signature", tmp_path / "message"
    )

    arn = create(kms[HOME], MultiRegion=True, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    (replica,) = replicated(kms, arn, AWAY)
    members = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    mac = kms[HOME].generate_mac(KeyId=arn, **members)["Mac"]
    assert kms[AWAY].verify_mac(KeyId=replica, Mac=mac, **members)["MacValid"]


def test_what_is_not_shared_is_each_keys_own(kms):
    arn = create(kms[HOME], MultiRegion=True, Tags=[{"TagKey": "here", "TagValue": "1"}])
    (replica,) = replicated(kms, arn, AWAY)
    alias = f"alias/{fresh('mrk')}"
    kms[HOME].create_alias(AliasName=alias, TargetKeyId=arn)
    kms[AWAY].create_alias(AliasName=alias, TargetKeyId=replica)
    kms[AWAY].update_key_description(KeyId=replica, Description="away")
    kms[AWAY].disable_key(KeyId=replica)
    kms[AWAY].put_key_policy(
        KeyId=replica, Policy=document(allow(root_of(account_of(arn)), "kms:*", Sid="own"))
    )
    grant = kms[HOME].create_grant(
        KeyId=arn, GranteePrincipal=root_of(account_of(arn))["AWS"], Operations=["Encrypt"]
    )
    assert shown(kms, arn)["Description"] == "" and state(kms, arn) == "Enabled"
    assert kms[HOME].describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == arn
    assert kms[AWAY].describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == replica
    assert kms[AWAY].list_resource_tags(KeyId=replica)["Tags"] == []
    assert kms[AWAY].list_grants(KeyId=replica)["Grants"] == []
    assert [one["GrantId"] for one in kms[HOME].list_grants(KeyId=arn)["Grants"]] == [grant["GrantId"]]
    assert '"own"' not in kms[HOME].get_key_policy(KeyId=arn)["Policy"]


def test_rotation_reaches_every_region(kms):
    arn = create(kms[HOME], MultiRegion=True)
    (replica,) = replicated(kms, arn, AWAY)
    old = kms[AWAY].encrypt(KeyId=replica, Plaintext=b"old")["CiphertextBlob"]
    kms[HOME].enable_key_rotation(KeyId=arn, RotationPeriodInDays=100)
    kms[HOME].rotate_key_on_demand(KeyId=arn)
    material = shown(kms, arn)["CurrentKeyMaterialId"]
    assert shown(kms, replica)["CurrentKeyMaterialId"] == material
    assert kms[AWAY].get_key_rotation_status(KeyId=replica)["RotationPeriodInDays"] == 100
    for region, key in ((HOME, arn), (AWAY, replica)):
        (rotation,) = kms[region].list_key_rotations(KeyId=key)["Rotations"]
        assert (rotation["KeyMaterialId"], rotation["RotationType"]) == (material, "ON_DEMAND")
        assert kms[region].decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    message = f"{replica} is not a multi-region primary key."
    for call in ("enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"):
        refused("UnsupportedOperationException", getattr(kms[AWAY], call), message, KeyId=replica)


def test_the_primary_region_moves(kms):
    arn = create(kms[HOME], MultiRegion=True)
    away, far = replicated(kms, arn, AWAY, FAR)
    kms[HOME].enable_key_rotation(KeyId=arn)
    answer = kms[HOME].update_primary_region(KeyId=arn, PrimaryRegion=AWAY)
    assert set(answer) == {"ResponseMetadata"}
    for key in (arn, away):
        in_state(kms, key, "Enabled")
    for key, kind in ((arn, "REPLICA"), (away, "PRIMARY"), (far, "REPLICA")):
        assert relatives(kms, key) == (kind, away, [far, arn])
    kms[AWAY].rotate_key_on_demand(KeyId=away)
    assert shown(kms, far)["CurrentKeyMaterialId"] == shown(kms, away)["CurrentKeyMaterialId"]
    kms[AWAY].disable_key_rotation(KeyId=away)
    assert not kms[HOME].get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]


def test_a_primary_waits_for_its_replicas(kms):
    arn = create(kms[HOME], MultiRegion=True)
    (replica,) = replicated(kms, arn, AWAY)
    answer = kms[HOME].schedule_key_deletion(KeyId=arn, PendingWindowInDays=8)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingReplicaDeletion", 8)
    assert "DeletionDate" not in answer
    metadata = shown(kms, arn)
    assert (metadata["KeyState"], metadata["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 8)
    assert "DeletionDate" not in metadata
    for call, members in (
        ("encrypt", {"Plaintext": b"x"}),
        ("replicate_key", {"ReplicaRegion": FAR}),
        ("update_primary_region", {"PrimaryRegion": AWAY}),
        ("schedule_key_deletion", {}),
    ):
        refused(
            "KMSInvalidStateException",
            getattr(kms[HOME], call),
            f"{arn} is pending replica deletion.",
            KeyId=arn,
            **members,
        )
    assert kms[AWAY].encrypt(KeyId=replica, Plaintext=b"x")["CiphertextBlob"]
    answer = kms[AWAY].schedule_key_deletion(KeyId=replica)
    assert answer["KeyState"] == "PendingDeletion" and answer["DeletionDate"]
    kms[HOME].cancel_key_deletion(KeyId=arn)
    assert state(kms, arn) == "Disabled"
    refused("DisabledException", kms[HOME].replicate_key, f"{arn} is disabled.", KeyId=arn, ReplicaRegion=FAR)


def test_what_replicate_key_refuses(server, kms):
    arn = create(kms[HOME], MultiRegion=True)
    (replica,) = replicated(kms, arn, AWAY)
    single = create(kms[HOME])
    replicate = kms[HOME].replicate_key
    message = f"{single} is not a multi-region primary key."
    refused("UnsupportedOperationException", replicate, message, KeyId=single, ReplicaRegion=AWAY)
    message = f"{replica} is not a multi-region primary key."
    refused("UnsupportedOperationException", kms[AWAY].replicate_key, message, KeyId=replica, ReplicaRegion=FAR)
    for region in (HOME, AWAY):
        message = f"The key {twin(arn, region)} already exists"
        refused("AlreadyExistsException", replicate, message, KeyId=arn, ReplicaRegion=region)
    message = refused("ValidationException", replicate, KeyId=arn, ReplicaRegion="mars-north-1")
    assert message.startswith("1 validation error detected: Value 'mars-north-1' at 'replicaRegion' failed")
    message = refused("ValidationException", replicate, KeyId=arn, ReplicaRegion="nowhere")
    assert "regular expression pattern" in message
    missing = f"mrk-{'0' * 32}"
    message = f"Key '{arn.rsplit('/', 1)[0]}/{missing}' does not exist"
    refused("NotFoundException", replicate, message, KeyId=missing, ReplicaRegion=FAR)
    refused("InvalidArnException", replicate, KeyId="arn:aws:kms:us-east-1:1:x", ReplicaRegion=FAR)
    locked = document(allow(root_of(account_of(arn)), "kms:DescribeKey"))
    for policy in (locked, "{"):
        refused("MalformedPolicyDocumentException", replicate, KeyId=arn, ReplicaRegion=FAR, Policy=policy)
    large = document(allow(root_of(account_of(arn)), "kms:*", Sid="x" * 33_000))
    refused("LimitExceededException", replicate, KeyId=arn, ReplicaRegion=FAR, Policy=large)
    tags = [{"TagKey": "aws:x", "TagValue": ""}]
    message = "Tags beginning with aws: are reserved"
    refused("TagException", replicate, message, KeyId=arn, ReplicaRegion=FAR, Tags=tags)
    answer = replicate(
        KeyId=arn, ReplicaRegion=FAR, Policy=locked, BypassPolicyLockoutSafetyCheck=True
    )
    assert answer["ReplicaPolicy"] == locked


def test_what_update_primary_region_refuses(kms):
    arn = create(kms[HOME], MultiRegion=True)
    (replica,) = replicated(kms, arn, AWAY)
    update = kms[HOME].update_primary_region
    single = create(kms[HOME])
    message = f"{single} is not a multi-region primary key."
    refused("UnsupportedOperationException", update, message, KeyId=single, PrimaryRegion=AWAY)
    message = f"{replica} is not a multi-region primary key."
    refused("UnsupportedOperationException", kms[AWAY].update_primary_region, message, KeyId=replica, PrimaryRegion=HOME)
    refused("NotFoundException", update, f"Key '{twin(arn, FAR)}' does not exist", KeyId=arn, PrimaryRegion=FAR)
    message = f"Key '{arn.rsplit('/', 1)[0]}/{UNKNOWN_ID}' does not exist"
    refused("NotFoundException", update, message, KeyId=UNKNOWN_ID, PrimaryRegion=AWAY)
    refused("InvalidArnException", update, KeyId="arn:aws:kms:us-east-1:1:x", PrimaryRegion=AWAY)
    refused("ValidationException", update, KeyId=arn, PrimaryRegion=HOME)
    refused("ValidationException", update, KeyId=arn, PrimaryRegion="mars-north-1")
    kms[AWAY].disable_key(KeyId=replica)
    refused("DisabledException", update, f"{replica} is disabled.", KeyId=arn, PrimaryRegion=AWAY)
    kms[AWAY].schedule_key_deletion(KeyId=replica)
    message = f"{replica} is pending deletion."
    refused("KMSInvalidStateException", update, message, KeyId=arn, PrimaryRegion=AWAY)


def test_a_multi_region_key_is_in_no_custom_key_store(kms):
    refused(
        "UnsupportedOperationException",
        kms[HOME].create_key,
        MultiRegion=True,
        Origin="AWS_CLOUDHSM",
        CustomKeyStoreId="cks-1234567890abcdef0",
    )


@pytest.mark.parametrize(
    "condition, value, allowed",
    [
        ("kms:ReplicaRegion", AWAY, True),
        ("kms:ReplicaRegion", FAR, False),
        ("kms:MultiRegion", "true", True),
        ("kms:MultiRegion", "false", False),
        ("kms:MultiRegionKeyType", "PRIMARY", True),
        ("kms:MultiRegionKeyType", "REPLICA", False),
    ],
)
def test_condition_keys_of_replicate_key(server, kms, condition, value, allowed):
    arn = create(kms[HOME], MultiRegion=True)
    keys, user = user_with(
        server,
        fresh("replicator"),
        {
            "Effect": "Allow",
            "Action": "kms:ReplicateKey",
            "Resource": "*",
            "Condition": {"StringEquals": {condition: value}},
        },
        {
            "Effect": "Allow",
            "Action": ["kms:CreateKey", "kms:PutKeyPolicy"],
            "Resource": "*",
        },
    )
    replicate = server.client("kms", keys=keys).replicate_key
    if allowed:
        replicate(KeyId=arn, ReplicaRegion=AWAY)
    else:
        message = refused("AccessDeniedException", replicate, KeyId=arn, ReplicaRegion=AWAY)
        assert f"{user} is not authorized to perform: kms:ReplicateKey on resource: {arn}" in message


def test_condition_keys_of_update_primary_region_and_of_replicas(server, kms):
    arn = create(kms[HOME], MultiRegion=True)
    (replica,) = replicated(kms, arn, AWAY)

    def client(action, condition, region=HOME):
        statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": condition}}
        keys, _ = user_with(server, fresh("mover"), statement)
        return server.client("kms", region=region, keys=keys)

    there = client("kms:UpdatePrimaryRegion", {"kms:PrimaryRegion": FAR})
    refused("AccessDeniedException", there.update_primary_region, KeyId=arn, PrimaryRegion=AWAY)
    kind = {"kms:MultiRegionKeyType": "REPLICA"}
    assert client("kms:DescribeKey", kind, AWAY).describe_key(KeyId=replica)
    refused("AccessDeniedException", client("kms:DescribeKey", kind).describe_key, KeyId=arn)
    only_single = client("kms:CreateKey", {"kms:MultiRegion": "false"})
    refused("AccessDeniedException", only_single.create_key, MultiRegion=True)
    client("kms:UpdatePrimaryRegion", {"kms:PrimaryRegion": AWAY}).update_primary_region(
        KeyId=arn, PrimaryRegion=AWAY
    )


def test_replicas_are_there_after_a_restart(own_server):
    server = own_server.start()
    kms = {region: server.client("kms", region=region) for region in (HOME, AWAY)}
    arn = create(kms[HOME], MultiRegion=True)
    sealed = kms[HOME].encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    kms[HOME].replicate_key(KeyId=arn, ReplicaRegion=AWAY)
    server.kill()
    server.start()
    kms = {region: server.client("kms", region=region) for region in (HOME, AWAY)}
    in_state(kms, twin(arn, AWAY), "Enabled")
    assert kms[AWAY].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
