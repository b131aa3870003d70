"""Clusters for tests: made with boto3, claimed with openssl, activated with `keyward cloudhsm`, as the guide says."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from harness import BINARY, Keyward, wait_for
from kms_support import openssl

ADMIN_PASSWORD = "admin-password-1"
KMSUSER_PASSWORD = "kmsPswd123"


@dataclass
class Authority:
    """A customer's own CA."""

    folder: Path
    certificate: str = field(init=False)

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key, self._file = self.folder / "customerCA.key", self.folder / "customerCA.crt"
        subject = ["-subj", "/C=DE/O=Example/CN=customer CA", "-days", "3652"]
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self._key, "-out", self._file, *subject)
        self.certificate = self._file.read_text()

    def sign(self, request):
        """Signs a certificate request, PEM to PEM."""
        file = self.folder / "request.csr"
        file.write_text(request)
        signing = ["-CA", self._file, "-CAkey", self._key, "-CAcreateserial", "-days", "3652"]
        return openssl("x509", "-req", "-in", file, *signing).decode()


@dataclass
class Cluster:
    """A cluster of a server's, and how to speak to its HSMs."""

    server: Keyward
    id: str
    authority: Authority
    region: str = "us-east-1"

    @property
    def api(self):
        return self.server.client("cloudhsmv2", region=self.region)

    def describe(self):
        (cluster,) = self.api.describe_clusters(Filters={"clusterIds": [self.id]})["Clusters"]
        return cluster

    def hsms(self, state="ACTIVE"):
        return [hsm for hsm in self.describe()["Hsms"] if hsm["State"] == state]

    def zones(self):
        return sorted(self.describe()["SubnetMapping"])

    def wait_for(self, state, seconds=60):
        return wait_for(lambda: self.describe()["State"] == state, seconds)

    def add_hsm(self, zone):
        """Adds an HSM and waits until it is active."""
        before = len(self.hsms())
        made = self.api.create_hsm(ClusterId=self.id, AvailabilityZone=zone)["Hsm"]
        wait_for(lambda: len(self.hsms()) == before + 1, 60)
        return made["HsmId"]

    def delete_hsm(self, hsm_id):
        self.api.delete_hsm(ClusterId=self.id, HsmId=hsm_id)
        wait_for(lambda: all(hsm["HsmId"] != hsm_id for hsm in self.describe()["Hsms"]), 60)

    def command(self, *words, login=None):
        """What `keyward cloudhsm` is called with: its words and its environment."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDHSM_")}
        if login:
            role, user, password = login
            environment |= {"CLOUDHSM_ROLE": role, "CLOUDHSM_PIN": f"{user}:{password}"}
        base = [str(BINARY), "cloudhsm", "--data-dir", str(self.server.folder), "--cluster-id", self.id]
        return base + [str(word) for word in words], environment

    def cli(self, *words, login=None, fails=False):
        """Runs one command and answers its data, or the text of its failure."""
        command, environment = self.command(*words, login=login)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        answer = json.loads(done.stdout)
        assert (answer["error_code"] != 0, done.returncode != 0) == (fails, fails), done.stdout + done.stderr
        return answer["data"]

    def admin(self, *words, **options):
        return self.cli(*words, login=("admin", "admin", ADMIN_PASSWORD), **options)

    def set_kmsuser_password(self, password):
        words = ["user", "change-password", "--username", "kmsuser", "--role", "crypto-user"]
        self.admin(*words, "--password", password)


def new_cluster(server, folder, region="us-east-1", hsm_type="hsm1.medium"):
    """A cluster that was claimed and has one HSM."""
    api = server.client("cloudhsmv2", region=region)
    options = {"Mode": "FIPS"} if hsm_type == "hsm2m.medium" else {}
    made = api.create_cluster(HsmType=hsm_type, SubnetIds=["subnet-a6b10bd1", "subnet-b6b10bd2"], **options)
    cluster = Cluster(server, made["Cluster"]["ClusterId"], Authority(Path(folder)), region)
    cluster.wait_for("UNINITIALIZED")
    cluster.add_hsm(cluster.zones()[0])
    request = wait_for(lambda: cluster.describe()["Certificates"].get("ClusterCsr"))
    authority = cluster.authority
    api.initialize_cluster(
        ClusterId=cluster.id, SignedCert=authority.sign(request), TrustAnchor=authority.certificate
    )
    cluster.wait_for("INITIALIZED")
    return cluster


def active_cluster(server, folder, region="us-east-1", hsm_type="hsm1.medium"):
    """A cluster with an HSM in each of two zones, activated, with the crypto user `kmsuser`."""
    cluster = new_cluster(server, folder, region, hsm_type)
    cluster.cli("cluster", "activate", "--password", ADMIN_PASSWORD)
    cluster.wait_for("ACTIVE")
    words = ["user", "create", "--username", "kmsuser", "--role", "crypto-user"]
    cluster.admin(*words, "--password", KMSUSER_PASSWORD)
    cluster.add_hsm(cluster.zones()[1])
    return cluster
