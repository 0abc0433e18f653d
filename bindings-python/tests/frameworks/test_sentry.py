"""Sentry gets no card number, signature, secret or body, with all of its options on, but with `on_error`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import keysecure
from keysecure import Responder, VerifiedWebhook, WebhookVerifier
from keysecure.sandbox import Sandbox
from keysecure.webhooks import asgi, wsgi

with warnings.catch_warnings():
    # Where eventlet is installed, Sentry's SDK imports it, and it warns that it is deprecated.
    warnings.simplefilter("ignore")
    import sentry_sdk
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.transport import Transport

PAN = "4111111111111111"
SECRET = "0123456789abcdef0123456789abcdef"
MERCHANT = "Corner Shop of Bath"


class Sent(Transport):
    """Keeps what would be sent."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.envelopes: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope.serialize())


@pytest.fixture
def sent() -> Iterator[Sent]:
    transport = Sent()
    sentry_sdk.init(
        dsn="https://public@sentry.invalid/1",
        transport=transport,
        attach_stacktrace=True,
        include_local_variables=True,
        max_value_length=100_000,
        enable_logs=True,
        integrations=[LoggingIntegration(level=logging.INFO, event_level=logging.INFO)],
    )
    logger = logging.getLogger("keysecure")
    logger.setLevel(logging.INFO)
    yield transport
    logger.setLevel(logging.NOTSET)
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()


def events(sent: Sent) -> list[dict[str, Any]]:
    """The events of all envelopes."""
    lines = [json.loads(line) for envelope in sent.envelopes for line in envelope.splitlines()]
    return [line for line in lines if "event_id" in line and "level" in line]


def fail(_: object) -> bool:
    raise LookupError(f"card {PAN}, signed with {SECRET}")


async def fail_async(_: object) -> bool:
    raise LookupError(f"card {PAN}, signed with {SECRET}")


class Requests:
    """Requests, of which frames of the test hold nothing that could be found."""

    def __init__(self) -> None:
        self.verifier = WebhookVerifier("app-1", SECRET)
        self.signatures: list[str] = []

    def signed(self, action: str, number: str) -> tuple[dict[str, str], bytes]:
        from datetime import datetime, timezone

        data = {"consume_no": number, "card_no": "k-1", "amount": 1, "merchant_info": {"merchant_name": MERCHANT}}
        body = json.dumps({"id": "e-1", "action": action, "data": data}).encode()
        headers = self.verifier.sign_for_tests(datetime.now(timezone.utc), body)
        self.signatures.append(headers["Signature"])
        return headers, body

    def environ(self, action: str, number: str, **changes: object) -> dict[str, Any]:
        import io

        headers, body = self.signed(action, number)
        return {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/webhooks",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
            **changes,
        }

    def post(self, app: Any, action: str, number: str, **changes: object) -> None:
        b"".join(app(self.environ(action, number, **changes), lambda *_: None))

    def verified(self, number: str) -> VerifiedWebhook:
        return self.verifier.verify(*self.signed("Auth", number))

    def scope(self, path: str) -> dict[str, Any]:
        return {"type": "http", "method": "POST", "path": path, "query_string": b""}

    async def post_async(self, app: Any, action: str, number: str, path: str = "/webhooks", tail: bytes = b"") -> None:
        async def send(_: object) -> None: ...

        await app(*self.asked(action, number, path, tail), send)

    def asked(self, action: str, number: str, path: str, tail: bytes) -> tuple[dict[str, Any], Any]:
        headers, body = self.signed(action, number)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body + tail}

        return {**self.scope(path), "headers": raw}, receive


def assert_clean(sent: Sent, requests: Requests, *, count: int) -> None:
    found = events(sent)
    assert len(found) >= count, [event.get("logentry") for event in found]
    assert any(frame.get("vars") for event in found for frame in frames(event)), "frames with their local variables"
    everything = b"".join(sent.envelopes).decode()
    for secret in (PAN, SECRET, MERCHANT, *requests.signatures):
        assert secret not in everything


def frames(event: dict[str, Any]) -> list[dict[str, Any]]:
    threads = event.get("threads", {}).get("values", []) + event.get("exception", {}).get("values", [])
    return [frame for thread in threads for frame in (thread.get("stacktrace") or {}).get("frames", [])]


