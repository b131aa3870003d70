"""Ed25519 and ML-DSA with boto3; `cryptography`, openssl and RFC 8032's own arithmetic check what they make."""

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from ed25519ph import ed25519ph_verifies
from kms_support import create, openssl, refused

ML_DSA = {
    "ML_DSA_44": (mldsa.MLDSA44PublicKey, 1312, 2420),
    "ML_DSA_65": (mldsa.MLDSA65PublicKey, 1952, 3309),
    "ML_DSA_87": (mldsa.MLDSA87PublicKey, 2592, 4627),
}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def edwards(kms):
    return create(kms, KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")


def public_key(kms, arn):
    shown = kms.get_public_key(KeyId=arn)
    assert shown["KeyId"] == arn and "CustomerMasterKeySpec" not in shown
    return shown


def test_ed25519_signs_messages(kms, edwards, tmp_path):
    shown = public_key(kms, edwards)
    assert shown["SigningAlgorithms"] == ["ED25519_SHA_512", "ED25519_PH_SHA_512"]
    der = shown["PublicKey"]
    # RFC 8410: the object identifier 1.3.101.112 without parameters.
    assert der[:12] == bytes.fromhex("302a300506032b6570032100") and len(der) == 44
    members = {"KeyId": edwards, "Message": os.urandom(4096), "SigningAlgorithm": "ED25519_SHA_512"}
    made = kms.sign(**members)
    assert (made["KeyId"], made["SigningAlgorithm"], len(made["Signature"])) == (edwards, "ED25519_SHA_512", 64)
    load_der_public_key(der).verify(made["Signature"], members["Message"])
    for name, content in [("key", der), ("message", members["Message"]), ("signature", made["Signature"])]:
        (tmp_path / name).write_bytes(content)
    words = ["-pubin", "-keyform", "DER", "-inkey", tmp_path / "key", "-sigfile", tmp_path / "signature"]
    assert b"Verified" in openssl("pkeyutl", "-verify", *words, "-rawin", "-in", tmp_path / "message")
    assert kms.sign(**members)["Signature"] == made["Signature"]
    assert kms.verify(**members, Signature=made["Signature"])["SignatureValid"] is True
    for signature in [made["Signature"][:-1], bytes(64), b"x"]:
        refused("KMSInvalidSignatureException", kms.verify, "", **members, Signature=signature)


def test_ed25519ph_signs_digests_and_hashes_them_again(kms, edwards):
    digest = hashlib.sha512(b"a long message").digest()
    members = {"KeyId": edwards, "MessageType": "DIGEST", "SigningAlgorithm": "ED25519_PH_SHA_512"}
    signature = kms.sign(Message=digest, **members)["Signature"]
    assert len(signature) == 64
    raw = public_key(kms, edwards)["PublicKey"][12:]
    assert ed25519ph_verifies(raw, digest, signature)
    assert not ed25519ph_verifies(raw, b"a long message", signature)
    assert kms.verify(Message=digest, Signature=signature, **members)["SignatureValid"] is True
    other = hashlib.sha512(b"another").digest()
    refused("KMSInvalidSignatureException", kms.verify, "", Message=other, Signature=signature, **members)
    pure = {"KeyId": edwards, "Message": digest, "SigningAlgorithm": "ED25519_SHA_512"}
    refused("KMSInvalidSignatureException", kms.verify, "", Signature=signature, **pure)


def test_each_edwards_algorithm_takes_its_own_message_type(kms, edwards):
    cases = [
        ("ED25519_SHA_512", "DIGEST", 64),
        ("ED25519_SHA_512", "EXTERNAL_MU", 64),
        ("ED25519_PH_SHA_512", "RAW", 64),
        ("ED25519_PH_SHA_512", "EXTERNAL_MU", 64),
    ]
    for algorithm, kind, length in cases:
        message = f"MessageType {kind} is not valid for algorithm {algorithm}."
        members = {"KeyId": edwards, "Message": bytes(length), "MessageType": kind, "SigningAlgorithm": algorithm}
        refused("ValidationException", kms.sign, message, **members)
        refused("ValidationException", kms.verify, message, **members, Signature=bytes(64))
    members = {"KeyId": edwards, "MessageType": "DIGEST", "SigningAlgorithm": "ED25519_PH_SHA_512"}
    message = "Digest is invalid length for algorithm ED25519_PH_SHA_512."
    refused("ValidationException", kms.sign, message, Message=bytes(32), **members)
    message = "Algorithm ECDSA_SHA_512 is incompatible with key spec ECC_NIST_EDWARDS25519."
    members = {"KeyId": edwards, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_512"}
    refused("InvalidKeyUsageException", kms.sign, message, **members)


def mu_of(raw_key, message):
    """FIPS 204, algorithm 2, line 10 with algorithm 7, line 6: pure, with an empty context."""
    tr = hashlib.shake_256(raw_key).digest(64)
    return hashlib.shake_256(tr + bytes([0, 0]) + message).digest(64)


@pytest.mark.parametrize("spec", ML_DSA)
def test_ml_dsa_signs_messages_and_their_representatives_alike(kms, spec):
    kind, key_bytes, signature_bytes = ML_DSA[spec]
    arn = create(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY")
    shown = public_key(kms, arn)
    assert (shown["KeySpec"], shown["SigningAlgorithms"]) == (spec, ["ML_DSA_SHAKE_256"])
    key = load_der_public_key(shown["PublicKey"])
    assert isinstance(key, kind) and len(key.public_bytes_raw()) == key_bytes
    message = os.urandom(1000)
    mu = mu_of(key.public_bytes_raw(), message)
    members = {"KeyId": arn, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    forms = [{"Message": message}, {"Message": mu, "MessageType": "EXTERNAL_MU"}]
    for form in forms:
        signature = kms.sign(**members, **form)["Signature"]
        assert len(signature) == signature_bytes
        key.verify(signature, message)
        key.verify_mu(signature, mu)
        for other in forms:
            assert kms.verify(**members, **other, Signature=signature)["SignatureValid"] is True
        refused("KMSInvalidSignatureException", kms.verify, "", **members, Message=mu, Signature=signature)
        spoiled = bytes([signature[0] ^ 1]) + signature[1:]
        refused("KMSInvalidSignatureException", kms.verify, "", **members, **form, Signature=spoiled)
    message = "MessageType DIGEST is not valid for algorithm ML_DSA_SHAKE_256."
    refused("ValidationException", kms.sign, message, **members, Message=bytes(64), MessageType="DIGEST")
    refused("ValidationException", kms.sign, **members, Message=bytes(63), MessageType="EXTERNAL_MU")


def test_the_command_line_signs_with_ml_dsa(server, kms, tmp_path):
    arn = create(kms, KeySpec="ML_DSA_65", KeyUsage="SIGN_VERIFY")
    (tmp_path / "message").write_bytes(b"m")
    words = ["--key-id", arn, "--message", f"fileb://{tmp_path / 'message'}"]
    made = server.aws("kms", "sign", *words, "--signing-algorithm", "ML_DSA_SHAKE_256")
    assert (made["KeyId"], made["SigningAlgorithm"]) == (arn, "ML_DSA_SHAKE_256")


def test_there_is_no_ml_dsa_data_key_pair_and_no_other_usage(kms):
    message = "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ML_DSA_44"
    refused("ValidationException", kms.create_key, message, KeySpec="ML_DSA_44", KeyUsage="ENCRYPT_DECRYPT")
    message = "KeyUsage KEY_AGREEMENT is not compatible with KeySpec ECC_NIST_EDWARDS25519"
    members = {"KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "KEY_AGREEMENT"}
    refused("ValidationException", kms.create_key, message, **members)
