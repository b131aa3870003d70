"""What the KMS client tests share."""

import json
import subprocess
import uuid

import pytest
from botocore.exceptions import ClientError

VERSION = "2012-10-17"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def fresh(word):
    return f"{word}-{uuid.uuid4().hex[:8]}"


def refused(code, call, message=None, status=400, **members):
    """The call fails with this code, status and (if given) message; answers the message."""
    with pytest.raises(ClientError) as error:
        call(**members)
    response = error.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    if message is not None:
        assert response["Error"]["Message"] == message
    return response["Error"]["Message"]


def create(kms, **members):
    """Makes a key and answers its ARN."""
    return kms.create_key(**members)["KeyMetadata"]["Arn"]


def account_of(arn):
    return arn.split(":")[4]


def document(*statements):
    return json.dumps({"Version": VERSION, "Statement": list(statements)})


def allow(principal, *actions, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*", **more}


def root_of(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


def openssl(*words, stdin=b""):
    """Runs openssl and answers what it printed; fails when it does."""
    done = subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True, timeout=60)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout
