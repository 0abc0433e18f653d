"""Webhooks that are rejected: changed bytes, hostile headers and bodies, wrong arguments."""

from __future__ import annotations

from typing import Any

import pytest
from webhook_support import (
    APP_ID,
    BODY,
    CARD_UPDATE,
    SECRET,
    body_of,
    rejected,
    signed,
    verifier,
)

from keysecure import (
    ConfigError,
    WebhookError,
    WebhookVerifier,
)

# What is rejected.


def test_every_change_of_a_byte_of_the_body_is_noticed() -> None:
    headers = signed(BODY)
    start, end = BODY.index(b'"data"') + 8, len(BODY) - 2
    for place in range(start, end):
        changed = bytearray(BODY)
        changed[place] ^= 1
        try:
            received = verifier().verify(headers, changed)
        except WebhookError:
            continue
        # Only what means the same: white space between values.
        assert received.event == verifier().verify(headers, BODY).event, bytes(changed)


def test_every_change_of_the_signature_or_timestamp_is_noticed() -> None:
    headers = signed(BODY)
    for place in range(64):
        digits = list(headers["Signature"])
        digits[place] = "0" if digits[place] != "0" else "1"
        assert rejected({**headers, "Signature": "".join(digits)}) == "wrong_signature"
    later = str(int(headers["Timestamp"]) + 1)
    assert rejected({**headers, "Timestamp": later}) == "wrong_signature"


HOSTILE: list[tuple[str, Any, str]] = [
    ("Signature", "é" * 64, "bad_header"),
    ("Signature", "\udcff" * 64, "bad_header"),
    ("Signature", b"\xff" * 64, "bad_header"),
    ("Signature", "0" * 1_000_000, "bad_header"),
    ("Signature", b"0" * 1_000_000, "bad_header"),
    ("Signature", "\0" * 64, "bad_header"),
    ("Signature", "0" * 62 + "\r\n", "bad_header"),
    ("Signature", 7, "bad_header"),
    ("Signature", object(), "bad_header"),
    ("Signature", "", "bad_signature"),
    ("Signature", "0" * 63, "bad_signature"),
    ("Signature", "0x" + "0" * 62, "bad_signature"),
    ("Signature", "A" * 64, "bad_signature"),
    ("Signature", "v1=" + "0" * 61, "bad_signature"),
    ("Signature", "YWJj" * 11, "bad_signature"),
    ("Signature", None, "missing_header"),
    ("Signature", [], "missing_header"),
    ("Signature", ["0" * 64, "0" * 64], "duplicate_header"),
    ("Timestamp", None, "missing_header"),
    ("Timestamp", ["1", "2"], "duplicate_header"),
    ("Timestamp", 1763812800500, "bad_header"),
    ("Timestamp", "1763812800500.0", "bad_timestamp"),
    ("Timestamp", "-1763812800500", "bad_timestamp"),
    ("Timestamp", "+1763812800500", "bad_timestamp"),
    ("Timestamp", "1_763_812_800_500", "bad_timestamp"),
    ("Timestamp", "1e12", "bad_timestamp"),
    ("Timestamp", "01763812800500", "bad_timestamp"),
    ("Timestamp", "٣", "bad_header"),
    ("Timestamp", " 1763812800500", "bad_header"),
    ("Timestamp", "9223372036854775807", "bad_timestamp"),
    ("Timestamp", "-9223372036854775808", "bad_timestamp"),
    ("Timestamp", "9" * 64, "bad_timestamp"),
    ("Timestamp", "", "bad_timestamp"),
    ("Sign-Version", "V0", "unsupported_version"),
    ("Sign-Version", "", "unsupported_version"),
    ("Sign-Version", "v1", "unsupported_version"),
]


@pytest.mark.parametrize(("name", "value", "rejection"), HOSTILE)
def test_a_hostile_header_is_rejected(name: str, value: Any, rejection: str) -> None:
    assert rejected({**signed(BODY), name: value}) == rejection


def test_headers_that_come_twice_are_rejected_however_they_are_written() -> None:
    headers = signed(BODY)
    wrong = "0" * 64
    for extra in [("signature", wrong), ("SIGNATURE", headers["Signature"]), (b"signature", wrong.encode())]:
        assert rejected([*headers.items(), extra]) == "duplicate_header"
        assert rejected([extra, *headers.items()]) == "duplicate_header"
    assert rejected({**headers, "timestamp": headers["Timestamp"]}) == "duplicate_header"


