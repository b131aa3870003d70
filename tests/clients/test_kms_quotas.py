"""KMS's quotas with boto3: how much there can be of what, and how often may be called."""

import time

import pytest
from botocore.exceptions import ClientError
from harness import Keyward
from kms_support import account_of, create, document, fresh, refused, root_of

SLOW_DOWN = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."


def server_with(folder, config):
    return Keyward(folder / "data", config=config)


def throttled(call, times=40, **members):
    """Calls so often that it is throttled at last; answers how many calls went through."""
    for passed in range(times):
        try:
            call(**members)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException", error.response
            assert error.response["Error"]["Message"] == SLOW_DOWN
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            return passed
    raise AssertionError(f"{times} calls went through")


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A server that throttles KMS, most of it at a request in a thousand seconds and one at first."""
    config = """
[throttling.kms]
cryptographic_symmetric = 2
cryptographic_ecc = 1
cryptographic_rsa = 0.001
data_key_pair_ecc_p256 = 0.001
DescribeKey = 0.001
ListKeys = 3
CreateKey = 50
"""
    with server_with(tmp_path_factory.mktemp("slow"), config) as server:
        yield server


def test_cryptographic_operations_share_the_rate_of_their_kind_of_key(slow):
    kms = slow.client("kms", region="eu-north-1")
    key = create(kms)
    curve = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    rsa = create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    throttled(kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("ThrottlingException", kms.generate_random, SLOW_DOWN, NumberOfBytes=8)
    refused("ThrottlingException", kms.generate_data_key, SLOW_DOWN, KeyId=key, KeySpec="AES_256")
    throttled(kms.sign, KeyId=curve, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    members = {"KeyId": rsa, "Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert throttled(kms.encrypt, **members) == 1
    assert throttled(kms.generate_data_key_pair, KeyId=key, KeyPairSpec="ECC_NIST_P256") == 1


def test_each_operation_account_and_region_has_a_rate_of_its_own(slow):
    kms = slow.client("kms", region="eu-west-2")
    key = create(kms)
    assert throttled(kms.describe_key, KeyId=key) == 1
    assert kms.get_key_policy(KeyId=key)["Policy"]
    there = slow.client("kms", region="eu-west-3")
    assert there.describe_key(KeyId=create(there))["KeyMetadata"]
    assert throttled(kms.list_keys) >= 3
    time.sleep(0.5)
    assert "Keys" in kms.list_keys()


def test_a_refused_call_counts_too(slow):
    kms = slow.client("kms", region="sa-east-1")
    refused("NotFoundException", kms.describe_key, KeyId="00000000-0000-4000-8000-000000000000")
    refused("ThrottlingException", kms.describe_key, SLOW_DOWN, KeyId=create(kms))


def test_nobody_is_throttled_unless_the_configuration_says_so(server):
    kms = server.client("kms")
    for _ in range(20):
        kms.list_keys(Limit=1)
        create(kms)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with small quotas."""
    config = "[quotas.kms]\nkeys = 4\naliases_per_key = 2\ngrants_per_key = 3\n"
    with server_with(tmp_path_factory.mktemp("small"), config) as server:
        yield server


def test_the_quota_of_keys(small):
    kms = small.client("kms", region="eu-west-1")
    keys = [create(kms) for _ in range(3)]
    replicated = create(small.client("kms"), MultiRegion=True)
    create(kms)
    account = account_of(keys[0])
    message = f"The account {account} has 4 KMS keys in eu-west-1, which is the limit."
    refused("LimitExceededException", kms.create_key, message)
    replicate = small.client("kms").replicate_key
    refused("LimitExceededException", replicate, message, KeyId=replicated, ReplicaRegion="eu-west-1")
    kms.schedule_key_deletion(KeyId=keys[0], PendingWindowInDays=7)
    refused("LimitExceededException", kms.create_key, message)
    assert replicate(KeyId=replicated, ReplicaRegion="eu-west-2")["ReplicaKeyMetadata"]


def test_the_quotas_of_a_keys_aliases_and_grants(small):
    kms = small.client("kms", region="us-west-2")
    key, other = create(kms), create(kms)
    aliases = [f"alias/{fresh('quota')}" for _ in range(3)]
    for alias in aliases[:2]:
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    message = f"{key} has 2 aliases, which is the limit."
    refused("LimitExceededException", kms.create_alias, message, AliasName=aliases[2], TargetKeyId=key)
    kms.create_alias(AliasName=aliases[2], TargetKeyId=other)
    refused("LimitExceededException", kms.update_alias, message, AliasName=aliases[2], TargetKeyId=key)
    kms.delete_alias(AliasName=aliases[0])
    kms.update_alias(AliasName=aliases[2], TargetKeyId=key)

    grantee = root_of(account_of(key))["AWS"]
    members = {"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"]}
    grants = [kms.create_grant(**members)["GrantId"] for _ in range(3)]
    message = f"{key} has 3 grants, which is the limit."
    refused("LimitExceededException", kms.create_grant, message, **members)
    kms.revoke_grant(KeyId=key, GrantId=grants[0])
    kms.create_grant(**members)


def test_fixed_quotas(small):
    kms = small.client("kms", region="us-west-1")
    key = create(kms)
    tags = [{"TagKey": f"k{number}", "TagValue": ""} for number in range(51)]
    refused("TagException", kms.tag_resource, "Too many tags", KeyId=key, Tags=tags)
    policy = document({"Sid": "x" * 32_768, "Effect": "Allow", "Principal": root_of(account_of(key)), "Action": "kms:*"})
    refused("LimitExceededException", kms.put_key_policy, KeyId=key, Policy=policy)


def test_a_configuration_that_makes_no_sense_is_refused(tmp_path):
    for config in ("[throttling.kms]\nCreateKeys = 1\n", "[throttling.s3]\n", "[quotas.kms]\nkeys = -1\n"):
        with pytest.raises(SystemExit):
            server_with(tmp_path, config).start()
