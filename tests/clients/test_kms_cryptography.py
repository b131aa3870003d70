"""The cryptographic operations with boto3; openssl, which nobody here wrote, checks what they make."""

import hashlib
import hmac
import os

import pytest
from harness import user_with
from kms_support import UNKNOWN_ID, account_of, allow, create, document, fresh, openssl, refused, root_of

HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
RSA = [f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS") for bits in HASHES]
SIGNING = [("RSA_2048", algorithm) for algorithm in RSA] + [
    ("RSA_3072", "RSASSA_PSS_SHA_256"),
    ("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_512"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
]
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def keys(kms):
    """Keys by spec and usage, each made when it is first asked for."""
    made = {}

    def key(spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"):
        if (spec, usage) not in made:
            made[spec, usage] = create(kms, KeySpec=spec, KeyUsage=usage)
        return made[spec, usage]

    return key


# --- signatures -------------------------------------------------------------------------------


def verify_with_openssl(folder, public_key, algorithm, message, signature):
    (folder / "key.der").write_bytes(public_key)
    (folder / "signature").write_bytes(signature)
    openssl("pkey", "-pubin", "-inform", "DER", "-in", folder / "key.der", "-out", folder / "key.pem")
    bits = algorithm[-3:]
    options = []
    if "PSS" in algorithm:
        salt = HASHES[bits]().digest_size
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}"]
    words = ["dgst", f"-sha{bits}", "-verify", folder / "key.pem", *options, "-signature", folder / "signature"]
    assert openssl(*words, stdin=message) == b"Verified OK\n"


@pytest.mark.parametrize("spec, algorithm", SIGNING)
def test_openssl_verifies_signatures_of_messages_and_digests(kms, keys, tmp_path, spec, algorithm):
    arn = keys(spec, "SIGN_VERIFY")
    message = os.urandom(300)
    digest = HASHES[algorithm[-3:]](message).digest()
    public_key = kms.get_public_key(KeyId=arn)
    assert (public_key["KeyId"], public_key["KeySpec"], public_key["KeyUsage"]) == (arn, spec, "SIGN_VERIFY")
    assert algorithm in public_key["SigningAlgorithms"]
    for text, kind in [(message, "RAW"), (digest, "DIGEST")]:
        members = {"KeyId": arn, "Message": text, "MessageType": kind, "SigningAlgorithm": algorithm}
        made = kms.sign(**members)
        assert (made["KeyId"], made["SigningAlgorithm"]) == (arn, algorithm)
        verify_with_openssl(tmp_path, public_key["PublicKey"], algorithm, message, made["Signature"])
        verified = kms.verify(**members, Signature=made["Signature"])
        assert (verified["KeyId"], verified["SignatureValid"]) == (arn, True)


def test_a_signature_of_openssl_s_is_refused_when_it_is_of_another_key(kms, keys, tmp_path):
    arn = keys("ECC_NIST_P256", "SIGN_VERIFY")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "own.pem")
    (tmp_path / "message").write_bytes(b"m")
    signature = openssl("dgst", "-sha256", "-sign", tmp_path / "own.pem", tmp_path / "message")
    members = {"KeyId": arn, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    refused("KMSInvalidSignatureException", kms.verify, "", **members, Signature=signature)


def test_a_wrong_signature_is_an_error_and_never_false(kms, keys):
    arn = keys("RSA_2048", "SIGN_VERIFY")
    members = {"KeyId": arn, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(Message=b"m", **members)["Signature"]
    spoiled = bytes([signature[0] ^ 1]) + signature[1:]
    refused("KMSInvalidSignatureException", kms.verify, "", Message=b"m", Signature=spoiled, **members)
    refused("KMSInvalidSignatureException", kms.verify, "", Message=b"n", Signature=signature, **members)
    refused("KMSInvalidSignatureException", kms.verify, "", Message=b"m", Signature=b"x", **members)


def test_what_cannot_be_signed(kms, keys):
    arn = keys("ECC_NIST_P384", "SIGN_VERIFY")
    message = "Digest is invalid length for algorithm ECDSA_SHA_384."
    members = {"KeyId": arn, "SigningAlgorithm": "ECDSA_SHA_384"}
    refused("ValidationException", kms.sign, message, Message=b"x" * 32, MessageType="DIGEST", **members)
    message = "Algorithm ECDSA_SHA_256 is incompatible with key spec ECC_NIST_P384."
    refused(
        "InvalidKeyUsageException", kms.sign, message, KeyId=arn, Message=b"m", SigningAlgorithm="ECDSA_SHA_256"
    )
    symmetric = keys()
    for call, word, more in [(kms.sign, "Sign", {}), (kms.verify, "Verify", {"Signature": b"x"})]:
        message = f"{symmetric} key usage is ENCRYPT_DECRYPT which is not valid for {word}."
        members = {"KeyId": symmetric, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256", **more}
        refused("InvalidKeyUsageException", call, message, **members)
    too_long = refused(
        "ValidationException", kms.sign, KeyId=arn, Message=b"x" * 4097, SigningAlgorithm="ECDSA_SHA_384"
    )
    assert too_long == (
        "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have "
        "length less than or equal to 4096"
    )


def test_only_asymmetric_keys_have_a_public_half(kms, keys):
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=keys())
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=keys("HMAC_256", "GENERATE_VERIFY_MAC"))


def test_openssl_reads_every_public_key(kms, keys, tmp_path):
    expected = {
        "RSA_2048": b"Public-Key: (2048 bit)",
        "RSA_3072": b"Public-Key: (3072 bit)",
        "RSA_4096": b"Public-Key: (4096 bit)",
        "ECC_NIST_P256": b"ASN1 OID: prime256v1",
        "ECC_NIST_P384": b"ASN1 OID: secp384r1",
        "ECC_NIST_P521": b"ASN1 OID: secp521r1",
        "ECC_SECG_P256K1": b"ASN1 OID: secp256k1",
    }
    for spec, words in expected.items():
        der = kms.get_public_key(KeyId=keys(spec, "SIGN_VERIFY"))["PublicKey"]
        text = openssl("pkey", "-pubin", "-inform", "DER", "-noout", "-text", stdin=der)
        assert words in text
        if spec.startswith("RSA"):
            assert b"Exponent: 65537" in text


# --- encryption -------------------------------------------------------------------------------


def test_what_was_encrypted_decrypts_without_naming_the_key(kms, keys):
    arn = keys()
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"attack at dawn")
    assert (sealed["KeyId"], sealed["EncryptionAlgorithm"]) == (arn, "SYMMETRIC_DEFAULT")
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert (opened["KeyId"], opened["Plaintext"]) == (arn, b"attack at dawn")
    material = kms.describe_key(KeyId=arn)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert opened["KeyMaterialId"] == material
    again = kms.encrypt(KeyId=arn, Plaintext=b"attack at dawn")
    assert again["CiphertextBlob"] != sealed["CiphertextBlob"]
    assert len(sealed["CiphertextBlob"]) - len(b"attack at dawn") < 200


def test_the_encryption_context_is_authenticated(kms, keys):
    arn = keys()
    context = {"Department": "10103.0", "Purpose": "test"}
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    other_order = dict(reversed(context.items()))
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=other_order)["Plaintext"] == b"x"
    for wrong in [{}, {"Department": "10103.0"}, {**context, "more": ""}, {**context, "Purpose": "Test"}]:
        refused("InvalidCiphertextException", kms.decrypt, "", CiphertextBlob=blob, EncryptionContext=wrong)
    empty = kms.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=empty)["Plaintext"] == b"x"


