"""`python -m keysecure`, run as a user runs it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from cli_support import COMMANDS, bare, run

import keysecure
from keysecure import Client
from keysecure.cli import main
from keysecure.sandbox import Sandbox


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    assert command in run("--help").stdout
    result = run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: python -m keysecure {command}")
    assert "exit codes: 0 done, 1 failed, 2 wrong arguments or settings" in result.stdout


@pytest.mark.parametrize("command", ["doctor", "call", "export", "listen", "trigger purchase"])
def test_secrets_are_never_options(command: str) -> None:
    result = run(*command.split(), "--help").stdout
    assert "KEYSECURE_API_SECRET" in result
    assert not re.search(r"--\S*(key|secret|token)", result)


def test_it_prints_its_version() -> None:
    assert run("--version").stdout == f"keysecure {keysecure.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["dance"], ["export"], ["export", "everything"], ["doctor", "--jsn"]])
def test_a_wrong_command_line_prints_the_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage:" in result.stderr


def test_the_demo_walks_through_the_life_cycle_of_a_card_offline() -> None:
    result = run("demo")
    assert (result.returncode, result.stderr) == (0, "")
    for line in [
        "The platform checked the identity: Approved.",
        "Frozen: the card is Frozen.",
        "Unfrozen: the card is Activated.",
        "Moved 250.00 TUSDT in: balance 0.00 -> 250.00.",
        "Balance now: 220.00 TUSDT.",
        "5 consumptions; spent and settled: 30.00.",
        "2 cards were issued.",
    ]:
        assert line in result.stdout.splitlines()
    # What 13 or more digits in a row are: numbers of the platform's, and no card number.
    assert not re.search(r"\b4\d{15}\b", result.stdout)
    assert "739251" not in result.stdout


class Served:
    """A sandbox in a separate program."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "keysecure", "sandbox", *options]
        pipe = subprocess.PIPE
        self.program = subprocess.Popen(command, env=bare(), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self.program.stdout is not None
        self.info: dict[str, str] = json.loads(self.program.stdout.readline())

    def client(self) -> Client:
        return Client(self.info["api_key"], self.info["api_secret"], base_url=self.info["base_url"])

    def end(self) -> None:
        if self.program.poll() is None:
            self.program.kill()
        self.program.communicate(timeout=60)


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    served = Served(*getattr(request, "param", ()))
    yield served
    served.end()


@pytest.mark.parametrize("served", [("--mode", "authorization", "--seed", "5", "--exit-with-stdin")], indirect=True)
def test_a_served_sandbox_prints_one_line_and_stops_with_its_parent(served: Served) -> None:
    assert set(served.info) >= {"base_url", "control_url", "console_url", "api_key", "api_secret", "mode"}
    assert served.info["mode"] == "authorization"
    with Sandbox("authorization", 5) as same, served.client() as client:
        assert served.info["api_secret"] == same.api_secret
        assert served.info["api_key"] != same.api_key  # so that no two share the records of a store
        assert list(client.cards.bins())
    rest, errors = served.program.communicate(timeout=60)
    assert (served.program.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    "served", [("--http-status", "strict", "--tariffs", "--page-cap", "1", "--list-total")], indirect=True
)
def test_options_change_how_a_served_sandbox_behaves(served: Served) -> None:
    with served.client() as client:
        page = client.cards.packages_page(page=0, size=5)
        assert len(page) == 1
        assert page.extra["total"] > 1
        with pytest.raises(keysecure.ApiError) as caught:
            client.cards.get("17")
        assert caught.value.http_status == 400


@pytest.mark.parametrize(
    "served", [("--aes", "md5/cbc"), ("--aes-key", "md5", "--aes-mode", "cbc")], indirect=True, ids=["new", "old"]
)
def test_the_scheme_of_a_served_sandbox_is_written_as_for_the_client(served: Served) -> None:
    sandbox = ["doctor", "--json", "--base-url", served.info["base_url"], "--aes", "md5/cbc", "--card-no"]
    with Client(
        served.info["api_key"], served.info["api_secret"], base_url=served.info["base_url"], aes="md5/cbc"
    ) as client:
        card_no = new_card(client, served.info["control_url"])
    names = {f"KEYSECURE_{name.upper()}": served.info[name] for name in ("api_key", "api_secret")}
    assert run(*sandbox, card_no, **names).returncode == 0


def new_card(client: Client, control_url: str) -> str:
    holder = client.cardholders.apply(cardholder_unique_no="one", sumsub_share_token="token").cardholder_no
    request = urllib.request.Request(
        f"{control_url}/cardholders/approve", json.dumps({"cardholder_no": holder}).encode(), method="POST"
    )
    urllib.request.urlopen(request, timeout=60).close()
    package = next(iter(client.cards.packages(type="Virtual")))
    return client.cards.apply(
        cardholder_no=holder, card_unique_no="one", card_type="Virtual", package_no=package.package_no
    ).card_no


@pytest.mark.parametrize("served", [("--host", "0.0.0.0")], indirect=True)
def test_a_served_sandbox_can_listen_on_all_interfaces(served: Served) -> None:
    port = int(served.info["base_url"].rpartition(":")[2])
    # All of 127.0.0.0/8 is this machine on Linux, but only the first address without the option.
    with socket.create_connection(("127.0.0.2", port), timeout=60):
        pass
    control = urllib.parse.urlsplit(served.info["control_url"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", control.port or 0), timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_served_sandbox_ends_quietly(served: Served, sent: signal.Signals) -> None:
    with served.client() as client:
        client.access_token()
    served.program.send_signal(sent)
    rest, errors = served.program.communicate(timeout=60)
    assert (served.program.returncode, rest, errors) == (130, "", "")


@pytest.mark.parametrize("served", [("--relay",)], indirect=True)
def test_a_served_relay_has_two_sessions_and_passes_webhooks_on(served: Served) -> None:
    relay: Any = served.info["relay"]
    own, other = relay["sessions"]
    assert (own["session"], other["session"]) == ("test-session", "other-session")
    request = urllib.request.Request(f"{relay['url']}/v1/events", headers={"Authorization": "Bearer test-session"})
    with Client.relay(relay["url"], own["session"]) as client, urllib.request.urlopen(request, timeout=60) as events:
        assert events.readline() == b": connected\n"
        client.cards.freeze(own["card_no"])
        with pytest.raises(keysecure.NotFoundError):
            client.cards.freeze(other["card_no"])
        assert any(b'"after_status":"Frozen"' in line for line in events)
        made = client.accounts.ensure_transfer(
            cardholder_no=own["cardholder_no"], transfer_unique_no="tap-1", type="In", amount="25.00"
        )
        assert made.created
    if sys.platform != "win32":  # signals of Unix
        served.program.send_signal(signal.SIGINT)
        rest, _ = served.program.communicate(timeout=60)
        assert (served.program.returncode, rest) == (130, "")


def test_two_programs_do_not_share_a_port(served: Served) -> None:
    port = served.info["base_url"].rpartition(":")[2]
    result = run("sandbox", "--port", port)
    assert result.returncode == 1
    assert "the sandbox cannot listen" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["sandbox", "--webhook-url", "http://example.com/"], "webhook URL"),
        (["sandbox", "--callback-url", "http://example.com/"], "webhook URL"),
        (["sandbox", "--page-cap", "-1"], "--page-cap: must be 1 to 100"),
        (["sandbox", "--seed", "-1"], "seed cannot be -1"),
        (["sandbox", "--aes", "rot13"], "--aes: invalid choice"),
        (["sandbox", "--host", "10.0.0.1"], "--host: invalid choice"),
        (["demo", "--seed", "-1"], "seed cannot be -1"),
        (["demo", "--seed", "9" * 30], "seed cannot be"),
    ],
)
def test_a_wrong_option_of_the_sandbox_is_reported(arguments: list[str], word: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert word in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_can_be_called_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    from keysecure.__main__ import main

    before = signal.getsignal(signal.SIGTERM)
    assert main(["demo"]) == 0
    signal.signal(signal.SIGTERM, before)
    codes: list[int] = []
    # Not on the main thread, where Python has no signals.
    thread = threading.Thread(target=lambda: codes.append(main(["demo"])))
    thread.start()
    thread.join()
    assert codes == [0]
    assert capsys.readouterr().out.count("== Reports ==") == 2


def test_without_the_sandbox_installed_the_rest_works(variables: dict[str, str]) -> None:
    def without(command: str) -> subprocess.CompletedProcess[str]:
        program = f"""
import sys
sys.modules["keysecure_sandbox"] = None
from keysecure.__main__ import main
sys.exit(main(["{command}"]))
"""
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**bare(), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert without("doctor").returncode == 0
    for command in ("demo", "sandbox"):
        result = without(command)
        assert result.returncode == 2
        assert result.stderr == "keysecure: the sandbox is a separate package: pip install 'keysecure[sandbox]'\n"


def test_the_handler_of_sigterm_is_the_callers_again() -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert main(["completion", "bash"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
