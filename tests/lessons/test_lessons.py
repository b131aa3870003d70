"""The lessons are scripts that a person can run by hand; here they run by themselves."""

import os
import subprocess
from pathlib import Path

import pytest
from harness import BINARY, VENV_BIN, own_network

LESSONS = [(path, {}) for path in sorted(Path(__file__).parent.glob("*.sh"))]
# With HSMs whose keys are in PKCS#11 tokens, too.
LESSONS += [(path, {"HSM": "pkcs11"}) for path, _ in LESSONS if path.stem == "custom-key-store"]


@pytest.mark.parametrize(("lesson", "choice"), LESSONS, ids=lambda part: getattr(part, "stem", None))
def test_lesson(lesson, choice):
    done = subprocess.run(
        [str(lesson)],
        env={
            **os.environ,
            "PATH": f"{VENV_BIN}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "KEYWARD": str(BINARY),
            "NETWORK": own_network(),
            **choice,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "The lesson ends well." in done.stdout
