"""Keys, aliases, tags, policies and deletion with boto3, as an administrator meets them."""

import datetime
import json
import re

import pytest
from botocore.exceptions import ClientError
from harness import keyward, user_with
from kms_support import UNKNOWN_ID, account_of, allow, create, document, fresh, refused, root_of


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


# --- identifiers ------------------------------------------------------------------------------


def test_identifiers_that_name_nothing(kms):
    account = account_of(create(kms))
    arn = f"arn:aws:kms:us-east-1:{account}"
    missing = f"Key '{arn}:key/{UNKNOWN_ID}' does not exist"
    refused("NotFoundException", kms.describe_key, missing, KeyId=UNKNOWN_ID)
    refused("NotFoundException", kms.describe_key, missing, KeyId=f"{arn}:key/{UNKNOWN_ID}")
    refused("NotFoundException", kms.describe_key, "Invalid keyId 'x'", KeyId="x")
    dashless = UNKNOWN_ID.replace("-", "")
    refused("NotFoundException", kms.describe_key, f"Invalid keyId '{dashless}'", KeyId=dashless)
    elsewhere = f"arn:aws:kms:eu-west-1:{account}:key/{UNKNOWN_ID}"
    refused("NotFoundException", kms.describe_key, "Invalid arn eu-west-1", KeyId=elsewhere)
    refused("NotFoundException", kms.describe_key, f"Alias {arn}:alias/none is not found.", KeyId="alias/none")
    refused("InvalidArnException", kms.describe_key, KeyId="arn:aws:s3:::bucket")
    refused("NotFoundException", kms.disable_key, "Invalid keyId 'alias/none'", KeyId="alias/none")


def test_every_identifier_of_a_key(kms):
    arn = create(kms)
    alias = f"alias/{fresh('team')}/app"
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    prefix = arn.split(":key/")[0]
    for name in [arn, arn.split("/")[1], alias, f"{prefix}:{alias}"]:
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == arn


# --- states -----------------------------------------------------------------------------------


def test_enabling_and_disabling_can_be_repeated(kms):
    arn = create(kms)
    for call, enabled, state in [(kms.disable_key, False, "Disabled"), (kms.enable_key, True, "Enabled")]:
        for _ in range(2):
            call(KeyId=arn)
            metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
            assert (metadata["Enabled"], metadata["KeyState"]) == (enabled, state)


def test_deletion_waits_and_can_be_cancelled(kms):
    arn = create(kms)
    now = datetime.datetime.now(datetime.timezone.utc)
    answer = kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    assert abs(answer["DeletionDate"] - now - datetime.timedelta(days=7)) < datetime.timedelta(minutes=1)
    metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("PendingDeletion", False)
    assert metadata["DeletionDate"] == answer["DeletionDate"]
    pending = f"{arn} is pending deletion."
    for call, members in [
        (kms.schedule_key_deletion, {}),
        (kms.enable_key, {}),
        (kms.disable_key, {}),
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (kms.untag_resource, {"TagKeys": ["a"]}),
        (kms.encrypt, {"Plaintext": b"x"}),
    ]:
        refused("KMSInvalidStateException", call, pending, KeyId=arn, **members)
    alias = f"alias/{fresh('late')}"
    refused("KMSInvalidStateException", kms.create_alias, pending, AliasName=alias, TargetKeyId=arn)
    assert kms.cancel_key_deletion(KeyId=arn)["KeyId"] == arn
    metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert metadata["KeyState"] == "Disabled" and "DeletionDate" not in metadata
    refused("KMSInvalidStateException", kms.cancel_key_deletion, f"{arn} is not pending deletion.", KeyId=arn)


def test_the_waiting_period_is_seven_to_thirty_days(kms):
    arn = create(kms)
    for days, rule in [(6, "greater than or equal to 7"), (31, "less than or equal to 30")]:
        message = refused("ValidationException", kms.schedule_key_deletion, KeyId=arn, PendingWindowInDays=days)
        assert message.endswith(f"at 'pendingWindowInDays' failed to satisfy constraint: Member must have value {rule}")
    assert kms.schedule_key_deletion(KeyId=arn)["PendingWindowInDays"] == 30


