"""Members and errors of KMS that no story of the other tests needs."""

import json

import pytest
from harness import user_with, wait_for
from kms_calls import AGREEMENT, CAPSULES, CONTEXT, MAC, SIGNING, Used
from kms_support import account_of, allow, create, document, fresh, refused, root_of

OTHER_KINDS = [{"KeySpec": kind[0], "KeyUsage": kind[1]} for kind in (MAC, AGREEMENT, CAPSULES)]
SERVICE = "dnssec-route53.amazonaws.com"
SOURCE = "arn:aws:sqs:us-east-1:111122223333:queue"


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def bob(server):
    keys, arn = user_with(server, fresh("bob"))
    return server.client("kms", keys=keys), arn


# --- lists ---------------------------------------------------------------------------------------


def walk(call, member, **members):
    """Everything that a list has, two at a time; also shows that another list's marker is refused."""
    found, marker = [], None
    while True:
        page = call(Limit=2, **members, **({"Marker": marker} if marker else {}))
        assert len(page[member]) <= 2
        found += page[member]
        assert page["Truncated"] is ("NextMarker" in page)
        if not page["Truncated"]:
            return found
        marker = page["NextMarker"]
        refused("InvalidMarkerException", call, Limit=2, **members, Marker=marker[:-1] + "!")


def test_aliases_of_a_key_are_listed_in_pages(kms):
    arn = create(kms)
    names = sorted(f"alias/{fresh('a')}" for _ in range(5))
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=arn)
    assert [entry["AliasName"] for entry in walk(kms.list_aliases, "Aliases", KeyId=arn)] == names


def test_tags_are_listed_in_pages(kms):
    tags = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(5)]
    arn = create(kms, Tags=tags)
    assert walk(kms.list_resource_tags, "Tags", KeyId=arn) == tags


def test_policies_are_one_page(kms):
    answer = kms.list_key_policies(KeyId=create(kms), Limit=1)
    assert (answer["PolicyNames"], answer["Truncated"]) == (["default"], False)


def test_only_own_keys_are_listed(kms):
    arn = create(kms)
    listed = kms.get_paginator("list_keys").paginate(ResourceOwners=["SELF"]).search("Keys[].KeyArn")
    assert arn in list(listed)
    assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []


def test_grants_are_listed_in_pages_and_by_what_they_are(kms, bob):
    _, grantee = bob
    arn = create(kms)
    root = root_of(account_of(arn))["AWS"]
    constraints = [{"EncryptionContextEquals": CONTEXT}, {"EncryptionContextSubset": CONTEXT}, {"SourceArn": SOURCE}]
    made = {}
    for constraint in constraints:
        members = {"KeyId": arn, "GranteePrincipal": grantee, "RetiringPrincipal": root, "Operations": ["Decrypt"]}
        made[kms.create_grant(**members, Constraints=constraint)["GrantId"]] = constraint
    other = kms.create_grant(KeyId=arn, GranteePrincipal=root, Operations=["Encrypt"])["GrantId"]

    grants = walk(kms.list_grants, "Grants", KeyId=arn)
    assert sorted(grant["GrantId"] for grant in grants) == sorted([*made, other])
    by_grantee = kms.list_grants(KeyId=arn, GranteePrincipal=grantee)["Grants"]
    assert {grant["GrantId"]: grant["Constraints"] for grant in by_grantee} == made
    assert {grant["RetiringPrincipal"] for grant in by_grantee} == {root}
    for grant in by_grantee:
        ((name, value),) = made[grant["GrantId"]].items()
        assert grant["Constraints"][name] == value
    (found,) = kms.list_grants(KeyId=arn, GrantId=other)["Grants"]
    assert found["GranteePrincipal"] == root and "Constraints" not in found
    refused("InvalidGrantIdException", kms.list_grants, "Invalid grant ID 'x'", KeyId=arn, GrantId="x")


def test_grants_that_one_can_retire_are_listed_whole(kms, bob):
    _, retiring = bob
    arn = create(kms)
    root = root_of(account_of(arn))["AWS"]
    members = {"KeyId": arn, "GranteePrincipal": root, "RetiringPrincipal": retiring, "Operations": ["Decrypt"]}
    made = {}
    for constraint in [{"EncryptionContextEquals": CONTEXT}, {"EncryptionContextSubset": CONTEXT}, {"SourceArn": SOURCE}]:
        grant = kms.create_grant(**members, Constraints=constraint, Name=fresh("grant"))
        made[grant["GrantId"]] = constraint
    listed = [grant for grant in walk(kms.list_retirable_grants, "Grants", RetiringPrincipal=retiring) if grant["GrantId"] in made]
    assert len(listed) == 3
    for grant in listed:
        ((name, value),) = made[grant["GrantId"]].items()
        assert grant["Constraints"][name] == value
        assert grant["Name"].startswith("grant-") and grant["CreationDate"]
        assert (grant["KeyId"], grant["GranteePrincipal"], grant["RetiringPrincipal"]) == (arn, root, retiring)
        assert (grant["IssuingAccount"], grant["Operations"]) == (root, ["Decrypt"])
    wrong = "arn:aws:iam"
    refused("InvalidArnException", kms.list_retirable_grants, f"Invalid arn {wrong}", RetiringPrincipal=wrong)


# --- grants of services ----------------------------------------------------------------------------


