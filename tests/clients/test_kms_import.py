"""Import of key material with boto3: what openssl has made comes in, works as openssl's own, and goes."""

import datetime
import hashlib
import hmac
import os
import signal

import pytest
from botocore import xform_name
from harness import user_with, wait_for
from import_support import FOREVER, KEY_WRAP, external, files_in, import_into, parameters, shown, wrap
from kms_support import create, fresh, openssl, refused

NEW, EXISTING = {"ImportType": "NEW_KEY_MATERIAL"}, {"ImportType": "EXISTING_KEY_MATERIAL"}
EC_CURVES = {
    "ECC_NIST_P256": ("prime256v1", "ECDSA_SHA_256", "sha256"),
    "ECC_NIST_P384": ("secp384r1", "ECDSA_SHA_384", "sha384"),
    "ECC_NIST_P521": ("secp521r1", "ECDSA_SHA_512", "sha512"),
    "ECC_SECG_P256K1": ("secp256k1", "ECDSA_SHA_256", "sha256"),
}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture
def file(tmp_path):
    return files_in(tmp_path)


def materials(kms, arn):
    return kms.list_key_rotations(KeyId=arn, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]


def pkcs8(*words):
    return openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", stdin=openssl("genpkey", *words))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.mark.parametrize("key", ["RSA_2048", "RSA_3072", "RSA_4096"])
def test_the_parameters(kms, key):
    arn = external(kms)
    answer = parameters(kms, arn, "RSAES_OAEP_SHA_256", key)
    assert answer["KeyId"] == arn
    assert abs(answer["ParametersValidTo"] - now() - datetime.timedelta(days=1)) < datetime.timedelta(minutes=1)
    text = openssl("pkey", "-pubin", "-inform", "DER", "-noout", "-text", stdin=answer["PublicKey"])
    assert f"({key.removeprefix('RSA_')} bit)".encode() in text and b"65537" in text


@pytest.mark.parametrize(
    "algorithm",
    ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"],
)
def test_symmetric_material(kms, file, algorithm):
    arn = external(kms)
    waiting = shown(kms, arn)
    assert (waiting["KeyState"], waiting["Enabled"], waiting["Origin"]) == ("PendingImport", False, "EXTERNAL")
    assert not {"ExpirationModel", "ValidTo", "CurrentKeyMaterialId"} & waiting.keys()
    refused("KMSInvalidStateException", kms.encrypt, f"{arn} is pending import.", KeyId=arn, Plaintext=b"x")
    material = os.urandom(32)
    answer = import_into(kms, file, arn, material, algorithm)
    assert answer["KeyId"] == arn
    ready = shown(kms, arn)
    assert (ready["KeyState"], ready["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert ready["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"mine")
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"mine", answer["KeyMaterialId"])


