"""A CloudHSM cluster as a customer makes one: over the API, claimed with a CA of its own, activated by the command line."""

import json
import os
import subprocess
from pathlib import Path

from harness import BINARY, Keyward, keyward, wait_for

SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
PASSWORD = "admin-secret-1"
USER_PASSWORD = "user-secret-1"
# The subnets of seed-like requests; one is where the configuration says.
TWO_SUBNETS = ["subnet-a6b10bd1", "subnet-b6b10bd2"]
QUOTAS = "[cloudhsm.quotas]\nclusters = 40\nhsms = 60\n[cloudhsm.subnets]\nsubnet-00000001 = 'us-east-1c'\n"
NO_CLUSTER = "cluster-aaaaaaaaaaa"
NO_BACKUP = "backup-aaaaaaaaaaa"
INVALID = "CloudHsmInvalidRequestException"
NOT_FOUND = "CloudHsmResourceNotFoundException"
DENIED = "CloudHsmAccessDeniedException"
TAGS = "CloudHsmTagException"


def with_many_clusters(folder):
    """A server whose account may have many clusters."""
    return Keyward(folder / "data", config=QUOTAS)


def openssl(*words, **options):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, timeout=60, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def described(hsm, cluster):
    (found,) = hsm.describe_clusters(Filters={"clusterIds": [cluster]})["Clusters"]
    return found


def state(hsm, cluster, wanted):
    wait_for(lambda: described(hsm, cluster)["State"] == wanted, 60)


def empty_cluster(hsm, **members):
    members = {"HsmType": "hsm1.medium", "SubnetIds": TWO_SUBNETS} | members
    cluster = hsm.create_cluster(**members)["Cluster"]["ClusterId"]
    wait_for(lambda: described(hsm, cluster)["State"] in ("UNINITIALIZED", "ACTIVE"), 60)
    return cluster


def backups(hsm, **filters):
    return hsm.describe_backups(Filters={name: [value] for name, value in filters.items()})["Backups"]


def ready_backup(hsm, cluster):
    """The newest backup of the cluster, once there is one."""
    return wait_for(lambda: backups(hsm, clusterIds=cluster, states="READY"), 60)[0]


