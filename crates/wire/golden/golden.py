"""Golden files of the protocols, made and checked with the botocore that `cargo xtask models` installs.

    target/models-venv/bin/python crates/wire/golden/golden.py capture   # writes requests.json
    target/models-venv/bin/python crates/wire/golden/golden.py check     # reads answers.json

`requests.json` holds requests as botocore serialises them, with the input as JSON; the unit tests read
them with our codecs. `answers.json` holds answers that our codecs write (the unit tests compare, and write
it anew under KEYWARD_GOLDEN=write); `check` has botocore parse them.
"""

import base64
import datetime
import json
import sys
from pathlib import Path

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
import botocore.session

HERE = Path(__file__).parent
TIME = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)
CONTACT = {"FirstName": "Ada", "LastName": "Löwe", "Email": "a@example.org", "CountryCode": "DE",
           "ExtraParams": [{"Name": "VAT_NUMBER", "Value": "1 2"}]}
RECORDS = [
    {"Action": "UPSERT", "ResourceRecordSet": {
        "Name": "www.example.org", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}]}},
    {"Action": "DELETE", "ResourceRecordSet": {
        "Name": "a&b.example.org", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": "\"<tag> & 'quote' ü\""}]}},
    {"Action": "CREATE", "ResourceRecordSet": {
        "Name": "alias.example.org", "Type": "A",
        "AliasTarget": {"HostedZoneId": "Z2", "DNSName": "www.example.org", "EvaluateTargetHealth": False}}},
]
CASES = [
    ("kms", "CreateKey", {"Description": "a \"b\" \\ ü 𝄞", "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY",
                          "MultiRegion": False, "Tags": [{"TagKey": "a", "TagValue": ""}]}),
    ("kms", "Encrypt", {"KeyId": "alias/x", "Plaintext": b"\x00\xff secret", "EncryptionContext": {"b": "2", "a": "1"}}),
    ("kms", "GenerateDataKey", {"KeyId": "k", "NumberOfBytes": 64, "GrantTokens": ["t"]}),
    ("cloudhsmv2", "CreateCluster", {"HsmType": "hsm1.medium", "SubnetIds": ["subnet-a6b10bd1", "subnet-b6b10bd2"],
                                     "BackupRetentionPolicy": {"Type": "DAYS", "Value": "90"}, "TagList": [{"Key": "a", "Value": ""}]}),
    ("cloudhsmv2", "DescribeClusters", {"Filters": {"states": ["ACTIVE", "DEGRADED"], "vpcIds": []}, "MaxResults": 25}),
    ("kms", "ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 7}),
    ("kms", "ListKeys", {}),
    ("iam", "CreateUser", {"UserName": "al.ice@x", "Path": "/a/b/", "Tags": [{"Key": "k 1", "Value": "v+=@ "}, {"Key": "k2", "Value": ""}]}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{\"Version\": \"2012-10-17\",\n\"Statement\": []}", "MaxSessionDuration": 3600}),
    ("iam", "ListUsers", {"MaxItems": 5}),
    ("sts", "GetCallerIdentity", {}),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "sess", "TransitiveTagKeys": ["a", "b"],
                           "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/X"}], "Tags": []}),
    ("route53", "CreateHostedZone", {"Name": "example.org", "CallerReference": "r 1", "VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
                                     "HostedZoneConfig": {"Comment": "a <b> & c", "PrivateZone": True}}),
    ("route53", "ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": {"Comment": "c", "Changes": RECORDS}}),
    ("route53", "ListResourceRecordSets", {"HostedZoneId": "Z1", "StartRecordName": "\\052.example.org", "StartRecordType": "A", "MaxItems": "10"}),
    ("route53", "ListHostedZones", {"Marker": "Z 1/2", "HostedZoneType": "PrivateHostedZone"}),
    ("route53", "ChangeTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "Z1", "AddTags": [{"Key": "a", "Value": "b"}], "RemoveTagKeys": ["c", "d"]}),
    ("route53", "ListTagsForResources", {"ResourceType": "hostedzone", "ResourceIds": ["Z1", "Z2"]}),
    ("route53", "CreateKeySigningKey", {"CallerReference": "x", "HostedZoneId": "Z1", "KeyManagementServiceArn": "arn:aws:kms:us-east-1:123456789012:key/k",
                                        "Name": "ksk", "Status": "ACTIVE"}),
    ("route53", "ActivateKeySigningKey", {"HostedZoneId": "Z1", "Name": "ksk"}),
    ("route53", "EnableHostedZoneDNSSEC", {"HostedZoneId": "Z1"}),
    ("route53", "GetChange", {"Id": "C1"}),
    ("route53", "UpdateHostedZoneComment", {"Id": "Z1", "Comment": ""}),
    ("route53domains", "RegisterDomain", {"DomainName": "example.org", "DurationInYears": 1, "AutoRenew": True, "AdminContact": CONTACT,
                                          "RegistrantContact": CONTACT, "TechContact": CONTACT}),
    ("route53domains", "ListOperations", {"SubmittedSince": TIME, "Status": ["SUCCESSFUL", "ERROR"], "MaxItems": 20}),
    ("route53domains", "ListDomains", {"FilterConditions": [{"Name": "Expiry", "Operator": "LE", "Values": ["1.5"]}]}),
    ("route53domains", "UpdateDomainNameservers", {"DomainName": "example.org", "Nameservers": [{"Name": "ns1.example.org", "GlueIps": ["192.0.2.1"]}]}),
    ("route53domains", "AssociateDelegationSignerToDomain", {"DomainName": "example.org",
        "SigningAttributes": {"Algorithm": 13, "Flags": 257, "PublicKey": "AQ=="}}),
]
SESSION = botocore.session.get_session()


