"""The vault dies under load: it is started again, and nobody gets a wrong answer meanwhile."""

import os
import random
import signal
import threading
import time

from botocore.exceptions import ClientError
from harness import wait_for

DEATHS = int(os.environ.get("KEYWARD_VAULT_DEATHS", "10"))


class Load(threading.Thread):
    """Uses keys until it is told to stop; notes whatever is neither right nor AWS's word for a failure."""

    def __init__(self, server, symmetric, signing):
        super().__init__(daemon=True)
        self.kms = server.client("kms", connect_timeout=5, read_timeout=60)
        self.symmetric, self.signing = symmetric, signing
        self.done = threading.Event()
        self.right = 0
        self.refused = 0
        self.surprises = []

    def run(self):
        while not self.done.is_set():
            try:
                self.use()
                self.right += 1
            except ClientError as error:
                self.refused += 1
                code = error.response["Error"]["Code"]
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if (code, status) != ("KMSInternalException", 500):
                    self.surprises.append(error)
            except Exception as error:
                self.surprises.append(error)

    def use(self):
        plaintext = os.urandom(16)
        blob = self.kms.encrypt(KeyId=self.symmetric, Plaintext=plaintext)["CiphertextBlob"]
        assert self.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == plaintext
        message = {"KeyId": self.signing, "Message": plaintext, "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = self.kms.sign(**message)["Signature"]
        assert self.kms.verify(**message, Signature=signature)["SignatureValid"]
        made = self.kms.generate_data_key(KeyId=self.symmetric, NumberOfBytes=24)
        assert self.kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]


def test_a_vault_that_dies_is_started_again_and_nobody_gets_a_wrong_answer(own_server):
    server = own_server.start()
    kms = server.client("kms")
    symmetric = kms.create_key()["KeyMetadata"]["Arn"]
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    old = kms.encrypt(KeyId=symmetric, Plaintext=b"from the first vault")["CiphertextBlob"]
    load = [Load(server, symmetric, signing) for _ in range(4)]
    for thread in load:
        thread.start()
    chance = random.Random(int(os.environ.get("KEYWARD_SEED", "7")))
    for _ in range(DEATHS):
        vault = wait_for(lambda: server.vault())
        before = sum(thread.right for thread in load)
        time.sleep(chance.uniform(0, 0.05))
        os.kill(vault, signal.SIGKILL)
        wait_for(lambda: server.vault() not in (None, vault))
        wait_for(lambda: sum(thread.right for thread in load) > before + len(load))
    for thread in load:
        thread.done.set()
    for thread in load:
        thread.join(60)
    surprises = [error for thread in load for error in thread.surprises]
    assert surprises == []
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"from the first vault"