# --- lists ------------------------------------------------------------------------------------


def test_keys_are_listed_in_pages(kms):
    made = {create(kms) for _ in range(3)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    listed = [entry for page in pages for entry in page["Keys"]]
    assert made <= {entry["KeyArn"] for entry in listed}
    assert len({entry["KeyId"] for entry in listed}) == len(listed)
    assert all(entry["KeyArn"].endswith(entry["KeyId"]) for entry in listed)
    assert [page["Truncated"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert "NextMarker" not in pages[-1]
    marker = kms.list_keys(Limit=1)["NextMarker"]
    too_long = refused("ValidationException", kms.list_aliases, Limit=101)
    assert too_long.endswith("at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100")
    assert kms.list_keys(Limit=1000)["Keys"]
    refused("InvalidMarkerException", kms.list_keys, Marker="made-up")
    refused("InvalidMarkerException", kms.list_aliases, Marker=marker)
    refused("InvalidMarkerException", kms.list_keys, Marker=marker[:-1] + ("A" if marker[-1] != "A" else "B"))


# --- aliases ----------------------------------------------------------------------------------


def test_an_aliass_life(kms):
    one, two = create(kms), create(kms)
    alias = f"alias/{fresh('life')}"
    kms.create_alias(AliasName=alias, TargetKeyId=one)
    (entry,) = kms.list_aliases(KeyId=one)["Aliases"]
    assert entry["AliasName"] == alias and entry["TargetKeyId"] == one.split("/")[1]
    assert entry["AliasArn"] == one.split(":key/")[0] + ":" + alias
    assert entry["CreationDate"] == entry["LastUpdatedDate"]
    kms.update_alias(AliasName=alias, TargetKeyId=two)
    assert kms.list_aliases(KeyId=one)["Aliases"] == []
    (moved,) = kms.list_aliases(KeyId=two)["Aliases"]
    assert moved["CreationDate"] == entry["CreationDate"]
    assert kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == two
    every = [e for page in kms.get_paginator("list_aliases").paginate() for e in page["Aliases"]]
    assert alias in {entry["AliasName"] for entry in every}
    kms.delete_alias(AliasName=alias)
    message = f"Alias {entry['AliasArn']} is not found."
    refused("NotFoundException", kms.delete_alias, message, AliasName=alias)
    refused("NotFoundException", kms.update_alias, message, AliasName=alias, TargetKeyId=one)
    refused("NotFoundException", kms.encrypt, message, KeyId=alias, Plaintext=b"x")


def test_what_is_no_alias(kms):
    arn = create(kms)
    taken = f"alias/{fresh('taken')}"
    kms.create_alias(AliasName=taken, TargetKeyId=arn)
    exists = f"An alias with the name {arn.split(':key/')[0]}:{taken} already exists"
    refused("AlreadyExistsException", kms.create_alias, exists, AliasName=taken, TargetKeyId=arn)
    prefix = (
        'Alias must start with the prefix "alias/". Please see '
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    )
    refused("ValidationException", kms.create_alias, prefix, AliasName="taken", TargetKeyId=arn)
    refused("NotAuthorizedException", kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=arn)
    target = "Aliases must refer to keys. Not aliases"
    refused("ValidationException", kms.create_alias, target, AliasName="alias/other", TargetKeyId=taken)
    message = refused("ValidationException", kms.create_alias, AliasName="alias/with space", TargetKeyId=arn)
    assert "at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern" in message
    signing = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    refused("ValidationException", kms.update_alias, AliasName=taken, TargetKeyId=signing)


def test_aliases_take_permission_on_alias_and_key(server, kms):
    arn = create(kms)
    account = account_of(arn)
    name = fresh("mine")
    aliases = f"arn:aws:kms:us-east-1:{account}:alias/{name}*"
    statement = {"Effect": "Allow", "Action": ["kms:CreateAlias", "kms:DeleteAlias"], "Resource": aliases}
    keys, _ = user_with(server, fresh("user"), statement)
    client = server.client("kms", keys=keys)
    message = refused("AccessDeniedException", client.create_alias, AliasName=f"alias/{name}", TargetKeyId=arn)
    assert f"kms:CreateAlias on resource: {arn} " in message
    keys, _ = user_with(server, fresh("user"), {**statement, "Resource": [aliases, arn]})
    client = server.client("kms", keys=keys)
    client.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    client.delete_alias(AliasName=f"alias/{name}")
    refused("AccessDeniedException", client.create_alias, AliasName=f"alias/{fresh('other')}", TargetKeyId=arn)


# --- tags and policies ------------------------------------------------------------------------


def test_tags_come_and_go(kms):
    arn = create(kms)
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": key, "TagValue": "1"} for key in ("a", "b", "c")])
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "b", "TagValue": "2"}])
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=arn, PaginationConfig={"PageSize": 2})
    tags = [(tag["TagKey"], tag["TagValue"]) for page in pages for tag in page["Tags"]]
    assert tags == [("a", "1"), ("b", "2"), ("c", "1")]
    kms.untag_resource(KeyId=arn, TagKeys=["a", "c", "never"])
    answer = kms.list_resource_tags(KeyId=arn)
    assert answer["Tags"] == [{"TagKey": "b", "TagValue": "2"}] and answer["Truncated"] is False
    reserved = [{"TagKey": "aws:x", "TagValue": ""}]
    refused("TagException", kms.tag_resource, "Tags beginning with aws: are reserved", KeyId=arn, Tags=reserved)
    many = [{"TagKey": str(number), "TagValue": ""} for number in range(50)]
    refused("TagException", kms.tag_resource, "Too many tags", KeyId=arn, Tags=many)


