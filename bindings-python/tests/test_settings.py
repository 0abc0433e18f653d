"""Making a client: every setting is checked when it is made, and none is taken from where nobody would look."""

from __future__ import annotations

import copy
import os
import pickle
import stat
import subprocess
import sys
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import keysecure
from keysecure import Client, ConfigError, FileStore, MemoryStore, MemoryTokenStore
from keysecure.sandbox import Sandbox

KEY, SECRET = "key", "s" * 32


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"environment": "prod"}, "sandbox or production"),
        ({"environment": 5}, "environment must be a str"),
        ({"base_url": "http://example.com"}, "https"),
        ({"base_url": "https://user:pw@example.com"}, "credentials"),
        ({"aes": "rot13"}, "aes must be one of"),
        ({"aes": "utf8/gcm"}, "aes must be one of"),
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": -1.5}, "timeout must be"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"timeout": float("inf")}, "timeout must be"),
        ({"timeout": "30"}, "timeout must be"),
        ({"timeout": True}, "timeout must be"),
        ({"connect_timeout": 0}, "connect_timeout must be"),
        ({"max_retries": -1}, "max_retries must be"),
        ({"max_retries": 1.5}, "max_retries must be"),
        ({"language": "de"}, "language must be"),
        ({"timezone": "Europe/Berlin"}, "timezone must have the same offset"),
        ({"proxy": "no proxy"}, "proxy"),
        ({"ca_pem": "no certificate"}, "ca_pem is no PEM text, and no file can be read at that path: entity not found"),
        ({"ca_pem": Path("/no/such/file")}, "ca_pem is no PEM text, and no file can be read at that path"),
        ({"ca_pem": 5}, "ca_pem must be PEM text, bytes or the path of a file; got int"),
        ({"ca_pem": b"\xff"}, "ca_pem"),
        ({"token_store": object()}, "token_store"),
        ({"store": object()}, "store must be a MemoryStore"),
        ({"store": "memory "}, "file:DIRECTORY"),
        ({"store": "file:"}, "file:DIRECTORY"),
        ({"store": "redis://:hunter2@host:port/"}, "URL of the Redis store cannot be used: give redis://"),
        ({"store": "rediss://:hunter2@host/"}, r"rediss:// \(TLS\) is not built into this package"),
        ({"store": keysecure.MemoryReplayStore()}, "store cannot be a MemoryReplayStore"),
        ({"store": "memory", "token_store": "memory"}, "old name"),
        ({"allow_plain_http": "sandbox"}, "list of host names"),
        ({"allow_plain_http": [5]}, "allow_plain_http must be a str"),
        ({"allow_plain_http": ["sandbox"], "environment": "production"}, "refused in production"),
        ({"base_url": "http://sandbox:8080"}, "https"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, object], words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with pytest.raises(ConfigError, match=words) as caught:
            Client(KEY, SECRET, **settings)
    assert "hunter2" not in str(caught.value)


def test_roots_are_a_pem_text_or_the_path_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "no.pem"
    file.write_text("no certificate")
    # Whatever names the file, its text is what is refused.
    refused = set()
    for path in (file, str(file)):
        with pytest.raises(ConfigError) as caught:
            Client(KEY, SECRET, ca_pem=path)
        refused.add(str(caught.value))
    with pytest.raises(ConfigError) as caught:
        Client(KEY, SECRET, ca_pem=b"no certificate")
    assert refused == {str(caught.value)}
    assert "no file" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the store checks no permissions on Windows")
