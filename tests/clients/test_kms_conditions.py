"""The condition keys of KMS: each with the value that a request carries, and with another one."""

from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from harness import user_with
from import_support import FOREVER, external, files_in, parameters, wrap
from kms_support import account_of, allow, create, document, fresh, root_of

DENIED = "AccessDeniedException"
CONTEXT = {"EncryptionContext": {"Dept": "it"}}


def is_(key, value):
    return {"StringEquals": {key: value}}


def any_of(key, value):
    return {"ForAnyValue:StringEquals": {key: value}}


def flag(key, value):
    return {"Bool": {key: str(value).lower()}}


class Scene:
    """A user who has what the key's policy gives, and nothing else."""

    def __init__(self, server):
        self.server = server
        self.root = server.client("kms")
        keys, self.user = user_with(server, fresh("conditional"))
        self.kms = server.client("kms", keys=keys)

    def key(self, **members):
        self.arn = create(self.root, **members)
        return self.arn

    def give(self, condition, *actions):
        policy = document(
            allow(root_of(account_of(self.arn)), "kms:*"),
            allow({"AWS": self.user}, *(actions or ["kms:*"]), Condition=condition),
        )
        self.root.put_key_policy(KeyId=self.arn, Policy=policy)

    def give_by_identity(self, condition, action):
        statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}
        self.server.client("iam").put_user_policy(
            UserName=self.user.rsplit("/", 1)[1], PolicyName="inline", PolicyDocument=document(statement)
        )

    def may(self, operation, **members):
        """Whether it is allowed; what else may be wrong with it does not matter."""
        try:
            getattr(self.kms, operation)(**members)
        except ClientError as error:
            return error.response["Error"]["Code"] != DENIED
        return True

    def told_apart(self, fits, other, operation, **members):
        members = {"KeyId": self.arn, **members}
        self.give(fits)
        assert self.may(operation, **members), fits
        self.give(other)
        assert not self.may(operation, **members), other


@pytest.fixture
def scene(server):
    return Scene(server)


def test_what_a_key_is(scene):
    scene.key()
    account = account_of(scene.arn)
    for key, fits, other in [
        ("kms:CallerAccount", account, "999999999999"),
        ("kms:KeySpec", "SYMMETRIC_DEFAULT", "RSA_2048"),
        ("kms:CustomerMasterKeySpec", "SYMMETRIC_DEFAULT", "RSA_2048"),
        ("kms:KeyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY"),
        ("kms:CustomerMasterKeyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY"),
        ("kms:KeyOrigin", "AWS_KMS", "EXTERNAL"),
    ]:
        scene.told_apart(is_(key, fits), is_(key, other), "encrypt", Plaintext=b"x")
    key = "kms:MultiRegion"
    scene.told_apart(flag(key, False), flag(key, True), "encrypt", Plaintext=b"x")
    scene.root.tag_resource(KeyId=scene.arn, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    key = "aws:ResourceTag/team"
    scene.told_apart(is_(key, "blue"), is_(key, "red"), "encrypt", Plaintext=b"x")


def test_what_a_multi_region_key_is(scene):
    scene.key(MultiRegion=True)
    for fits, other in [
        (flag("kms:MultiRegion", True), flag("kms:MultiRegion", False)),
        (is_("kms:MultiRegionKeyType", "PRIMARY"), is_("kms:MultiRegionKeyType", "REPLICA")),
    ]:
        scene.told_apart(fits, other, "encrypt", Plaintext=b"x")


@pytest.mark.parametrize(
    "operation, members",
    [
        ("encrypt", {"Plaintext": b"x", **CONTEXT}),
        ("decrypt", CONTEXT),
        ("generate_data_key", {"KeySpec": "AES_256", **CONTEXT}),
        ("generate_data_key_without_plaintext", {"KeySpec": "AES_256", **CONTEXT}),
        ("generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256", **CONTEXT}),
        ("generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256", **CONTEXT}),
        ("create_grant", {"Constraints": {"EncryptionContextEquals": {"Dept": "it"}}}),
        ("create_grant", {"Constraints": {"EncryptionContextSubset": {"Dept": "it"}}}),
    ],
)
def test_the_encryption_context(scene, operation, members):
    arn = scene.key()
    if operation == "decrypt":
        sealed = scene.root.encrypt(KeyId=arn, Plaintext=b"x", **CONTEXT)
        members = {"CiphertextBlob": sealed["CiphertextBlob"], **members}
    if operation == "create_grant":
        # Somebody else gets it: what the user has must come from the policy.
        _, other = user_with(scene.server, fresh("grantee"))
        members = {"GranteePrincipal": other, "Operations": ["Encrypt"], **members}
    else:
        key = "kms:EncryptionAlgorithm"
        scene.told_apart(is_(key, "SYMMETRIC_DEFAULT"), is_(key, "RSAES_OAEP_SHA_1"), operation, **members)
    for fits, other in [
        # The name is compared without regard to case, the value with it.
        (is_("kms:EncryptionContext:dEPT", "it"), is_("kms:EncryptionContext:Dept", "IT")),
        (any_of("kms:EncryptionContextKeys", "Dept"), any_of("kms:EncryptionContextKeys", "dept")),
    ]:
        scene.told_apart(fits, other, operation, **members)


