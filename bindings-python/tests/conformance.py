"""Tells a conformance scenario with the Python package: see tests/conformance/README.md of the repository."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import keysecure
from keysecure import KeySecureError, MemoryStore, WebhookVerifier
from keysecure.sandbox import Sandbox

KINDS = {
    keysecure.ConfigError: "config",
    keysecure.InvalidInputError: "invalid_input",
    keysecure.TransportError: "transport",
    keysecure.TimeoutError: "timeout",
    keysecure.AuthenticationError: "authentication",
    keysecure.PermissionError: "permission",
    keysecure.RateLimitError: "rate_limit",
    keysecure.NotFoundError: "not_found",
    keysecure.StateError: "state",
    keysecure.ConflictError: "conflict",
    keysecure.ApiError: "api",
    keysecure.InvalidResponseError: "invalid_response",
    keysecure.WebhookError: "webhook",
    keysecure.DecryptError: "decrypt",
}

ACTIONS = {
    keysecure.AuthEvent: "Auth",
    keysecure.ConsumptionEvent: "Consumption",
    keysecure.CardUpdateEvent: "Card_update",
}

TIMES = {"start", "end", "since"}


def run(scenario: dict[str, Any]) -> None:
    """Takes all steps of a scenario on a separate sandbox."""
    with Sandbox(**scenario["sandbox"]) as sandbox:
        Runner(sandbox, scenario["client"]).run(scenario["steps"])


class Runner:
    def __init__(self, sandbox: Sandbox, settings: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.names: dict[str, Any] = sandbox.control("GET", "/info")
        self.client = sandbox.client(store=MemoryStore(), **settings)
        self.verifier: WebhookVerifier | None = None

    def run(self, steps: list[dict[str, Any]]) -> None:
        for number, step in enumerate(steps):
            place = f"step {number}: {json.dumps(step, ensure_ascii=False)}"
            response, error = None, None
            try:
                response = self.take(step)
            except KeySecureError as raised:
                error = raised
            if "error" in step:
                assert error is not None, f"{place}\nshould fail and returned {response}"
                assert_matches(self.fill(step["error"]), error_fields(error), place)
                continue
            assert error is None, f"{place}\nfailed: {error!r}"
            if "expect" in step:
                assert_matches(self.fill(step["expect"]), response, place)
            for name, path in step.get("save", {}).items():
                self.names[name] = at_path(response, path, place)

    def take(self, step: dict[str, Any]) -> Any:
        if "call" in step:
            return self.call(step["call"], self.fill(step.get("with", {})))
        if "control" in step:
            method, path = step["control"].split(" ")
            return self.sandbox.control(method, path, self.fill(step.get("body"), self.now()))
        if "client" in step:
            self.client = self.sandbox.client(store=MemoryStore(), **self.fill(step["client"]))
            return None
        return self.verify(self.fill(step["verify"]))

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        now = self.now()
        given = {key: instant(value, now) if key in TIMES else value for key, value in arguments.items()}
        resource, _, method = name.rpartition(".")
        target = getattr(self.client, resource) if resource else self.client
        return plain(getattr(target, method)(**given))

    def verify(self, webhook: dict[str, Any]) -> dict[str, Any]:
        if self.verifier is None or {"secrets", "app_id", "tolerance"} & webhook.keys():
            self.verifier = WebhookVerifier(
                webhook.get("app_id", self.sandbox.api_key),
                webhook.get("secrets", [self.sandbox.api_secret]),
                tolerance=webhook.get("tolerance", 300),
                replay_guard=keysecure.MemoryReplayStore(),
            )
        headers = {
            "Timestamp": str(webhook["timestamp"]),
            "Signature": webhook["signature"],
            "Sign-Version": "V1",
        }
        received = self.verifier.verify(headers, webhook["body"].encode())
        event = received.event
        action = event.action if isinstance(event, keysecure.UnknownEvent) else ACTIONS[type(event)]
        return {"id": received.id, "action": action, "data": plain(event)}

    def now(self) -> datetime:
        return self.sandbox.clock.now

    def fill(self, value: Any, now: datetime | None = None) -> Any:
        """The value with every ``${name}`` filled in and, when a time is given, every ``@`` time in milliseconds."""
        if isinstance(value, str):
            if now is not None and value.startswith("@"):
                return milliseconds(now + timedelta(seconds=int(value[1:])))
            if value.startswith("${") and value.endswith("}") and value.count("${") == 1:
                return self.names[value[2:-1]]
            head, *parts = value.split("${")
            for part in parts:
                name, rest = part.split("}", 1)
                head += f"{self.names[name]}{rest}"
            return head
        if isinstance(value, list):
            return [self.fill(item, now) for item in value]
        if isinstance(value, dict):
            if "$times" in value and now is not None:
                count, start, step = value["$times"]
                first = now + timedelta(seconds=int(start[1:]))
                return [milliseconds(first + timedelta(seconds=place * step)) for place in range(count)]
            return {name: self.fill(item, now) for name, item in value.items()}
        return value


def milliseconds(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def instant(text: str, now: datetime) -> datetime | date:
    if text.startswith("@"):
        return now + timedelta(seconds=int(text[1:]))
    return date.fromisoformat(text)


def plain(response: Any) -> Any:
    """An response in the JSON form in which scenarios compare it."""
    if isinstance(response, keysecure.Pager | keysecure.Page):
        return [plain(row) for row in response]
    if isinstance(response, keysecure.Ensured):
        return {"value": plain(response.value), "created": response.created}
    if isinstance(response, keysecure.CardSecrets):
        names = ["card_no", "card_unique_no", "exp_year", "exp_month", "masked_pan"]
        shown = {name: getattr(response, name) for name in names}
        return {**shown, "pan": response.expose_pan(), "cvv": response.expose_cvv()}
    if isinstance(response, keysecure.ClientToken):
        return {"token": response.expose(), "expires_in": response.expires_in}
    if isinstance(response, keysecure.AccessToken):
        return {"token": response.expose(), "expires_at": milliseconds(response.expires_at)}
    return json.loads(response.to_json()) if hasattr(response, "to_json") else response


def error_fields(error: KeySecureError) -> dict[str, Any]:
    names = ["outcome", "code", "field", "http_status", "operation", "attempts"]
    fields = {name: getattr(error, name) for name in names}
    return {**fields, "kind": KINDS[type(error)], "rejection": getattr(error, "rejection", None)}


def at_path(response: Any, path: str, place: str) -> Any:
    for step in filter(None, path.split(".")):
        there = int(step) < len(response) if step.isdigit() else step in response
        assert there, f"{place}\nno {path} in {response}"
        response = response[int(step) if step.isdigit() else step]
    return response


def assert_matches(expected: Any, found: Any, place: str) -> None:
    difference = differs(expected, found, "")
    assert difference is None, f"{place}\n{difference}\nin {found}"


def differs(expected: Any, found: Any, path: str) -> str | None:
    """What is otherwise than expected, where only what is expected by name is looked at."""
    if expected == "*":
        return f"{path} is missing" if found is None else None
    if isinstance(expected, dict):
        if "$count" in expected:
            count = len(found) if isinstance(found, list) else None
            return None if count == expected["$count"] else f"{path} has {count} items, not {expected['$count']}"
        if "$first" in expected:
            return differs(expected["$first"], found[0] if found else None, f"{path}.0")
        if "$like" in expected:
            start, end = expected["$like"].split("****")
            alike = isinstance(found, str) and found.startswith(start) and found.endswith(end)
            return None if alike else f"{path} is not like {expected['$like']}"
        fields = found if isinstance(found, dict) else {}
        found_differences = (differs(value, fields.get(name), f"{path}.{name}") for name, value in expected.items())
        return next(filter(None, found_differences), None)
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{path} is {found}, not {len(expected)} items"
        pairs = enumerate(zip(expected, found, strict=True))
        return next(filter(None, (differs(one, other, f"{path}.{at}") for at, (one, other) in pairs)), None)
    same = expected == found and isinstance(expected, bool) == isinstance(found, bool)
    return None if same else f"{path} is {found!r}, not {expected!r}"
