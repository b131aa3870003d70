"""The front door, as a stranger meets it: signatures, clocks, protocols, unknown operations.

Requests are signed by botocore and then spoiled, one thing at a time.
"""

import datetime
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from harness import user_with

JSON = "application/x-amz-json-1.1"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error's code, in whichever protocol it came."""
        text = self.body.decode()
        found = re.search(r"<Code>([^<]*)</Code>", text)
        return found.group(1) if found else self.json["__type"]

    @property
    def message(self):
        text = self.body.decode()
        found = re.search(r"<Message>([^<]*)</Message>", text)
        return found.group(1) if found else self.json.get("message")


def send(url, method="POST", headers=None, body=b""):
    request = urllib.request.Request(url, data=body if method != "GET" else None, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def signed(server, service, body, headers, keys=None, region="us-east-1", at=None, path="/", method="POST", monkeypatch=None):
    """A request as botocore signs it; `at` moves its clock."""
    access_key_id, secret = (keys or server.keys())[:2]
    token = keys[2] if keys and len(keys) > 2 else None
    request = botocore.awsrequest.AWSRequest(
        method=method, url=server.endpoints["api"] + path, data=body, headers=headers
    )
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key_id, secret, token), service, region)
    if at is not None:
        moved = at
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: moved)
    signer.add_auth(request)
    return dict(request.headers.items())


def kms(operation):
    return {"Content-Type": JSON, "X-Amz-Target": f"TrentService.{operation}"}


def list_keys(server, **options):
    body = options.pop("body", b"{}")
    return send(server.endpoints["api"], headers=signed(server, "kms", body, kms("ListKeys"), **options), body=body)


def test_a_good_signature_is_accepted(server):
    answer = list_keys(server)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == JSON
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-RequestId"])
    assert answer.json["Truncated"] in (True, False)


def test_no_signature(server):
    answer = send(server.endpoints["api"], headers=kms("ListKeys"), body=b"{}")
    assert (answer.status, answer.code) == (400, "MissingAuthenticationTokenException")
    answer = send(server.endpoints["api"] + "/2013-04-01/hostedzone", method="GET")
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")


def test_a_wrong_secret_is_refused(server):
    answer = list_keys(server, keys=(server.keys()[0], "x" * 40))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.message.startswith(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method."
    )
    with pytest.raises(ClientError) as error:
        server.client("route53", keys=(server.keys()[0], "x" * 40)).list_hosted_zones()
    assert error.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_unknown_key_is_refused(server):
    answer = list_keys(server, keys=("AKIAIOSFODNN7EXAMPLE", "x" * 40))
    assert (answer.status, answer.code) == (400, "UnrecognizedClientException")
    assert answer.message == "The security token included in the request is invalid."
    with pytest.raises(ClientError) as error:
        server.client("iam", keys=("AKIAIOSFODNN7EXAMPLE", "x" * 40)).list_users()
    assert error.value.response["Error"]["Code"] == "InvalidClientTokenId"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_changed_body_is_refused(server):
    headers = signed(server, "kms", b'{"Limit":1}', kms("ListKeys"))
    answer = send(server.endpoints["api"], headers=headers, body=b'{"Limit":2}')
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")


def test_a_changed_signed_header_is_refused(server):
    headers = signed(server, "kms", b"{}", kms("ListKeys"))
    headers["X-Amz-Target"] = "TrentService.ListAliases"
    assert send(server.endpoints["api"], headers=headers, body=b"{}").code == "InvalidSignatureException"


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def test_an_old_request_replayed_is_refused(server, monkeypatch):
    answer = list_keys(server, at=now() - datetime.timedelta(minutes=16), monkeypatch=monkeypatch)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert re.fullmatch(
        r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)", answer.message
    )


def test_a_request_from_the_future_is_refused(server, monkeypatch):
    answer = list_keys(server, at=now() + datetime.timedelta(minutes=16), monkeypatch=monkeypatch)
    assert answer.code == "InvalidSignatureException"
    assert answer.message.startswith("Signature not yet current: ")


def test_the_clock_may_be_off_by_fourteen_minutes(server, monkeypatch):
    assert list_keys(server, at=now() - datetime.timedelta(minutes=14), monkeypatch=monkeypatch).status == 200


def test_the_scope_must_name_a_region_and_the_service(server):
    answer = list_keys(server, region="us-nowhere-9")
    assert answer.code == "InvalidSignatureException"
    assert answer.message == "Credential should be scoped to a valid region, not 'us-nowhere-9'. "
    headers = signed(server, "sqs", b"{}", kms("ListKeys"))
    answer = send(server.endpoints["api"], headers=headers, body=b"{}")
    assert answer.code == "InvalidSignatureException"
    assert answer.message == "Credential should be scoped to correct service: 'kms'. "


