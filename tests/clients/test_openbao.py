"""OpenBao sealed by a key of Keyward's: its `awskms` seal, with nothing between the two."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest
from harness import VENV_BIN, Keyward, free_port, user_with, wait_for
from kms_support import create, fresh

CONFIGURATION = """
storage "raft" {{
  path = "{folder}"
  node_id = "one"
}}
listener "tcp" {{
  address = "{address}"
  tls_disable = true
}}
seal "awskms" {{
  region = "us-east-1"
  access_key = "{access_key_id}"
  secret_key = "{secret}"
  kms_key_id = "{key}"
  endpoint = "{endpoint}"
}}
api_addr = "http://{address}"
cluster_addr = "http://{cluster_address}"
"""


class OpenBao:
    """A `bao server` on a folder of its own, sealed by a KMS key."""

    def __init__(self, folder, server, keys, key):
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        self.address = f"127.0.0.1:{free_port()}"
        self.configuration = folder / "bao.hcl"
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=folder / "data",
                address=self.address,
                cluster_address=f"127.0.0.1:{free_port()}",
                access_key_id=keys[0],
                secret=keys[1],
                key=key,
                endpoint=server.endpoints["api"],
            )
        )
        self.process = None
        self.token = None

    def start(self):
        words = [VENV_BIN / "bao", "server", "-config", self.configuration]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        return self

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def call(self, method, path, **body):
        request = urllib.request.Request(f"http://{self.address}/v1/{path}", method=method)
        if body:
            request.data = json.dumps(body).encode()
        if self.token:
            request.add_header("X-Vault-Token", self.token)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def initialise(self):
        """Answers the recovery keys; from then on it is unsealed, and calls are the root's."""
        wait_for(lambda: self.call("GET", "sys/init"))
        made = self.call("PUT", "sys/init", recovery_shares=1, recovery_threshold=1)
        self.token = made["root_token"]
        self.wait_until_unsealed()
        return made

    def wait_until_unsealed(self):
        wait_for(lambda: self.status()["sealed"] is False)
        # It has to become the active node, too.
        wait_for(lambda: self.call("GET", "sys/leader")["is_self"])

    def status(self):
        return self.call("GET", "sys/seal-status")

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture
def house(tmp_path):
    """A Keyward whose address stays the same when it is started again."""
    server = Keyward(tmp_path / "data", "--listen", f"127.0.0.1:{free_port()}").start()
    yield server
    server.stop()


@pytest.fixture
def sealed_by(house, tmp_path):
    """Makes an OpenBao whose user may do with the key what OpenBao's manual asks for, and no more."""
    made = []

    def start(key):
        actions = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]
        keys, _ = user_with(house, fresh("bao"), {"Effect": "Allow", "Action": actions, "Resource": key})
        made.append(OpenBao(tmp_path / fresh("bao"), house, keys, key))
        return made[-1].start()

    yield start
    for bao in made:
        bao.stop()


def test_it_comes_back_unsealed_after_a_restart_of_both(house, sealed_by):
    key = create(house.client("kms"))
    bao = sealed_by(key)
    made = bao.initialise()
    assert made["keys"] == [] and len(made["recovery_keys"]) == 1, "no key that a person must keep to unseal"
    assert bao.status()["type"] == "awskms"
    bao.call("POST", "sys/mounts/secret", type="kv")
    bao.call("POST", "secret/answer", value="42")

    house.client("kms").rotate_key_on_demand(KeyId=key)
    bao.stop()
    house.restart()
    bao.start().wait_until_unsealed()
    assert bao.call("GET", "secret/answer")["data"] == {"value": "42"}
    assert bao.process.poll() is None


def test_sealed_by_its_operator_it_unseals_at_its_next_start(house, sealed_by):
    bao = sealed_by(create(house.client("kms")))
    bao.initialise()
    bao.call("PUT", "sys/seal")
    assert bao.status()["sealed"] is True
    bao.stop()
    bao.start().wait_until_unsealed()


def test_a_disabled_key_keeps_it_sealed_and_tells_why(house, sealed_by):
    kms = house.client("kms")
    key = create(kms)
    bao = sealed_by(key)
    bao.initialise()
    bao.stop()
    kms.disable_key(KeyId=key)
    bao.start()
    wait_for(lambda: f"DisabledException: {key} is disabled." in bao.log_text())
    assert bao.status()["sealed"] is True
    kms.enable_key(KeyId=key)
    bao.wait_until_unsealed()


def test_a_key_that_it_may_not_use_is_told_at_its_start(house, sealed_by, tmp_path):
    key = create(house.client("kms"))
    keys, arn = user_with(house, fresh("nobody"))
    bao = OpenBao(tmp_path / "refused", house, keys, key).start()
    assert bao.process.wait(60) != 0
    assert "AccessDeniedException" in bao.log_text() and f"User: {arn} is not authorized" in bao.log_text()
