"""Starts Keyward for a test as a user would, and speaks to it with unmodified clients.

Each server gets free ports, a folder of its own and, where real resolvers must reach it, loopback
addresses of its own on port 53.
"""

import itertools
import json
import os
import resource
import signal
import socket
import subprocess
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import boto3
import botocore.auth
from botocore.compat import get_current_datetime
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("KEYWARD_BINARY", ROOT / "target/debug/keyward"))
READY_SECONDS_MAX = 60
VENV_BIN = ROOT / "target/venv/bin"

NO_TIME = timedelta(0)
# Debian's libfaketime: a program that it is loaded into reads a clock that is ahead; monotonic clocks stay as they are.
CLOCK_AHEAD = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)

_networks = itertools.count(1)


def own_network():
    """The first two bytes of loopback addresses that no other server of this test run uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"127.{50 + worker}.{next(_networks)}"


def wait_for(what, seconds=30, every=0.05):
    """Calls `what` until it answers something true; fails with its last answer or exception."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = what()
            if last:
                return last
        except Exception as error:  # the last one is shown below
            last = error
        time.sleep(every)
    raise AssertionError(f"did not happen within {seconds} s; last: {last!r}")


class Keyward:
    """A `keyward serve` on a folder."""

    def __init__(self, folder, *arguments, config=None):
        self.folder = Path(folder)
        self.arguments = list(arguments)
        self.config = config
        self.process = None
        self.log = None
        self.ahead = NO_TIME

    @classmethod
    def with_levels(cls, folder, *arguments, network=None):
        """A server whose root, top-level domains and hosted zones have own addresses on port 53."""
        network = network or own_network()
        config = "\n".join(
            [
                "[dns.root]",
                f"listen = ['{network}.1:53']",
                "[dns.tld]",
                f"listen = ['{network}.2:53']",
                "[dns.hosted]",
                "listen = [" + ", ".join(f"'{network}.{last}:53'" for last in (3, 4, 5, 6)) + "]",
            ]
        )
        server = cls(folder, *arguments, config=config)
        server.network = network
        return server

    # --- its life -----------------------------------------------------------------------------

    def start(self, ahead=NO_TIME):
        """Starts it; with its clock `ahead`, and the clocks of the clients that it is asked with until it stops."""
        self.ahead = ahead
        botocore.auth.get_current_datetime = lambda *words, **named: get_current_datetime(*words, **named) + ahead
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        command = [str(BINARY), "serve", "--data-dir", str(self.folder)]
        if "--listen" not in self.arguments:
            command += ["--listen", "127.0.0.1:0"]
        if "--dns-listen" not in self.arguments:
            command += ["--dns-listen", "127.0.0.1:0"]
        if self.config is not None:
            file = self.folder.with_suffix(".toml")
            file.write_text(self.config)
            command += ["--config", str(file)]
        self._endpoints_file.unlink(missing_ok=True)
        self.log = self.folder.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(
            command + self.arguments,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            cwd=self.folder.parent,
            env=os.environ | self._clock(),
            # Where Python ignores SIGXFSZ, so does the server: a write past a limit is an error, as on a full disk.
            restore_signals=False,
        )
        wait_for(self._is_ready, READY_SECONDS_MAX, 0.01)
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise SystemExit(f"keyward ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
        return self._endpoints_file.exists()

    def _clock(self):
        """What of a program's environment puts its clock ahead. The vault and the HSMs, which get none, keep no time."""
        if not self.ahead:
            return {}
        assert CLOCK_AHEAD, "there is no libfaketime; cargo xtask test installs it"
        offset = f"+{int(self.ahead.total_seconds())}"
        return {"LD_PRELOAD": str(CLOCK_AHEAD), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def stop(self):
        """SIGTERM, and waits for a clean end."""
        botocore.auth.get_current_datetime = get_current_datetime
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0, self.log_text()[-3000:]

    def kill(self):
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10)

    def children(self, *words):
        """The process ids of the vault and the HSMs that `serve` has started and whose command lines have all these
        words; of a path, its last part counts."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                for child in (task / "children").read_text().split():
                    given = Path(f"/proc/{child}/cmdline").read_text().split("\0")
                    if set(words) <= {Path(word).name for word in given}:
                        found.append(int(child))
            except OSError:
                # Gone meanwhile.
                continue
        return found

    def vault(self):
        """The process id of the vault that `serve` has started; `None` while there is none."""
        return next(iter(self.children("vault")), None)

    @contextmanager
    def without_room(self):
        """While it lasts the server can write nothing, as on a full disk."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, most))
        try:
            yield
        finally:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most, most))

    def restart(self, ahead=NO_TIME):
        self.stop()
        return self.start(ahead)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def log_text(self):
        return self.folder.with_suffix(".log").read_text(errors="replace")

    # --- what it published --------------------------------------------------------------------

    @property
    def _endpoints_file(self):
        return self.folder / "endpoints.json"

    @property
    def endpoints(self):
        return json.loads(self._endpoints_file.read_text())

    @property
    def dns(self):
        """The shared name server's address and port."""
        host, port = self.endpoints["dns"].rsplit(":", 1)
        return host, int(port)

    def keys(self):
        """The root's access key id and secret."""
        lines = (self.folder / "credentials").read_text().splitlines()
        values = dict(line.split(" = ", 1) for line in lines if " = " in line)
        return values["aws_access_key_id"], values["aws_secret_access_key"]

    # --- its clients --------------------------------------------------------------------------

    def client(self, service, region="us-east-1", keys=None, token=None, **config):
        """A boto3 client that does not retry, so that errors show."""
        access_key_id, secret = keys or self.keys()
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoints["api"],
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 0}, **config),
        )

    def environment(self, keys=None, region="us-east-1"):
        """What `keyward env` would export, for command-line tools."""
        access_key_id, secret = keys or self.keys()
        return {
            **os.environ,
            **self._clock(),
            "PATH": f"{VENV_BIN}:{BINARY.parent}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self.endpoints["api"],
            "AWS_ACCESS_KEY_ID": access_key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
        }

    def aws(self, *words, keys=None, region="us-east-1"):
        """Runs the AWS CLI and answers its JSON."""
        done = subprocess.run(
            ["aws", *words, "--output", "json"],
            env=self.environment(keys, region),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"aws {' '.join(words)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None


def keyward(*words, **options):
    """Runs the command line once and answers what it did."""
    return subprocess.run(
        [str(BINARY), *map(str, words)], capture_output=True, text=True, timeout=60, **options
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def user_with(server, name, *statements):
    """Makes an IAM user with an inline policy of `statements`; answers its keys and ARN."""
    iam = server.client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return (key["AccessKeyId"], key["SecretAccessKey"]), arn


def another_account(server):
    """Makes an account; answers its root's keys and its id."""
    done = keyward("account", "create", "--name", f"other-{uuid.uuid4().hex[:8]}", "--data-dir", server.folder)
    assert done.returncode == 0, done.stderr
    words = done.stdout.replace("=", " ").split()
    account = next(word for word in words if len(word) == 12 and word.isdigit())
    key = next(word for word in words if word.startswith("AKIA"))
    secret = words[words.index(key) + 1 :]
    return (key, next(word for word in secret if len(word) == 40)), account


def dnssec_key_policy(account):
    """The key policy that Route 53 DNSSEC asks for, beside the account's own statement."""
    service = {"Service": "dnssec-route53.amazonaws.com"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Enable IAM User Permissions",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "Allow Route 53 DNSSEC Service",
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
                    "Resource": "*",
                },
                {
                    "Sid": "Allow Route 53 DNSSEC to CreateGrant",
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "kms:CreateGrant",
                    "Resource": "*",
                    "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
                },
            ],
        }
    )


CONTACT = {
    "FirstName": "Ada",
    "LastName": "Lovelace",
    "ContactType": "PERSON",
    "AddressLine1": "1 Analytical Street",
    "City": "London",
    "CountryCode": "GB",
    "ZipCode": "N1 1AA",
    "PhoneNumber": "+44.2012345678",
    "Email": "ada@example.com",
}


def in_sync(route53, change_id):
    """Waits until a change is INSYNC."""
    wait_for(lambda: route53.get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC")


def register_domain(server, name):
    """Registers a domain and answers the id of the hosted zone that comes with it."""
    domains = server.client("route53domains")
    operation = domains.register_domain(
        DomainName=name,
        DurationInYears=1,
        AdminContact=CONTACT,
        RegistrantContact=CONTACT,
        TechContact=CONTACT,
    )["OperationId"]
    operation_done(domains, operation)
    zones = server.client("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]
    return next(zone["Id"] for zone in zones if zone["Name"] == f"{name}.")


def operation_done(domains, operation):
    """Waits until a registrar's operation is SUCCESSFUL."""
    wait_for(lambda: domains.get_operation_detail(OperationId=operation)["Status"] == "SUCCESSFUL")