@pytest.mark.parametrize(
    "spec, usage, operation, members, key, fits, other",
    [
        ("ECC_NIST_P256", "SIGN_VERIFY", "sign", {}, "SigningAlgorithm", "ECDSA_SHA_256", "ECDSA_SHA_384"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "sign", {}, "MessageType", "RAW", "DIGEST"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "verify", {"Signature": b"s"}, "MessageType", "RAW", "DIGEST"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "generate_mac", {}, "MacAlgorithm", "HMAC_SHA_256", "HMAC_SHA_384"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "verify_mac", {"Mac": b"m"}, "MacAlgorithm", "HMAC_SHA_256", "x"),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "derive_shared_secret", {}, "KeyAgreementAlgorithm", "ECDH", "x"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "generate_data_key_pair", {}, "DataKeyPairSpec", "SM2", "RSA_2048"),
    ],
)
def test_how_a_key_is_used(scene, spec, usage, operation, members, key, fits, other):
    scene.key(KeySpec=spec, KeyUsage=usage)
    given = {
        "sign": {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"},
        "verify": {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"},
        "generate_mac": {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"},
        "verify_mac": {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"},
        "derive_shared_secret": {"PublicKey": b"k", "KeyAgreementAlgorithm": "ECDH"},
        "generate_data_key_pair": {"KeyPairSpec": "SM2"},
    }[operation]
    scene.told_apart(is_(f"kms:{key}", fits), is_(f"kms:{key}", other), operation, **given, **members)


def test_whether_a_ciphertext_stays_under_its_key(scene):
    from_key = scene.key()
    to_key = create(scene.root)
    sealed = scene.root.encrypt(KeyId=from_key, Plaintext=b"x")["CiphertextBlob"]
    scene.arn = to_key
    scene.give({})
    scene.arn = from_key
    for destination, same in [(from_key, True), (to_key, False)]:
        for value in (True, False):
            scene.give(flag("kms:ReEncryptOnSameKey", value))
            may = scene.may("re_encrypt", CiphertextBlob=sealed, DestinationKeyId=destination)
            assert may == (value == same)


def test_what_is_imported(scene, tmp_path):
    scene.arn = external(scene.root)
    wanted = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    for key, fits, other in [
        ("kms:WrappingAlgorithm", "RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"),
        ("kms:WrappingKeySpec", "RSA_2048", "RSA_4096"),
    ]:
        scene.told_apart(is_(key, fits), is_(key, other), "get_parameters_for_import", **wanted)
    given = parameters(scene.root, scene.arn, "RSAES_OAEP_SHA_256")
    sealed = wrap(files_in(tmp_path), given, "RSAES_OAEP_SHA_256", bytes(32))
    material = {"ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sealed}
    tomorrow, key = datetime.now(timezone.utc) + timedelta(days=1), "kms:ExpirationModel"
    ends, stays = is_(key, "KEY_MATERIAL_EXPIRES"), is_(key, "KEY_MATERIAL_DOES_NOT_EXPIRE")
    scene.told_apart(stays, ends, "import_key_material", **material, **FOREVER)
    scene.told_apart(ends, stays, "import_key_material", **material, ValidTo=tomorrow)
    later = (tomorrow + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    before, after = ({f"Date{word}Than": {"kms:ValidTo": later}} for word in ("Less", "Greater"))
    scene.told_apart(before, after, "import_key_material", **material, ValidTo=tomorrow)


def test_what_a_grant_gives(scene):
    scene.key()
    _, other = user_with(scene.server, fresh("grantee"))
    grant = {"GranteePrincipal": other, "RetiringPrincipal": other, "Operations": ["Encrypt", "Decrypt"]}
    equals = {"Constraints": {"EncryptionContextEquals": {"a": "b"}}}

    def all_of(*operations):
        return {"ForAllValues:StringEquals": {"kms:GrantOperations": operations}}

    for fits, unfit, more in [
        (all_of("Encrypt", "Decrypt"), all_of("Encrypt"), {}),
        (is_("kms:GranteePrincipal", other), is_("kms:GranteePrincipal", scene.user), {}),
        (is_("kms:RetiringPrincipal", other), is_("kms:RetiringPrincipal", scene.user), {}),
        (flag("kms:GrantIsForAWSResource", False), flag("kms:GrantIsForAWSResource", True), {}),
        (
            is_("kms:GrantConstraintType", "EncryptionContextEquals"),
            is_("kms:GrantConstraintType", "EncryptionContextSubset"),
            equals,
        ),
    ]:
        scene.told_apart(fits, unfit, "create_grant", **grant, **more)
    key = "kms:GrantIsForAWSResource"
    scene.told_apart(flag(key, False), flag(key, True), "list_grants")


def test_how_a_key_is_managed(scene):
    scene.key()
    tags = [{"TagKey": "team", "TagValue": "blue"}]

    def at_least(key, number):
        return {"NumericGreaterThanEquals": {key: str(number)}}

    for fits, other, operation, members in [
        (at_least("kms:RotationPeriodInDays", 100), at_least("kms:RotationPeriodInDays", 101), "enable_key_rotation",
         {"RotationPeriodInDays": 100}),
        (is_("kms:PolicyName", "default"), is_("kms:PolicyName", "other"), "get_key_policy", {}),
        (is_("aws:RequestTag/team", "blue"), is_("aws:RequestTag/team", "red"), "tag_resource", {"Tags": tags}),
        (any_of("aws:TagKeys", "team"), any_of("aws:TagKeys", "cost"), "tag_resource", {"Tags": tags}),
        (any_of("aws:TagKeys", "team"), any_of("aws:TagKeys", "cost"), "untag_resource", {"TagKeys": ["team"]}),
        (is_("kms:ReplicaRegion", "eu-west-1"), is_("kms:ReplicaRegion", "us-west-2"), "replicate_key",
         {"ReplicaRegion": "eu-west-1"}),
    ]:
        if operation == "replicate_key":
            scene.key(MultiRegion=True)
            scene.give_by_identity({}, "kms:CreateKey")
        scene.told_apart(fits, other, operation, **members)
    scene.key()
    window = "kms:ScheduleKeyDeletionPendingWindowInDays"
    scene.give(at_least(window, 30))
    assert not scene.may("schedule_key_deletion", KeyId=scene.arn, PendingWindowInDays=29)
    assert scene.may("schedule_key_deletion", KeyId=scene.arn)


def test_whether_a_new_policy_may_lock_its_giver_out(scene):
    arn = scene.key()
    for bypass in (True, False):
        scene.give(flag("kms:BypassPolicyLockoutSafetyCheck", bypass))
        policy = scene.root.get_key_policy(KeyId=arn)["Policy"]
        for asked in (True, False):
            may = scene.may("put_key_policy", KeyId=arn, Policy=policy, BypassPolicyLockoutSafetyCheck=asked)
            assert may == (asked == bypass)


def test_by_which_alias_a_key_is_named(scene):
    arn = scene.key()
    alias = f"alias/{fresh('named')}"
    scene.root.create_alias(AliasName=alias, TargetKeyId=arn)
    scene.give(is_("kms:RequestAlias", alias))
    for name, named in [(alias, True), (arn.replace(arn.split(":", 5)[5], alias), True), (arn, False)]:
        assert scene.may("encrypt", KeyId=name, Plaintext=b"x") == named
        assert scene.may("describe_key", KeyId=name) == named


def test_the_aliases_of_a_key_count_in_identity_policies_only(scene):
    arn = scene.key()
    alias = f"alias/{fresh('held')}"
    scene.root.create_alias(AliasName=alias, TargetKeyId=arn)
    scene.give_by_identity(any_of("kms:ResourceAliases", alias), "kms:Encrypt")
    assert scene.may("encrypt", KeyId=arn, Plaintext=b"x")
    scene.give_by_identity(any_of("kms:ResourceAliases", f"{alias}-2"), "kms:Encrypt")
    assert not scene.may("encrypt", KeyId=arn, Plaintext=b"x")
    scene.give(any_of("kms:ResourceAliases", alias))
    assert not scene.may("encrypt", KeyId=arn, Plaintext=b"x")
    scene.give({"Null": {"kms:ResourceAliases": "true"}})
    assert scene.may("encrypt", KeyId=arn, Plaintext=b"x")


@pytest.mark.parametrize(
    "key, fits, other, members",
    [
        ("kms:KeySpec", "SYMMETRIC_DEFAULT", "RSA_2048", {}),
        ("kms:KeyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY", {}),
        ("kms:KeyOrigin", "AWS_KMS", "EXTERNAL", {}),
        ("kms:MultiRegion", "false", "true", {}),
        ("kms:MultiRegionKeyType", "PRIMARY", "REPLICA", {"MultiRegion": True}),
        ("kms:BypassPolicyLockoutSafetyCheck", "true", "false", {"BypassPolicyLockoutSafetyCheck": True}),
        ("aws:RequestTag/team", "blue", "red", {"Tags": [{"TagKey": "team", "TagValue": "blue"}]}),
    ],
)
def test_which_keys_somebody_may_make(scene, key, fits, other, members):
    for value, may in [(fits, True), (other, False)]:
        scene.give_by_identity(is_(key, value), ["kms:CreateKey", "kms:TagResource"])
        assert scene.may("create_key", **members) == may
