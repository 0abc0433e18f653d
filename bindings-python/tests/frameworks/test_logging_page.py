"""The programs of docs/logging-python.md run as they stand, and give each record its fields."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from keysecure.sandbox import Sandbox

PAGE = Path(__file__).parents[3] / "docs" / "logging-python.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

WORK = """
import sys
from datetime import datetime, timezone

import keysecure
from keysecure import Responder, WebhookVerifier

client = keysecure.Client.from_env()
client.cards.packages_page(page=0, size=1)
try:
    client.cards.freeze("404")
except keysecure.ApiError:
    pass

verifier = WebhookVerifier("app-1", "0123456789abcdef0123456789abcdef")
body = b'{"id":"e-1","action":"Auth","data":{"consume_no":"c-1","card_no":"k-1","amount":1}}'
received = verifier.verify(verifier.sign_for_tests(datetime.now(timezone.utc), body), body)
Responder(lambda _: "over the limit").respond(received)
"""

SPAN = """
with trace.get_tracer("shop").start_as_current_span("order"):
{work}
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    with Sandbox() as sandbox:
        result = subprocess.run(
            [sys.executable, "-c", program],
            env={
                "KEYSECURE_BASE_URL": sandbox.base_url,
                "KEYSECURE_API_KEY": sandbox.api_key,
                "KEYSECURE_API_SECRET": sandbox.api_secret,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    return result


def program(word: str) -> str:
    [found] = [text for text in PROGRAMS if word in text]
    return str(found)


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def assert_fields(records: list[dict[str, Any]]) -> None:
    refused, declined = records[-2:]
    assert (refused["operation"], refused["outcome"], refused["code"]) == ("cards.update_status", "rejected", 1004)
    assert (refused["attempts"], refused["error"]) == (1, "api")
    assert refused["duration_ms"] > 0
    assert (declined["action"], declined["consume_no"], declined["reason"]) == ("Auth", "c-1", "by decision")


def test_the_page_has_these_programs() -> None:
    assert len(PROGRAMS) == 5


def test_basic_config_prints_attempts_and_calls() -> None:
    printed = run(program("also every HTTP exchange") + WORK).stderr.splitlines()
    assert any(line.startswith("DEBUG:keysecure:operation=cards.packages attempt=1 ") for line in printed)
    assert any(line.startswith("WARNING:keysecure:a call failed: operation=cards.update_status") for line in printed)
    assert printed[-1].startswith('WARNING:keysecure:a purchase is declined: consume_no="c-1", after ')


def test_python_json_logger_writes_the_fields() -> None:
    records = json_lines(run(program("pythonjsonlogger") + WORK).stderr)
    assert [record["levelname"] for record in records] == ["INFO", "INFO", "WARNING", "WARNING"]
    assert_fields(records)


def test_the_formatter_of_the_page_writes_the_fields() -> None:
    records = json_lines(run(program("class JsonLines") + WORK).stderr)
    assert [record["level"] for record in records] == ["INFO", "INFO", "WARNING", "WARNING"]
    assert_fields(records)


def test_opentelemetry_gets_the_fields_as_attributes() -> None:
    done = run(program("LoggingHandler") + WORK)
    records = json.loads("[" + done.stdout.replace("\n}\n{", "\n},\n{") + "]")
    assert [record["severity_text"] for record in records] == ["INFO", "INFO", "WARN", "WARN"]
    assert_fields([record["attributes"] for record in records])
    assert "Invalid type" not in done.stderr


def test_spans_get_the_records_as_events() -> None:
    work = "".join(f"    {line}\n" if line else "\n" for line in WORK.splitlines())
    span = json.loads(run(program("class SpanEvents") + SPAN.format(work=work)).stdout)
    events = [event["attributes"] for event in span["events"]]
    assert [event.get("keysecure.operation") for event in events] == [
        "token",
        "cards.packages",
        "cards.update_status",
        None,
    ]
    assert events[2]["keysecure.outcome"] == "rejected"
    assert events[3]["keysecure.consume_no"] == "c-1"
