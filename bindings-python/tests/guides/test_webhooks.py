"""The code of the guide "Webhooks and purchase decisions"."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from typing import Any

from keysecure import AuthEvent, CardUpdateEvent, ConsumptionEvent, WebhookVerifier
from keysecure.webhooks import wsgi

# --8<-- [start:receiver]
verifier = WebhookVerifier("my-api-key", ["current-secret-16", "previous-secret"], store="memory")


def decide(purchase: AuthEvent) -> bool | str:
    return purchase.amount < 100 or "over the limit"


def handle(event: object) -> None:
    if isinstance(event, ConsumptionEvent):
        print(event.consume_no, event.status, event.amount)
    elif isinstance(event, CardUpdateEvent):
        print("card", event.card_no, "is", event.after_status)


app = wsgi(verifier, handle, decide=decide, path="/webhooks", health_path="/healthz")
# --8<-- [end:receiver]


def reply_to(headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
    """The status and the body of the response of ``app``."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/webhooks",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
    }
    statuses: list[str] = []

    def start_response(status: str, *_: Any) -> Any:
        statuses.append(status)

    reply = b"".join(app(environ, start_response))
    return statuses[0], reply


def test_a_purchase_is_decided() -> None:
    # --8<-- [start:test]
    body = b"""{"id": "w-1", "action": "Auth", "data": {"consume_no": "c-1", "card_no": "k-1", "amount": 12.50}}"""
    headers = verifier.sign_for_tests(datetime.now(timezone.utc), body)
    status, reply = reply_to(headers, body)  # your server, or its test client
    assert (status, reply) == ("200 OK", b'{"code":0,"message":""}')
    # --8<-- [end:test]
    assert reply_to({**headers, "Signature": "0" * 64}, body)[0].startswith("400")


def test_a_webhook_is_handled_once() -> None:
    body = b"""{"id": "w-2", "action": "Card_update", "data": {"card_no": "k-1", "after_status": "Frozen"}}"""
    headers = verifier.sign_for_tests(datetime.now(timezone.utc), body)
    saved: list[str] = []

    def save(webhook: object) -> None:
        saved.append(str(webhook))

    # --8<-- [start:claim]
    with verifier.claim(headers, body) as webhook:  # raises WebhookError when it is forged, old or handled before
        save(webhook.event)  # an exception releases the claim: the platform sends the webhook again
    # --8<-- [end:claim]
    assert len(saved) == 1