def test_a_grant_of_a_service_is_for_its_source_alone(kms):
    arn = create(kms)
    members = {"KeyId": arn, "GranteeServicePrincipal": SERVICE, "Operations": ["Encrypt"]}
    refused("ValidationException", kms.create_grant, **members)
    members |= {"RetiringServicePrincipal": SERVICE, "Constraints": {"SourceArn": SOURCE}}
    made = kms.create_grant(**members)["GrantId"]
    (grant,) = kms.list_grants(KeyId=arn, GranteeServicePrincipal=SERVICE)["Grants"]
    assert (grant["GranteeServicePrincipal"], grant["RetiringServicePrincipal"]) == (SERVICE, SERVICE)
    assert (grant["GrantId"], grant["Constraints"]) == (made, {"SourceArn": SOURCE})
    listed = kms.list_retirable_grants(RetiringServicePrincipal=SERVICE)["Grants"]
    (found,) = [one for one in listed if one["GrantId"] == made]
    assert (found["GranteeServicePrincipal"], found["RetiringServicePrincipal"]) == (SERVICE, SERVICE)


def test_a_dry_run_retires_nothing(kms, bob):
    _, grantee = bob
    arn = create(kms)
    made = kms.create_grant(KeyId=arn, GranteePrincipal=grantee, Operations=["Encrypt"])
    grant = {"KeyId": arn, "GrantId": made["GrantId"]}
    refused("DryRunOperationException", kms.retire_grant, **grant, DryRun=True)
    refused("InvalidGrantIdException", kms.retire_grant, "Invalid grant ID 'x'", KeyId=arn, GrantId="x")
    assert len(kms.list_grants(KeyId=arn)["Grants"]) == 1
    kms.retire_grant(**grant)
    assert kms.list_grants(KeyId=arn)["Grants"] == []


# --- cryptography ----------------------------------------------------------------------------------


def test_answers_name_the_algorithm(kms):
    capsule = Used(kms, CAPSULES)
    assert kms.decapsulate(**capsule.members("decapsulate"))["EncapsulationAlgorithm"] == "ML_KEM"
    assert kms.verify(**Used(kms, SIGNING).members("verify"))["SigningAlgorithm"] == "ECDSA_SHA_256"
    assert kms.verify_mac(**Used(kms, MAC).members("verify_mac"))["MacAlgorithm"] == "HMAC_SHA_256"


def test_a_public_key_tells_what_it_is_for(kms):
    shown = kms.get_public_key(KeyId=create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"))
    assert shown["EncryptionAlgorithms"] == ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
    assert (shown["CustomerMasterKeySpec"], shown["KeySpec"]) == ("RSA_2048", "RSA_2048")


def test_a_data_key_without_plaintext_has_its_context_and_material(kms):
    arn = create(kms)
    members = {"KeyId": arn, "NumberOfBytes": 24, "EncryptionContext": CONTEXT}
    made = kms.generate_data_key_without_plaintext(**members)
    assert made["KeyMaterialId"] == kms.describe_key(KeyId=arn)["KeyMetadata"]["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert len(opened["Plaintext"]) == 24
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=made["CiphertextBlob"])


def test_a_ciphertext_is_reencrypted_between_kinds_of_keys(kms):
    rsa, symmetric = create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"), create(kms)
    sealed = kms.encrypt(KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    members = {"SourceKeyId": rsa, "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "CiphertextBlob": sealed}
    made = kms.re_encrypt(DestinationKeyId=symmetric, **members)
    assert made["SourceEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == b"x"
    wrong = {"CiphertextBlob": made["CiphertextBlob"], "SourceKeyId": create(kms)}
    refused("IncorrectKeyException", kms.re_encrypt, DestinationKeyId=symmetric, **wrong)


# --- policies, aliases, tags -----------------------------------------------------------------------


def test_a_policy_that_locks_its_maker_out_can_be_put_on_purpose(kms, bob):
    _, other = bob
    arn = create(kms)
    policy = document(allow({"AWS": other}, "kms:*"))
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=arn, Policy=policy)
    kms.put_key_policy(KeyId=arn, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", kms.describe_key, KeyId=arn)
    assert json.loads(bob[0].get_key_policy(KeyId=arn)["Policy"]) == json.loads(policy)


def test_a_policy_has_at_most_32_kibibytes(kms):
    arn = create(kms)
    root = root_of(account_of(arn))
    for padding, works in [(32_768, False), (16_384, True)]:
        policy = document(allow(root, "kms:*")) + " " * padding
        if works:
            kms.put_key_policy(KeyId=arn, Policy=policy)
        else:
            refused("LimitExceededException", kms.put_key_policy, KeyId=arn, Policy=policy)
            refused("LimitExceededException", kms.create_key, Policy=policy)


def test_a_key_has_at_most_50_aliases(kms):
    full, other = create(kms), create(kms)
    for _ in range(50):
        kms.create_alias(AliasName=f"alias/{fresh('a')}", TargetKeyId=full)
    refused("LimitExceededException", kms.create_alias, AliasName=f"alias/{fresh('a')}", TargetKeyId=full)
    alias = f"alias/{fresh('a')}"
    kms.create_alias(AliasName=alias, TargetKeyId=other)
    refused("LimitExceededException", kms.update_alias, AliasName=alias, TargetKeyId=full)


def test_an_alias_without_a_name_is_none(kms):
    refused("InvalidAliasNameException", kms.create_alias, AliasName="alias/", TargetKeyId=create(kms))


# --- replicas --------------------------------------------------------------------------------------


def test_a_replica_is_shown_as_it_is_made_and_stays(server, kms):
    options = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    away = server.client("kms", region="eu-west-1")
    for members in ({}, options, {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}, *OTHER_KINDS):
        primary = create(kms, MultiRegion=True, **members)
        made = kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]
        arn = made["Arn"]
        wait_for(lambda: away.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Enabled")
        shown = away.describe_key(KeyId=arn)["KeyMetadata"]
        changed = {"KeyState": "Creating", "Enabled": False}
        for name, value in made.items():
            assert value == changed.get(name, shown[name]), name