def plain(value):
    """A value in the form that AWS JSON has for it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def capture_one(service, operation, params, protocol):
    """The request that botocore makes."""
    model = SESSION.get_service_model(service)
    serializer = botocore.serialize.create_serializer(protocol)
    request = serializer.serialize_to_request(params, model.operation_model(operation))
    body = request["body"]
    if isinstance(body, dict):
        from botocore.compat import urlencode
        body = urlencode(body, doseq=True)
    body = body.encode() if isinstance(body, str) else body
    uri = request["url_path"]
    if request["query_string"]:
        from botocore.awsrequest import AWSRequest
        prepared = AWSRequest(method="GET", url="http://h" + uri, params=request["query_string"]).prepare()
        uri = prepared.url.removeprefix("http://h")
    return {
        "service": service, "operation": operation, "protocol": protocol, "input": plain(params), "method": request["method"], "uri": uri,
        "headers": dict(request["headers"]),
        "body": {"base64": base64.b64encode(body).decode()} if "cbor" in protocol else {"text": body.decode()},
    }


def capture():
    """Writes requests.json."""
    lines = []
    for service, operation, params in CASES:
        for protocol in SESSION.get_service_model(service).metadata["protocols"]:
            lines.append(json.dumps(capture_one(service, operation, params, protocol)))
    (HERE / "requests.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def check_one(answer):
    """What botocore makes of an answer must be what it was made from."""
    model = SESSION.get_service_model(answer["service"]).operation_model(answer["operation"])
    parser = botocore.parsers.create_parser(answer["protocol"])
    body = answer["body"]
    body = body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
    response = {"status_code": answer["status"], "headers": botocore.awsrequest.HeadersDict(answer["headers"]), "body": body}
    parsed = parser.parse(response, model.output_shape)
    metadata = parsed.pop("ResponseMetadata")
    expected = answer["expected"]
    error = {**parsed.get("Error", {})}
    found = {"code": error.get("Code"), "message": error.get("Message")} if "code" in expected else plain(parsed)
    if found != expected:
        sys.exit(f"{answer['service']} {answer['operation']} {answer['protocol']}:\n{found}\nis not\n{expected}")
    if metadata.get("RequestId") is None:
        sys.exit(f"{answer['service']} {answer['operation']} {answer['protocol']}: no request id in {metadata}")


def check():
    """Reads answers.json."""
    answers = json.loads((HERE / "answers.json").read_text())
    for answer in answers:
        check_one(answer)
    print(f"botocore read all {len(answers)} answers")


{"capture": capture, "check": check}[sys.argv[1]]()
