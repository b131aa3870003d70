"""`GetKeyLastUsage` through boto3 and the command line."""

import datetime

import pytest

from kms_support import UNKNOWN_ID, create, refused


def now():
    return datetime.datetime.now(datetime.UTC)


def test_an_unused_key_has_no_last_use(server):
    kms = server.client("kms")
    key = create(kms)
    answer = kms.get_key_last_usage(KeyId=key)
    assert answer["KeyId"] == key.rsplit("/", 1)[1]
    assert answer["KeyLastUsage"] == {}
    created = kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    assert answer["KeyCreationDate"] == answer["TrackingStartDate"] == created


@pytest.mark.parametrize(
    "spec, usage, name, members",
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "Encrypt", {"Plaintext": b"x"}),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKey", {"KeySpec": "AES_256"}),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKeyWithoutPlaintext", {"KeySpec": "AES_256"}),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKeyPair", {"KeyPairSpec": "ECC_NIST_P256"}),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKeyPairWithoutPlaintext", {"KeyPairSpec": "ECC_NIST_P256"}),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "GenerateMac", {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}),
        ("ECC_NIST_P256", "SIGN_VERIFY", "Sign", {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "Encapsulate", {"EncapsulationAlgorithm": "ML_KEM"}),
    ],
)
def test_each_operation_is_told(server, spec, usage, name, members):
    kms = server.client("kms")
    key = create(kms, KeySpec=spec, KeyUsage=usage)
    before = now()
    method = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)[1:]
    answer = getattr(kms, method)(KeyId=key, **members)
    used = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert used["Operation"] == name
    assert before - datetime.timedelta(seconds=1) <= used["Timestamp"] <= now()
    assert used["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]


def test_what_reads_back_is_told_too(server):
    kms = server.client("kms")
    key, other = create(kms), create(kms)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    moved = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)["CiphertextBlob"]
    for one in [key, other]:
        assert kms.get_key_last_usage(KeyId=one)["KeyLastUsage"]["Operation"] == "ReEncrypt"
    kms.decrypt(CiphertextBlob=moved)
    assert kms.get_key_last_usage(KeyId=other)["KeyLastUsage"]["Operation"] == "Decrypt"
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1], KeyId=key)
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]["Operation"] == "ReEncrypt"


def test_errors(server):
    kms = server.client("kms")
    refused("NotFoundException", kms.get_key_last_usage, KeyId=UNKNOWN_ID)
    refused("NotFoundException", kms.get_key_last_usage, "Invalid keyId 'alias/x'", KeyId="alias/x")
    arn = create(kms).split(":key/")[0]
    refused("InvalidArnException", kms.get_key_last_usage, KeyId=f"{arn}:secret/x")


def test_a_use_is_known_after_a_restart(own_server):
    own_server.start()
    kms = own_server.client("kms")
    key = create(kms)
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    before = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    own_server.restart()
    assert own_server.aws("kms", "get-key-last-usage", "--key-id", key)["KeyLastUsage"]["Operation"] == "GenerateDataKey"
    assert own_server.client("kms").get_key_last_usage(KeyId=key)["KeyLastUsage"] == before
