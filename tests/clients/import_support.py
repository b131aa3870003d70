"""Key material as its owner makes, wraps and imports it, with openssl."""

import itertools
import os

from kms_support import create, openssl

FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
KEY_WRAP = "RSA_AES_KEY_WRAP_SHA_256"


def files_in(folder):
    """Writes what it is given into a new file of the folder, and answers the file."""
    numbers = itertools.count()

    def write(content):
        path = folder / str(next(numbers))
        path.write_bytes(content)
        return path

    return write


def external(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **members):
    return create(kms, Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage, **members)


def parameters(kms, arn, algorithm=KEY_WRAP, key="RSA_2048"):
    return kms.get_parameters_for_import(KeyId=arn, WrappingAlgorithm=algorithm, WrappingKeySpec=key)


def wrap(file, answer, algorithm, material):
    """What the owner of the material does, with openssl."""
    digest = "sha1" if algorithm.endswith("SHA_1") else "sha256"
    key = file(answer["PublicKey"])
    options = [f"rsa_oaep_md:{digest}", f"rsa_mgf1_md:{digest}"]
    options = [word for option in ["rsa_padding_mode:oaep", *options] for word in ("-pkeyopt", option)]

    def oaep(plaintext):
        words = ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", key, *options]
        return openssl(*words, stdin=plaintext)

    if "KEY_WRAP" not in algorithm:
        return oaep(material)
    aes = os.urandom(32)
    wrapped = openssl("enc", "-id-aes256-wrap-pad", "-K", aes.hex(), "-iv", "a65959a6", stdin=material)
    return oaep(aes) + wrapped


def import_into(kms, file, arn, material, algorithm=KEY_WRAP, key="RSA_2048", **members):
    answer = parameters(kms, arn, algorithm, key)
    sealed = wrap(file, answer, algorithm, material)
    members = members if "ValidTo" in members else {**FOREVER, **members}
    return kms.import_key_material(
        KeyId=arn, ImportToken=answer["ImportToken"], EncryptedKeyMaterial=sealed, **members
    )


def shown(kms, arn):
    return kms.describe_key(KeyId=arn)["KeyMetadata"]
