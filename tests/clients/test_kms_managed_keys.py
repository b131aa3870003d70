"""AWS managed keys with boto3 and the AWS CLI: made when they are first described, changed by nobody."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import another_account, user_with
from kms_calls import MANAGING, managing_members
from kms_support import account_of, create, fresh, refused

# Predefined aliases in this deployment, with what their keys protect.
PROTECTED = {
    "acm": "ACM private keys",
    "backup": "Backup data",
    "dynamodb": "DynamoDB data",
    "ebs": "EBS volumes",
    "lambda": "Lambda functions",
    "rds": "RDS database volumes",
    "s3": "S3 objects",
    "secretsmanager": "Secrets Manager data",
    "sns": "SNS data",
    "sqs": "SQS messages",
    "ssm": "SSM parameters",
}
# What may be done to a managed key: looking at it.
LOOKING = {
    "describe_key",
    "get_key_policy",
    "get_key_rotation_status",
    "list_aliases",
    "list_grants",
    "list_key_policies",
    "list_key_rotations",
    "list_resource_tags",
}
UNRESTRICTED = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def rds(kms):
    """The ARN of RDS's managed key."""
    return kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def admin(server):
    keys, _ = user_with(server, fresh("admin"), UNRESTRICTED)
    return server.client("kms", keys=keys)


def listed(kms, size):
    pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": size})
    return [entry for page in pages for entry in page["Aliases"]]


def test_a_key_is_made_when_it_is_first_described(own_server):
    own_server.start()
    kms = own_server.client("kms")
    assert kms.list_keys()["Keys"] == []
    before = {entry["AliasName"]: entry for entry in listed(kms, 7)}
    assert set(before) >= {f"alias/aws/{service}" for service in PROTECTED}
    assert all(entry.keys() == {"AliasName", "AliasArn"} for entry in before.values())
    for service, protected in PROTECTED.items():
        alias = f"alias/aws/{service}"
        made = kms.describe_key(KeyId=alias)["KeyMetadata"]
        assert made["Description"] == f"Default key that protects my {protected} when no other key is defined"
        assert (made["KeyManager"], made["KeyState"], made["Enabled"]) == ("AWS", "Enabled", True)
        assert (made["KeySpec"], made["KeyUsage"], made["Origin"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
        assert not made["MultiRegion"] and len(made["CurrentKeyMaterialId"]) == 64
        assert kms.describe_key(KeyId=before[alias]["AliasArn"])["KeyMetadata"] == made
        assert kms.describe_key(KeyId=made["Arn"])["KeyMetadata"] == made
        (entry,) = kms.list_aliases(KeyId=made["Arn"])["Aliases"]
        assert (entry["AliasName"], entry["TargetKeyId"]) == (alias, made["KeyId"])
        assert entry["CreationDate"] == entry["LastUpdatedDate"] == made["CreationDate"]
    for size in [1, 6, 100]:
        after = listed(kms, size)
        assert [entry["AliasName"] for entry in after] == sorted(before)
        bound = {entry["AliasName"] for entry in after if "TargetKeyId" in entry}
        assert bound == {f"alias/aws/{service}" for service in PROTECTED}
    assert len(kms.list_keys()["Keys"]) == len(PROTECTED)
    keys = kms.list_keys()["Keys"]
    own_server.restart()
    assert own_server.client("kms").list_keys()["Keys"] == keys


def test_many_who_describe_it_first_see_one_key(server):
    kms = server.client("kms", region="eu-west-1", max_pool_connections=16)
    with ThreadPoolExecutor(16) as crowd:
        answers = crowd.map(lambda _: kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]["Arn"], range(16))
        (arn,) = set(answers)
    assert arn.split(":")[3] == "eu-west-1"
    assert [key["KeyArn"] for key in kms.list_keys()["Keys"]].count(arn) == 1


def test_its_policy_and_rotation(kms, rds):
    answer = kms.get_key_policy(KeyId=rds, PolicyName="default")
    assert answer["PolicyName"] == "default"
    policy = json.loads(answer["Policy"])
    use, look = policy["Statement"]
    assert policy["Id"] == "auto-rds-2" and use["Principal"] == {"AWS": "*"}
    conditions = {"kms:CallerAccount": account_of(rds), "kms:ViaService": "rds.us-east-1.amazonaws.com"}
    assert use["Condition"] == {"StringEquals": conditions}
    assert use["Action"] == [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:ListGrants",
        "kms:DescribeKey",
    ]
    assert look["Principal"] == {"AWS": f"arn:aws:iam::{account_of(rds)}:root"}
    assert look["Action"] == ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    assert kms.list_key_policies(KeyId=rds)["PolicyNames"] == ["default"]
    status = kms.get_key_rotation_status(KeyId=rds)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    made = kms.describe_key(KeyId=rds)["KeyMetadata"]["CreationDate"]
    assert (status["NextRotationDate"] - made).days == 365
    assert kms.list_key_rotations(KeyId=rds)["Rotations"] == []
    assert kms.list_resource_tags(KeyId=rds)["Tags"] == []
    assert kms.list_grants(KeyId=rds)["Grants"] == []
    assert kms.get_key_last_usage(KeyId=rds)["KeyLastUsage"] == {}


@pytest.mark.parametrize("operation", sorted(set(MANAGING) - LOOKING - {"update_alias", "retire_grant", "revoke_grant"}))
def test_nobody_manages_it(kms, admin, rds, operation):
    """Neither root nor an administrator: the key policy lets no one, and no one can change that."""
    members = managing_members(operation, rds)
    if operation == "create_grant":
        members["GranteePrincipal"] = f"arn:aws:iam::{account_of(rds)}:root"
    action = "".join(word.capitalize() for word in operation.split("_"))
    before = kms.describe_key(KeyId=rds), kms.get_key_rotation_status(KeyId=rds), kms.get_key_policy(KeyId=rds)
    for client in [kms, admin]:
        message = refused("AccessDeniedException", getattr(client, operation), **members)
        reason = f"{action} on resource: {rds} because no resource-based policy allows the kms:{action} action"
        assert message.endswith(reason), message
    after = kms.describe_key(KeyId=rds), kms.get_key_rotation_status(KeyId=rds), kms.get_key_policy(KeyId=rds)
    for one, other in zip(before, after):
        assert {**one, "ResponseMetadata": None} == {**other, "ResponseMetadata": None}


def test_nobody_moves_it_between_regions_or_imports_into_it(kms, rds):
    denied = "AccessDeniedException"
    refused(denied, kms.replicate_key, KeyId=rds, ReplicaRegion="eu-west-1")
    refused(denied, kms.update_primary_region, KeyId=rds, PrimaryRegion="eu-west-1")
    refused(denied, kms.delete_imported_key_material, KeyId=rds)
    material = {"ImportToken": b"t", "EncryptedKeyMaterial": b"m", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    refused(denied, kms.import_key_material, KeyId=rds, **material)
    # Asking is looking, but the key's material comes from KMS.
    wrapping = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=rds, **wrapping)
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=rds)
    refused("NotFoundException", kms.revoke_grant, KeyId=rds, GrantId="0" * 64)


