"""Each KMS operation with what a call of it needs: for tests that ask all of them the same."""

from kms_support import create, fresh

CONTEXT = {"purpose": "test"}

SYMMETRIC = ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
SIGNING = ("ECC_NIST_P256", "SIGN_VERIFY")
MAC = ("HMAC_256", "GENERATE_VERIFY_MAC")
AGREEMENT = ("ECC_NIST_P256", "KEY_AGREEMENT")
CAPSULES = ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE")

# The cryptographic operations, with the kind of key that each uses.
CRYPTOGRAPHIC = {
    "decapsulate": CAPSULES,
    "decrypt": SYMMETRIC,
    "derive_shared_secret": AGREEMENT,
    "encapsulate": CAPSULES,
    "encrypt": SYMMETRIC,
    "generate_data_key": SYMMETRIC,
    "generate_data_key_pair": SYMMETRIC,
    "generate_data_key_pair_without_plaintext": SYMMETRIC,
    "generate_data_key_without_plaintext": SYMMETRIC,
    "generate_mac": MAC,
    "get_public_key": SIGNING,
    "re_encrypt": SYMMETRIC,
    "sign": SIGNING,
    "verify": SIGNING,
    "verify_mac": MAC,
}
MANAGING = [
    "cancel_key_deletion",
    "create_alias",
    "create_grant",
    "describe_key",
    "disable_key",
    "disable_key_rotation",
    "enable_key",
    "enable_key_rotation",
    "get_key_policy",
    "get_key_rotation_status",
    "list_aliases",
    "list_grants",
    "list_key_policies",
    "list_key_rotations",
    "list_resource_tags",
    "put_key_policy",
    "retire_grant",
    "revoke_grant",
    "rotate_key_on_demand",
    "schedule_key_deletion",
    "tag_resource",
    "untag_resource",
    "update_alias",
    "update_key_description",
]


class Used:
    """A key that every operation of its kind was used on, so that there is something to decrypt or verify."""

    def __init__(self, kms, kind):
        self.kms = kms
        self.kind = kind
        self.arn = create(kms, KeySpec=kind[0], KeyUsage=kind[1])
        self.made = getattr(self, f"_use_{kind[1].lower()}")()

    def members(self, operation, key=None):
        """What a successful call of a cryptographic operation sends; with another key's name if one is given."""
        members = {name: value for name, value in self.made.get(operation, {}).items()}
        name = "DestinationKeyId" if operation == "re_encrypt" else "KeyId"
        return {name: key or self.arn, **members}

    def _use_encrypt_decrypt(self):
        sealed = {"CiphertextBlob": self.kms.encrypt(KeyId=self.arn, Plaintext=b"x")["CiphertextBlob"]}
        pair = {"KeyPairSpec": "ECC_NIST_P256"}
        return {
            "encrypt": {"Plaintext": b"x"},
            "decrypt": sealed,
            "re_encrypt": sealed,
            "generate_data_key": {"KeySpec": "AES_256"},
            "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
            "generate_data_key_pair": pair,
            "generate_data_key_pair_without_plaintext": pair,
        }

    def _use_sign_verify(self):
        sign = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = self.kms.sign(KeyId=self.arn, **sign)["Signature"]
        return {"sign": sign, "verify": {**sign, "Signature": signature}}

    def _use_generate_verify_mac(self):
        mac = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
        return {"generate_mac": mac, "verify_mac": {**mac, "Mac": self.kms.generate_mac(KeyId=self.arn, **mac)["Mac"]}}

    def _use_key_agreement(self):
        peer = self.kms.get_public_key(KeyId=self.arn)["PublicKey"]
        return {"derive_shared_secret": {"KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}}

    def _use_encapsulate_decapsulate(self):
        algorithm = {"EncapsulationAlgorithm": "ML_KEM"}
        blob = self.kms.encapsulate(KeyId=self.arn, **algorithm)["SharedSecretCiphertextBlob"]
        return {"encapsulate": algorithm, "decapsulate": {**algorithm, "SharedSecretCiphertextBlob": blob}}


def managing_members(operation, key):
    """What a call of an operation that manages a key sends."""
    target = {"create_alias": "TargetKeyId", "update_alias": "TargetKeyId"}.get(operation, "KeyId")
    more = {
        "create_alias": {"AliasName": f"alias/{fresh('a')}"},
        "create_grant": {"GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Encrypt"]},
        "put_key_policy": {"Policy": "{}"},
        "retire_grant": {"GrantId": "0" * 64},
        "revoke_grant": {"GrantId": "0" * 64},
        "tag_resource": {"Tags": [{"TagKey": "k", "TagValue": "v"}]},
        "untag_resource": {"TagKeys": ["k"]},
        "update_alias": {"AliasName": f"alias/{fresh('a')}"},
        "update_key_description": {"Description": "d"},
    }.get(operation, {})
    return {target: key, **more}

