"""SM2 keys through boto3, with openssl as the other side. They exist in China Regions only."""

import pytest

from harness import Keyward
from kms_support import create, openssl, refused

REGION = "cn-north-1"
REGIONS = f"[regions]\nus-east-1 = ['us-east-1a']\n{REGION} = ['{REGION}a']\n"
MESSAGE = b"what is signed"


@pytest.fixture(scope="module")
def china(tmp_path_factory):
    with Keyward(tmp_path_factory.mktemp("china") / "data", config=REGIONS) as server:
        yield server


@pytest.fixture
def kms(china):
    return china.client("kms", region=REGION)


def sm2(kms, usage):
    return create(kms, KeySpec="SM2", KeyUsage=usage)


def public_key(kms, key, folder):
    """The key's public half, in a file that openssl reads."""
    shown = kms.get_public_key(KeyId=key)
    file = folder / "public.der"
    file.write_bytes(shown["PublicKey"])
    text = openssl("pkey", "-pubin", "-inform", "DER", "-in", file, "-noout", "-text")
    assert b"ASN1 OID: SM2" in text
    return file


def sm3(message):
    return openssl("dgst", "-sm3", "-binary", stdin=message)


def test_keys_show_their_algorithms(kms):
    cases = [
        ("SIGN_VERIFY", "SigningAlgorithms", ["SM2DSA"]),
        ("ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["SM2PKE"]),
        ("KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"]),
    ]
    for usage, member, algorithms in cases:
        metadata = kms.create_key(KeySpec="SM2", KeyUsage=usage)["KeyMetadata"]
        assert (metadata["KeySpec"], metadata["CustomerMasterKeySpec"]) == ("SM2", "SM2")
        assert metadata[member] == algorithms
        shown = kms.get_public_key(KeyId=metadata["Arn"])
        assert (shown["KeySpec"], shown["KeyUsage"], shown[member]) == ("SM2", usage, algorithms)


def test_openssl_verifies_our_signatures(kms, tmp_path):
    key = sm2(kms, "SIGN_VERIFY")
    public = public_key(kms, key, tmp_path)
    signature = tmp_path / "signature"
    (tmp_path / "message").write_bytes(MESSAGE)
    made = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="SM2DSA")
    signature.write_bytes(made["Signature"])
    # The signer's id is KMS's documented one; openssl hashes Z and the message itself.
    verify = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-rawin", "-digest", "sm3"]
    verify += ["-in", tmp_path / "message", "-sigfile", signature, "-pkeyopt", "distid:1234567812345678"]
    assert b"Signature Verified Successfully" in openssl(*verify)
    assert kms.verify(KeyId=key, Message=MESSAGE, Signature=made["Signature"], SigningAlgorithm="SM2DSA")["SignatureValid"]
    other = {"KeyId": key, "Message": b"x", "Signature": made["Signature"], "SigningAlgorithm": "SM2DSA"}
    refused("KMSInvalidSignatureException", kms.verify, **other)


def test_a_digest_is_signed_as_it_is(kms, tmp_path):
    key = sm2(kms, "SIGN_VERIFY")
    public = public_key(kms, key, tmp_path)
    members = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "SM2DSA"}
    digest = sm3(MESSAGE)
    made = kms.sign(Message=digest, **members)
    (tmp_path / "signature").write_bytes(made["Signature"])
    (tmp_path / "digest").write_bytes(digest)
    verify = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public]
    verify += ["-in", tmp_path / "digest", "-sigfile", tmp_path / "signature"]
    assert b"Signature Verified Successfully" in openssl(*verify)
    assert kms.verify(Message=digest, Signature=made["Signature"], **members)["SignatureValid"]
    message = "Digest is invalid length for algorithm SM2DSA."
    refused("ValidationException", kms.sign, message, Message=digest[:-1], **members)


def test_ciphertexts_go_both_ways(kms, tmp_path):
    key = sm2(kms, "ENCRYPT_DECRYPT")
    public = public_key(kms, key, tmp_path)
    foreign = openssl("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", public, stdin=MESSAGE)
    members = {"KeyId": key, "EncryptionAlgorithm": "SM2PKE"}
    assert kms.decrypt(CiphertextBlob=foreign, **members)["Plaintext"] == MESSAGE
    own = kms.encrypt(Plaintext=b"x" * 1024, **members)
    assert (own["KeyId"], own["EncryptionAlgorithm"]) == (key, "SM2PKE")
    assert kms.decrypt(CiphertextBlob=own["CiphertextBlob"], **members)["Plaintext"] == b"x" * 1024
    message = "Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes."
    refused("ValidationException", kms.encrypt, message, Plaintext=b"x" * 1025, **members)
    changed = bytes([*foreign[:-1], foreign[-1] ^ 1])
    refused("InvalidCiphertextException", kms.decrypt, "", CiphertextBlob=changed, **members)
    message = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec SM2."
    refused("InvalidKeyUsageException", kms.encrypt, message, KeyId=key, Plaintext=b"x")


def test_a_data_key_pair_is_openssl_s_to_use(kms, tmp_path):
    wrapping = create(kms)
    made = kms.generate_data_key_pair(KeyId=wrapping, KeyPairSpec="SM2")
    (tmp_path / "private.der").write_bytes(made["PrivateKeyPlaintext"])
    public = openssl("pkey", "-inform", "DER", "-in", tmp_path / "private.der", "-pubout", "-outform", "DER")
    assert public == made["PublicKey"]
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    hidden = kms.generate_data_key_pair_without_plaintext(KeyId=wrapping, KeyPairSpec="SM2")
    assert "PrivateKeyPlaintext" not in hidden


def test_openssl_agrees_on_the_secret(kms, tmp_path):
    key = sm2(kms, "KEY_AGREEMENT")
    public = public_key(kms, key, tmp_path)
    wrapping = create(kms)
    peer = kms.generate_data_key_pair(KeyId=wrapping, KeyPairSpec="SM2")
    other = sm2(kms, "KEY_AGREEMENT")
    members = {"KeyAgreementAlgorithm": "ECDH"}
    one = kms.derive_shared_secret(KeyId=key, PublicKey=kms.get_public_key(KeyId=other)["PublicKey"], **members)
    two = kms.derive_shared_secret(KeyId=other, PublicKey=public.read_bytes(), **members)
    assert one["SharedSecret"] == two["SharedSecret"] and len(one["SharedSecret"]) == 32
    assert kms.derive_shared_secret(KeyId=key, PublicKey=peer["PublicKey"], **members)["SharedSecret"] != one["SharedSecret"]
    elsewhere = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    foreign = kms.get_public_key(KeyId=elsewhere)["PublicKey"]
    refused("ValidationException", kms.derive_shared_secret, KeyId=key, PublicKey=foreign, **members)


def test_other_regions_refuse(china):
    kms = china.client("kms")
    message = "KeySpec SM2 is available only in China Regions."
    for usage in ["SIGN_VERIFY", "ENCRYPT_DECRYPT", "KEY_AGREEMENT"]:
        refused("UnsupportedOperationException", kms.create_key, message, KeySpec="SM2", KeyUsage=usage)
    message = "KeyPairSpec SM2 is available only in China Regions."
    refused("UnsupportedOperationException", kms.generate_data_key_pair, message, KeyId=create(kms), KeyPairSpec="SM2")