@pytest.mark.parametrize(
    "operation, members",
    {
        "encrypt": {"Plaintext": b"x"},
        "generate_data_key": {"KeySpec": "AES_256"},
        "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
        "generate_data_key_pair": {"KeyPairSpec": "ECC_NIST_P256"},
        "generate_data_key_pair_without_plaintext": {"KeyPairSpec": "ECC_NIST_P256"},
        "generate_mac": {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"},
        "sign": {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"},
    }.items(),
)
def test_nobody_uses_it_but_through_its_service(kms, admin, rds, operation, members):
    for client in [kms, admin]:
        for name in [rds, "alias/aws/rds"]:
            message = refused("AccessDeniedException", getattr(client, operation), KeyId=name, **members)
            assert "because no resource-based policy allows" in message


def test_nothing_is_encrypted_again_under_it(kms, rds):
    sealed = kms.encrypt(KeyId=create(kms), Plaintext=b"x")["CiphertextBlob"]
    refused("AccessDeniedException", kms.re_encrypt, CiphertextBlob=sealed, DestinationKeyId=rds)


def test_its_alias_is_nobodys(kms, rds):
    own, alias = create(kms), f"alias/{fresh('own')}"
    kms.create_alias(AliasName=alias, TargetKeyId=own)
    message = refused("AccessDeniedException", kms.update_alias, AliasName=alias, TargetKeyId=rds)
    assert message.endswith("because no resource-based policy allows the kms:UpdateAlias action")
    for name in ["alias/aws/rds", "alias/aws/glue", "alias/aws/mine"]:
        refused("NotAuthorizedException", kms.create_alias, AliasName=name, TargetKeyId=own)
        refused("NotAuthorizedException", kms.update_alias, AliasName=name, TargetKeyId=own)
        refused("NotAuthorizedException", kms.delete_alias, AliasName=name)


def test_who_may_not_describe_it_makes_none(server, kms):
    keys, _ = user_with(server, fresh("nobody"))
    nobody = server.client("kms", keys=keys)
    message = refused("AccessDeniedException", nobody.describe_key, KeyId="alias/aws/kafka")
    assert message.endswith("because no identity-based policy allows the kms:DescribeKey action")
    entries = {entry["AliasName"]: entry for entry in listed(kms, 100)}
    assert "TargetKeyId" not in entries["alias/aws/kafka"]
    account = account_of(create(kms))
    missing = f"Alias arn:aws:kms:us-east-1:{account}:alias/aws/kafka is not found."
    refused("NotFoundException", kms.encrypt, missing, KeyId="alias/aws/kafka", Plaintext=b"x")
    missing = missing.replace("kafka", "none")
    refused("NotFoundException", kms.describe_key, missing, KeyId="alias/aws/none")


def test_another_account_learns_nothing_of_it(server, kms, rds):
    keys, _ = another_account(server)
    stranger = server.client("kms", keys=keys)
    account = account_of(rds)
    for name in [rds, f"arn:aws:kms:us-east-1:{account}:alias/aws/rds", f"arn:aws:kms:us-east-1:{account}:alias/aws/es"]:
        message = refused("AccessDeniedException", stranger.describe_key, KeyId=name)
        assert "because the resource does not exist in this Region" in message
        refused("AccessDeniedException", stranger.encrypt, KeyId=name, Plaintext=b"x")
    theirs = stranger.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert theirs["AWSAccountId"] != account and theirs["Arn"] != rds


def test_the_command_line_shows_it(server, rds):
    shown = server.aws("kms", "describe-key", "--key-id", "alias/aws/rds")["KeyMetadata"]
    assert (shown["Arn"], shown["KeyManager"]) == (rds, "AWS")
    aliases = server.aws("kms", "list-aliases")["Aliases"]
    assert rds.endswith(next(one["TargetKeyId"] for one in aliases if one["AliasName"] == "alias/aws/rds"))