def test_no_changed_byte_goes_unnoticed(kms, keys):
    blob = kms.encrypt(KeyId=keys(), Plaintext=b"secret")["CiphertextBlob"]
    for place in [0, 1, 2, *range(39, len(blob), 7), len(blob) - 1]:
        changed = bytearray(blob)
        changed[place] ^= 1
        refused("InvalidCiphertextException", kms.decrypt, "", CiphertextBlob=bytes(changed))
    for wrong in [b"x", b"\0" * 200, blob[:-1], blob + b"x"]:
        refused("InvalidCiphertextException", kms.decrypt, "", CiphertextBlob=wrong)


def test_another_key_is_incorrect(kms, keys):
    blob = kms.encrypt(KeyId=keys(), Plaintext=b"x")["CiphertextBlob"]
    message = "The key ID in the request does not identify a CMK that can perform this operation."
    for wrong in [create(kms), keys("ECC_NIST_P256", "SIGN_VERIFY")]:
        refused("IncorrectKeyException", kms.decrypt, message, CiphertextBlob=blob, KeyId=wrong)
    assert kms.decrypt(CiphertextBlob=blob, KeyId=keys())["Plaintext"] == b"x"


@pytest.mark.parametrize("spec, sha1, sha256", [("RSA_2048", 214, 190), ("RSA_3072", 342, 318), ("RSA_4096", 470, 446)])
def test_rsa_encrypts_what_fits_and_openssl_may_do_it_too(kms, keys, tmp_path, spec, sha1, sha256):
    arn = keys(spec, "ENCRYPT_DECRYPT")
    (tmp_path / "key.der").write_bytes(kms.get_public_key(KeyId=arn)["PublicKey"])
    for bits, most in [("1", sha1), ("256", sha256)]:
        members = {"KeyId": arn, "EncryptionAlgorithm": f"RSAES_OAEP_SHA_{bits}"}
        plaintext = os.urandom(most)
        sealed = kms.encrypt(Plaintext=plaintext, **members)["CiphertextBlob"]
        assert len(sealed) == int(spec[4:]) // 8
        opened = kms.decrypt(CiphertextBlob=sealed, **members)
        assert opened["Plaintext"] == plaintext and "KeyMaterialId" not in opened
        words = ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key.der"]
        for option in ["rsa_padding_mode:oaep", f"rsa_oaep_md:sha{bits}", f"rsa_mgf1_md:sha{bits}"]:
            words += ["-pkeyopt", option]
        theirs = openssl(*words, stdin=b"from openssl")
        assert kms.decrypt(CiphertextBlob=theirs, **members)["Plaintext"] == b"from openssl"
        algorithm = members["EncryptionAlgorithm"]
        message = f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
        refused("ValidationException", kms.encrypt, message, Plaintext=b"x" * (most + 1), **members)


