"""`keysecure doctor`: what it says, in terms of its own options, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import run
from tls_support import ROOT, with_tls

from keysecure.sandbox import Sandbox


def test_it_says_first_what_it_examined(sandbox: Sandbox, variables: dict[str, str]) -> None:
    result = run("doctor", **variables)
    assert (result.returncode, result.stderr) == (0, "")
    head = result.stdout.splitlines()[:3]
    assert [line.split()[0] for line in head] == ["Environment", "Address", "Api-Key"]
    assert [line.split()[1] for line in head[:2]] == ["sandbox", sandbox.base_url]
    assert "***" in head[2]
    assert sandbox.api_key not in result.stdout
    report = json.loads(run("doctor", "--json", **variables).stdout)
    assert (report["environment"], report["base_url"]) == ("sandbox", sandbox.base_url)


def test_without_a_card_it_says_that_nothing_used_the_secret(variables: dict[str, str]) -> None:
    # No request is signed, so this secret is as good as the right one until a card is decrypted.
    variables["KEYSECURE_API_SECRET"] = "0123456789abcdef"
    result = run("doctor", **variables)
    assert result.returncode == 0
    assert "All is well" not in result.stdout
    assert "Not asked for: pci, aes. Only these use the apiSecret" in result.stdout
    assert "-> to check it: --card-no NO" in result.stdout


def test_the_doctor_finds_what_is_wrong_and_exits_with_1(sandbox: Sandbox, variables: dict[str, str]) -> None:
    sandbox.settings(key_state="expired")
    result = run("doctor", "--json", **variables)
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert (report["is_healthy"], report["is_complete"]) == (False, False)
    assert {(one["check"], one["status"], one["code"]) for one in report["findings"]} >= {("api_key", "fail", 1011)}
    assert sandbox.api_secret not in result.stdout + result.stderr


@pytest.mark.parametrize("code", [1001, 1009])
def test_a_check_that_was_not_made_is_exit_code_3(sandbox: Sandbox, variables: dict[str, str], code: int) -> None:
    sandbox.fault("token", {"code": code}, times=50)
    result = run("doctor", "--timeout", "2", **variables)
    assert result.returncode == 3
    assert "Not finished: token, mode could not be checked. Check again." in result.stdout
    assert "All is well" not in result.stdout


def test_the_doctor_looks_at_a_card_when_given_one(sandbox: Sandbox, variables: dict[str, str]) -> None:
    card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
    good = run("doctor", "--json", "--card-no", card_no, **variables)
    assert (good.returncode, json.loads(good.stdout)["findings"][-1]["check"]) == (0, "aes")
    assert run("doctor", "--card-no", card_no, **variables).stdout.endswith("\nAll is well.\n")
    other = run("doctor", "--card-no", card_no, "--aes", "md5hex", **variables)
    assert other.returncode == 1
    assert "-> change the AES scheme (--aes utf8)" in other.stdout


def test_a_wrong_secret_is_not_a_wrong_scheme(sandbox: Sandbox, variables: dict[str, str]) -> None:
    card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
    variables["KEYSECURE_API_SECRET"] = "0123456789abcdef"
    result = run("doctor", "--card-no", card_no, **variables)
    assert result.returncode == 1
    assert "check that the apiSecret is complete" in result.stdout
    assert "KEYSECURE_API_SECRET" in result.stdout
    assert "--aes" not in result.stdout
    # One character is missing, so that its length fits no key.
    variables["KEYSECURE_API_SECRET"] = sandbox.api_secret[:-1]
    result = run("doctor", "--card-no", card_no, **variables)
    assert result.returncode == 2
    assert "check first that the secret is complete and without typing errors" in result.stderr
    assert sandbox.api_secret[:-1] not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("url", "more", "advice"),
    [
        ("http://127.0.0.1:9", [], "(--base-url URL, --proxy URL)"),
        ("https://nowhere.invalid", [], "(--base-url URL)"),
        ("https://nowhere.invalid", ["--proxy", "http://127.0.0.1:9"], "--proxy URL"),
    ],
    ids=["refused", "name", "proxy"],
)
def test_advice_names_the_options_of_the_command(
    variables: dict[str, str], url: str, more: list[str], advice: str
) -> None:
    result = run("doctor", "--base-url", url, *more, "--timeout", "5", **variables)
    assert result.returncode == 1
    assert advice in result.stdout
    for argument in ("base_url", "ca_pem", "api_key=", "settings"):
        assert argument not in result.stdout
    retired = ["keeper", "as safe as it must be", "the device"]
    assert not [words for words in retired if words in result.stdout]


def test_options_override_variables(sandbox: Sandbox, variables: dict[str, str]) -> None:
    # Only what is read can be wrong.
    wrong = {"BASE_URL": "http://127.0.0.1:9", "PROXY": "gopher://x", "CA_PEM": "/nowhere.pem", "TIMEZONE": "IST"}
    for name, value in wrong.items():
        result = run("doctor", **variables | {f"KEYSECURE_{name}": value})
        assert result.returncode == (1 if name == "BASE_URL" else 2), name
    variables |= {"KEYSECURE_TIMEZONE": "IST", "KEYSECURE_BASE_URL": "http://127.0.0.1:9"}
    right = ["--timezone", "UTC-3", "--base-url", sandbox.base_url, "--timeout", "20"]
    assert run("doctor", *right, **variables).returncode == 0


def test_a_root_of_ones_own_is_trusted_when_it_is_given(
    tmp_path: Path, sandbox: Sandbox, variables: dict[str, str]
) -> None:
    root = tmp_path / "root.pem"
    root.write_text(ROOT)
    with with_tls(sandbox.base_url, tmp_path) as address:
        variables["KEYSECURE_BASE_URL"] = address
        without = run("doctor", **variables)
        assert without.returncode == 1
        assert "give its root certificate (--ca-pem FILE)" in without.stdout
        assert run("doctor", "--ca-pem", str(root), **variables).returncode == 0
        assert run("doctor", **variables, KEYSECURE_CA_PEM=str(root)).returncode == 0


def test_roots_are_read_from_the_file_of_ca_pem(tmp_path: Path, variables: dict[str, str]) -> None:
    result = run("doctor", "--ca-pem", str(tmp_path / "none.pem"), **variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert "none.pem cannot be read: No such file or directory" in result.stderr
    (tmp_path / "roots.pem").write_text("no certificate")
    result = run("doctor", "--ca-pem", str(tmp_path / "roots.pem"), **variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert "ca_pem" in result.stderr


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