def test_no_headers_at_all_are_missing_headers() -> None:
    environ = {"HTTP_TIMESTAMP": "1", "HTTP_SIGNATURE": "0" * 64}
    shapes: list[Any] = [{}, [], iter(()), {"\udcff": "x", b"\xff": b"x", None: None, 7: 7}, environ]
    for headers in shapes:
        assert rejected(headers) == "missing_header"


HOSTILE_BODIES = [
    (b"", "not_a_callback"),
    (b"\xff\xfe", "not_a_callback"),
    (b"\xef\xbb\xbf" + BODY, "not_a_callback"),
    (BODY[:-1], "not_a_callback"),
    (BODY + b"x", "not_a_callback"),
    (BODY.decode().encode("utf-16"), "not_a_callback"),
    (BODY.replace(b"c-1", b"\xc3\x28"), "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":[]}', "not_a_callback"),
    (b'{"id":"1","action":"Auth"}', "not_a_callback"),
    (b'{"id":1,"action":"Auth","data":{}}', "not_a_callback"),
    (b'{"id":"1","id":"2","action":"Auth","data":{}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"a":1,"a":2}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"a":NaN}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"note":"x&amount=1"}}', "ambiguous"),
    (b"0" * (64 * 1024 + 1), "too_large"),
    (b"0" * (1024 * 1024 + 1), "too_large"),
    (bytearray(1024 * 1024 + 1), "too_large"),
    (memoryview(bytes(1024 * 1024 + 1)), "too_large"),
]


@pytest.mark.parametrize(
    ("body", "rejection"), HOSTILE_BODIES, ids=[str(number) for number in range(len(HOSTILE_BODIES))]
)
def test_a_hostile_body_is_rejected(body: Any, rejection: str) -> None:
    assert rejected(signed(BODY), body) == rejection


def test_unsigned_fields_cannot_turn_one_action_into_another() -> None:
    update = body_of("Card_update", CARD_UPDATE)
    assert rejected(signed(update), update.replace(b"Card_update", b"Auth")) == "wrong_action"
    assert rejected(signed(BODY), BODY.replace(b'"Consumption", "data"', b'"Auth", "data"')) == "wrong_action"


def test_another_secret_or_app_is_a_wrong_signature() -> None:
    assert rejected(signed(BODY), by=WebhookVerifier(APP_ID, "another")) == "wrong_signature"
    assert rejected(signed(BODY), by=WebhookVerifier("app-2", SECRET)) == "wrong_signature"


def test_mistakes_of_the_caller_are_type_errors_that_say_what_is_meant() -> None:
    for body in (BODY.decode(), None, 7, {"id": "1"}):
        for call in (verifier().verify, verifier().verify_signature, verifier().claim):
            with pytest.raises(TypeError, match="raw bytes"):
                call(signed(BODY), body)  # type: ignore[arg-type]
    for headers in (7, None, "Timestamp", [1], [("a", "b", "c")]):
        with pytest.raises(TypeError, match="mapping or an iterable of"):
            verifier().verify(headers, BODY)  # type: ignore[arg-type]


def test_what_a_mapping_of_the_callers_raises_is_not_hidden() -> None:
    class Broken:
        def items(self) -> Any:
            raise LookupError

    with pytest.raises(LookupError):
        verifier().verify(Broken(), BODY)


def test_settings_that_do_not_fit_are_refused_without_showing_a_secret() -> None:
    wrong: list[tuple[Any, Any, dict[str, Any]]] = [
        ("", SECRET, {}),
        (7, SECRET, {}),
        (APP_ID, "", {}),
        (APP_ID, [], {}),
        (APP_ID, [SECRET, ""], {}),
        (APP_ID, [SECRET, 7], {}),
        (APP_ID, SECRET.encode(), {}),
        (APP_ID, 7, {}),
        (APP_ID, "\udcff", {}),
        (APP_ID, SECRET, {"when_unavailable": "perhaps"}),
        (APP_ID, SECRET, {"replay_guard": 7}),
        (APP_ID, SECRET, {"replay_guard": "no store"}),
        (APP_ID, SECRET, {"max_body": -1}),
    ]
    for app_id, secrets, settings in wrong:
        with pytest.raises(ConfigError) as caught:
            WebhookVerifier(app_id, secrets, **settings)
        assert SECRET not in str(caught.value)
