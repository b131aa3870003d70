"""The command line's contract: flags, files, exit statuses, one clear line when something is wrong."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import boto3
import pytest
from harness import BINARY, Keyward, keyward, wait_for


def refused(done, *words):
    """The command failed with one line on stderr that holds each word."""
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


# What a shell has that talked to AWS before.
OF_BEFORE = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "of-before",
    "AWS_SESSION_TOKEN": "of-before",
}


def test_ready_files_are_written_for_people_and_scripts(own_server):
    own_server.start()
    folder = own_server.folder
    endpoints = own_server.endpoints
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoints["api"])
    assert re.fullmatch(r"127\.0\.0\.1:\d+", endpoints["dns"])
    assert stat.S_IMODE((folder / "credentials").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "credentials").read_text().startswith("[default]\n")
    bind = (folder / "trust-anchor.bind").read_text()
    assert re.search(r'trust-anchors\s*\{\s*\.\s+static-key\s+257\s+3\s+13\s+"[A-Za-z0-9+/=]+";\s*\};', bind)
    zone = (folder / "trust-anchor.zone").read_text()
    assert re.search(r"^\.\s+\d*\s*IN\s+DNSKEY\s+257 3 13 [A-Za-z0-9+/=]+$", zone.strip(), re.M)


def test_the_three_printed_lines_make_the_cli_work(tmp_path):
    process = subprocess.Popen(
        [BINARY, "serve", "--data-dir", "d", "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        done = subprocess.run(
            ["bash", "-c", "".join(lines) + "\n[ $AWS_REGION ] && aws sts get-caller-identity --query Arn --output text"],
            env={
                "PATH": f"{BINARY.parent.parent.parent / 'target/venv/bin'}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                **OF_BEFORE,
            },
            cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )
        assert re.fullmatch(r"arn:aws:iam::\d{12}:root\n", done.stdout), done.stderr
    finally:
        process.terminate()
        assert process.wait(30) == 0
        assert process.stdout.read() == ""


def test_env_prints_export_lines(own_server):
    own_server.start()
    done = keyward("env", "--data-dir", own_server.folder)
    names = [line.split("=", 1)[0] for line in done.stdout.splitlines()]
    assert names == [
        "export AWS_ENDPOINT_URL", "export AWS_ACCESS_KEY_ID", "export AWS_SECRET_ACCESS_KEY",
        "export AWS_DEFAULT_REGION", "export AWS_REGION",
        "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN",
    ]
    who = "aws sts get-caller-identity --query Arn --output text"
    evaluated = subprocess.run(
        ["bash", "-c", f'eval "$({BINARY} env --data-dir {own_server.folder})"; echo $AWS_ACCESS_KEY_ID; {who}'],
        capture_output=True, text=True, env=own_server.environment() | OF_BEFORE,
    )
    key, arn = evaluated.stdout.splitlines()
    assert key == own_server.keys()[0] and arn.endswith(":root"), evaluated.stderr


def test_env_without_a_server_says_what_to_do(tmp_path):
    refused(keyward("env", "--data-dir", tmp_path), "keyward serve", "--data-dir")


def test_the_account_id_can_be_chosen_and_stays(tmp_path):
    server = Keyward(tmp_path / "data", "--account-id", "000000000042")
    with server:
        assert server.client("sts").get_caller_identity()["Account"] == "000000000042"
        keys = server.keys()
    with Keyward(tmp_path / "data") as server:
        assert server.keys() == keys
        assert server.client("sts").get_caller_identity()["Account"] == "000000000042"


def test_accounts_are_apart(own_server):
    own_server.start()
    done = keyward("account", "create", "--name", "second team", "--data-dir", own_server.folder)
    assert done.returncode == 0, done.stderr
    exports = dict(re.findall(r"export (\w+)='?([^'\n]+)'?", done.stdout))
    keys = exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"]
    second = own_server.client("sts", keys=keys).get_caller_identity()
    first = own_server.client("sts").get_caller_identity()
    assert second["Account"] != first["Account"]
    listed = keyward("account", "list", "--data-dir", own_server.folder).stdout
    assert first["Account"] in listed and second["Account"] in listed and "second team" in listed
    own_server.client("kms").create_key()
    assert own_server.client("kms", keys=keys).list_keys()["Keys"] == []


def test_ephemeral_leaves_nothing_behind(tmp_path):
    process = subprocess.Popen(
        [BINARY, "serve", "--ephemeral", "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    lines = [process.stdout.readline() for _ in range(3)]
    assert all(line.startswith(("export ", "unset ")) for line in lines), lines
    assert list(tmp_path.iterdir()) != []
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_refused_and_nothing_is_changed(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        for flag, other in (("--listen", "--dns-listen"), ("--dns-listen", "--listen")):
            done = keyward("serve", "--data-dir", tmp_path / "d", flag, address, other, "127.0.0.1:0")
            refused(done, address, flag)
            assert not (tmp_path / "d").exists()


def test_a_folder_in_use_is_refused(own_server):
    own_server.start()
    before = own_server.endpoints
    done = keyward("serve", "--data-dir", own_server.folder, "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0")
    refused(done, "in use", "--data-dir")
    assert own_server.endpoints == before


def test_a_folder_of_a_newer_version_is_refused(own_server):
    own_server.start()
    own_server.stop()
    (own_server.folder / "version").write_text("99\n")
    before = sorted((p.name, p.stat().st_mtime_ns) for p in own_server.folder.rglob("*"))
    done = keyward("serve", "--data-dir", own_server.folder, "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0")
    refused(done, "99", "newer keyward")
    assert sorted((p.name, p.stat().st_mtime_ns) for p in own_server.folder.rglob("*")) == before


def test_an_unreadable_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    done = keyward("serve", "--data-dir", tmp_path / "file" / "d", "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0")
    refused(done, "--data-dir")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("")
    done = keyward("serve", "--data-dir", tmp_path / "photos", "--listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0")
    refused(done, "cat.png", "--data-dir")


@pytest.mark.parametrize(
    "text, words",
    [
        ("lisen = '127.0.0.1:0'", ["lisen"]),
        ("listen = 'somewhere'", ["listen", "somewhere"]),
        ("account_id = '42'", ["account-id", "42"]),
        ("[dns]\nlisten = 5", ["keyward.toml", "line 2", "expected a string"]),
        ("this is not toml", ["keyward.toml"]),
    ],
)
def test_a_bad_configuration_is_refused(tmp_path, text, words):
    (tmp_path / "keyward.toml").write_text(text)
    refused(keyward("serve", cwd=tmp_path), *words)
    assert [path.name for path in tmp_path.iterdir()] == ["keyward.toml"]


def test_the_file_sets_what_flags_set(tmp_path):
    (tmp_path / "keyward.toml").write_text(
        "data_dir = 'elsewhere'\nlisten = '127.0.0.1:0'\naccount_id = '111122223333'\npartition = 'keyward'\n"
        "[dns]\nlisten = '127.0.0.1:0'\n[regions]\nhere-1 = ['here-1a', 'here-1b']\nus-east-1 = ['us-east-1a']\n"
    )
    process = subprocess.Popen([BINARY, "serve"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for((tmp_path / "elsewhere/endpoints.json").exists)
        server = Keyward(tmp_path / "elsewhere")
        key = server.client("kms", region="here-1").create_key()["KeyMetadata"]
        assert key["Arn"].startswith("arn:keyward:kms:here-1:111122223333:key/")
        with pytest.raises(Exception, match="Credential should be scoped to a valid region"):
            server.client("kms", region="eu-west-1").list_keys()
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_sigterm_drains_requests_that_have_begun(own_server):
    own_server.start()
    kms = own_server.client("kms")
    kms.list_keys()
    # An RSA-4096 key takes a while to make: the signal comes meanwhile.
    import threading

    result = {}
    thread = threading.Thread(
        target=lambda: result.update(kms.create_key(KeySpec="RSA_4096", KeyUsage="SIGN_VERIFY"))
    )
    thread.start()
    time.sleep(0.05)
    own_server.stop()
    thread.join(30)
    assert result["KeyMetadata"]["KeySpec"] == "RSA_4096"
    own_server.start()
    own_server.client("kms").describe_key(KeyId=result["KeyMetadata"]["KeyId"])


def test_health_is_always_there(server):
    import urllib.request

    with urllib.request.urlopen(server.endpoints["api"] + "/health") as answer:
        assert json.loads(answer.read())["status"] == "ok"
    with urllib.request.urlopen(server.endpoints["api"] + "/metrics") as answer:
        assert b"keyward_" in answer.read()


def test_help_names_every_flag():
    text = keyward("serve", "--help").stdout
    for flag in ("--data-dir", "--listen", "--dns-listen", "--account-id", "--config", "--ephemeral"):
        assert flag in text