class Cluster:
    """A cluster and the command line for it."""

    def __init__(self, server, folder, cluster_id, api):
        self.server, self.folder, self.id, self.api = server, Path(folder), cluster_id, api

    @classmethod
    def make(cls, server, folder, hsms=2, activate=True, hsm_type="hsm1.medium"):
        """Creates, claims and activates a cluster with so many HSMs, in each zone in turn."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        api = server.client("cloudhsmv2", read_timeout=120)
        cluster = api.create_cluster(HsmType=hsm_type, SubnetIds=SUBNETS)["Cluster"]
        made = cls(server, folder, cluster["ClusterId"], api)
        made.wait_for("UNINITIALIZED")
        made.add_hsm(ZONES[0])
        made.claim()
        if activate:
            assert made.cli("cluster", "activate", "--password", PASSWORD)[0] == 0
            made.wait_for("ACTIVE")
        for number in range(1, hsms):
            made.add_hsm(ZONES[number % len(ZONES)])
        return made

    def describe(self):
        return self.api.describe_clusters(Filters={"clusterIds": [self.id]})["Clusters"][0]

    def wait_for(self, state):
        wait_for(lambda: self.describe()["State"] == state, 60)

    def add_hsm(self, zone):
        hsm = self.api.create_hsm(ClusterId=self.id, AvailabilityZone=zone)["Hsm"]["HsmId"]

        def is_active():
            found = [one for one in self.describe()["Hsms"] if one["HsmId"] == hsm]
            return found and found[0]["State"] == "ACTIVE"

        wait_for(is_active, 90)
        return hsm

    def hsms(self):
        """The HSMs that are active."""
        return [hsm for hsm in self.describe()["Hsms"] if hsm["State"] == "ACTIVE"]

    def delete_hsm(self, hsm):
        self.api.delete_hsm(ClusterId=self.id, HsmId=hsm)
        wait_for(lambda: all(one["HsmId"] != hsm for one in self.describe()["Hsms"]), 60)

    def delete(self):
        """Deletes the cluster with all of its HSMs."""
        for hsm in self.describe()["Hsms"]:
            self.delete_hsm(hsm["HsmId"])
        self.api.delete_cluster(ClusterId=self.id)
        alive = {"clusterIds": [self.id], "states": ["ACTIVE", "DELETE_IN_PROGRESS"]}
        wait_for(lambda: not self.api.describe_clusters(Filters=alive)["Clusters"], 60)

    @property
    def trust_anchor(self):
        """The certificate of the customer's CA."""
        return (self.folder / "customerCA.crt").read_text()

    def claim(self):
        """InitializeCluster with a customer's CA, made by openssl."""
        self.api.initialize_cluster(ClusterId=self.id, **self.signed_by_its_owner())
        self.wait_for("INITIALIZED")

    def signed_by_its_owner(self):
        """What InitializeCluster wants of the owner."""
        csr = wait_for(lambda: self.describe().get("Certificates", {}).get("ClusterCsr"), 60)
        key, anchor = self.folder / "customerCA.key", self.folder / "customerCA.crt"
        request, signed = self.folder / "cluster.csr", self.folder / "cluster.crt"
        request.write_text(csr)
        subject = ["-subj", "/C=GB/O=Example/CN=Customer CA"]
        openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 3652, "-keyout", key, "-out", anchor, *subject)
        openssl("x509", "-req", "-in", request, "-CA", anchor, "-CAkey", key, "-CAcreateserial", "-out", signed, "-days", 3652)
        return {"SignedCert": signed.read_text(), "TrustAnchor": anchor.read_text()}

    # --- the command line ---------------------------------------------------------------------

    def words(self, *words):
        return ["cloudhsm", "--data-dir", str(self.server.folder), "--cluster-id", self.id, *map(str, words)]

    def cli(self, *words, login=None, role="crypto-user", typed=None):
        """One command; answers its error code and data. `login` is `user:password`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDHSM_")}
        if login is not None:
            environment |= {"CLOUDHSM_PIN": login, "CLOUDHSM_ROLE": role}
        done = keyward(*self.words(*words), env=environment, input=typed or "")
        assert done.stdout, f"{words}: {done.stderr}"
        answer = json.loads(done.stdout)
        assert done.returncode == answer["error_code"], done
        assert list(answer) == ["error_code", "data"]
        return answer["error_code"], answer["data"]

    def admin(self, *words, password=PASSWORD, **options):
        return self.cli(*words, login=f"admin:{password}", role="admin", **options)

    def user(self, name, *words, password=USER_PASSWORD, **options):
        return self.cli(*words, login=f"{name}:{password}", **options)

    def make_user(self, name, role="crypto-user", password=USER_PASSWORD):
        code, data = self.admin("user", "create", "--username", name, "--role", role, "--password", password)
        assert (code, data) == (0, {"username": name, "role": role}), data
        return name

    def set_password(self, name, password, role="crypto-user"):
        words = ["user", "change-password", "--username", name, "--role", role, "--password", password]
        code, data = self.admin(*words)
        assert code == 0, data

    def shell(self, name=None, password=USER_PASSWORD, role="crypto-user"):
        shell = Shell(self.words("interactive"))
        if name:
            code, data = shell.do(f"login --username {name} --role {role} --password {password}")
            assert code == 0, data
        return shell


class Shell:
    """`keyward cloudhsm interactive`."""

    def __init__(self, words):
        self.process = subprocess.Popen(
            [str(BINARY), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        text = ""
        while True:
            more = self.process.stdout.readline()
            assert more, f"{line}: ended: {text} {self.process.stderr.read()}"
            text += more
            if more == "}\n":
                answer = json.loads(text)
                return answer["error_code"], answer["data"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def done(answer):
    """The data of an answer that has to be a good one."""
    code, data = answer
    assert code == 0, data
    return data


def refused(answer):
    """The text of an answer that has to be a refusal."""
    code, data = answer
    assert code == 1, data
    return data
