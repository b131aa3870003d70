"""The lessons are scripts that a person can run by hand; here they run by themselves."""

import os
import subprocess
from pathlib import Path

import pytest
from harness import BINARY, VENV_BIN, own_network

LESSONS = sorted(Path(__file__).parent.glob("*.sh"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lesson(lesson):
    done = subprocess.run(
        [str(lesson)],
        env={
            **os.environ,
            "PATH": f"{VENV_BIN}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "KEYWARD": str(BINARY),
            "NETWORK": own_network(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "The lesson ends well." in done.stdout
