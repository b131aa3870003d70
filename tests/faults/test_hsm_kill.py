"""HSMs are killed at random moments under load: nobody gets an error that a retry inside could have avoided, and nothing that was
acknowledged is lost. On HSMs with their keys in software, and in SoftHSM tokens.

Each cluster has a killer of its own, which kills at any moment: HSMs that serve, that catch up, that just start and log in to
their token. The seed is printed; KEYWARD_SEED replays it, KEYWARD_HSM_KILLS sets how often an HSM is killed.
"""

import itertools
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

KILLS = 1000
SEED = int(os.environ.get("KEYWARD_SEED", str(random.randrange(10**6))))
CLUSTERS = 2
HSMS = 4
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
        self.pairs = []  # labels
        self.number = self.acknowledged = 0
        self.surprise = None

    def run(self):
        try:
            with self.cluster.shell(self.user) as shell:
                self.make_pair(shell)
                while not self.done.is_set():
                    acts = [self.make, self.change, self.delete, self.use, self.use, self.make_pair]
                    self.random.choice(acts)(shell)
                    self.acknowledged += 1
        except BaseException as error:
            self.surprise = error

    def make_pair(self, shell):
        self.number += 1
        label = f"{self.user}-pair-{self.number}"
        words = f"--public-label {label} --private-label {label}"
        done(shell.do(f"key generate-asymmetric-pair ec --curve secp256r1 {words}"))
        self.pairs.append(label)

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
        if len(self.pairs) > 5:
            label = self.pairs.pop(self.random.randrange(len(self.pairs)))
            for half in ("private", "public"):
                done(shell.do(f"key delete --filter attr.label={label} attr.class={half}-key"))

    def use(self, shell):
        words = f"--hash-function sha256 --data {self.number % 9}aaa"
        label = self.random.choice(self.pairs)
        private, public = (f"attr.label={label} attr.class={half}-key" for half in ("private", "public"))
        signed = done(shell.do(f"crypto sign ecdsa --key-filter {private} {words}"))
        verify = f"crypto verify ecdsa --key-filter {public} {words}"
        done(shell.do(f"{verify} --signature {signed['signature']}"))

    def check(self):
        """What was acknowledged is there, and nothing else."""
        with self.cluster.shell(self.user) as shell:
            shown = {}
            for kind in ("secret", "private", "public"):
                words = f"key list --max-items 5000 --verbose --filter attr.class={kind}-key"
                found = [key["attributes"] for key in done(shell.do(words))["matched_keys"]]
                shown[kind] = sorted((key["label"], key["sign"]) for key in found)
            assert shown["secret"] == sorted(self.keys.items())
            for half in ("private", "public"):
                assert [label for label, _ in shown[half]] == sorted(self.pairs)
            self.use(shell)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["software", "pkcs11"])
def test_killed_hsms_cost_nobody_an_error_or_a_key(kind, tmp_path):
    print(f"KEYWARD_SEED={SEED}")
    config = "[cloudhsm.quotas]\nhsms = 60\n"
    if kind == "pkcs11":
        config = pkcs11_support.configuration(tmp_path) + config
    with Keyward(tmp_path / "data", config=config) as server:
        clusters = [Cluster.make(server, tmp_path / f"cluster-{number}", HSMS) for number in range(CLUSTERS)]
        load = []
        for number, cluster in enumerate(clusters):
            for user in range(USERS):
                load.append(Load(cluster, cluster.make_user(f"user{user}"), SEED + 10 * number + user))
        for thread in load:
            thread.start()
        wait_for(lambda: all(thread.acknowledged > 3 for thread in load), 60)
        kill_at_random(server, clusters, load, int(os.environ.get("KEYWARD_HSM_KILLS", KILLS)))
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


class Killer(threading.Thread):
    """Kills a cluster's HSMs. A new key has to be on two of them: so that there is always a way to do what was asked, three of four serve
    before the next one goes, whichever that is; and all before all go at once."""

    def __init__(self, server, cluster, kills, seed):
        super().__init__(daemon=True)
        self.server, self.cluster, self.kills = server, cluster, kills
        self.random = random.Random(seed)
        self.hsms = sorted(hsm["HsmId"] for hsm in cluster.hsms())
        self.killed = 0
        self.stopped = threading.Event()
        self.surprise = None

    def run(self):
        try:
            with self.cluster.shell() as watch:
                for turn in itertools.count(1):
                    if self.killed >= self.kills or self.stopped.is_set():
                        return
                    self.kill(watch, turn % ALL_AT_ONCE == 0)
        except BaseException as error:
            self.surprise = error

    def kill(self, watch, all_at_once):
        wait_for(lambda: active(watch) >= (HSMS if all_at_once else HSMS - 1), 60, 0.01)
        time.sleep(self.random.uniform(0, 0.03))
        living = [process for hsm in self.hsms for process in self.server.children("hsm", "run", hsm)]
        for victim in living if all_at_once else self.random.sample(living, min(len(living), 1)):
            try:
                os.kill(victim, signal.SIGKILL)
                self.killed += 1
            except ProcessLookupError:
                pass


def kill_at_random(server, clusters, load, kills):
    begin = time.monotonic()
    killers = [Killer(server, cluster, -(-kills // len(clusters)), SEED + number) for number, cluster in enumerate(clusters)]
    for killer in killers:
        killer.start()
    while any(killer.is_alive() for killer in killers):
        if any(thread.surprise is not None for thread in load + killers):
            for killer in killers:
                killer.stopped.set()
        time.sleep(0.05)
    killed = sum(killer.killed for killer in killers)
    mended = server.log_text().count("cut short by a kill, and is put back")
    print(f"{killed} kills in {time.monotonic() - begin:.0f} s; {mended} token files were put back")
    surprised = [thread for thread in load + killers if thread.surprise is not None]
    assert not surprised, (killed, surprised[0], surprised[0].surprise)
    assert killed >= kills


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
