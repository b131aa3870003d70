"""DeriveSharedSecret, Encapsulate and Decapsulate with boto3; the other side is openssl or `cryptography`."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from harness import user_with
from kms_support import allow, create, document, fresh, openssl, refused, root_of

CURVES = {
    "ECC_NIST_P256": (ec.SECP256R1(), "P-256", 32),
    "ECC_NIST_P384": (ec.SECP384R1(), "P-384", 48),
    "ECC_NIST_P521": (ec.SECP521R1(), "P-521", 66),
}
ML_KEM = {"ML_KEM_512": (800, 768), "ML_KEM_768": (1184, 1088), "ML_KEM_1024": (1568, 1568)}
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


def agreement_key(kms, spec):
    return create(kms, KeySpec=spec, KeyUsage="KEY_AGREEMENT")


def spki(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("spec", CURVES)
def test_openssl_derives_the_same_secret(kms, tmp_path, spec):
    curve, name, length = CURVES[spec]
    arn = agreement_key(kms, spec)
    shown = kms.get_public_key(KeyId=arn)
    assert (shown["KeyUsage"], shown["KeyAgreementAlgorithms"]) == ("KEY_AGREEMENT", ["ECDH"])
    assert load_der_public_key(shown["PublicKey"]).curve.name == curve.name
    own, peer = tmp_path / "own.pem", tmp_path / "peer.der"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{name}", "-out", own)
    public = openssl("pkey", "-in", own, "-pubout", "-outform", "DER")
    peer.write_bytes(shown["PublicKey"])
    expected = openssl("pkeyutl", "-derive", "-inkey", own, "-peerform", "DER", "-peerkey", peer)
    members = {"KeyId": arn, "KeyAgreementAlgorithm": "ECDH"}
    derived = kms.derive_shared_secret(PublicKey=public, **members)
    assert derived["SharedSecret"] == expected and len(expected) == length
    named = (derived["KeyId"], derived["KeyAgreementAlgorithm"], derived["KeyOrigin"])
    assert named == (arn, "ECDH", "AWS_KMS")
    refused("DryRunOperationException", kms.derive_shared_secret, DRY_RUN, PublicKey=public, DryRun=True, **members)


def test_a_peer_key_that_is_not_one_is_refused_without_a_reason(kms):
    members = {"KeyId": agreement_key(kms, "ECC_NIST_P256"), "KeyAgreementAlgorithm": "ECDH"}
    right = spki(ec.generate_private_key(ec.SECP256R1()).public_key())
    other = spki(ec.generate_private_key(ec.SECP384R1()).public_key())
    off_the_curve = right[:-1] + bytes([right[-1] ^ 1])
    for wrong in [other, off_the_curve, right[:-1], right + b"\0", right[26:], b"x"]:
        refused("ValidationException", kms.derive_shared_secret, "", PublicKey=wrong, **members)
    assert len(kms.derive_shared_secret(PublicKey=right, **members)["SharedSecret"]) == 32


def test_keys_of_another_usage_or_state_derive_nothing(kms):
    right = {"KeyAgreementAlgorithm": "ECDH", "PublicKey": spki(ec.generate_private_key(ec.SECP256R1()).public_key())}
    signing = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    message = f"{signing} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret."
    refused("InvalidKeyUsageException", kms.derive_shared_secret, message, KeyId=signing, **right)
    arn = agreement_key(kms, "ECC_NIST_P256")
    message = f"{arn} key usage is KEY_AGREEMENT which is not valid for Sign."
    ecdsa = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    refused("InvalidKeyUsageException", kms.sign, message, KeyId=arn, **ecdsa)
    refused("InvalidGrantTokenException", kms.derive_shared_secret, KeyId=arn, GrantTokens=["no token!"], **right)
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    message = "The attestation document is not valid: it is malformed: it is no COSE_Sign1 message with ES384."
    refused("ValidationException", kms.derive_shared_secret, message, KeyId=arn, Recipient=recipient, **right)
    kms.disable_key(KeyId=arn)
    refused("DisabledException", kms.derive_shared_secret, f"{arn} is disabled.", KeyId=arn, **right)
    kms.schedule_key_deletion(KeyId=arn)
    message = f"{arn} is pending deletion."
    refused("KMSInvalidStateException", kms.derive_shared_secret, message, KeyId=arn, **right)
    message = "KeyUsage KEY_AGREEMENT is not compatible with KeySpec ECC_SECG_P256K1"
    members = {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}
    refused("ValidationException", kms.create_key, message, **members)


@pytest.mark.parametrize("spec", ML_KEM)
def test_what_was_encapsulated_is_decapsulated(kms, spec):
    key_bytes, length = ML_KEM[spec]
    arn = create(kms, KeySpec=spec, KeyUsage="ENCAPSULATE_DECAPSULATE")
    shown = kms.get_public_key(KeyId=arn)
    assert (shown["KeySpec"], shown["EncapsulationAlgorithms"]) == (spec, ["ML_KEM"])
    assert len(shown["PublicKey"]) == 22 + key_bytes
    members = {"KeyId": arn, "EncapsulationAlgorithm": "ML_KEM"}
    made = kms.encapsulate(**members)
    secret, blob = made["SharedSecret"], made["SharedSecretCiphertextBlob"]
    assert (len(secret), len(blob)) == (32, length)
    assert (made["KeyId"], made["EncapsulationAlgorithm"]) == (arn, "ML_KEM")
    opened = kms.decapsulate(SharedSecretCiphertextBlob=blob, **members)
    assert (opened["SharedSecret"], opened["KeyId"]) == (secret, arn)
    if spec != "ML_KEM_512":  # which `cryptography` leaves out
        theirs, ciphertext = load_der_public_key(shown["PublicKey"]).encapsulate()
        assert kms.decapsulate(SharedSecretCiphertextBlob=ciphertext, **members)["SharedSecret"] == theirs
    altered = kms.decapsulate(SharedSecretCiphertextBlob=bytes([blob[0] ^ 1]) + blob[1:], **members)
    assert len(altered["SharedSecret"]) == 32 and altered["SharedSecret"] != secret
    for wrong in [blob[:-1], blob + b"x"]:
        refused("InvalidCiphertextException", kms.decapsulate, "", SharedSecretCiphertextBlob=wrong, **members)
    refused("DryRunOperationException", kms.encapsulate, DRY_RUN, DryRun=True, **members)
    dry = {"SharedSecretCiphertextBlob": blob, "DryRun": True, **members}
    refused("DryRunOperationException", kms.decapsulate, DRY_RUN, **dry)


def test_keys_of_another_usage_or_state_encapsulate_nothing(kms):
    calls = [
        ("Encapsulate", kms.encapsulate, {"EncapsulationAlgorithm": "ML_KEM"}),
        ("Decapsulate", kms.decapsulate, {"EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": b"x"}),
    ]
    symmetric = create(kms)
    arn = create(kms, KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    kms.disable_key(KeyId=arn)
    for name, call, members in calls:
        message = f"{symmetric} key usage is ENCRYPT_DECRYPT which is not valid for {name}."
        refused("InvalidKeyUsageException", call, message, KeyId=symmetric, **members)
        refused("DisabledException", call, f"{arn} is disabled.", KeyId=arn, **members)
        refused("InvalidGrantTokenException", call, KeyId=arn, GrantTokens=["no token!"], **members)
    kms.schedule_key_deletion(KeyId=arn)
    for _, call, members in calls:
        refused("KMSInvalidStateException", call, f"{arn} is pending deletion.", KeyId=arn, **members)
    message = "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ML_KEM_768"
    refused("ValidationException", kms.create_key, message, KeySpec="ML_KEM_768", KeyUsage="ENCRYPT_DECRYPT")


def test_the_command_line_derives(server, kms, tmp_path):
    arn = agreement_key(kms, "ECC_NIST_P256")
    peer = spki(ec.generate_private_key(ec.SECP256R1()).public_key())
    (tmp_path / "peer").write_bytes(peer)
    words = ["--key-id", arn, "--key-agreement-algorithm", "ECDH", "--public-key", f"fileb://{tmp_path / 'peer'}"]
    made = server.aws("kms", "derive-shared-secret", *words)
    assert made.keys() == {"KeyId", "SharedSecret", "KeyAgreementAlgorithm", "KeyOrigin"}


def test_a_policy_may_name_the_agreement_algorithm(server, kms):
    account = server.client("sts").get_caller_identity()["Account"]
    user, user_arn = user_with(server, fresh("agrees"))
    client = server.client("kms", keys=user)
    peer = spki(ec.generate_private_key(ec.SECP256R1()).public_key())
    for algorithm, allowed in [("ECDH", True), ("OTHER", False)]:
        condition = {"StringEquals": {"kms:KeyAgreementAlgorithm": algorithm, "kms:KeyUsage": "KEY_AGREEMENT"}}
        bound = allow({"AWS": user_arn}, "kms:DeriveSharedSecret", Condition=condition)
        policy = document(allow(root_of(account), "kms:*"), bound)
        arn = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT", Policy=policy)
        members = {"KeyId": arn, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}
        if allowed:
            assert client.derive_shared_secret(**members)["KeyId"] == arn
        else:
            refused("AccessDeniedException", client.derive_shared_secret, **members)
