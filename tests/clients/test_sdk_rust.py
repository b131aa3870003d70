"""The AWS SDK for Rust: the program in `rust/`, which the test command builds."""

import os
import subprocess
from pathlib import Path

from harness import ROOT

FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = FOLDER / "client-rust/debug/keyward-client-rust"


def test_the_sdk_for_rust(server):
    assert PROGRAM.exists(), "cargo xtask test builds it"
    done = subprocess.run([PROGRAM], env=server.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "5 parts passed\n"