def test_what_cannot_be_encrypted(kms, keys):
    rsa = keys("RSA_2048", "ENCRYPT_DECRYPT")
    message = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    refused("InvalidKeyUsageException", kms.encrypt, message, KeyId=rsa, Plaintext=b"x")
    context = {"KeyId": rsa, "EncryptionAlgorithm": "RSAES_OAEP_SHA_1", "EncryptionContext": {"a": "b"}}
    refused("ValidationException", kms.encrypt, Plaintext=b"x", **context)
    signing = keys("RSA_2048", "SIGN_VERIFY")
    message = f"{signing} key usage is SIGN_VERIFY which is not valid for Encrypt."
    refused("InvalidKeyUsageException", kms.encrypt, message, KeyId=signing, Plaintext=b"x")
    message = refused("ValidationException", kms.encrypt, KeyId=keys(), Plaintext=b"x" * 4097)
    assert message == (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have "
        "length less than or equal to 4096"
    )


def test_re_encrypt_moves_a_ciphertext_to_another_key_and_context(kms, keys):
    old, new, rsa = keys(), create(kms), keys("RSA_2048", "ENCRYPT_DECRYPT")
    blob = kms.encrypt(KeyId=old, Plaintext=b"secret", EncryptionContext={"a": "1"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=new,
        DestinationEncryptionContext={"b": "2"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (old, new)
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"secret", new)
    refused("InvalidCiphertextException", kms.re_encrypt, "", CiphertextBlob=blob, DestinationKeyId=new)
    oaep = "RSAES_OAEP_SHA_256"
    to_rsa = kms.re_encrypt(
        CiphertextBlob=moved["CiphertextBlob"],
        SourceEncryptionContext={"b": "2"},
        DestinationKeyId=rsa,
        DestinationEncryptionAlgorithm=oaep,
    )
    assert to_rsa["DestinationEncryptionAlgorithm"] == oaep and "DestinationKeyMaterialId" not in to_rsa
    back = kms.decrypt(CiphertextBlob=to_rsa["CiphertextBlob"], KeyId=rsa, EncryptionAlgorithm=oaep)
    assert back["Plaintext"] == b"secret"


# --- data keys, MACs, random bytes ------------------------------------------------------------


def test_data_keys_decrypt_to_themselves(kms, keys):
    arn = keys()
    for members, length in [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 1024}, 1024)]:
        made = kms.generate_data_key(KeyId=arn, EncryptionContext={"a": "b"}, **members)
        assert len(made["Plaintext"]) == length and made["KeyId"] == arn
        opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
        assert opened["Plaintext"] == made["Plaintext"]
        assert opened["KeyMaterialId"] == made["KeyMaterialId"]
        hidden = kms.generate_data_key_without_plaintext(KeyId=arn, **members)
        assert "Plaintext" not in hidden
        assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == length
    message = "Please specify either number of bytes or key spec."
    for members in [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}]:
        refused("ValidationException", kms.generate_data_key, message, KeyId=arn, **members)
        refused("ValidationException", kms.generate_data_key_without_plaintext, message, KeyId=arn, **members)
    rsa = keys("RSA_2048", "ENCRYPT_DECRYPT")
    refused("InvalidKeyUsageException", kms.generate_data_key, KeyId=rsa, KeySpec="AES_256")