def test_malformed_authorization_headers(server):
    for text, part in [
        ("AWS4-HMAC-SHA256 Credential=x", "Authorization header requires 'Signature' parameter."),
        ("AWS4-HMAC-SHA256 nonsense", "not a valid key=value pair (missing equal-sign) in Authorization header"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
            "Credential must have exactly 5 slash-delimited elements",
        ),
    ]:
        headers = {**kms("ListKeys"), "Authorization": text, "X-Amz-Date": "20260101T000000Z"}
        answer = send(server.endpoints["api"], headers=headers, body=b"{}")
        assert (answer.status, answer.code) == (400, "IncompleteSignatureException"), text
        assert part in answer.message


def test_presigned_urls_work_and_expire(server, monkeypatch):
    url = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60)
    answer = send(url)
    assert answer.status == 200 and b":root</Arn>" in answer.body
    assert send(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")).code == "SignatureDoesNotMatch"
    past = now() - datetime.timedelta(minutes=40)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: past)
    old = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60)
    assert send(old).status == 403


def test_session_tokens_must_be_theirs(server):
    (keys, arn) = user_with(server, "front-door-session")
    role = server.client("iam").create_role(
        RoleName="front-door",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}],
            }
        ),
    )["Role"]["Arn"]
    session = server.client("sts", keys=keys).assume_role(RoleArn=role, RoleSessionName="here")["Credentials"]
    pair = session["AccessKeyId"], session["SecretAccessKey"]
    me = server.client("sts", keys=pair, token=session["SessionToken"]).get_caller_identity()
    assert me["Arn"].endswith(":assumed-role/front-door/here")
    for token in (None, session["SessionToken"][:-4] + "AAAA"):
        with pytest.raises(ClientError) as error:
            server.client("sts", keys=pair, token=token).get_caller_identity()
        assert error.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_unknown_operations_are_told_from_those_not_served_yet(server):
    headers = signed(server, "kms", b"{}", kms("MakeCoffee"))
    answer = send(server.endpoints["api"], headers=headers, body=b"{}")
    assert answer.code == "UnknownOperationException"
    for service, call in [
        ("route53", lambda client: client.list_health_checks()),
        ("iam", lambda client: client.list_groups()),
        ("route53domains", lambda client: client.list_prices(Tld="org")),
    ]:
        with pytest.raises(ClientError) as error:
            call(server.client(service))
        message = error.value.response["Error"]["Message"]
        assert {"route53": "ListHealthChecks", "iam": "ListGroups", "route53domains": "ListPrices"}[
            service
        ] in message


def test_bad_json_is_a_serialization_error(server):
    for body in (b"{", b'{"Limit":"many"}', b"[]"):
        assert list_keys(server, body=body).code == "SerializationException", body


def test_constraints_are_answered_in_awss_words(server):
    answer = list_keys(server, body=b'{"Limit":0,"Marker":""}')
    assert (answer.status, answer.code) == (400, "ValidationException")
    assert answer.message.startswith("2 validation errors detected: ")
    assert "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1" in answer.message


def test_cbor_and_json_reach_the_same_operation(server):
    # {} in CBOR; the registrar's model lists both protocols, some SDKs send this one.
    headers = {
        "Content-Type": "application/cbor",
        "Accept": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
    }
    path = "/service/Route53Domains_v20140515/operation/ListDomains"
    sent = signed(server, "route53domains", b"\xa0", headers, path=path)
    answer = send(server.endpoints["api"] + path, headers=sent, body=b"\xa0")
    assert answer.status == 200, answer.body
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert answer.headers["Content-Type"] == "application/cbor"
    assert b"Domains" in answer.body
    as_json = server.client("route53domains").list_domains()
    assert isinstance(as_json["Domains"], list)


def test_a_user_without_permission_is_refused_with_awss_message(server):
    keys, arn = user_with(server, "front-door-nobody")
    with pytest.raises(ClientError) as error:
        server.client("kms", keys=keys).create_key()
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert error.value.response["Error"]["Message"] == (
        f"User: {arn} is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy "
        "allows the kms:CreateKey action"
    )
    with pytest.raises(ClientError) as error:
        server.client("route53", keys=keys).create_hosted_zone(Name="no.example", CallerReference="1")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_request_that_is_too_large_is_refused(server):
    assert list_keys(server, body=b" " * (3 * 1024 * 1024)).status == 413
