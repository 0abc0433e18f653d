"""`python -m keysecure`, run as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox


def bare() -> dict[str, str]:
    """The environment without any setting of keysecure."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEYSECURE_")}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "keysecure", *arguments]
    return subprocess.run(
        command, env={**bare(), **environment}, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    return {
        "KEYSECURE_BASE_URL": sandbox.base_url,
        "KEYSECURE_API_KEY": sandbox.api_key,
        "KEYSECURE_API_SECRET": sandbox.api_secret,
    }


@pytest.mark.parametrize("command", ["demo", "doctor", "sandbox", "export"])
def test_every_command_says_what_it_does(command: str) -> None:
    assert command in run("--help").stdout
    result = run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: python -m keysecure {command}")


@pytest.mark.parametrize("command", ["doctor", "export"])
def test_secrets_are_never_options(command: str) -> None:
    result = run(command, "--help").stdout
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


def test_the_doctor_says_that_all_is_well(environment: dict[str, str]) -> None:
    result = run("doctor", **environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert "api_key" in result.stdout


def test_the_doctor_finds_what_is_wrong_and_exits_with_1(sandbox: Sandbox, environment: dict[str, str]) -> None:
    sandbox.settings(key_state="expired")
    result = run("doctor", "--json", **environment)
    assert result.returncode == 1
    findings: list[dict[str, Any]] = json.loads(result.stdout)
    assert {(one["check"], one["status"], one["code"]) for one in findings} >= {("api_key", "fail", 1011)}
    assert sandbox.api_secret not in result.stdout + result.stderr


def test_the_doctor_looks_at_a_card_when_given_one(sandbox: Sandbox, environment: dict[str, str]) -> None:
    card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
    good = run("doctor", "--json", "--card-no", card_no, **environment)
    assert (good.returncode, json.loads(good.stdout)[-1]["check"]) == (0, "aes")
    other = run("doctor", "--card-no", card_no, "--aes", "md5hex", **environment)
    assert other.returncode == 1
    assert "utf8" in other.stdout


def test_settings_may_be_options(sandbox: Sandbox, environment: dict[str, str]) -> None:
    environment["KEYSECURE_BASE_URL"] = "http://127.0.0.1:9"
    assert run("doctor", "--base-url", sandbox.base_url, "--timeout", "20", **environment).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "KEYSECURE_API_KEY is not set"),
        (["--aes", "rot13"], "aes must be one of"),
        (["--base-url", "http://example.com"], "base_url"),
    ],
)
def test_a_wrong_setting_is_reported_without_a_traceback(arguments: list[str], message: str) -> None:
    given = {"KEYSECURE_API_KEY": "key", "KEYSECURE_API_SECRET": "0123456789abcdef"} if arguments else {}
    found = run("doctor", *arguments, **given)
    assert found.returncode == 2
    assert message in found.stderr
    assert "Traceback" not in found.stderr
    assert "0123456789abcdef" not in found.stderr


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
    assert set(served.info) >= {"base_url", "control_url", "api_key", "api_secret", "mode"}
    assert served.info["mode"] == "authorization"
    with Sandbox("authorization", 5) as same, served.client() as client:
        assert (served.info["api_key"], served.info["api_secret"]) == (same.api_key, same.api_secret)
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


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_served_sandbox_ends_quietly(served: Served, sent: signal.Signals) -> None:
    with served.client() as client:
        client.access_token()
    served.program.send_signal(sent)
    rest, errors = served.program.communicate(timeout=60)
    assert (served.program.returncode, rest, errors) == (130, "", "")


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


def test_without_the_sandbox_installed_the_rest_works(environment: dict[str, str]) -> None:
    def without(command: str) -> subprocess.CompletedProcess[str]:
        program = f"""
import sys
sys.modules["keysecure_sandbox"] = None
from keysecure.__main__ import main
sys.exit(main(["{command}"]))
"""
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**bare(), **environment},
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
