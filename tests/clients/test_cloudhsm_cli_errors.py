"""Every refusal of `keyward cloudhsm`: of the client itself, of `serve`, of the HSMs; and that each changes nothing."""

import base64
import os
import signal

import pytest
from cloudhsm_support import (
    PASSWORD,
    USER_PASSWORD,
    Cluster,
    done,
    empty_cluster,
    openssl,
    refused,
    with_many_clusters,
)
from harness import keyward, wait_for

AES = ["key", "generate-symmetric", "aes", "--key-length-bytes", 32]
EC = ["key", "generate-asymmetric-pair", "ec", "--curve"]
RSA = ["key", "generate-asymmetric-pair", "rsa", "--public-exponent", 65537, "--modulus-size-bits"]
ONE_OF_MANY = ["--filter", "attr.class=secret-key"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with with_many_clusters(tmp_path_factory.mktemp("house")) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(server, tmp_path_factory):
    """A cluster with two HSMs and the crypto users eve and finn; eve has keys."""
    made = Cluster.make(server, tmp_path_factory.mktemp("cluster"))
    made.make_user("eve")
    made.make_user("finn")
    with made.shell("eve") as shell:
        for line in [
            "key generate-symmetric aes --label plain --key-length-bytes 32",
            "key generate-symmetric aes --label wrapping --key-length-bytes 32 --attributes wrap=true unwrap=true",
            "key generate-symmetric aes --label kept --key-length-bytes 32 --attributes extractable=false",
            "key generate-symmetric aes --label lasting --key-length-bytes 32 --attributes destroyable=false",
            "key generate-asymmetric-pair ec --curve prime256v1 --public-label ec-public --private-label ec-private",
            "key generate-asymmetric-pair rsa --modulus-size-bits 2048 --public-exponent 65537 --public-label rsa-public"
            " --private-label rsa-private --public-attributes wrap=true --private-attributes unwrap=true",
        ]:
            done(shell.do(line))
    return made


@pytest.fixture
def eve(cluster):
    """What eve is refused."""
    return lambda *words, **options: refused(cluster.user("eve", *words, **options))


@pytest.fixture
def admin(cluster):
    """What the admin is refused."""
    return lambda *words, **options: refused(cluster.admin(*words, **options))


def label(name):
    return ["--filter", f"attr.label={name}"]


def test_names_and_logins_that_can_not_be(server, cluster):
    words = ["cloudhsm", "--data-dir", server.folder, "--cluster-id"]
    assert "a cluster id is" in keyward(*words, "nonsense", "user", "list").stdout
    list_keys = ["key", "list"]
    assert "admin or crypto-user" in refused(cluster.cli(*list_keys, login=f"eve:{USER_PASSWORD}", role="king"))
    assert "user:password" in refused(cluster.cli(*list_keys, login="eve"))
    assert "user name" in refused(cluster.cli(*list_keys, login=f"e v e:{USER_PASSWORD}"))
    assert "7 to 32" in refused(cluster.cli(*list_keys, login="eve:short"))
    assert "the password is wrong" in refused(cluster.cli(*list_keys, login="eve:not-her-password"))
    assert "no such user" in refused(cluster.cli(*list_keys, login=f"eve:{USER_PASSWORD}", role="admin"))
    # Nobody knows the password of the HSMs' own user.
    refused(cluster.cli(*list_keys, login=f"app_user:{PASSWORD}"))
    with cluster.shell() as shell:
        assert "a quote is open" in refused(shell.do("user list 'abc"))
        for line in ["key list", "crypto sign ecdsa --key-filter attr.label=x --hash-function sha256 --data YQ=="]:
            assert "not logged in" in refused(shell.do(line))


def test_words_that_are_none_end_with_how_they_are_written(cluster):
    for words in [
        ["nonsense"],
        ["key", "delete"],
        ["user", "create", "--username", "x", "--role", "king"],
        ["crypto", "sign", "ecdsa", *label("ec-private"), "--hash-function", "md5", "--data", "YQ=="],
        ["key", "unwrap", "aes-no-pad", *label("wrapping"), "--key-type-class", "aes", "--label", "x"],
    ]:
        answer = keyward(*cluster.words(*words))
        assert answer.returncode == 2 and "--help" in answer.stderr, answer


def test_what_admins_are_refused(cluster, admin, tmp_path):
    user = lambda verb, name, *more, role="crypto-user": ["user", verb, "--username", name, "--role", role, *more]
    new = ["--password", USER_PASSWORD]
    assert "such a user already" in admin(*user("create", "EVE", *new))
    assert "user name" in admin(*user("create", "x" * 32, *new))
    assert "7 to 32" in admin(*user("create", "gus", "--password", "x" * 33))
    assert "passwords differ" in admin(*user("create", "gus"), typed="first-one\nsecond-one\n")
    for verb, more in [("delete", []), ("change-password", new)]:
        assert "no such user" in admin(*user(verb, "nobody", *more))
        assert "no such user" in admin(*user(verb, "eve", *more, role="admin"))
    # Users who own keys, who are logged in, and the last admin.
    assert "owns keys" in admin(*user("delete", "eve"))
    with cluster.shell("finn"):
        assert "logged in" in admin(*user("delete", "finn"))
    assert "last admin" in admin(*user("delete", "admin", role="admin"))
    # Keys are the crypto users'.
    assert "may not" in admin("key", "list")
    assert "may not" in admin(*AES, "--label", "x")
    # How many approve, and with what.
    quorum = ["quorum", "token-sign"]
    for value in (0, 9, 2):
        assert "a quorum value is 1 to 8" in admin(*quorum, "set-quorum-value", "--service", "user", "--value", value)
    assert "no service nonsense" in admin(*quorum, "set-quorum-value", "--service", "nonsense", "--value", 2)
    assert "1 to 8" in admin(*quorum, "set-quorum-value", "--service", "registration", "--value", 2)
    token = tmp_path / "token"
    assert "no service nonsense" in admin(*quorum, "generate", "--service", "nonsense", "--token", token)
    assert "--scope user" in admin(*quorum, "delete", "--scope", "all")
    nowhere = tmp_path / "nowhere" / "token"
    assert "cannot write" in admin(*quorum, "generate", "--service", "user", "--token", nowhere)
    text, public = tmp_path / "text", tmp_path / "public"
    text.write_text("no token")
    openssl("genrsa", "-out", tmp_path / "key", 2048)
    openssl("rsa", "-in", tmp_path / "key", "-pubout", "-out", public)
    register = ["user", "change-quorum", "token-sign", "register", "--public-key"]
    assert "PEM" in admin(*register, text, "--signed-token", text)
    assert "not a registration token" in admin(*register, public, "--signed-token", text)
    text.write_text('{"version": "2.0", "tokens": []}')
    assert "one registration token" in admin(*register, public, "--signed-token", text)
    text.write_text('{"version": "2.0", "tokens": [{"unsigned": "", "signed": "%"}]}')
    assert "not base64" in admin(*register, public, "--signed-token", text)
    text.write_text('{"version": "2.0", "tokens": [{"unsigned": "", "signed": "YWJj"}]}')
    assert "Quorum approval" in admin(*register, public, "--signed-token", text)
    done(cluster.admin(*quorum, "generate", "--service", "registration", "--token", token))
    assert "signature is not valid" in admin(*register, public, "--signed-token", text)
    done(cluster.admin(*quorum, "delete", "--scope", "user"))
    assert "not a quorum token" in admin(*user("create", "gus", *new, "--approval", text))
    assert {user["username"] for user in done(cluster.cli("user", "list"))["users"]} == {"admin", "app_user", "eve", "finn"}


def test_what_crypto_users_are_refused_among_users(cluster, eve):
    new = ["--password", USER_PASSWORD]
    for words in [
        ["user", "create", "--username", "gus", "--role", "crypto-user", *new],
        ["user", "delete", "--username", "finn", "--role", "crypto-user"],
        ["user", "change-password", "--username", "finn", "--role", "crypto-user", *new],
        ["quorum", "token-sign", "set-quorum-value", "--service", "user", "--value", 1],
        ["quorum", "token-sign", "generate", "--service", "user", "--token", "/dev/null"],
    ]:
        assert "may not" in eve(*words), words


def test_keys_that_can_not_be_made(cluster, eve):
    named = ["--label", "impossible"]
    assert "no valid size" in eve("key", "generate-symmetric", "aes", "--key-length-bytes", 17, *named)
    assert "no valid size" in eve("key", "generate-symmetric", "generic-secret", "--key-length-bytes", 801, *named)
    both = ["--public-label", "impossible", "--private-label", "impossible"]
    assert "does not support the curve nonsense" in eve(*EC, "nonsense", *both)
    assert "no valid size" in eve(*RSA, 1024, *both)
    assert "1 to 128 characters" in eve(*AES, "--label", "x" * 129)
    for attribute, why in [
        ("nonsense=true", "can't be set"),
        ("encrypt", "not of the form NAME=VALUE"),
        ("encrypt=perhaps", "neither true nor false"),
        ("id=xyz", "not hexadecimal"),
        (f"id={'00' * 129}", "at most 128 bytes"),
        ("token=false", "session keys"),
        ("sensitive=false", "private and sensitive"),
        ("local=true", "can not be set"),
        ("trusted=true", "may not"),
    ]:
        assert why in eve(*AES, *named, "--attributes", attribute), attribute
    assert "does not fit" in eve(*EC, "prime256v1", *both, "--private-attributes", "unwrap=true")
    assert "no such user" in eve(*AES, *named, "--share-crypto-users", "nobody")
    assert done(cluster.user("eve", "key", "list", *label("impossible")))["total_key_count"] == 0


def test_keys_that_can_not_be_found_or_changed(cluster, eve, tmp_path):
    for words, why in [
        (["key-reference=nonsense"], "key"),
        (["nonsense"], "not of the form NAME=VALUE"),
        (["label=plain"], "is no filter"),
        (["attr.nonsense=1"], "can't be found by"),
        (["attr.class=nonsense"], "is no class"),
        (["attr.key-type=nonsense"], "is no key type"),
        (["attr.encrypt=perhaps"], "neither true nor false"),
        (["attr.id=xyz"], "not hexadecimal"),
    ]:
        assert why in eve("key", "list", "--filter", *words), words
    assert "starting token" in eve("key", "list", "--starting-token", "nonsense")
    for words in [
        ["key", "delete"],
        ["key", "set-attribute", "--name", "label", "--value", "x"],
        ["key", "share", "--username", "finn", "--role", "crypto-user"],
        ["key", "unshare", "--username", "finn", "--role", "crypto-user"],
        ["key", "generate-file", "--path", tmp_path / "file"],
    ]:
        assert "Key not found" in eve(*words, *label("nonsense")), words
        assert "keys match the filter" in eve(*words, *ONE_OF_MANY), words
        # Others' keys are as good as not there.
        assert "Key not found" in refused(cluster.user("finn", *words, *label("plain"))), words
    change = ["key", "set-attribute", *label("plain"), "--name"]
    assert "can't be set" in eve(*change, "nonsense", "--value", "true")
    assert "can not be set" in eve(*change, "sensitive", "--value", "false")
    assert "may not" in eve(*change, "trusted", "--value", "true")
    assert "not destroyable" in eve("key", "delete", *label("lasting"))
    share = ["key", "share", *label("plain"), "--username"]
    assert "no such user" in eve(*share, "nobody", "--role", "crypto-user")
    assert "no such user" in eve(*share, "admin", "--role", "crypto-user")
    assert "shared with crypto users" in eve(*share, "admin", "--role", "admin")
    assert "only a public key" in eve("key", "generate-file", *label("plain"), "--path", tmp_path / "file")
    # A shared key is seen and not the other's to change.
    done(cluster.user("eve", *share, "finn", "--role", "crypto-user"))
    for words in [["key", "delete"], ["key", "unshare", "--username", "eve", "--role", "crypto-user"]]:
        assert "may not" in refused(cluster.user("finn", *words, *label("plain")))
    done(cluster.user("eve", "key", "unshare", *label("plain"), "--username", "finn", "--role", "crypto-user"))


def test_what_keys_can_not_do(cluster, eve, tmp_path):
    message = ["--hash-function", "sha256", "--data", "YWJj"]
    key = lambda name: ["--key-filter", f"attr.label={name}"]
    assert "Key not found" in eve("crypto", "sign", "ecdsa", *key("nonsense"), *message)
    assert "not base64" in eve("crypto", "sign", "ecdsa", *key("ec-private"), "--hash-function", "sha256", "--data", "%")
    assert "does not allow" in eve("crypto", "sign", "ecdsa", *key("ec-public"), *message)
    refused(cluster.user("eve", "crypto", "sign", "rsa-pkcs", *key("ec-private"), *message))
    pss = ["crypto", "sign", "rsa-pkcs-pss", *key("rsa-private"), *message, "--mgf"]
    assert "supports PSS" in eve(*pss, "mgf1-sha1", "--salt-length", 32)
    assert "supports PSS" in eve(*pss, "mgf1-sha256", "--salt-length", 31)
    verify = ["crypto", "verify", "ecdsa", *key("ec-public"), *message, "--signature"]
    assert "verification failed" in eve(*verify, base64.b64encode(bytes(64)).decode())
    assert "not base64" in eve(*verify, "%")
    payload = lambda name: ["--payload-filter", f"attr.label={name}"]
    under = lambda name: ["--wrapping-filter", f"attr.label={name}"]
    wrap = ["key", "wrap", "aes-zero-pad"]
    assert "does not allow" in eve(*wrap, *payload("kept"), *under("wrapping"))
    assert "does not allow" in eve(*wrap, *payload("wrapping"), *under("plain"))
    assert "Key not found" in eve(*wrap, *payload("plain"), *under("nonsense"))
    nowhere = tmp_path / "nowhere" / "file"
    assert "cannot write" in eve(*wrap, *payload("plain"), *under("wrapping"), "--path", nowhere)
    oaep = ["key", "wrap", "rsa-oaep", *payload("plain"), *under("rsa-public"), "--hash-function", "sha256", "--mgf"]
    assert "supports OAEP" in eve(*oaep, "mgf1-sha1")
    unwrap = ["key", "unwrap", "aes-zero-pad", "--key-type-class", "aes", "--label", "impossible", "--data"]
    assert "ciphertext is not valid" in eve(*unwrap, base64.b64encode(bytes(40)).decode(), *label("wrapping"))
    assert "not base64" in eve(*unwrap, "%", *label("wrapping"))
    assert "does not allow" in eve(*unwrap, base64.b64encode(bytes(40)).decode(), *label("plain"))
    assert done(cluster.user("eve", "key", "list", *label("impossible")))["total_key_count"] == 0


def test_a_cluster_that_is_not_ready(server, tmp_path):
    api = server.client("cloudhsmv2")
    bare = Cluster(server, tmp_path, empty_cluster(api), api)
    assert "has no HSM yet" in refused(bare.cli("user", "list"))
    hsm = bare.add_hsm("us-east-1a")
    # Its owner has not claimed it: nobody could trust what it says.
    assert "initialized first" in refused(bare.cli("cluster", "activate", "--password", PASSWORD))
    bare.delete_hsm(hsm)
    bare.delete()


def test_a_key_is_not_made_where_one_hsm_is_all_there_is_and_nothing_where_none_answers(server, tmp_path):
    cluster = Cluster.make(server, tmp_path, hsms=1)
    cluster.make_user("gus")
    single = [*AES, "--label", "single"]
    assert "at least 2 HSMs" in refused(cluster.user("gus", *single))
    assert done(cluster.user("gus", "key", "list"))["total_key_count"] == 0
    done(cluster.user("gus", *single, "--disable-key-availability-check"))
    (process,) = server.children(cluster.hsms()[0]["HsmId"])
    os.kill(process, signal.SIGSTOP)
    try:
        assert "no HSM" in refused(cluster.user("gus", "key", "list"))
    finally:
        os.kill(process, signal.SIGCONT)
    wait_for(lambda: done(cluster.user("gus", "key", "list"))["total_key_count"] == 1, 60)
