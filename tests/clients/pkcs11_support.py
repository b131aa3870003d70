"""HSMs whose keys are in SoftHSM tokens: the configuration, what an operator does, and what another program sees."""

import os
import shutil
import subprocess
from pathlib import Path

PLACES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"]
MODULE = next((place for place in PLACES if Path(place).exists()), PLACES[0])
PIN = "an operators pin"


class SoftHsm:
    """A folder with SoftHSM tokens."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.tokens = self.folder / "softhsm-tokens"
        self.tokens.mkdir(parents=True, exist_ok=True)
        self.settings = self.folder / "softhsm2.conf"
        self.settings.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.labels = []

    def tool(self, *words):
        """Runs another program on the tokens; answers what it said."""
        assert shutil.which(words[0]), f"{words[0]} is not installed: cargo xtask test installs it"
        environment = {**os.environ, "SOFTHSM2_CONF": str(self.settings)}
        done = subprocess.run([*map(str, words)], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def set_up(self, label):
        """What an operator does: a token with a PIN, and the PIN in a file for Keyward."""
        self.tool("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "the officers pin")
        (self.folder / f"{label}.pin").write_text(PIN + "\n")
        self.labels.append(label)

    def objects(self, label):
        """The token's objects, as `pkcs11-tool` sees them with the user's PIN: a text for each."""
        words = ["pkcs11-tool", "--module", MODULE, "--token-label", label, "--login", "--pin", PIN, "--list-objects"]
        objects = []
        for line in self.tool(*words).splitlines():
            if not line.startswith(" "):
                objects.append(line)
            elif objects:
                objects[-1] += "\n" + line
        return [one for one in objects if "Key Object" in one]

    @property
    def configuration(self):
        """`keyward.toml`: free tokens, or those that were set up."""
        tokens = ", ".join(f"{{ label = '{label}', pin_file = '{self.folder / label}.pin' }}" for label in self.labels)
        return "\n".join(
            [
                "[cloudhsm]",
                "hsm = 'pkcs11'",
                "[cloudhsm.pkcs11]",
                f"module = '{MODULE}'",
                f"environment = {{ SOFTHSM2_CONF = '{self.settings}' }}",
                f"writable = ['{self.tokens}']",
                f"tokens = [{tokens}]",
                "",
            ]
        )


def configuration(folder):
    """The configuration of HSMs that initialise free tokens in a folder."""
    return SoftHsm(folder).configuration
