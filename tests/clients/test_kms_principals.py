"""Key policies and users or roles that come and go, with boto3."""

import json

import pytest
from botocore.exceptions import ClientError
from harness import user_with, wait_for
from kms_support import account_of, allow, create, document, fresh, refused, root_of

INVALID = "Policy contains a statement with one or more invalid principals."


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def account(kms):
    return account_of(create(kms))


def delete_user(iam, name):
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def policy_for(account, principal, *more):
    elsewhere = {"ArnEquals": {"aws:PrincipalArn": principal}}
    return document(
        allow(root_of(account), "kms:*"),
        allow({"AWS": principal}, "kms:Encrypt", "kms:DescribeKey"),
        allow({"AWS": root_of(account)["AWS"]}, "kms:Decrypt", Condition=elsewhere),
        *more,
    )


def policy_of(kms, key):
    return kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def test_a_user_who_is_made_again_does_not_inherit(server, kms, iam, account):
    name = fresh("alice")
    keys, arn = user_with(server, name)
    id = iam.get_user(UserName=name)["User"]["UserId"]
    text = policy_for(account, arn)
    key = create(kms, Policy=text)
    alice = server.client("kms", keys=keys)
    assert alice.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    assert policy_of(kms, key) == text

    delete_user(iam, name)
    shown = json.loads(policy_of(kms, key))
    assert id.startswith("AIDA") and shown["Statement"][1]["Principal"] == {"AWS": id}
    # Only the principal is somebody; the condition is a text that is compared.
    assert shown["Statement"][2]["Condition"] == {"ArnEquals": {"aws:PrincipalArn": arn}}

    keys, again = user_with(server, name)
    assert again == arn and iam.get_user(UserName=name)["User"]["UserId"] != id
    other = server.client("kms", keys=keys)
    message = refused("AccessDeniedException", other.encrypt, KeyId=key, Plaintext=b"x")
    assert message.endswith("because no identity-based policy allows the kms:Encrypt action")
    assert json.loads(policy_of(kms, key)) == shown
    # A policy with somebody who is gone is refused, as the one that is shown is.
    refused("MalformedPolicyDocumentException", kms.put_key_policy, INVALID, KeyId=key, Policy=json.dumps(shown))

    kms.put_key_policy(KeyId=key, Policy=text)
    assert policy_of(kms, key) == text
    wait_for(lambda: other.encrypt(KeyId=key, Plaintext=b"x"))