def wait_for(sent: Sent, message: str, count: int) -> None:
    """The failure of a decision is logged after its reply."""
    end = time.monotonic() + 60
    while sum(message in json.dumps(event) for event in events(sent)) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_wsgi_sends_no_secret(sent: Sent) -> None:
    requests = Requests()
    app = wsgi(requests.verifier, fail, decide=fail, path="/webhooks")
    requests.post(app, "Consumption", "c-1")
    requests.post(app, "Auth", "c-2")
    requests.post(app, "Consumption", "c-3", HTTP_TIMESTAMP="1")
    requests.post(app, "Consumption", "c-4", PATH_INFO="/elsewhere")
    requests.post(app, "Consumption", "c-5", CONTENT_LENGTH="100000000")
    requests.post(wsgi(requests.verifier, print, decide=lambda _: [MERCHANT]), "Auth", "c-6")  # type: ignore[arg-type, return-value]
    wait_for(sent, "the decision on a purchase", 2)
    assert_clean(sent, requests, count=7)


def test_asgi_sends_no_secret(sent: Sent) -> None:
    requests = Requests()

    async def scenario() -> None:
        for handler in (fail, fail_async):
            app = asgi(requests.verifier, handler, decide=handler, path="/webhooks")
            await requests.post_async(app, "Consumption", f"c-1-{handler.__name__}")
            await requests.post_async(app, "Auth", f"c-2-{handler.__name__}")
            await requests.post_async(app, "Consumption", "c-3", tail=b" x")
            await requests.post_async(app, "Consumption", "c-4", path="/elsewhere")

    asyncio.run(scenario())
    wait_for(sent, "the decision on a purchase", 2)
    assert_clean(sent, requests, count=9)


class Secrets:
    """Secrets of a sandbox, outside of the frames of the test."""

    def __init__(self, sandbox: Sandbox, client: keysecure.Client, card_no: str) -> None:
        self.texts = [
            sandbox.api_secret,
            client.access_token().expose(),
            client.cards.private_info(card_no).expose_pan(),
        ]

    def found(self, sent: Sent) -> list[str]:
        everything = b"".join(sent.envelopes).decode()
        return [text for text in self.texts if text in everything]


def test_failing_calls_send_no_secret(sent: Sent) -> None:
    with Sandbox() as sandbox, sandbox.client(max_retries=0) as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        secrets = Secrets(sandbox, client, card_no)
        sandbox.fault("cards.update_status", "drop_after_commit")
        with pytest.raises(keysecure.KeySecureError):
            client.cards.freeze(card_no)
        sandbox.fault("cards.get", "drop_after_commit")
        with pytest.raises(keysecure.KeySecureError):
            client.cards.get(card_no)
    assert secrets.found(sent) == []
    failed = [(event["level"], event["extra"]) for event in events(sent) if "outcome" in event["extra"]]
    assert [(level, extra["operation"], extra["outcome"], extra["attempts"]) for level, extra in failed] == [
        ("error", "cards.update_status", "unknown", 1),
        ("warning", "cards.get", "unknown", 1),
    ]
    assert all(extra["duration_ms"] > 0 for _, extra in failed)


def test_on_error_may_be_sentrys_own_function(sent: Sent) -> None:
    requests = Requests()
    app = wsgi(requests.verifier, fail, decide=fail, on_error=sentry_sdk.capture_exception)
    requests.post(app, "Consumption", "c-1")
    requests.post(app, "Auth", "c-2")
    responder = Responder(fail, on_error=sentry_sdk.capture_exception)
    responder.respond(requests.verified("c-3"))
    wait_for(sent, '"type": "LookupError"', 3)
    raised = [event for event in events(sent) if "exception" in event]
    assert len(raised) == 3
    for event in raised:
        [exception] = event["exception"]["values"]
        assert exception["type"] == "LookupError"
        assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
        assert os.path.basename(exception["stacktrace"]["frames"][-1]["abs_path"]) == "test_sentry.py"
    everything = b"".join(sent.envelopes).decode()
    assert [signature for signature in requests.signatures if signature in everything] == []
