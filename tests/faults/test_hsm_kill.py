"""HSMs are killed at random moments under load: nobody gets an error that a retry inside could have avoided, and nothing that was
acknowledged is lost. On HSMs with their keys in software, and in SoftHSM tokens.

The seed is printed; KEYWARD_SEED replays it, KEYWARD_HSM_KILLS sets how often an HSM is killed.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from harness import Keyward, wait_for

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "clients"))

import pkcs11_support  # noqa: E402  (the path comes first)
from cloudhsm_support import Cluster, done, refused  # noqa: E402  (the path comes first)

KILLS = int(os.environ.get("KEYWARD_HSM_KILLS", "500"))
SEED = int(os.environ.get("KEYWARD_SEED", str(random.randrange(10**6))))
CLUSTERS = 2
HSMS = 3
USERS = 2
# Every so many kills all HSMs die at once.
ALL_AT_ONCE = 25


class Load(threading.Thread):
    """A crypto user who makes, uses, changes and deletes keys until told to stop. Every refusal is one too many."""

    def __init__(self, cluster, user, seed):
        super().__init__(daemon=True)
        self.cluster, self.user = cluster, user
        self.random = random.Random(seed)
        self.done = threading.Event()
        self.keys = {}  # label -> whether it may sign
        self.number = self.acknowledged = 0
        self.surprise = None

    def run(self):
        try:
            with self.cluster.shell(self.user) as shell:
                self.pair(shell)
                while not self.done.is_set():
                    self.random.choice([self.make, self.change, self.delete, self.use, self.use])(shell)
                    self.acknowledged += 1
        except BaseException as error:
            self.surprise = error

    def pair(self, shell):
        words = f"--public-label {self.user}-pub --private-label {self.user}-priv"
        done(shell.do(f"key generate-asymmetric-pair ec --curve secp256r1 {words}"))

    def make(self, shell):
        self.number += 1
        label = f"{self.user}-{self.number}"
        done(shell.do(f"key generate-symmetric aes --label {label} --key-length-bytes 32"))
        self.keys[label] = True

    def change(self, shell):
        if self.keys:
            label = self.random.choice(list(self.keys))
            may_sign = self.random.choice([True, False])
            words = f"--filter attr.label={label} --name sign --value {str(may_sign).lower()}"
            done(shell.do(f"key set-attribute {words}"))
            self.keys[label] = may_sign

    def delete(self, shell):
        if len(self.keys) > 10:
            label = self.random.choice(list(self.keys))
            done(shell.do(f"key delete --filter attr.label={label}"))
            del self.keys[label]

    def use(self, shell):
        words = f"--hash-function sha256 --data {self.number % 9}aaa"
        signed = done(shell.do(f"crypto sign ecdsa --key-filter attr.label={self.user}-priv {words}"))
        verify = f"crypto verify ecdsa --key-filter attr.label={self.user}-pub {words}"
        done(shell.do(f"{verify} --signature {signed['signature']}"))

    def check(self):
        """What was acknowledged is there, and nothing else."""
        with self.cluster.shell(self.user) as shell:
            found = done(shell.do("key list --max-items 5000 --verbose --filter attr.class=secret-key"))["matched_keys"]
            shown = {key["attributes"]["label"]: key["attributes"]["sign"] for key in found}
            assert shown == self.keys
            self.use(shell)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["software", "pkcs11"])
def test_killed_hsms_cost_nobody_an_error_or_a_key(kind, tmp_path):
    print(f"KEYWARD_SEED={SEED}")
    chance = random.Random(SEED)
    config = None if kind == "software" else pkcs11_support.configuration(tmp_path)
    with Keyward(tmp_path / "data", config=config) as server:
        clusters = [Cluster.make(server, tmp_path / f"cluster-{number}", HSMS) for number in range(CLUSTERS)]
        load = []
        for number, cluster in enumerate(clusters):
            for user in range(USERS):
                load.append(Load(cluster, cluster.make_user(f"user{user}"), SEED + 10 * number + user))
        for thread in load:
            thread.start()
        wait_for(lambda: all(thread.acknowledged > 3 for thread in load), 60)
        # SoftHSM writes its token's file anew at each login, in place: an HSM that is killed in that moment has lost its
        # token. So these die only after their login.
        # It is also slow to write, so that these die less often.
        serving_min, kills = (HSMS - 1, KILLS) if kind == "software" else (HSMS, KILLS // 5)
        kill_at_random(server, clusters, load, chance, serving_min, kills)
        before = sum(thread.acknowledged for thread in load)
        wait_for(lambda: sum(thread.acknowledged for thread in load) > before, 60)
        for thread in load:
            thread.done.set()
        for thread in load:
            thread.join(60)
            assert thread.surprise is None, thread.surprise
            thread.check()
        for cluster in clusters:
            all_hold_the_same(cluster)
            without_any_hsm(server, cluster)
        server.restart()
        for thread in load:
            wait_for(lambda thread=thread: in_step(thread.cluster), 60)
            thread.check()


def kill_at_random(server, clusters, load, chance, serving_min, kills):
    """Kills HSMs, those that just came back among them. So that there is always a way to do what was asked within the time that
    the service takes for it, two of a cluster's three (`serving_min`) have to serve before the next one goes, and all before
    all go at once."""
    watches = [cluster.shell() for cluster in clusters]
    killed = turn = 0
    while killed < kills:
        turn += 1
        all_at_once = turn % ALL_AT_ONCE == 0
        for watch in watches:
            wait_for(lambda watch=watch: active(watch) >= (HSMS if all_at_once else serving_min), 60, 0.01)
        time.sleep(chance.uniform(0, 0.03))
        living = server.children("hsm", "run")
        for victim in living if all_at_once else [chance.choice(living)]:
            try:
                os.kill(victim, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        surprised = [thread for thread in load if thread.surprise is not None]
        assert not surprised, (killed, surprised[0].user, surprised[0].surprise)
    for watch in watches:
        watch.close()


def active(shell):
    """How many HSMs serve."""
    return [hsm["state"] for hsm in done(shell.do("cluster hsm-info"))["hsms"]].count("active")


def in_step(cluster):
    with cluster.shell() as shell:
        return active(shell) == HSMS


def all_hold_the_same(cluster):
    wait_for(lambda: in_step(cluster), 60)
    hsms = done(cluster.cli("cluster", "hsm-info"))["hsms"]
    assert len({(hsm["keys"], hsm["users"]) for hsm in hsms}) == 1


def without_any_hsm(server, cluster):
    """All HSMs hang: the documented error; they are killed: all is well again."""
    hanging = wait_for(lambda: len(server.children("hsm", "run")) == CLUSTERS * HSMS and server.children("hsm", "run"), 60)
    with cluster.shell("user0") as shell:
        for hsm in hanging:
            os.kill(hsm, signal.SIGSTOP)
        try:
            assert refused(shell.do("key list")) == "no HSM of the cluster is active"
        finally:
            for hsm in hanging:
                os.kill(hsm, signal.SIGKILL)
        wait_for(lambda: in_step(cluster), 60)
        done(shell.do("key list"))
