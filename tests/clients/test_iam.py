"""IAM and STS with boto3: users, access keys, roles, inline policies, and what they then may do."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from harness import user_with

VERSION = "2012-10-17"
LISTS = {"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}


def fresh(word):
    return f"{word}-{uuid.uuid4().hex[:8]}"


def fails(code, status, call, **members):
    """The call fails with this code and status; answers the message."""
    with pytest.raises(ClientError) as error:
        call(**members)
    response = error.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    return response["Error"]["Message"]


def document(*statements):
    return json.dumps({"Version": VERSION, "Statement": list(statements)})


def trust(principal):
    return document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"})


def test_a_users_life(server):
    iam = server.client("iam")
    account = server.client("sts").get_caller_identity()["Account"]
    name = fresh("ada")
    user = iam.create_user(UserName=name, Path="/team/")["User"]
    assert user["Arn"] == f"arn:aws:iam::{account}:user/team/{name}"
    assert user["UserId"].startswith("AIDA") and len(user["UserId"]) == 21
    assert iam.get_user(UserName=name)["User"]["UserId"] == user["UserId"]
    assert name in {u["UserName"] for u in iam.list_users(PathPrefix="/team/")["Users"]}
    assert iam.list_users(PathPrefix="/nowhere/")["Users"] == []
    fails("EntityAlreadyExists", 409, iam.create_user, UserName=name.upper())
    iam.delete_user(UserName=name)
    message = fails("NoSuchEntity", 404, iam.get_user, UserName=name)
    assert message == f"The user with name {name} cannot be found."


def test_a_user_with_keys_or_policies_is_not_deleted(server):
    iam = server.client("iam")
    name = fresh("kept")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    fails("DeleteConflict", 409, iam.delete_user, UserName=name)
    iam.delete_access_key(UserName=name, AccessKeyId=key)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(LISTS))
    fails("DeleteConflict", 409, iam.delete_user, UserName=name)
    iam.delete_user_policy(UserName=name, PolicyName="p")
    iam.delete_user(UserName=name)


def test_access_keys(server):
    iam = server.client("iam")
    name = fresh("keys")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20
    assert len(key["SecretAccessKey"]) == 40 and key["Status"] == "Active"
    pair = key["AccessKeyId"], key["SecretAccessKey"]
    me = server.client("sts", keys=pair).get_caller_identity()
    assert me["Arn"].endswith(f":user/{name}")
    iam.create_access_key(UserName=name)
    message = fails("LimitExceeded", 409, iam.create_access_key, UserName=name)
    assert message == "Cannot exceed quota for AccessKeysPerUser: 2"
    listed = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert len(listed) == 2 and all("SecretAccessKey" not in entry for entry in listed)
    iam.update_access_key(UserName=name, AccessKeyId=pair[0], Status="Inactive")
    fails("InvalidClientTokenId", 403, server.client("sts", keys=pair).get_caller_identity)
    iam.update_access_key(UserName=name, AccessKeyId=pair[0], Status="Active")
    server.client("sts", keys=pair).get_caller_identity()
    iam.delete_access_key(UserName=name, AccessKeyId=pair[0])
    fails("InvalidClientTokenId", 403, server.client("sts", keys=pair).get_caller_identity)


def test_an_inline_policy_gives_and_takes_rights_at_once(server):
    iam = server.client("iam")
    name = fresh("rights")
    keys, arn = user_with(server, name)
    kms = server.client("kms", keys=keys)
    fails("AccessDeniedException", 400, kms.list_keys)
    iam.put_user_policy(UserName=name, PolicyName="lists", PolicyDocument=document(LISTS))
    kms.list_keys()
    deny = {"Effect": "Deny", "Action": "kms:ListKeys", "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="no", PolicyDocument=document(deny))
    message = fails("AccessDeniedException", 400, kms.list_keys)
    assert message.startswith(f"User: {arn} is not authorized to perform: kms:ListKeys on resource: * with an explicit deny")
    iam.delete_user_policy(UserName=name, PolicyName="no")
    kms.list_keys()
    policy = iam.get_user_policy(UserName=name, PolicyName="lists")
    assert policy["PolicyDocument"]["Statement"] == [LISTS]
    assert iam.list_user_policies(UserName=name)["PolicyNames"] == ["lists"]


def test_bad_policies_are_refused(server):
    iam = server.client("iam")
    name = fresh("bad")
    iam.create_user(UserName=name)
    for text in (
        "not json",
        "{}",
        document({"Effect": "Perhaps", "Action": "*", "Resource": "*"}),
        document({"Effect": "Allow", "Action": "*"}),
        document({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}),
    ):
        fails("MalformedPolicyDocument", 400, iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=text)
    assert iam.list_user_policies(UserName=name)["PolicyNames"] == []


def test_a_roles_life_and_its_sessions(server):
    iam = server.client("iam")
    name = fresh("role")
    keys, arn = user_with(server, fresh("assumer"))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(arn), MaxSessionDuration=7200)["Role"]
    assert role["RoleId"].startswith("AROA")
    assert iam.get_role(RoleName=name)["Role"]["Arn"] == role["Arn"]
    assert name in {r["RoleName"] for page in iam.get_paginator("list_roles").paginate() for r in page["Roles"]}
    iam.put_role_policy(
        RoleName=name,
        PolicyName="random",
        PolicyDocument=document({"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*"}),
    )
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["random"]
    assert iam.get_role_policy(RoleName=name, PolicyName="random")["PolicyDocument"]["Version"] == VERSION
    answer = server.client("sts", keys=keys).assume_role(RoleArn=role["Arn"], RoleSessionName="one", DurationSeconds=900)
    session = answer["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA")
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:one"
    pair, token = (session["AccessKeyId"], session["SecretAccessKey"]), session["SessionToken"]
    assert len(server.client("kms", keys=pair, token=token).generate_random(NumberOfBytes=8)["Plaintext"]) == 8
    message = fails("AccessDeniedException", 400, server.client("kms", keys=pair, token=token).list_keys)
    assert f":assumed-role/{name}/one is not authorized to perform: kms:ListKeys" in message
    fails("DeleteConflict", 409, iam.delete_role, RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="random")
    iam.delete_role(RoleName=name)
    fails("NoSuchEntity", 404, iam.get_role, RoleName=name)


def test_a_role_is_assumed_only_by_whom_it_trusts(server):
    iam = server.client("iam")
    name = fresh("guarded")
    keys, arn = user_with(server, fresh("stranger"))
    account = server.client("sts").get_caller_identity()["Account"]
    root = f"arn:aws:iam::{account}:root"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(root))["Role"]["Arn"]
    sts = server.client("sts", keys=keys)
    # The account is trusted, so the user's own policy decides: it has none.
    message = fails("AccessDenied", 403, sts.assume_role, RoleArn=role, RoleSessionName="one")
    assert message.startswith(f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role}")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(arn))
    sts.assume_role(RoleArn=role, RoleSessionName="one")
    message = fails("ValidationError", 400, sts.assume_role, RoleArn=role, RoleSessionName="one", DurationSeconds=7200)
    assert message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    fails("AccessDenied", 403, sts.assume_role, RoleArn=role + "x", RoleSessionName="one")


def test_caller_identity_needs_no_permission(server):
    keys, arn = user_with(
        server, fresh("denied"), {"Effect": "Deny", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    )
    assert server.client("sts", keys=keys).get_caller_identity()["Arn"] == arn


def test_lists_come_in_pages(server):
    iam = server.client("iam")
    path = f"/{fresh('pages')}/"
    names = sorted(fresh("page") for _ in range(5))
    for name in names:
        iam.create_user(UserName=name, Path=path)
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]
    assert sorted(user["UserName"] for page in pages for user in page["Users"]) == names


def test_users_and_rights_survive_a_kill(own_server):
    own_server.start()
    keys, arn = user_with(own_server, "durable", {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"})
    own_server.kill()
    own_server.start()
    assert own_server.client("sts", keys=keys).get_caller_identity()["Arn"] == arn
    own_server.client("kms", keys=keys).list_keys()


def test_no_secret_lies_in_the_data_folder_in_clear(own_server):
    own_server.start()
    iam = own_server.client("iam")
    iam.create_user(UserName="someone")
    key = iam.create_access_key(UserName="someone")["AccessKey"]
    _, root_secret = own_server.keys()
    own_server.stop()
    stored = (own_server.folder / "store.redb").read_bytes()
    assert key["AccessKeyId"].encode() in stored
    assert key["SecretAccessKey"].encode() not in stored and root_secret.encode() not in stored
    # The vault opens them again.
    own_server.start()
    keys = (key["AccessKeyId"], key["SecretAccessKey"])
    assert own_server.client("sts", keys=keys).get_caller_identity()["Arn"].endswith(":user/someone")
