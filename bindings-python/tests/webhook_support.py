"""What the tests of callbacks share."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from keysecure import WebhookError, WebhookVerifier

APP_ID = "app-1"
SECRET = "0123456789abcdef0123456789abcdef"

CONSUMPTION: dict[str, Any] = {
    "consume_no": "c-1",
    "card_no": "k-1",
    "cardholder_no": "h-1",
    "type": "Consumption",
    "status": "Success",
    "amount": 12.5,
    "local_amount": 11.05,
    "local_currency": "EUR",
    "fee": 0.15,
    "fee_detail": [{"fee_type": "Consume_fee", "amount": 0.1}, {"fee_type": "Small_fee", "amount": 0.05}],
    "merchant_info": {"merchant_name": 'Corner "Books" & Söhne', "merchant_mcc": "5942", "city": "Bath"},
    "time": 1763812800500,
}
CARD_UPDATE = {"card_no": "k-1", "before_status": "Activated", "after_status": "Frozen", "time": 1763812800500}
AUTH: dict[str, Any] = {"consume_no": "c-1", "card_no": "k-1", "amount": 42.0, "status": "Pending"}


def body_of(action: str, data: object, id: str = "e-1") -> bytes:
    """The raw body of a callback."""
    return json.dumps({"id": id, "action": action, "data": data}, ensure_ascii=False).encode()


BODY = body_of("Consumption", CONSUMPTION)


def now() -> datetime:
    return datetime.now(timezone.utc)


def signed(body: bytes, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers of a callback."""
    return WebhookVerifier(APP_ID, secret).sign_for_tests(at or now(), body)


def verifier(**settings: Any) -> WebhookVerifier:
    return WebhookVerifier(APP_ID, SECRET, **settings)


def rejection_of(verify: Callable[[], object]) -> str:
    """The reason for which a callback is not accepted."""
    with pytest.raises(WebhookError) as caught:
        verify()
    assert caught.value.outcome == "rejected"
    assert isinstance(caught.value.rejection, str)
    return caught.value.rejection


def rejected(headers: Any, body: Any = BODY, by: WebhookVerifier | None = None) -> str:
    return rejection_of(lambda: (by or verifier()).verify(headers, body))


class DictStore:
    """A replay guard as a user would write it."""

    def __init__(self) -> None:
        self.keys: dict[str, float] = {}

    def insert(self, key: str, keep_seconds: float) -> bool:
        if key in self.keys:
            return False
        self.keys[key] = keep_seconds
        return True

    def contains(self, key: str) -> bool:
        return key in self.keys

    def remove(self, key: str) -> None:
        self.keys.pop(key, None)
