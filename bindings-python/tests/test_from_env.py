"""A verifier from environment variables."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from webhook_support import APP_ID, BODY, SECRET, rejected, signed

from keysecure import ConfigError, WebhookVerifier

NAMES = ["KEYSECURE_APP_ID", "KEYSECURE_API_KEY", "KEYSECURE_API_SECRET", "KEYSECURE_STORE"]


@pytest.fixture(autouse=True)
def _only_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_a_verifier_reads_the_variables_of_the_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither KEYSECURE_APP_ID nor KEYSECURE_API_KEY is set"):
        WebhookVerifier.from_env()
    monkeypatch.setenv("KEYSECURE_API_KEY", APP_ID)
    with pytest.raises(ConfigError, match="KEYSECURE_API_SECRET is not set"):
        WebhookVerifier.from_env()
    monkeypatch.setenv("KEYSECURE_API_SECRET", SECRET)
    headers = signed(BODY)
    for _ in range(2):
        WebhookVerifier.from_env().verify(headers, BODY)
    monkeypatch.setenv("KEYSECURE_STORE", f"file:{tmp_path / 'store'}")
    WebhookVerifier.from_env().verify(headers, BODY)
    assert rejected(headers, by=WebhookVerifier.from_env()) == "replayed"


def test_the_app_id_of_the_environment_comes_before_the_api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(NAMES, [APP_ID, "another-key", SECRET, ""], strict=True):
        monkeypatch.setenv(name, value)
    WebhookVerifier.from_env().verify(signed(BODY), BODY)


def test_keywords_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(NAMES, ["", "another-key", "another-secret", "memory"], strict=True):
        monkeypatch.setenv(name, value)
    verifier = WebhookVerifier.from_env(
        app_id=APP_ID, secrets=["new", SECRET], tolerance=None, clock=time.time, replay_guard=True
    )
    assert verifier.verify(signed(BODY), BODY).secret_index == 1
    with pytest.raises(TypeError):
        WebhookVerifier.from_env(secret=SECRET)