def test_a_store_in_a_directory_of_others_says_what_to_do(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    with pytest.raises(ConfigError) as caught:
        FileStore(directory)
    assert f"chmod 700 {directory}" in str(caught.value)


def test_plain_http_goes_to_hosts_that_are_named() -> None:
    Client(KEY, SECRET, base_url="http://sandbox:8080", allow_plain_http=["sandbox"])
    Client(KEY, SECRET, base_url="http://sandbox:8080", allow_plain_http=("other", "SANDBOX"))


@pytest.mark.parametrize(
    ("key", "secret"), [("", SECRET), ("a b", SECRET), ("a\r\nX: y", SECRET), (KEY, ""), (5, SECRET), (KEY, None)]
)
def test_credentials_are_checked_without_being_repeated(key: object, secret: object) -> None:
    with pytest.raises(ConfigError) as caught:
        Client(key, secret)
    assert "X: y" not in str(caught.value)
    assert SECRET not in str(caught.value)


STRAY = ["x" * 15 + "\n", "x" * 14 + "\r\n", " " + "x" * 15, "x" * 15 + " ", "x\t" + "x" * 14, "\ufeff" + "x" * 16]


@pytest.mark.parametrize("stray", STRAY)
def test_stray_characters_in_a_secret_are_refused_by_its_name(stray: str) -> None:
    for aes in ("utf8", "md5"):
        with pytest.raises(ConfigError, match="api_secret must have no line ends") as caught:
            Client(KEY, stray, aes=aes)
        assert "xxx" not in str(caught.value)
    for secrets in (stray, [SECRET, stray]):
        with pytest.raises(ConfigError, match="secrets must have no line ends"):
            keysecure.WebhookVerifier("app", secrets)
    with pytest.raises(ConfigError, match="app_id must have no line ends"):
        keysecure.WebhookVerifier(stray, SECRET)
    with pytest.raises(ConfigError, match="app_id must have no line ends"):
        Client(KEY, SECRET, app_id=stray)
    Client(KEY, "a phrase with spaces", aes="md5")


def test_a_secret_that_does_not_fit_names_the_setting() -> None:
    with pytest.raises(ConfigError, match="aes"):
        Client(KEY, "too short")
    Client(KEY, "too short", aes="md5hex")


def test_the_environment_is_read_when_asked_and_arguments_win(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pem = tmp_path / "no.pem"
    pem.write_text("no certificate")
    for name in list(os.environ):
        if name.startswith("KEYSECURE_"):
            monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match="KEYSECURE_API_KEY is not set"):
        Client.from_env()
    monkeypatch.setenv("KEYSECURE_API_KEY", sandbox.api_key)
    with pytest.raises(ConfigError, match="KEYSECURE_API_SECRET is not set"):
        Client.from_env()
    monkeypatch.setenv("KEYSECURE_API_SECRET", sandbox.api_secret)
    monkeypatch.setenv("KEYSECURE_BASE_URL", sandbox.base_url)
    with Client.from_env() as client:
        assert client.access_token()
    for name, wrong, words in [
        ("PROXY", "no proxy", "proxy"),
        ("TIMEZONE", "Mars/Olympus", "timezone must be a fixed offset"),
        ("CA_PEM", "/no/such/file", "KEYSECURE_CA_PEM is no PEM text, and no file can be read at that path"),
        ("CA_PEM", str(pem), "ca_pem"),
        ("CA_PEM", "-----BEGIN CERTIFICATE-----", "ca_pem"),
        ("STORE", "nowhere", "store must be memory"),
    ]:
        monkeypatch.setenv(f"KEYSECURE_{name}", wrong)
        with pytest.raises(ConfigError, match=words):
            Client.from_env()
        monkeypatch.delenv(f"KEYSECURE_{name}")
    monkeypatch.setenv("KEYSECURE_STORE", f"file:{tmp_path / 'store'}")
    monkeypatch.setenv("KEYSECURE_TIMEZONE", "UTC+5:30")
    with Client.from_env() as client:
        assert client.access_token()
    assert any((tmp_path / "store").iterdir())
    monkeypatch.setenv("KEYSECURE_ENVIRONMENT", "moon")
    with pytest.raises(ConfigError, match="sandbox or production"):
        Client.from_env()
    with Client.from_env(environment="sandbox", timeout=5) as client:
        assert client.access_token()
    monkeypatch.setenv("KEYSECURE_ENVIRONMENT", "sandbox")
    with Client.from_env(environment=None, base_url=None) as client:
        assert client.access_token()


def test_no_proxy_is_taken_from_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with sandbox.client() as client:
        assert client.access_token()


def test_a_client_refuses_pickles_and_copies_with_the_reason(client: Client) -> None:
    for attempt in [pickle.dumps, copy.copy, copy.deepcopy]:
        with pytest.raises(TypeError, match="holds a secret and sockets"):
            attempt(client)


def test_clients_that_share_a_store_share_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    directory = tmp_path / "tokens"
    stores: list[Any] = [MemoryTokenStore(), FileStore(directory), MemoryStore(), f"file:{tmp_path / 'text'}", "memory"]
    for fetched, store in enumerate(stores, 1):
        clients = [sandbox.client(store=store) for _ in range(3)]
        tokens = {client.access_token().expose() for client in clients}
        assert len(tokens) == 1
        assert sandbox.count("token") == fetched
    assert FileStore(str(directory))  # a str will do


@pytest.mark.skipif(sys.platform == "win32", reason="the store checks no permissions on Windows")
def test_a_new_directory_is_private_and_must_stay_so(tmp_path: Path) -> None:
    directory = tmp_path / "tokens"
    FileStore(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.chmod(0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        FileStore(directory)


def test_the_old_name_of_the_store_warns_and_shares_the_token_only(sandbox: Sandbox) -> None:
    store = MemoryStore()
    with pytest.warns(DeprecationWarning, match="use store"):
        client = sandbox.client(token_store=store)
    assert client.access_token().expose() == sandbox.client(store=store).access_token().expose()
    with pytest.raises(ConfigError, match="needs a store"):
        client.accounts.ensure_transfer(cardholder_no="1", transfer_unique_no="2", type="In", amount=1)


def test_processes_that_share_a_directory_share_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    program = (
        "import sys; from keysecure import Client, FileStore\n"
        "client = Client(*sys.argv[1:3], base_url=sys.argv[3], store=FileStore(sys.argv[4]))\n"
        "client.access_token()\n"
    )
    arguments = [sandbox.api_key, sandbox.api_secret, sandbox.base_url, str(tmp_path / "tokens")]
    processes = [subprocess.Popen([sys.executable, "-c", program, *arguments]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert sandbox.count("token") == 1


def test_a_client_s_verifier_has_the_client_s_credentials(sandbox: Sandbox) -> None:
    body = b'{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}'
    for app_id in [None, "another-app"]:
        client = sandbox.client() if app_id is None else sandbox.client(app_id=app_id)
        signer = keysecure.WebhookVerifier(app_id or sandbox.api_key, sandbox.api_secret)
        received = client.webhook_verifier(tolerance=60).verify(
            signer.sign_for_tests(datetime.now(timezone.utc), body), body
        )
        assert isinstance(received.event, keysecure.CardUpdateEvent)


def test_importing_reads_no_environment_and_loads_little() -> None:
    program = (
        "import sys; before = set(sys.modules); import keysecure; keysecure.Client('key', 's' * 32).cards.get;"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout
    for heavy in ["typing", "decimal", "datetime", "logging", "asyncio", "json", "threading", "ssl"]:
        assert f"'{heavy}'" not in loaded
