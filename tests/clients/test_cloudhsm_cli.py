"""The CloudHSM command line, end to end: real clusters, real HSM processes, openssl as the other side."""

import base64
import json
import os
import pty
import subprocess

import pytest
from cloudhsm_support import PASSWORD, USER_PASSWORD, Cluster, done, openssl, refused, with_many_clusters
from harness import BINARY, keyward, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with with_many_clusters(tmp_path_factory.mktemp("house")) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(server, tmp_path_factory):
    """A cluster with two HSMs and the crypto users ann and bob."""
    made = Cluster.make(server, tmp_path_factory.mktemp("cluster"))
    made.make_user("ann")
    made.make_user("bob")
    return made


def attributes(data):
    return data["key"]["attributes"]


def test_a_cluster_is_activated_once(server, tmp_path):
    cluster = Cluster.make(server, tmp_path, hsms=1, activate=False)
    users = {user["username"]: user for user in done(cluster.cli("user", "list"))["users"]}
    assert users["admin"]["role"] == "unactivated-admin"
    assert users["app_user"]["role"] == "internal(APPLIANCE_USER)"
    assert "passwords differ" in refused(cluster.cli("cluster", "activate", typed="first-one\nsecond-one\n"))
    assert "7 to 32" in refused(cluster.cli("cluster", "activate", "--password", "short"))
    activated = cluster.cli("cluster", "activate", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert done(activated) == "Cluster activation successful"
    cluster.wait_for("ACTIVE")
    assert "active already" in refused(cluster.cli("cluster", "activate", "--password", PASSWORD))
    # Also when there is nobody to ask for a password, the answer is JSON.
    assert "cannot read" in refused(cluster.cli("cluster", "activate"))
    assert done(cluster.admin("user", "list"))["users"][0] == {
        "username": "admin",
        "role": "admin",
        "locked": "false",
        "mfa": [],
        "quorum": [],
        "cluster-coverage": "full",
    }


def test_hsm_info_tells_of_each_hsm(cluster):
    hsms = done(cluster.cli("cluster", "hsm-info"))["hsms"]
    assert len({hsm["serial-number"] for hsm in hsms}) == 2
    assert {hsm["availability-zone"] for hsm in hsms} == {"us-east-1a", "us-east-1b"}
    assert all(hsm["state"] == "active" for hsm in hsms)


def test_users_are_made_changed_and_deleted_by_admins_only(cluster):
    cluster.make_user("carl")
    assert refused(cluster.admin("user", "create", "--username", "CARL", "--role", "crypto-user", "--password", "another-1"))
    refused(cluster.user("carl", "user", "create", "--username", "eve", "--role", "crypto-user", "--password", "secret-1"))
    change = ["user", "change-password", "--username", "carl", "--role", "crypto-user", "--password", "changed-1"]
    assert done(cluster.user("carl", *change)) == {"username": "carl", "role": "crypto-user"}
    refused(cluster.user("carl", "key", "list"))
    done(cluster.user("carl", "key", "list", password="changed-1"))
    refused(cluster.admin("user", "delete", "--username", "carl", "--role", "admin"))
    done(cluster.admin("user", "delete", "--username", "carl", "--role", "crypto-user"))
    assert "carl" not in [user["username"] for user in done(cluster.cli("user", "list"))["users"]]


def test_nobody_does_anything_without_a_login(cluster):
    assert "not logged in" in refused(cluster.cli("key", "list"))
    assert "user:password" in refused(cluster.cli("key", "list", login="ann"))
    assert "password" in refused(cluster.user("ann", "key", "list", password="not-hers-1"))
    assert "no such user" in refused(cluster.user("nobody", "key", "list"))
    # In the role that the user does not have.
    refused(cluster.cli("key", "list", login=f"ann:{USER_PASSWORD}", role="admin"))


def test_five_wrong_passwords_lock_a_user_until_an_admin_changes_it(cluster):
    cluster.make_user("dora")
    for _ in range(5):
        refused(cluster.user("dora", "key", "list", password="wrong-one"))
    assert "locked" in refused(cluster.user("dora", "key", "list"))
    locked = {user["username"]: user["locked"] for user in done(cluster.cli("user", "list"))["users"]}
    assert (locked["dora"], locked["ann"]) == ("true", "false")
    change = ["user", "change-password", "--username", "dora", "--role", "crypto-user", "--password", USER_PASSWORD]
    done(cluster.admin(*change))
    done(cluster.user("dora", "key", "list"))


def test_symmetric_keys_have_the_attributes_that_were_asked_for(cluster):
    made = done(
        cluster.user(
            "ann", "key", "generate-symmetric", "aes", "--label", "attributes", "--key-length-bytes", 32,
            "--attributes", "encrypt=true", "decrypt=true", "extractable=false",
        )
    )  # fmt: skip
    key = attributes(made)
    assert key["key-type"] == "aes" and key["class"] == "secret-key" and key["key-length-bytes"] == 32
    assert key["encrypt"] and key["token"] and key["sensitive"] and key["local"] and key["never-extractable"]
    assert not key["extractable"]
    info = made["key"]["key-info"]
    assert info["key-owners"] == [{"username": "ann", "key-coverage": "full"}]
    assert info["cluster-coverage"] == "full"
    reference = made["key"]["key-reference"]
    listed = done(cluster.user("ann", "key", "list", "--filter", "attr.label=attributes", "--verbose"))
    assert listed["matched_keys"] == [made["key"]] and listed["total_key_count"] == 1
    by_reference = ["--filter", f"key-reference={reference}"]
    assert done(cluster.user("ann", "key", "set-attribute", *by_reference, "--name", "encrypt", "--value", "false")) == {
        "message": "Attribute set successfully"
    }
    shown = done(cluster.user("ann", "key", "list", *by_reference, "--verbose"))["matched_keys"][0]
    assert shown["attributes"]["encrypt"] is False
    refused(cluster.user("ann", "key", "set-attribute", *by_reference, "--name", "extractable", "--value", "true"))
    assert done(cluster.user("ann", "key", "delete", *by_reference)) == {"message": "Key deleted successfully"}
    assert "not found" in refused(cluster.user("ann", "key", "delete", *by_reference))


def test_lists_come_in_pages(cluster):
    cluster.make_user("lena")
    with cluster.shell("lena") as shell:
        for number in range(5):
            done(shell.do(f"key generate-symmetric generic-secret --label page-{number} --key-length-bytes 40"))
        first = done(shell.do("key list --max-items 3"))
        assert first["total_key_count"] == 5 and first["returned_key_count"] == 3
        rest = done(shell.do(f"key list --max-items 3 --starting-token {first['next_token']}"))
        assert rest["returned_key_count"] == 2 and "next_token" not in rest
        labels = {key["attributes"]["label"] for key in first["matched_keys"] + rest["matched_keys"]}
        assert labels == {f"page-{number}" for number in range(5)}
        assert "5 keys match" in refused(shell.do("key delete --filter attr.class=secret-key"))


def test_a_shared_key_is_seen_and_used_but_not_changed(cluster):
    make = ["key", "generate-asymmetric-pair", "ec", "--curve", "prime256v1"]
    labels = ["--public-label", "shared-pub", "--private-label", "shared-priv"]
    done(cluster.user("ann", *make, *labels, "--public-attributes", "verify=true", "--private-attributes", "sign=true"))
    private = ["attr.label=shared-priv"]
    refused(cluster.user("bob", "key", "delete", "--filter", *private))
    share = ["--filter", *private, "--username", "bob", "--role", "crypto-user"]
    assert done(cluster.user("ann", "key", "share", *share)) == {"message": "Key shared successfully"}
    seen = done(cluster.user("bob", "key", "list", "--filter", *private, "--verbose"))["matched_keys"][0]
    assert seen["key-info"]["shared-users"] == [{"username": "bob", "key-coverage": "full"}]
    sign = ["crypto", "sign", "ecdsa", "--key-filter", *private, "--hash-function", "sha256", "--data", "YWJj"]
    done(cluster.user("bob", *sign))
    refused(cluster.user("bob", "key", "delete", "--filter", *private))
    refused(cluster.user("bob", "key", "set-attribute", "--filter", *private, "--name", "sign", "--value", "false"))
    assert done(cluster.user("ann", "key", "unshare", *share)) == {"message": "Key unshared successfully"}
    refused(cluster.user("bob", *sign))


def test_openssl_verifies_what_an_hsm_signed(cluster, tmp_path):
    make = ["key", "generate-asymmetric-pair", "rsa", "--modulus-size-bits", 2048, "--public-exponent", 65537]
    done(cluster.user("ann", *make, "--public-label", "rsa-pub", "--private-label", "rsa-priv"))
    public, signature, message = tmp_path / "pub.pem", tmp_path / "signature", tmp_path / "message"
    done(cluster.user("ann", "key", "generate-file", "--path", public, "--filter", "attr.label=rsa-pub"))
    message.write_bytes(b"signed inside the HSM")
    sign = ["--hash-function", "sha256", "--data-path", message]
    signed = done(cluster.user("ann", "crypto", "sign", "rsa-pkcs", "--key-filter", "attr.label=rsa-priv", *sign))
    signature.write_bytes(base64.b64decode(signed["signature"]))
    assert b"Verified OK" in openssl("dgst", "-sha256", "-verify", public, "-signature", signature, message)
    verify = ["crypto", "verify", "rsa-pkcs", "--key-filter", "attr.label=rsa-pub", *sign]
    assert done(cluster.user("ann", *verify, "--signature-path", signature)) == {
        "message": "Signature verified successfully"
    }
    message.write_bytes(b"changed afterwards")
    assert "failed" in refused(cluster.user("ann", *verify, "--signature-path", signature))


def test_a_wrapped_key_is_the_same_key_when_it_is_unwrapped(cluster, tmp_path):
    generate = ["key", "generate-symmetric", "aes", "--key-length-bytes", 32]
    done(cluster.user("ann", *generate, "--label", "wrapping", "--attributes", "wrap=true", "unwrap=true"))
    payload = done(cluster.user("ann", *generate, "--label", "payload", "--attributes", "encrypt=true"))
    check_value = attributes(payload)["check-value"]
    wrap = ["--payload-filter", "attr.label=payload", "--wrapping-filter", "attr.label=wrapping"]
    wrapped = done(cluster.user("ann", "key", "wrap", "aes-zero-pad", *wrap))
    assert wrapped["payload_key_reference"] == payload["key"]["key-reference"]
    unwrap = ["key", "unwrap", "aes-zero-pad", "--filter", "attr.label=wrapping", "--key-type-class", "aes"]
    again = done(cluster.user("ann", *unwrap, "--label", "unwrapped", "--data", wrapped["wrapped_key_data"]))
    assert attributes(again)["check-value"] == check_value
    assert not attributes(again)["local"]
    file = tmp_path / "wrapped"
    assert done(cluster.user("ann", "key", "wrap", "aes-no-pad", *wrap, "--path", file))["path"] == str(file)
    unwrap[2] = "aes-no-pad"
    again = done(cluster.user("ann", *unwrap, "--label", "unwrapped-2", "--data-path", file))
    assert attributes(again)["check-value"] == check_value
    broken = bytearray(file.read_bytes())
    broken[3] ^= 1
    data = base64.b64encode(broken).decode()
    refused(cluster.user("ann", *unwrap, "--label", "unwrapped-3", "--data", data))
    done(cluster.user("ann", *generate, "--label", "stays", "--attributes", "extractable=false"))
    wrap[1] = "attr.label=stays"
    refused(cluster.user("ann", "key", "wrap", "aes-zero-pad", *wrap))


def signed_by_openssl(key, base64_digest, folder):
    """What `openssl pkeyutl` makes of a token, as AWS's user guide has it."""
    token = folder / "token.bin"
    token.write_bytes(base64.b64decode(base64_digest))
    signature = openssl("pkeyutl", "-sign", "-inkey", key, "-pkeyopt", "digest:sha256", "-in", token)
    return base64.b64encode(signature).decode()


def register(cluster, admin, folder):
    """Registers a key of an admin with which it approves; answers the key's file."""
    key, public, file = folder / f"{admin}.key", folder / f"{admin}.pub", folder / f"{admin}.token"
    openssl("genrsa", "-out", key, 2048)
    openssl("rsa", "-in", key, "-pubout", "-out", public)
    login = {"login": f"{admin}:{PASSWORD}", "role": "admin"}
    done(cluster.cli("quorum", "token-sign", "generate", "--service", "registration", "--token", file, **login))
    token = json.loads(file.read_text())
    token["tokens"][0]["signed"] = signed_by_openssl(key, token["tokens"][0]["unsigned"], folder)
    file.write_text(json.dumps(token))
    words = ["user", "change-quorum", "token-sign", "register", "--public-key", public, "--signed-token", file]
    assert done(cluster.cli(*words, **login)) == {"username": admin, "role": "admin"}
    return key


def approved(file, keys, folder):
    token = json.loads(file.read_text())
    for admin, key in keys.items():
        signature = signed_by_openssl(key, token["token"], folder)
        token["signatures"].append({"username": admin, "role": "admin", "signature": signature})
    signed = folder / "signed.token"
    signed.write_text(json.dumps(token))
    return signed


def test_users_are_managed_with_the_approval_of_several_admins(server, tmp_path):
    cluster = Cluster.make(server, tmp_path)
    for admin in ("admin2", "admin3"):
        cluster.make_user(admin, role="admin", password=PASSWORD)
    keys = {admin: register(cluster, admin, tmp_path) for admin in ("admin", "admin2")}
    listed = {user["username"]: user["quorum"] for user in done(cluster.cli("user", "list"))["users"]}
    assert listed["admin"] == [{"strategy": "token-sign", "status": "enabled"}] and listed["admin3"] == []
    values = ["quorum", "token-sign", "list-quorum-values"]
    assert done(cluster.cli(*values)) == {"user": 1, "quorum": 1}
    set_value = ["quorum", "token-sign", "set-quorum-value", "--service", "user", "--value"]
    refused(cluster.admin(*set_value, 3))
    assert done(cluster.admin(*set_value, 2)) == "Set Quorum Value successful"
    assert done(cluster.cli(*values)) == {"user": 2, "quorum": 1}
    create = ["user", "create", "--username", "approved", "--role", "crypto-user", "--password", USER_PASSWORD]
    assert refused(cluster.admin(*create)) == "Quorum approval is required for this operation"
    file = tmp_path / "user.token"
    generate = ["quorum", "token-sign", "generate", "--service", "user", "--token", file]
    assert done(cluster.admin(*generate)) == {"path": str(file)}
    tokens = done(cluster.admin("quorum", "token-sign", "list"))["tokens"]
    assert [(one["username"], one["service"], one["approvals-required"]) for one in tokens] == [("admin", "user", 2)]
    one_only = approved(file, {"admin": keys["admin"]}, tmp_path)
    refused(cluster.admin(*create, "--approval", one_only))
    both = approved(file, keys, tmp_path)
    done(cluster.admin(*create, "--approval", both))
    # A token is spent by what it approves.
    refused(cluster.admin("user", "delete", "--username", "approved", "--role", "crypto-user", "--approval", both))
    assert done(cluster.admin("quorum", "token-sign", "list"))["tokens"] == []


def test_a_login_holds_in_interactive_until_logout(cluster):
    with cluster.shell() as shell:
        assert "not logged in" in refused(shell.do("key list"))
        code, data = shell.do(f"login --username ann --role crypto-user --password {USER_PASSWORD}")
        assert (code, data) == (0, {"username": "ann", "role": "crypto-user"})
        done(shell.do("key generate-symmetric aes --label 'two words' --key-length-bytes 16"))
        assert done(shell.do('key list --filter "attr.label=two words"'))["total_key_count"] == 1
        done(shell.do('key delete --filter "attr.label=two words"'))
        assert done(shell.do("logout")) == "Logout successful"
        assert "not logged in" in refused(shell.do("key list"))


def test_a_prompt_hides_the_password(cluster):
    leader, follower = pty.openpty()
    words = cluster.words("interactive")
    process = subprocess.Popen([str(BINARY), *words], stdin=follower, stdout=follower, stderr=follower, close_fds=True)
    os.close(follower)
    seen = b""

    def reads(text):
        nonlocal seen
        seen += os.read(leader, 4096)
        return text in seen

    wait_for(lambda: reads(b"keyward-cloudhsm > "))
    os.write(leader, b"login --username ann --role crypto-user\n")
    wait_for(lambda: reads(b"Enter password: "))
    os.write(leader, USER_PASSWORD.encode() + b"\n")
    wait_for(lambda: reads(b'"error_code": 0'))
    os.write(leader, b"quit\n")
    assert process.wait(30) == 0
    assert USER_PASSWORD.encode() not in seen
    os.close(leader)


def test_passwords_never_reach_the_log(server, cluster):
    secret = "do-not-log-me-1"
    cluster.make_user("mute", password=secret)
    refused(cluster.user("mute", "key", "list", password=secret + "x"))
    done(cluster.user("mute", "key", "list", password=secret))
    assert secret not in server.log_text()


def test_an_unknown_cluster_and_a_silent_serve_are_told_apart(server, tmp_path):
    words = ["cloudhsm", "--data-dir", server.folder, "--cluster-id", "cluster-2345672345a", "user", "list"]
    answer = keyward(*words)
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["data"] == "cluster-2345672345a is not here, or has no HSM yet"
    words[2] = tmp_path
    answer = keyward(*words)
    assert answer.returncode == 1 and "no keyward serves" in answer.stderr
