"""CreateKey: each sentence of the guide's pages "Calling CreateKey" and "Creating asymmetric KMS keys" (API part)."""

import base64
import json
import re
import time

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from harness import user_with
from kms_support import account_of, allow, create, document, fresh, refused, root_of

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
RSA_SIGNING = [
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
]
OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
KINDS = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]),
    ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", OAEP),
    ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms", RSA_SIGNING),
    ("RSA_3072", "SIGN_VERIFY", "SigningAlgorithms", RSA_SIGNING),
    ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_384"]),
    ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_512"]),
    ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("ECC_NIST_P256", "KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"]),
    ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"]),
    ("ECC_NIST_P521", "KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"]),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SigningAlgorithms", ["ED25519_SHA_512", "ED25519_PH_SHA_512"]),
    ("ML_DSA_44", "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
    ("ML_DSA_65", "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
    ("ML_DSA_87", "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
    ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", ["ML_KEM"]),
    ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", ["ML_KEM"]),
    ("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", ["ML_KEM"]),
    ("HMAC_224", "GENERATE_VERIFY_MAC", "MacAlgorithms", ["HMAC_SHA_224"]),
    ("HMAC_256", "GENERATE_VERIFY_MAC", "MacAlgorithms", ["HMAC_SHA_256"]),
    ("HMAC_384", "GENERATE_VERIFY_MAC", "MacAlgorithms", ["HMAC_SHA_384"]),
    ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms", ["HMAC_SHA_512"]),
]
LISTS = {
    "EncryptionAlgorithms",
    "SigningAlgorithms",
    "MacAlgorithms",
    "KeyAgreementAlgorithms",
    "EncapsulationAlgorithms",
}
# The deprecated member does not know them.
NEWER = ("ECC_NIST_EDWARDS25519", "ML_DSA", "ML_KEM")


def test_the_response_includes_a_key_arn(server):
    metadata = server.client("kms").create_key()["KeyMetadata"]
    account = server.client("sts").get_caller_identity()["Account"]
    assert re.fullmatch(rf"arn:aws:kms:us-east-1:{account}:key/{UUID}", metadata["Arn"])
    assert metadata["Arn"].endswith(metadata["KeyId"])


def test_a_request_without_members_makes_a_symmetric_encryption_key(server):
    metadata = server.client("kms").create_key()["KeyMetadata"]
    assert abs(metadata.pop("CreationDate").timestamp() - time.time()) < 60
    assert re.fullmatch("[0-9a-f]{64}", metadata.pop("CurrentKeyMaterialId"))
    arn, key_id = metadata.pop("Arn"), metadata.pop("KeyId")
    assert arn.endswith(f":key/{key_id}")
    assert metadata == {
        "AWSAccountId": account_of(arn),
        "Enabled": True,
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }


@pytest.mark.parametrize("spec, usage, kind, algorithms", KINDS)
def test_every_spec_and_usage(server, spec, usage, kind, algorithms):
    kms = server.client("kms")
    metadata = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    assert (metadata["KeySpec"], metadata["KeyUsage"]) == (spec, usage)
    assert metadata.get("CustomerMasterKeySpec") == (None if spec.startswith(NEWER) else spec)
    assert metadata[kind] == algorithms
    assert LISTS & metadata.keys() == {kind}
    assert kms.describe_key(KeyId=metadata["KeyId"])["KeyMetadata"] == metadata


def test_the_guides_rsa_example_on_the_command_line(server):
    made = server.aws("kms", "create-key", "--key-spec", "RSA_4096", "--key-usage", "ENCRYPT_DECRYPT")
    metadata = made["KeyMetadata"]
    expected = {
        "KeyState": "Enabled",
        "KeyManager": "CUSTOMER",
        "Description": "",
        "MultiRegion": False,
        "KeySpec": "RSA_4096",
        "CustomerMasterKeySpec": "RSA_4096",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "EncryptionAlgorithms": OAEP,
        "Origin": "AWS_KMS",
        "Enabled": True,
    }
    names = {"KeyId", "Arn", "CreationDate", "AWSAccountId"}
    assert metadata.keys() == expected.keys() | names
    assert {name: metadata[name] for name in expected} == expected


def test_the_guides_elliptic_curve_example_on_the_command_line(server):
    made = server.aws("kms", "create-key", "--key-spec", "ECC_NIST_P521", "--key-usage", "SIGN_VERIFY")
    metadata = made["KeyMetadata"]
    expected = {
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "SigningAlgorithms": ["ECDSA_SHA_512"],
        "KeySpec": "ECC_NIST_P521",
        "CustomerMasterKeySpec": "ECC_NIST_P521",
        "KeyManager": "CUSTOMER",
        "Description": "",
        "Enabled": True,
        "MultiRegion": False,
        "KeyUsage": "SIGN_VERIFY",
    }
    assert metadata.keys() == expected.keys() | {"KeyId", "Arn", "CreationDate", "AWSAccountId"}
    assert {name: metadata[name] for name in expected} == expected


def test_an_elliptic_curve_pair_cannot_be_for_encryption(server):
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"]:
        message = f"KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec {spec}"
        kms = server.client("kms")
        refused("ValidationException", kms.create_key, message, KeySpec=spec, KeyUsage="ENCRYPT_DECRYPT")


def test_usage_is_required_for_all_other_specs(server):
    message = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    for spec in ["RSA_2048", "ECC_NIST_P256", "HMAC_256"]:
        refused("ValidationException", server.client("kms").create_key, message, KeySpec=spec)


def test_a_symmetric_key_only_encrypts(server):
    message = "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"
    refused("ValidationException", server.client("kms").create_key, message, KeyUsage="SIGN_VERIFY")


def test_spec_and_usage_do_not_change_later(server):
    """There is no operation that could change them; the key keeps them through all others."""
    kms = server.client("kms")
    arn = create(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    kms.disable_key(KeyId=arn)
    kms.enable_key(KeyId=arn)
    kms.update_key_description(KeyId=arn, Description="changed")
    metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert (metadata["KeySpec"], metadata["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=arn, Plaintext=b"x")


def test_the_description_is_kept_and_can_be_changed_until_deletion_is_pending(server):
    kms = server.client("kms")
    arn = create(kms, Description="Signs the builds")
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["Description"] == "Signs the builds"
    for description in ["ünï", "", "x" * 8192]:
        kms.update_key_description(KeyId=arn, Description=description)
        assert kms.describe_key(KeyId=arn)["KeyMetadata"]["Description"] == description
    kms.schedule_key_deletion(KeyId=arn)
    message = f"{arn} is pending deletion."
    refused("KMSInvalidStateException", kms.update_key_description, message, KeyId=arn, Description="late")


def test_the_default_policy_lets_the_account_manage_the_key(server):
    kms = server.client("kms")
    arn = create(kms)
    answer = kms.get_key_policy(KeyId=arn)
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": root_of(account_of(arn)),
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    assert kms.list_key_policies(KeyId=arn)["PolicyNames"] == ["default"]


def test_iam_principals_with_kms_permissions_can_use_a_key_with_the_default_policy(server):
    arn = create(server.client("kms"))
    statement = {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": arn}
    keys, user = user_with(server, fresh("reader"), statement)
    reader = server.client("kms", keys=keys)
    assert reader.describe_key(KeyId=arn)["KeyMetadata"]["Arn"] == arn
    message = (
        f"User: {user} is not authorized to perform: kms:Encrypt on resource: {arn} because no "
        "identity-based policy allows the kms:Encrypt action"
    )
    refused("AccessDeniedException", reader.encrypt, message, KeyId=arn, Plaintext=b"x")


def test_a_given_policy_is_the_keys_policy(server):
    kms = server.client("kms")
    account = server.client("sts").get_caller_identity()["Account"]
    keys, user = user_with(server, fresh("user"))
    text = document(allow(root_of(account), "kms:*"), allow({"AWS": user}, "kms:Encrypt"))
    arn = create(kms, Policy=text)
    assert json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]) == json.loads(text)
    named = server.client("kms", keys=keys)
    assert named.encrypt(KeyId=arn, Plaintext=b"x")["KeyId"] == arn
    refused("AccessDeniedException", named.describe_key, KeyId=arn)


def test_a_key_whose_policy_leaves_the_account_out_cannot_be_used_through_iam(server):
    kms = server.client("kms")
    keys, user = user_with(server, fresh("alone"))
    other, _ = user_with(server, fresh("all"), {"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
    text = document(allow({"AWS": user}, "kms:*"))
    arn = create(kms, Policy=text, BypassPolicyLockoutSafetyCheck=True)
    assert server.client("kms", keys=keys).describe_key(KeyId=arn)
    for caller in [kms, server.client("kms", keys=other)]:
        message = refused("AccessDeniedException", caller.describe_key, KeyId=arn)
        assert message.endswith("because no resource-based policy allows the kms:DescribeKey action")


def test_a_policy_that_locks_the_caller_out_is_refused(server):
    _, user = user_with(server, fresh("alone"))
    text = document(allow({"AWS": user}, "kms:*"))
    message = "The new key policy will not allow you to update the key policy in the future."
    refused("MalformedPolicyDocumentException", server.client("kms").create_key, message, Policy=text)


def test_malformed_policies_are_refused(server):
    kms = server.client("kms")
    account = server.client("sts").get_caller_identity()["Account"]
    own = allow(root_of(account), "kms:*")
    invalid = "Policy contains a statement with one or more invalid principals."
    nobody = allow({"AWS": f"arn:aws:iam::{account}:user/nobody-of-that-name"}, "kms:*")
    refused("MalformedPolicyDocumentException", kms.create_key, invalid, Policy=document(own, nobody))
    for text in ["{", "[]", document(), document({**own, "Effect": "Perhaps"})]:
        refused("MalformedPolicyDocumentException", kms.create_key, Policy=text)
    refused("LimitExceededException", kms.create_key, Policy=document(own) + " " * 32_768)


def test_tags_can_be_given_and_control_access(server):
    kms = server.client("kms")
    arn = create(kms, Tags=[{"TagKey": "team", "TagValue": "a"}])
    assert kms.list_resource_tags(KeyId=arn)["Tags"] == [{"TagKey": "team", "TagValue": "a"}]
    statement = {
        "Effect": "Allow",
        "Action": "kms:DescribeKey",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}},
    }
    keys, _ = user_with(server, fresh("team"), statement)
    reader = server.client("kms", keys=keys)
    assert reader.describe_key(KeyId=arn)
    refused("AccessDeniedException", reader.describe_key, KeyId=create(kms))
    twice = [{"TagKey": "a", "TagValue": ""}] * 2
    refused("TagException", kms.create_key, "Duplicate tag keys", Tags=twice)
    reserved = [{"TagKey": "aws:x", "TagValue": ""}]
    refused("TagException", kms.create_key, "Tags beginning with aws: are reserved", Tags=reserved)
    many = [{"TagKey": str(number), "TagValue": ""} for number in range(51)]
    refused("TagException", kms.create_key, "Too many tags", Tags=many)


def test_the_maker_needs_the_permissions(server):
    keys, user = user_with(server, fresh("maker"))
    message = (
        f"User: {user} is not authorized to perform: kms:CreateKey on resource: * because no identity-based "
        "policy allows the kms:CreateKey action"
    )
    refused("AccessDeniedException", server.client("kms", keys=keys).create_key, message)
    statement = {
        "Effect": "Allow",
        "Action": ["kms:CreateKey", "kms:PutKeyPolicy"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
    }
    keys, _ = user_with(server, fresh("maker"), statement)
    maker = server.client("kms", keys=keys)
    create(maker)
    refused("AccessDeniedException", maker.create_key, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    tags = [{"TagKey": "a", "TagValue": "b"}]
    assert "kms:TagResource" in refused("AccessDeniedException", maker.create_key, Tags=tags)


def test_it_takes_no_alias(server):
    with pytest.raises(ParamValidationError):
        server.client("kms").create_key(AliasName="alias/x")


def test_each_request_makes_another_key(server):
    kms = server.client("kms")
    assert create(kms) != create(kms)


def test_constraints_of_the_model_have_awss_form(server):
    kms = server.client("kms")
    with pytest.raises(ClientError) as error:
        kms.create_key(KeySpec="RSA_1024", Description="x" * 8193)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    message = error.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: ")
    assert "Value 'RSA_1024' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [" in message
    assert "at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192" in message


def test_the_deprecated_name_of_the_spec_counts_too(server):
    kms = server.client("kms")
    made = kms.create_key(CustomerMasterKeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert (made["KeySpec"], made["CustomerMasterKeySpec"]) == ("ECC_NIST_P256", "ECC_NIST_P256")
    members = {"CustomerMasterKeySpec": "RSA_2048", "KeySpec": "RSA_3072", "KeyUsage": "SIGN_VERIFY"}
    refused("ValidationException", kms.create_key, **members)


def test_an_alias_on_the_command_line(server, tmp_path):
    """A second name for a key, with the command line: CreateAlias, not CreateKey, makes it."""
    made = server.aws("kms", "create-key", "--description", "billing")["KeyMetadata"]
    alias = f"alias/{fresh('billing')}"
    server.aws("kms", "create-alias", "--alias-name", alias, "--target-key-id", made["KeyId"])
    sealed = server.aws("kms", "encrypt", "--key-id", alias, "--plaintext", "hello")
    assert sealed["KeyId"] == made["Arn"]
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = server.aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{tmp_path / 'sealed'}")
    assert base64.b64decode(opened["Plaintext"]) == b"hello"
    key = server.aws("kms", "create-key", "--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY")
    public_key = server.aws("kms", "get-public-key", "--key-id", key["KeyMetadata"]["KeyId"])
    assert public_key["KeyUsage"] == "SIGN_VERIFY" and public_key["PublicKey"]