@pytest.mark.parametrize("bits, length", [("224", 28), ("256", 32), ("384", 48), ("512", 64)])
def test_macs_verify_and_have_their_length(kms, keys, bits, length):
    arn = keys(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    members = {"KeyId": arn, "MacAlgorithm": f"HMAC_SHA_{bits}"}
    made = kms.generate_mac(Message=b"m", **members)
    assert (len(made["Mac"]), made["KeyId"], made["MacAlgorithm"]) == (length, arn, members["MacAlgorithm"])
    assert kms.generate_mac(Message=b"m", **members)["Mac"] == made["Mac"]
    assert kms.verify_mac(Message=b"m", Mac=made["Mac"], **members)["MacValid"] is True
    refused("KMSInvalidMacException", kms.verify_mac, "", Message=b"n", Mac=made["Mac"], **members)
    refused("KMSInvalidMacException", kms.verify_mac, "", Message=b"m", Mac=made["Mac"][:-1], **members)
    # Nobody outside has the key: not even an empty or guessed one makes the same MAC.
    assert not hmac.compare_digest(made["Mac"], hmac.digest(b"", b"m", f"sha{bits}"))


def test_what_cannot_be_authenticated(kms, keys):
    arn = keys("HMAC_224", "GENERATE_VERIFY_MAC")
    message = "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224."
    members = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    refused("InvalidKeyUsageException", kms.generate_mac, message, KeyId=arn, **members)
    message = f"{keys()} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."
    refused("InvalidKeyUsageException", kms.generate_mac, message, KeyId=keys(), **members)


def test_random_bytes(kms):
    for number in [1, 32, 1024]:
        assert len(kms.generate_random(NumberOfBytes=number)["Plaintext"]) == number
    assert kms.generate_random(NumberOfBytes=32)["Plaintext"] != kms.generate_random(NumberOfBytes=32)["Plaintext"]
    refused("ValidationException", kms.generate_random, "NumberOfBytes is required.")
    message = refused("ValidationException", kms.generate_random, NumberOfBytes=1025)
    assert message == (
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must "
        "have value less than or equal to 1024"
    )
    store = "cks-1234567890abcdef0"
    refused("CustomKeyStoreNotFoundException", kms.generate_random, NumberOfBytes=1, CustomKeyStoreId=store)


# --- options and permissions ------------------------------------------------------------------


def test_dry_runs_do_nothing_and_say_whether_they_would(kms, keys):
    arn, signing, mac = keys(), keys("ECC_NIST_P256", "SIGN_VERIFY"), keys("HMAC_256", "GENERATE_VERIFY_MAC")
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    ecdsa = {"KeyId": signing, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    hmac_256 = {"KeyId": mac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    calls = [
        (kms.encrypt, {"KeyId": arn, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": arn}),
        (kms.generate_data_key, {"KeyId": arn, "KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeyId": arn, "KeySpec": "AES_256"}),
        (kms.sign, ecdsa),
        (kms.verify, {**ecdsa, "Signature": b"x"}),
        (kms.generate_mac, hmac_256),
        (kms.verify_mac, {**hmac_256, "Mac": b"x"}),
    ]
    for call, members in calls:
        refused("DryRunOperationException", call, DRY_RUN, **members, DryRun=True)
    missing = f"Key 'arn:aws:kms:us-east-1:{account_of(arn)}:key/{UNKNOWN_ID}' does not exist"
    refused("NotFoundException", kms.encrypt, missing, KeyId=UNKNOWN_ID, Plaintext=b"x", DryRun=True)


def test_a_disabled_key_refuses_all_cryptography(kms):
    arn = create(kms)
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=arn)
    message = f"{arn} is disabled."
    for call, members in [
        (kms.encrypt, {"KeyId": arn, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.generate_data_key, {"KeyId": arn, "KeySpec": "AES_256"}),
    ]:
        refused("DisabledException", call, message, **members)
    kms.enable_key(KeyId=arn)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_grant_tokens_must_be_tokens(kms, keys):
    refused("InvalidGrantTokenException", kms.encrypt, KeyId=keys(), Plaintext=b"x", GrantTokens=["no token!"])


def test_decrypt_without_permission_tells_nothing_of_the_key(server, kms, keys):
    blob = kms.encrypt(KeyId=keys(), Plaintext=b"x")["CiphertextBlob"]
    user, arn = user_with(server, fresh("nosy"))
    message = refused("AccessDeniedException", server.client("kms", keys=user).decrypt, CiphertextBlob=blob)
    assert message.startswith(
        f"User: {arn} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"
    )


def test_conditions_on_context_algorithm_and_alias(server, kms):
    account = server.client("sts").get_caller_identity()["Account"]
    user, user_arn = user_with(server, fresh("bound"))
    alias = f"alias/{fresh('bound')}"
    conditions = {"kms:EncryptionContext:app": "web", "kms:RequestAlias": alias}
    bound = allow({"AWS": user_arn}, "kms:Encrypt", Condition={"StringEquals": conditions})
    arn = create(kms, Policy=document(allow(root_of(account), "kms:*"), bound))
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    client = server.client("kms", keys=user)
    right = {"KeyId": alias, "Plaintext": b"x", "EncryptionContext": {"app": "web"}}
    assert client.encrypt(**right)["KeyId"] == arn
    for wrong in [{"KeyId": arn}, {"EncryptionContext": {"app": "mail"}}, {"EncryptionContext": {}}]:
        refused("AccessDeniedException", client.encrypt, **{**right, **wrong})


def test_what_is_no_attestation_document_is_refused_clearly(kms, keys):
    arn = keys()
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"no document"}
    message = "The attestation document is not valid: it is malformed: it is no COSE_Sign1 message with ES384."
    for call, members in [
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.generate_data_key, {"KeyId": arn, "KeySpec": "AES_256"}),
        (kms.generate_random, {"NumberOfBytes": 8}),
    ]:
        refused("ValidationException", call, message, **members, Recipient=recipient)


def test_a_dry_run_may_leave_the_ciphertext_out(kms, keys):
    ignore = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    refused("DryRunOperationException", kms.decrypt, DRY_RUN, KeyId=keys(), **ignore)
    members = {"SourceKeyId": keys(), "DestinationKeyId": keys()}
    refused("DryRunOperationException", kms.re_encrypt, DRY_RUN, **members, **ignore)
    refused("ValidationException", kms.decrypt, **ignore)
    refused("ValidationException", kms.decrypt, KeyId=keys())
    without = {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    refused("ValidationException", kms.decrypt, KeyId=keys(), **without)
