"""The AWS SDK for JavaScript v3, on the Node that the test command installs: `javascript/kms.mjs`."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parent / "javascript/kms.mjs"


def test_the_sdk_for_javascript(server):
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", SCRIPT],
        env=server.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "# pass 6\n" in done.stdout, done.stdout[-2000:]
