"""Grants with boto3: made, used, listed, retired and revoked, and their errors."""

import pytest
from harness import user_with
from kms_support import account_of, create, fresh, refused


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def bob(server):
    keys, arn = user_with(server, fresh("bob"))
    return server.client("kms", keys=keys), arn


def test_a_grants_life(kms, bob):
    client, bob_arn = bob
    arn = create(kms)
    refused("AccessDeniedException", client.encrypt, KeyId=arn, Plaintext=b"x")
    made = kms.create_grant(KeyId=arn, GranteePrincipal=bob_arn, Operations=["Encrypt", "Decrypt"], Name="one")
    sealed = client.encrypt(KeyId=arn, Plaintext=b"x", GrantTokens=[made["GrantToken"]])["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    refused("AccessDeniedException", client.describe_key, KeyId=arn)

    (entry,) = kms.list_grants(KeyId=arn)["Grants"]
    entry.pop("CreationDate")
    assert entry == {
        "KeyId": arn,
        "GrantId": made["GrantId"],
        "Name": "one",
        "GranteePrincipal": bob_arn,
        "IssuingAccount": f"arn:aws:iam::{account_of(arn)}:root",
        "Operations": ["Decrypt", "Encrypt"],
    }
    again = kms.create_grant(KeyId=arn, GranteePrincipal=bob_arn, Operations=["Encrypt", "Decrypt"], Name="one")
    assert again["GrantId"] == made["GrantId"] and again["GrantToken"] != made["GrantToken"]
    refused("DryRunOperationException", kms.revoke_grant, KeyId=arn, GrantId=made["GrantId"], DryRun=True)
    kms.revoke_grant(KeyId=arn, GrantId=made["GrantId"])
    refused("AccessDeniedException", client.encrypt, KeyId=arn, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    assert kms.list_grants(KeyId=arn)["Grants"] == []
    refused("NotFoundException", kms.revoke_grant, KeyId=arn, GrantId=made["GrantId"])


def test_constraints_on_the_encryption_context(kms, bob):
    client, bob_arn = bob
    arn = create(kms)
    for constraints in [
        {"EncryptionContextEquals": {"team": "a"}},
        {"EncryptionContextSubset": {"project": "p"}},
    ]:
        kms.create_grant(KeyId=arn, GranteePrincipal=bob_arn, Operations=["GenerateDataKey"], Constraints=constraints)

    def data_key(context):
        return client.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)

    for context in [{"team": "a"}, {"project": "p"}, {"project": "p", "team": "b"}]:
        assert len(data_key(context)["Plaintext"]) == 32
    for context in [{}, {"team": "b"}, {"Team": "a"}, {"team": "a", "more": "x"}]:
        refused("AccessDeniedException", data_key, context=context)


def test_retiring(server, kms, bob):
    client, bob_arn = bob
    keys, rita_arn = user_with(server, fresh("rita"))
    rita = server.client("kms", keys=keys)
    arn = create(kms)
    members = {"KeyId": arn, "GranteePrincipal": bob_arn, "RetiringPrincipal": rita_arn, "Operations": ["Encrypt"]}
    first, second = kms.create_grant(**members), kms.create_grant(**members)
    retirable = kms.list_retirable_grants(RetiringPrincipal=rita_arn)["Grants"]
    assert {entry["GrantId"] for entry in retirable} == {first["GrantId"], second["GrantId"]}
    pages = kms.get_paginator("list_retirable_grants").paginate(
        RetiringPrincipal=rita_arn, PaginationConfig={"PageSize": 1}
    )
    assert [len(page["Grants"]) for page in pages] == [1, 1]
    refused("AccessDeniedException", client.retire_grant, GrantToken=first["GrantToken"])
    rita.retire_grant(GrantToken=first["GrantToken"])
    client.encrypt(KeyId=arn, Plaintext=b"x")
    rita.retire_grant(KeyId=arn, GrantId=second["GrantId"])
    refused("AccessDeniedException", client.encrypt, KeyId=arn, Plaintext=b"x")
    assert kms.list_retirable_grants(RetiringPrincipal=rita_arn)["Grants"] == []


def test_what_makes_no_grant(kms, bob):
    _, bob_arn = bob
    arn = create(kms)
    signing = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    good = {"KeyId": arn, "GranteePrincipal": bob_arn, "Operations": ["Encrypt"]}
    for code, members in [
        ("ValidationException", {**good, "Operations": ["Sign"]}),
        ("ValidationException", {**good, "KeyId": signing}),
        ("InvalidArnException", {**good, "GranteePrincipal": bob_arn + "-nobody"}),
        ("InvalidGrantTokenException", {**good, "GrantTokens": ["made-up"]}),
        ("DryRunOperationException", {**good, "DryRun": True}),
    ]:
        refused(code, kms.create_grant, **members)
    refused("InvalidGrantTokenException", kms.encrypt, KeyId=arn, Plaintext=b"x", GrantTokens=["made-up"])
    refused("InvalidGrantTokenException", kms.retire_grant, GrantToken="made-up")
    refused("InvalidGrantIdException", kms.revoke_grant, KeyId=arn, GrantId="made-up")
    refused("InvalidMarkerException", kms.list_grants, KeyId=arn, Marker="made-up")
    kms.disable_key(KeyId=arn)
    refused("DisabledException", kms.create_grant, f"{arn} is disabled.", **good)
    assert kms.list_grants(KeyId=arn)["Grants"] == []


def test_delegation(server, kms, bob):
    client, bob_arn = bob
    keys, carol_arn = user_with(server, fresh("carol"))
    carol = server.client("kms", keys=keys)
    arn = create(kms)
    kms.create_grant(KeyId=arn, GranteePrincipal=bob_arn, Operations=["CreateGrant", "Encrypt"])
    refused(
        "AccessDeniedException", client.create_grant, KeyId=arn, GranteePrincipal=carol_arn, Operations=["Decrypt"]
    )
    client.create_grant(KeyId=arn, GranteePrincipal=carol_arn, Operations=["Encrypt"])
    assert carol.encrypt(KeyId=arn, Plaintext=b"x")["KeyId"] == arn