def test_another_policy_counts_at_once(server, kms):
    arn = create(kms)
    keys, user = user_with(server, fresh("user"))
    client = server.client("kms", keys=keys)
    refused("AccessDeniedException", client.encrypt, KeyId=arn, Plaintext=b"x")
    own = allow(root_of(account_of(arn)), "kms:*")
    kms.put_key_policy(KeyId=arn, Policy=document(own, allow({"AWS": user}, "kms:Encrypt")))
    client.encrypt(KeyId=arn, Plaintext=b"x")
    deny = {**allow({"AWS": user}, "kms:Encrypt"), "Effect": "Deny"}
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=document(own, deny))
    message = (
        f"User: {user} is not authorized to perform: kms:Encrypt on resource: {arn} with an explicit deny in a "
        "resource-based policy"
    )
    refused("AccessDeniedException", client.encrypt, message, KeyId=arn, Plaintext=b"x")


def test_policies_that_cannot_be_put(kms):
    arn = create(kms)
    before = kms.get_key_policy(KeyId=arn)["Policy"]
    own = allow(root_of(account_of(arn)), "kms:*")
    lockout = "The new key policy will not allow you to update the key policy in the future."
    closed = document(allow(root_of(account_of(arn)), "kms:Encrypt"))
    refused("MalformedPolicyDocumentException", kms.put_key_policy, lockout, KeyId=arn, Policy=closed)
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=arn, Policy="{}")
    nothing = {"Policy": document(), "BypassPolicyLockoutSafetyCheck": True}
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=arn, **nothing)
    message = "The AWS_RAM policy can only be managed by the RAM service"
    members = {"KeyId": arn, "Policy": document(own)}
    refused("ValidationException", kms.put_key_policy, message, PolicyName="AWS_RAM", **members)
    refused("ValidationException", kms.put_key_policy, PolicyName="other", **members)
    refused("NotFoundException", kms.get_key_policy, KeyId=arn, PolicyName="other")
    assert json.loads(kms.get_key_policy(KeyId=arn)["Policy"]) == json.loads(before)
    assert kms.list_key_policies(KeyId=arn) | {"ResponseMetadata": None} == {
        "PolicyNames": ["default"],
        "Truncated": False,
        "ResponseMetadata": None,
    }


# --- accounts and restarts --------------------------------------------------------------------


