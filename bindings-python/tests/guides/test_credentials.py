"""The code of the guide "Credentials and environments"."""

from __future__ import annotations

import pytest

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_a_client_takes_its_settings_from_the_environment(keysecure_env: Sandbox) -> None:
    # --8<-- [start:from-env]
    with Client.from_env() as client:
        print(client.access_token().expires_at)
    # --8<-- [end:from-env]


def test_a_client_takes_its_settings_from_the_program(sandbox: Sandbox) -> None:
    api_key, api_secret, base_url = sandbox.api_key, sandbox.api_secret, sandbox.base_url
    # --8<-- [start:settings]
    client = Client(
        api_key,
        api_secret,
        environment="sandbox",  # the platform's own test system, the default; or "production"
        base_url=base_url,  # only when it is not the address of the environment
        timezone="UTC+8",
        timeout=10,
    )
    # --8<-- [end:settings]
    with client:
        assert client.access_token().expose()


def test_the_doctor_reports(sandbox: Sandbox, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    # --8<-- [start:doctor]
    report = client.doctor()
    print(report)
    if not report.is_healthy:
        raise SystemExit(1)
    # --8<-- [end:doctor]
    assert "token" in capsys.readouterr().out.lower()