def test_a_role_that_is_made_again_does_not_inherit(server, kms, iam, account):
    name = fresh("role")
    keys, caller = user_with(server, fresh("caller"), {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    trust = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sts:AssumeRole"}}
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]

    def session():
        made = server.client("sts", keys=keys).assume_role(RoleArn=role["Arn"], RoleSessionName="some")["Credentials"]
        return server.client("kms", keys=(made["AccessKeyId"], made["SecretAccessKey"]), token=made["SessionToken"])

    key = create(kms, Policy=policy_for(account, role["Arn"]))
    assert session().encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    iam.delete_role(RoleName=name)
    shown = json.loads(policy_of(kms, key))
    assert role["RoleId"].startswith("AROA") and shown["Statement"][1]["Principal"] == {"AWS": role["RoleId"]}
    again = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    assert again["Arn"] == role["Arn"] and again["RoleId"] != role["RoleId"]
    refused("AccessDeniedException", session().encrypt, KeyId=key, Plaintext=b"x")
    assert json.loads(policy_of(kms, key)) == shown


def test_a_denial_stays_with_whom_it_meant(server, kms, iam, account):
    name = fresh("mallory")
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    keys, arn = user_with(server, name, everything)
    deny = {"Effect": "Deny", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    key = create(kms, Policy=policy_for(account, root_of(account)["AWS"], deny))
    message = refused("AccessDeniedException", server.client("kms", keys=keys).encrypt, KeyId=key, Plaintext=b"x")
    assert message.endswith("with an explicit deny in a resource-based policy")
    delete_user(iam, name)
    keys, _ = user_with(server, name, everything)
    assert server.client("kms", keys=keys).encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


def test_principals_that_do_not_exist_are_refused(kms, iam, account):
    key, name = create(kms), fresh("gone")
    user = iam.create_user(UserName=name)["User"]
    # The id of somebody who exists is as good as the ARN.
    kms.put_key_policy(KeyId=key, Policy=policy_for(account, user["UserId"]))
    iam.delete_user(UserName=name)
    before = policy_of(kms, key)
    gone = [user["Arn"], user["UserId"], f"arn:aws:iam::{account}:role/{name}", f"arn:aws:sts::{account}:assumed-role/{name}/s"]
    for principal in gone:
        text = policy_for(account, principal)
        refused("MalformedPolicyDocumentException", kms.put_key_policy, INVALID, KeyId=key, Policy=text)
        refused("MalformedPolicyDocumentException", kms.create_key, INVALID, Policy=text)
        # Bypassing the lockout check bypasses only that.
        bypass = {"BypassPolicyLockoutSafetyCheck": True}
        refused("MalformedPolicyDocumentException", kms.create_key, INVALID, Policy=text, **bypass)
    assert policy_of(kms, key) == before


def test_creating_a_key_includes_its_first_policy(server, kms):
    creates = {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"}
    keys, arn = user_with(server, fresh("maker"), creates)
    maker = server.client("kms", keys=keys)
    key = create(maker)
    default = policy_of(kms, key)
    # Given, the same policy must let its giver change it.
    locked = "The new key policy will not allow you to update the key policy in the future."
    refused("MalformedPolicyDocumentException", maker.create_key, locked, Policy=default)
    assert policy_of(kms, create(maker, Policy=default, BypassPolicyLockoutSafetyCheck=True)) == default
    own = document(allow(root_of(account_of(key)), "kms:*"), allow({"AWS": arn}, "kms:PutKeyPolicy"))
    assert policy_of(kms, create(maker, Policy=own)) == own
    # It may make keys and nothing else: the policy of the first one is not its to change.
    with pytest.raises(ClientError, match="AccessDenied"):
        maker.put_key_policy(KeyId=key, Policy=own)


def test_a_replica_has_its_default_policy_without_the_permission_to_put_it(server, kms):
    replicates = {"Effect": "Allow", "Action": ["kms:CreateKey", "kms:ReplicateKey"], "Resource": "*"}
    keys, _ = user_with(server, fresh("replicator"), replicates)
    maker = server.client("kms", keys=keys)
    key = create(maker, MultiRegion=True)
    made = maker.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    assert json.loads(made["ReplicaPolicy"])["Id"] == "key-default-1"
    other = create(maker, MultiRegion=True)
    locked = "The new key policy will not allow you to update the key policy in the future."
    replicate = maker.replicate_key
    policy = made["ReplicaPolicy"]
    refused("MalformedPolicyDocumentException", replicate, locked, KeyId=other, ReplicaRegion="eu-west-1", Policy=policy)


def test_a_grant_stays_with_whom_it_was_made_for(server, kms, iam, account):
    name = fresh("carol")
    keys, arn = user_with(server, name)
    id = iam.get_user(UserName=name)["User"]["UserId"]
    key = create(kms)
    operations = ["Encrypt", "RetireGrant"]
    members = {"KeyId": key, "GranteePrincipal": arn, "RetiringPrincipal": arn, "Operations": operations, "Name": "one"}
    made = kms.create_grant(**members)["GrantId"]
    assert server.client("kms", keys=keys).encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key

    def parties(**filters):
        return [(one["GranteePrincipal"], one["RetiringPrincipal"]) for one in kms.list_grants(KeyId=key, **filters)["Grants"]]

    assert parties() == parties(GranteePrincipal=arn) == [(arn, arn)]
    delete_user(iam, name)
    assert parties() == parties(GranteePrincipal=id) == [(id, id)]
    keys, _ = user_with(server, name)
    other = server.client("kms", keys=keys)
    refused("AccessDeniedException", other.encrypt, KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", other.retire_grant, KeyId=key, GrantId=made)
    assert parties(GranteePrincipal=arn) == []
    assert kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"] == []

    again = kms.create_grant(**members)["GrantId"]
    assert again != made and parties(GranteePrincipal=arn) == [(arn, arn)]
    wait_for(lambda: other.encrypt(KeyId=key, Plaintext=b"x"))
    (retirable,) = kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"]
    assert retirable["GrantId"] == again
    other.retire_grant(KeyId=key, GrantId=again)
    kms.revoke_grant(KeyId=key, GrantId=made)
    assert parties() == []
