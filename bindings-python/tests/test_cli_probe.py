"""`keysecure probe` and `client.probe`: what they find, and what they do not print."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cli_support import run, variables_of

from keysecure import Client, ConfigError, WebhookVerifier
from keysecure.sandbox import Sandbox

BODY = b'{"id":"1","action":"Card_update","data":{"card_no":"42","after_status":"Frozen"}}'


def signed(sandbox: Sandbox) -> dict[str, str]:
    """The headers of a webhook of the sandbox's merchant."""
    verifier = WebhookVerifier(sandbox.api_key, [sandbox.api_secret])
    return verifier.sign_for_tests(datetime(2026, 1, 2, tzinfo=timezone.utc), BODY)


def test_the_report_names_the_settings_to_use(tmp_path: Path) -> None:
    with Sandbox(aes="md5/cbc", lists={"page_cap": 10}) as sandbox:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        sandbox.seed_cards(sandbox.seed_approved_cardholder(), 30)
        captured = tmp_path / "captured.txt"
        head = "".join(f"{name}: {value}\r\n" for name, value in signed(sandbox).items())
        captured.write_bytes(f"POST /hook HTTP/1.1\r\n{head}\r\n".encode() + BODY)
        given = ["probe", "--card-no", card_no, "--webhook", str(captured)]
        result = run(*given, **variables_of(sandbox))
        assert (result.returncode, result.stderr) == (0, "")
        assert "  aes = md5/cbc" in result.stdout
        assert "gives 10 rows of 100" in result.stdout
        report = json.loads(run(*given, "--json", **variables_of(sandbox)).stdout)
        verdicts = {one["inference"]: one["verdict"] for one in report["findings"]}
        assert [name for name, verdict in verdicts.items() if verdict == "refuted"] == ["page_cap", "aes_key"]
        assert verdicts["webhook_signing"] == "confirmed"
        assert report["settings"]["aes"] == "md5/cbc"
        assert {one["operation"] for one in report["recording"]} >= {"token", "cards.list", "cards.private_info"}
        for secret in (sandbox.api_key, sandbox.api_secret, sandbox.card_secrets_for_tests(card_no).pan, card_no):
            assert secret not in result.stdout + json.dumps(report)


def test_the_client_returns_the_report(sandbox: Sandbox, client: Client) -> None:
    card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
    report = client.probe(card_no, webhook=(signed(sandbox), BODY), simulate=True)
    assert [one.inference for one in report.findings if one.verdict == "refuted"] == []
    aes = report.of("aes_key")
    assert aes is not None
    assert (aes.verdict, aes.setting, aes.value) == ("confirmed", None, None)
    assert report.of("colour") is None
    assert report.settings == {"store": "one that all workers share"}
    assert json.loads(report.to_json())["recording"] == json.loads(report.recording)
    assert "Settings to use:" in str(report)
    assert "aes_key=confirmed" in repr(report)
    assert "confirmed" in repr(aes)
    assert len({*report.findings}) == len(report.findings)


def test_it_is_refused_in_production() -> None:
    with Client("key", "0123456789abcdef", environment="production") as client, pytest.raises(ConfigError):
        client.probe()
    result = run(
        "probe", "--environment", "production", KEYSECURE_API_KEY="key", KEYSECURE_API_SECRET="0123456789abcdef"
    )
    assert result.returncode == 2
    assert "refused in production" in result.stderr


@pytest.mark.parametrize("text", ["", "no webhook", "Timestamp: 1\n\n{}", "Timestamp: 1\nSignature: 2\n"])
def test_a_file_without_a_webhook_is_an_error(tmp_path: Path, variables: dict[str, str], text: str) -> None:
    file = tmp_path / "captured.txt"
    file.write_text(text)
    result = run("probe", "--webhook", str(file), **variables)
    assert result.returncode == 2
    assert "holds no webhook" in result.stderr
