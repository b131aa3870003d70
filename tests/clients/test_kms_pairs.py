"""Data key pairs with boto3; the library `cryptography`, which nobody here wrote, uses what they make."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from harness import user_with
from kms_support import allow, create, document, fresh, refused, root_of

PAIRS = [
    "RSA_2048",
    "RSA_3072",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_768",
    "ML_KEM_1024",
]
CURVES = {
    "ECC_NIST_P256": "secp256r1",
    "ECC_NIST_P384": "secp384r1",
    "ECC_NIST_P521": "secp521r1",
    "ECC_SECG_P256K1": "secp256k1",
}
KEMS = {"ML_KEM_768": mlkem.MLKEM768PrivateKey, "ML_KEM_1024": mlkem.MLKEM1024PrivateKey}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    return create(kms)


def spki(private):
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check_pair(spec, private, public_key):
    """The private half is of the spec, and goes with the public one."""
    assert spki(private) == public_key
    public = load_der_public_key(public_key)
    if spec.startswith("RSA"):
        assert isinstance(private, rsa.RSAPrivateKey) and private.key_size == int(spec[4:])
        assert public.public_numbers().e == 65537
        public.verify(private.sign(b"m", padding.PKCS1v15(), SHA256()), b"m", padding.PKCS1v15(), SHA256())
    elif spec == "ECC_NIST_EDWARDS25519":
        public.verify(private.sign(b"m"), b"m")
    elif spec.startswith("ML_KEM"):
        assert isinstance(private, KEMS[spec])
        secret, ciphertext = public.encapsulate()
        assert private.decapsulate(ciphertext) == secret
    else:
        assert private.curve.name == CURVES[spec]
        public.verify(private.sign(b"m", ec.ECDSA(SHA256())), b"m", ec.ECDSA(SHA256()))


@pytest.mark.parametrize("spec", PAIRS)
def test_a_data_key_pair_signs_outside_and_decrypts_to_itself(kms, key, spec):
    members = {"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": {"a": "b"}}
    made = kms.generate_data_key_pair(**members)
    material = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert (made["KeyId"], made["KeyPairSpec"], made["KeyMaterialId"]) == (key, spec, material)
    check_pair(spec, load_der_private_key(made["PrivateKeyPlaintext"], None), made["PublicKey"])
    blob = made["PrivateKeyCiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    refused("InvalidCiphertextException", kms.decrypt, "", CiphertextBlob=blob)
    hidden = kms.generate_data_key_pair_without_plaintext(**members)
    assert "PrivateKeyPlaintext" not in hidden and hidden["PublicKey"] != made["PublicKey"]
    assert (hidden["KeyId"], hidden["KeyPairSpec"], hidden["KeyMaterialId"]) == (key, spec, material)
    opened = kms.decrypt(CiphertextBlob=hidden["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})
    check_pair(spec, load_der_private_key(opened["Plaintext"], None), hidden["PublicKey"])


def test_every_ml_kem_pair_has_the_seed_for_its_private_half(kms, key):
    for spec, public_bytes in [("ML_KEM_512", 800), ("ML_KEM_768", 1184), ("ML_KEM_1024", 1568)]:
        made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)
        # PKCS#8 around 64 bytes of seed, and SPKI around the public key.
        assert (len(made["PrivateKeyPlaintext"]), len(made["PublicKey"])) == (86, 22 + public_bytes)


def test_the_command_line_makes_a_pair(server, key):
    words = ["--key-id", key, "--key-pair-spec", "ECC_NIST_P256"]
    made = server.aws("kms", "generate-data-key-pair-without-plaintext", *words)
    assert made.keys() == {"PrivateKeyCiphertextBlob", "PublicKey", "KeyId", "KeyPairSpec", "KeyMaterialId"}


@pytest.mark.parametrize("name", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"])
def test_what_makes_no_data_key_pair(kms, key, name):
    calls = {
        "GenerateDataKeyPair": kms.generate_data_key_pair,
        "GenerateDataKeyPairWithoutPlaintext": kms.generate_data_key_pair_without_plaintext,
    }
    call, pair = calls[name], {"KeyPairSpec": "ECC_NIST_P256"}
    encrypting = create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    message = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    refused("InvalidKeyUsageException", call, message, KeyId=encrypting, **pair)
    signing = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    message = f"{signing} key usage is SIGN_VERIFY which is not valid for {name}."
    refused("InvalidKeyUsageException", call, message, KeyId=signing, **pair)
    message = "KeyPairSpec SM2 is available only in China Regions."
    refused("UnsupportedOperationException", call, message, KeyId=key, KeyPairSpec="SM2")
    message = refused("ValidationException", call, KeyId=key, KeyPairSpec="ML_DSA_44")
    assert "Value 'ML_DSA_44' at 'keyPairSpec' failed to satisfy constraint: Member must satisfy enum value set" in message
    dry_run = "The request would have succeeded, but the DryRun option is set."
    refused("DryRunOperationException", call, dry_run, KeyId=key, DryRun=True, **pair)
    disabled = create(kms)
    kms.disable_key(KeyId=disabled)
    refused("DisabledException", call, f"{disabled} is disabled.", KeyId=disabled, **pair)
    kms.schedule_key_deletion(KeyId=disabled)
    refused("KMSInvalidStateException", call, f"{disabled} is pending deletion.", KeyId=disabled, **pair)


def test_a_policy_may_allow_one_kind_of_pair(server, kms):
    account = server.client("sts").get_caller_identity()["Account"]
    user, user_arn = user_with(server, fresh("pairs"))
    actions = ["kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"]
    condition = {"StringEquals": {"kms:DataKeyPairSpec": "ECC_NIST_P256", "kms:EncryptionContext:app": "web"}}
    bound = allow({"AWS": user_arn}, *actions, Condition=condition)
    arn = create(kms, Policy=document(allow(root_of(account), "kms:*"), bound))
    client = server.client("kms", keys=user)
    right = {"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": {"app": "web"}}
    for call in [client.generate_data_key_pair, client.generate_data_key_pair_without_plaintext]:
        assert call(**right)["KeyId"] == arn
        for wrong in [{"KeyPairSpec": "ECC_NIST_P384"}, {"EncryptionContext": {}}]:
            refused("AccessDeniedException", call, **{**right, **wrong})


def test_a_recipient_or_a_wrong_grant_token_is_refused(kms, key):
    members = {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    message = "The attestation document is not valid: it is malformed: it is no COSE_Sign1 message with ES384."
    refused("ValidationException", kms.generate_data_key_pair, message, Recipient=recipient, **members)
    for call in [kms.generate_data_key_pair, kms.generate_data_key_pair_without_plaintext]:
        refused("InvalidGrantTokenException", call, GrantTokens=["no token!"], **members)