@pytest.mark.parametrize("spec", EC_CURVES)
def test_elliptic_curve_keys_sign_as_openssl_does(kms, file, spec):
    curve, algorithm, digest = EC_CURVES[spec]
    private = pkcs8("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
    arn = external(kms, spec, "SIGN_VERIFY")
    wrapping = "RSAES_OAEP_SHA_256" if spec != "ECC_NIST_P521" else "RSAES_OAEP_SHA_1"
    answer = import_into(kms, file, arn, private, wrapping, "RSA_3072")
    assert "KeyMaterialId" not in answer
    public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", stdin=private)
    assert kms.get_public_key(KeyId=arn)["PublicKey"] == public
    message, key = file(b"message"), file(private)
    ours = kms.sign(KeyId=arn, Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    words = ["dgst", f"-{digest}", "-keyform", "DER"]
    openssl(*words, "-prverify", key, "-signature", file(ours), message)
    theirs = openssl(*words, "-sign", key, message)
    assert kms.verify(KeyId=arn, Message=b"message", SigningAlgorithm=algorithm, Signature=theirs)["SignatureValid"]


def test_an_edwards_key_signs_as_openssl_does(kms, file):
    private = pkcs8("-algorithm", "ED25519")
    arn = external(kms, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    import_into(kms, file, arn, private, "RSAES_OAEP_SHA_256")
    message, key = file(b"message"), file(private)
    theirs = openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key, "-in", message)
    ours = kms.sign(KeyId=arn, Message=b"message", SigningAlgorithm="ED25519_SHA_512")["Signature"]
    assert ours == theirs


def test_a_key_for_agreement_agrees_as_openssl_does(kms, file):
    private, peer = (pkcs8("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1") for _ in range(2))
    arn = external(kms, "ECC_NIST_P256", "KEY_AGREEMENT")
    import_into(kms, file, arn, private)
    public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", stdin=peer)
    secret = kms.derive_shared_secret(KeyId=arn, KeyAgreementAlgorithm="ECDH", PublicKey=public)["SharedSecret"]
    words = ["pkeyutl", "-derive", "-keyform", "DER", "-inkey", file(private), "-peerform", "DER"]
    assert secret == openssl(*words, "-peerkey", file(public))


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_rsa_keys_decrypt_and_sign_as_openssl_does(kms, file, bits):
    private = pkcs8("-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}")
    key = file(private)
    encrypting = external(kms, f"RSA_{bits}", "ENCRYPT_DECRYPT")
    import_into(kms, file, encrypting, private)
    algorithm = "RSAES_OAEP_SHA_256"
    sealed = kms.encrypt(KeyId=encrypting, Plaintext=b"mine", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    words = ["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", key, "-pkeyopt", "rsa_padding_mode:oaep"]
    words += ["-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"]
    assert openssl(*words, stdin=sealed) == b"mine"
    signing = external(kms, f"RSA_{bits}", "SIGN_VERIFY")
    import_into(kms, file, signing, private, "RSA_AES_KEY_WRAP_SHA_1")
    algorithm = "RSASSA_PKCS1_V1_5_SHA_256"
    ours = kms.sign(KeyId=signing, Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    assert ours == openssl("dgst", "-sha256", "-keyform", "DER", "-sign", key, file(b"message"))


@pytest.mark.parametrize("bits, lengths", [(224, (28, 64)), (256, (32, 64)), (384, (48, 128)), (512, (64, 128))])
def test_mac_keys_of_every_length(kms, file, bits, lengths):
    for length in lengths:
        material = os.urandom(length)
        arn = external(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
        import_into(kms, file, arn, material, "RSAES_OAEP_SHA_256")
        mac = kms.generate_mac(KeyId=arn, Message=b"message", MacAlgorithm=f"HMAC_SHA_{bits}")["Mac"]
        assert mac == hmac.digest(material, b"message", getattr(hashlib, f"sha{bits}"))
    arn = external(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    for length in (lengths[0] - 1, lengths[1] + 1):
        refused("IncorrectKeyMaterialException", import_into, kms=kms, file=file, arn=arn, material=os.urandom(length))


def test_new_material_and_its_rotation(kms, file):
    arn, first, second = external(kms), os.urandom(32), os.urandom(32)
    one = import_into(kms, file, arn, first, KeyMaterialDescription="the first one")["KeyMaterialId"]
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"old")["CiphertextBlob"]
    nothing = f"No available key material pending rotation for the key: {arn}."
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, nothing, KeyId=arn)
    two = import_into(kms, file, arn, second, **NEW)["KeyMaterialId"]
    assert shown(kms, arn)["CurrentKeyMaterialId"] == one
    told = refused("KMSInvalidStateException", import_into, kms=kms, file=file, arn=arn, material=os.urandom(32), **NEW)
    assert told.endswith(f"because another key material (id: {two}) is pending rotation.")
    listed = materials(kms, arn)
    assert [entry["KeyMaterialState"] for entry in listed] == ["CURRENT", "PENDING_ROTATION"]
    assert [entry["ImportState"] for entry in listed] == ["IMPORTED"] * 2
    assert listed[0]["KeyMaterialDescription"] == "the first one"
    assert kms.list_key_rotations(KeyId=arn)["Rotations"] == []
    assert kms.rotate_key_on_demand(KeyId=arn)["KeyId"] == arn
    assert shown(kms, arn)["CurrentKeyMaterialId"] == two
    (rotation,) = kms.list_key_rotations(KeyId=arn)["Rotations"]
    assert (rotation["KeyMaterialId"], rotation["RotationType"]) == (two, "ON_DEMAND")
    assert rotation["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert kms.decrypt(CiphertextBlob=sealed)["KeyMaterialId"] == one
    assert kms.encrypt(KeyId=arn, Plaintext=b"new")["CiphertextBlob"]
    origin = f"{arn} origin is EXTERNAL which is not valid for this operation."
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"]:
        refused("UnsupportedOperationException", getattr(kms, xform_name(operation)), origin, KeyId=arn)


def test_material_goes_and_only_the_same_comes_back(kms, file):
    arn, first, second = external(kms), os.urandom(32), os.urandom(32)
    one = import_into(kms, file, arn, first)["KeyMaterialId"]
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    two = import_into(kms, file, arn, second, **NEW)["KeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=arn)
    answer = kms.delete_imported_key_material(KeyId=arn, KeyMaterialId=one)
    assert (answer["KeyId"], answer["KeyMaterialId"]) == (arn, one)
    gone = shown(kms, arn)
    assert (gone["KeyState"], gone["CurrentKeyMaterialId"]) == ("PendingImport", two)
    assert not {"ExpirationModel", "ValidTo"} & gone.keys()
    assert [entry["ImportState"] for entry in materials(kms, arn)] == ["PENDING_IMPORT", "IMPORTED"]
    waits = f"{arn} is pending import."
    refused("KMSInvalidStateException", kms.decrypt, waits, CiphertextBlob=sealed)
    refused("KMSInvalidStateException", kms.enable_key, waits, KeyId=arn)
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, waits, KeyId=arn)
    for members in [{}, EXISTING, {"KeyMaterialId": two}]:
        wrong = first if "KeyMaterialId" in members else os.urandom(32)
        refused("IncorrectKeyMaterialException", import_into, kms=kms, file=file, arn=arn, material=wrong, **members)
    import_into(kms, file, arn, first, KeyMaterialId=one, **EXISTING)
    assert shown(kms, arn)["KeyState"] == "Enabled"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert kms.delete_imported_key_material(KeyId=arn)["KeyMaterialId"] == two


def test_material_expires_at_its_time(kms, file):
    arn, material = external(kms), os.urandom(32)
    later = (now() + datetime.timedelta(days=30)).replace(microsecond=0)
    import_into(kms, file, arn, material, ValidTo=later)
    assert (shown(kms, arn)["ExpirationModel"], shown(kms, arn)["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", later)
    assert materials(kms, arn)[0]["ValidTo"] == later
    soon = now() + datetime.timedelta(seconds=4)
    import_into(kms, file, arn, material, ValidTo=soon, ExpirationModel="KEY_MATERIAL_EXPIRES")
    wait_for(lambda: shown(kms, arn)["KeyState"] == "PendingImport")
    assert now() >= soon and "ValidTo" not in shown(kms, arn)
    refused("KMSInvalidStateException", kms.encrypt, f"{arn} is pending import.", KeyId=arn, Plaintext=b"x")
    assert [entry["ImportState"] for entry in materials(kms, arn)] == ["PENDING_IMPORT"]
    import_into(kms, file, arn, material)
    assert kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]


def test_expiry_is_asked_for_in_one_way_only(kms, file):
    arn, material = external(kms), os.urandom(32)
    day = datetime.timedelta(days=1)
    answer = parameters(kms, arn)
    sealed = wrap(file, answer, KEY_WRAP, material)
    must = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
    for members, message in [
        ({}, must),
        ({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}, must),
        ({**FOREVER, "ValidTo": now() + day}, None),
        ({"ValidTo": now() - day}, None),
        ({"ValidTo": now() + 366 * day}, None),
        ({**FOREVER, **NEW, "KeyMaterialId": "0" * 64}, None),
    ]:
        refused(
            "ValidationException",
            kms.import_key_material,
            message,
            KeyId=arn,
            ImportToken=answer["ImportToken"],
            EncryptedKeyMaterial=sealed,
            **members,
        )


def test_one_material_for_asymmetric_and_mac_keys(kms, file):
    material = os.urandom(32)
    arn = external(kms, "HMAC_256", "GENERATE_VERIFY_MAC")
    for members in [NEW, {"KeyMaterialDescription": "d"}, {"KeyMaterialId": "0" * 64}]:
        refused("ValidationException", import_into, kms=kms, file=file, arn=arn, material=material, **members)
    told = refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=arn)
    assert told == f"{arn} is pending import."
    import_into(kms, file, arn, material)
    import_into(kms, file, arn, material)
    refused("IncorrectKeyMaterialException", import_into, kms=kms, file=file, arn=arn, material=os.urandom(32))
    refused("UnsupportedOperationException", kms.rotate_key_on_demand, "", KeyId=arn)
    assert "KeyMaterialId" not in kms.delete_imported_key_material(KeyId=arn)


def test_wrong_tokens_and_wrong_wrapping(kms, file):
    arn, other = external(kms), external(kms)
    answer = parameters(kms, arn)
    sealed = wrap(file, answer, KEY_WRAP, os.urandom(32))

    def attempt(code, message=None, **members):
        whole = {"KeyId": arn, "ImportToken": answer["ImportToken"], "EncryptedKeyMaterial": sealed, **FOREVER}
        refused(code, kms.import_key_material, message, **{**whole, **members})

    attempt("InvalidImportTokenException", KeyId=other)
    attempt("InvalidImportTokenException", ImportToken=b"no token")
    attempt("InvalidImportTokenException", ImportToken=answer["ImportToken"][:-1])
    attempt("InvalidCiphertextException", "", EncryptedKeyMaterial=b"no ciphertext")
    attempt("InvalidCiphertextException", "", EncryptedKeyMaterial=sealed[:-8])
    attempt("InvalidCiphertextException", "", ImportToken=parameters(kms, arn)["ImportToken"])
    short = wrap(file, answer, KEY_WRAP, os.urandom(16))
    attempt("IncorrectKeyMaterialException", EncryptedKeyMaterial=short)
    assert shown(kms, arn)["KeyState"] == "PendingImport"


def test_wrapping_that_is_not_supported(kms):
    rsa, curve = external(kms, "RSA_2048", "SIGN_VERIFY"), external(kms, "ECC_NIST_P521", "SIGN_VERIFY")
    symmetric = external(kms)
    for arn, algorithm, key in [
        (symmetric, "RSAES_PKCS1_V1_5", "RSA_2048"),
        (symmetric, "SM2PKE", "RSA_2048"),
        (symmetric, "RSAES_OAEP_SHA_256", "SM2"),
        (symmetric, "SM2PKE", "SM2"),
        (rsa, "RSAES_OAEP_SHA_256", "RSA_4096"),
        (curve, "RSAES_OAEP_SHA_1", "RSA_2048"),
    ]:
        refused("UnsupportedOperationException", parameters, kms=kms, arn=arn, algorithm=algorithm, key=key)


def test_only_keys_for_imported_material(kms):
    arn = create(kms)
    origin = f"{arn} origin is AWS_KMS which is not valid for this operation."
    token = {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", **FOREVER}
    wrapping = {"WrappingAlgorithm": KEY_WRAP, "WrappingKeySpec": "RSA_2048"}
    for call, members in [
        (kms.get_parameters_for_import, wrapping),
        (kms.import_key_material, token),
        (kms.delete_imported_key_material, {}),
    ]:
        refused("UnsupportedOperationException", call, origin, KeyId=arn, **members)
        missing = arn.rsplit("/", 1)[0] + "/00000000-0000-4000-8000-000000000000"
        refused("NotFoundException", call, f"Key '{missing}' does not exist", KeyId=missing, **members)
        refused("InvalidArnException", call, "Invalid arn arn:aws:s3:::x", KeyId="arn:aws:s3:::x", **members)
    waiting = external(kms)
    unknown = {"KeyId": waiting, "KeyMaterialId": "0" * 64}
    refused("NotFoundException", kms.delete_imported_key_material, **unknown)
    assert "KeyMaterialId" not in kms.delete_imported_key_material(KeyId=waiting)
    kms.schedule_key_deletion(KeyId=waiting, PendingWindowInDays=7)
    pending = f"{waiting} is pending deletion."
    refused("KMSInvalidStateException", kms.get_parameters_for_import, pending, KeyId=waiting, **wrapping)
    refused("KMSInvalidStateException", kms.import_key_material, pending, KeyId=waiting, **token)
    kms.cancel_key_deletion(KeyId=waiting)
    assert shown(kms, waiting)["KeyState"] == "PendingImport"


def test_conditions_of_policies(server, kms, file):
    allowed = {
        "Effect": "Allow",
        "Action": ["kms:GetParametersForImport", "kms:ImportKeyMaterial"],
        "Resource": "*",
        "Condition": {
            "StringEqualsIfExists": {
                "kms:WrappingAlgorithm": KEY_WRAP,
                "kms:WrappingKeySpec": "RSA_2048",
                "kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }
        },
    }
    credentials, _ = user_with(server, fresh("importer"), allowed)
    theirs, arn, material = server.client("kms", keys=credentials), external(kms), os.urandom(32)
    refused("AccessDeniedException", parameters, kms=theirs, arn=arn, algorithm="RSAES_OAEP_SHA_256")
    refused("AccessDeniedException", parameters, kms=theirs, arn=arn, key="RSA_3072")
    tomorrow = {"ValidTo": now() + datetime.timedelta(days=1)}
    refused("AccessDeniedException", import_into, kms=theirs, file=file, arn=arn, material=material, **tomorrow)
    import_into(theirs, file, arn, material)
    refused("AccessDeniedException", theirs.delete_imported_key_material, KeyId=arn)


def test_multi_region_keys(server, kms, file):
    arn, first, second = external(kms, MultiRegion=True), os.urandom(32), os.urandom(32)
    import_into(kms, file, arn, first)
    away = server.client("kms", region="eu-west-1")
    kms.replicate_key(KeyId=arn, ReplicaRegion="eu-west-1")
    replica = arn.replace("us-east-1", "eu-west-1")
    wait_for(lambda: shown(away, replica)["KeyState"] == "PendingImport")
    import_into(away, file, replica, first)
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"here")["CiphertextBlob"]
    assert away.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"here"
    refused("UnsupportedOperationException", import_into, kms=away, file=file, arn=replica, material=second, **NEW)
    import_into(kms, file, arn, second, **NEW)
    assert materials(kms, arn)[1]["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=arn)
    import_into(away, file, replica, second, **EXISTING)
    assert materials(kms, arn)[1]["KeyMaterialState"] == "PENDING_ROTATION"
    kms.rotate_key_on_demand(KeyId=arn)
    sealed = away.encrypt(KeyId=replica, Plaintext=b"there")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["KeyMaterialId"] == shown(away, replica)["CurrentKeyMaterialId"]


def test_imported_keys_survive_a_restart(own_server, file):
    own_server.start()
    kms, material = own_server.client("kms"), os.urandom(32)
    arn = external(kms)
    answer = parameters(kms, arn)
    own_server.stop()
    own_server.start()
    kms = own_server.client("kms")
    kms.import_key_material(
        KeyId=arn,
        ImportToken=answer["ImportToken"],
        EncryptedKeyMaterial=wrap(file, answer, KEY_WRAP, material),
        **FOREVER,
    )
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"kept")["CiphertextBlob"]
    own_server.stop()
    own_server.start()
    kms = own_server.client("kms")
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"


def test_failures_of_ours_change_nothing(own_server, file):
    kms = own_server.start().client("kms", read_timeout=120)
    held, waiting = external(kms), external(kms)
    import_into(kms, file, held, b"h" * 32)
    answer = parameters(kms, waiting)
    sealed = wrap(file, answer, KEY_WRAP, b"w" * 32)
    members = {"KeyId": waiting, "ImportToken": answer["ImportToken"], "EncryptedKeyMaterial": sealed, **FOREVER}

    # A disk that takes nothing.
    with own_server.without_room():
        refused("KMSInternalException", kms.import_key_material, status=500, **members)
        refused("KMSInternalException", kms.delete_imported_key_material, status=500, KeyId=held)
    wait_for(lambda: create(kms))
    assert [shown(kms, arn)["KeyState"] for arn in (held, waiting)] == ["Enabled", "PendingImport"]

    # A vault that is gone.
    home, away = own_server.folder / "vault", own_server.folder / "away"
    home.rename(away)
    os.kill(own_server.vault(), signal.SIGKILL)
    wrapping = {"WrappingAlgorithm": KEY_WRAP, "WrappingKeySpec": "RSA_2048"}
    refused("KMSInternalException", kms.get_parameters_for_import, status=500, KeyId=waiting, **wrapping)
    away.rename(home)
    wait_for(lambda: kms.generate_random(NumberOfBytes=8))
    kms.import_key_material(**members)
    assert shown(kms, waiting)["KeyState"] == "Enabled"