def test_another_account_uses_a_key_when_both_sides_allow(own_server):
    with own_server as server:
        kms = server.client("kms")
        arn = create(kms)
        made = keyward("account", "create", "--name", "other", "--data-dir", server.folder)
        assert made.returncode == 0, made.stderr
        account = re.search(r"^# account (\d{12}) ", made.stdout).group(1)
        other = server.client("kms", keys=re.findall(r"^export AWS_\w+='?([^'\n]+)'?$", made.stdout, re.M))
        hidden = refused("AccessDeniedException", other.describe_key, KeyId=arn)
        missing = arn.split("key/")[0] + "key/" + UNKNOWN_ID
        absent = refused("AccessDeniedException", other.describe_key, KeyId=missing)
        assert hidden.replace(arn, missing) == absent
        shared = document(
            allow(root_of(account_of(arn)), "kms:*"), allow(root_of(account), "kms:Encrypt", "kms:Decrypt", "kms:DisableKey")
        )
        kms.put_key_policy(KeyId=arn, Policy=shared)
        blob = other.encrypt(KeyId=arn, Plaintext=b"shared")["CiphertextBlob"]
        assert other.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
        refused("AccessDeniedException", other.disable_key, KeyId=arn)
        assert arn not in {entry["KeyArn"] for entry in other.list_keys()["Keys"]}


def test_keys_of_one_region_are_not_in_another(server, kms):
    arn = create(kms)
    regions = [region for region in ["us-west-2", "eu-west-1", "eu-central-1"] if serves(server, region)]
    for region in regions:
        elsewhere = server.client("kms", region=region)
        message = f"Key '{arn.replace('us-east-1', region)}' does not exist"
        refused("NotFoundException", elsewhere.describe_key, message, KeyId=arn.split("/")[1])
        refused("NotFoundException", elsewhere.describe_key, "Invalid arn us-east-1", KeyId=arn)


def serves(server, region):
    try:
        server.client("kms", region=region).list_keys()
        return True
    except Exception:
        return False


def test_everything_is_there_after_a_restart(own_server):
    server = own_server.start()
    kms = server.client("kms")
    arn = create(kms, Description="kept", Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.create_alias(AliasName="alias/kept", TargetKeyId=arn)
    signing = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    public_key = kms.get_public_key(KeyId=signing)["PublicKey"]
    pending = create(kms)
    date = kms.schedule_key_deletion(KeyId=pending, PendingWindowInDays=7)["DeletionDate"]
    marker = kms.list_keys(Limit=1)["NextMarker"]
    before = kms.describe_key(KeyId=arn)["KeyMetadata"]
    kms = server.restart().client("kms")
    assert kms.describe_key(KeyId="alias/kept")["KeyMetadata"] == before
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert kms.list_resource_tags(KeyId=arn)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert kms.get_public_key(KeyId=signing)["PublicKey"] == public_key
    assert kms.describe_key(KeyId=pending)["KeyMetadata"]["DeletionDate"] == date
    assert len(kms.list_keys(Marker=marker)["Keys"]) == 2


# --- on the wire ------------------------------------------------------------------------------


def test_answers_have_awss_form_on_the_wire(kms):
    arn = create(kms)
    alias = f"alias/{fresh('wire')}"
    empty = [
        (kms.create_alias, {"AliasName": alias, "TargetKeyId": arn}),
        (kms.update_alias, {"AliasName": alias, "TargetKeyId": arn}),
        (kms.delete_alias, {"AliasName": alias}),
        (kms.disable_key, {"KeyId": arn}),
        (kms.enable_key, {"KeyId": arn}),
        (kms.put_key_policy, {"KeyId": arn, "Policy": kms.get_key_policy(KeyId=arn)["Policy"]}),
        (kms.tag_resource, {"KeyId": arn, "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (kms.untag_resource, {"KeyId": arn, "TagKeys": ["a"]}),
        (kms.update_key_description, {"KeyId": arn, "Description": "d"}),
    ]
    for call, members in empty:
        metadata = call(**members)["ResponseMetadata"]
        headers = metadata["HTTPHeaders"]
        assert (metadata["HTTPStatusCode"], headers["content-length"]) == (200, "0"), call
        assert headers["x-amzn-requestid"] == metadata["RequestId"]
    headers = kms.describe_key(KeyId=arn)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/x-amz-json-1.1"
    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=b"x")
    # AWS sends no message, so that nobody learns why.
    body = '{"__type":"InvalidCiphertextException"}'
    assert error.value.response["ResponseMetadata"]["HTTPHeaders"]["content-length"] == str(len(body))
