"""The types that type checkers must infer. It is checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import keysecure
from keysecure import AuthEvent, Client, KeySecureError, VerifiedWebhook, aio
from keysecure.relay import EventStream, Relay, RelayRequest, RelayResponse, Scope
from keysecure.sandbox import Sandbox
from keysecure.stores import Leased, PastAttempt

if TYPE_CHECKING:
    from typing_extensions import assert_type


def calls(client: Client) -> None:
    with client as same:
        assert_type(same, Client)
    assert_type(client.cards.get("1"), keysecure.Card)
    assert_type(client.cards.get("1").status, str)
    assert_type(client.cards.get("1").time, "datetime | None")
    assert_type(client.accounts.get("1").list[0].balance, "Decimal | None")
    assert_type(client.cards.private_info("1").expose_pan(), str)
    assert_type(client.call("POST", "/v1/card/list", {"page": 0}), Any)
    assert_type(client.doctor().is_healthy, bool)
    moved = client.accounts.transfer(
        cardholder_no="1", transfer_unique_no="2", type=keysecure.TransferType.IN, amount=Decimal("25.00")
    )
    assert_type(moved.after_balance, "Decimal | None")


def from_env() -> None:
    assert_type(Client.from_env(timeout=5, store=None, clock=lambda: 0.0, api_key="key"), Client)
    Client.from_env(time_out=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client.from_env(timeout="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(aio.Client.from_env(timeout=5, max_threads=4), aio.Client)
    aio.Client.from_env(time_out=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    settings = keysecure.WebhookVerifier.from_env(secrets=["a", "b"], tolerance=None, store="memory")
    assert_type(settings, keysecure.WebhookVerifier)
    keysecure.WebhookVerifier.from_env(secret="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with Sandbox() as sandbox:
        assert_type(sandbox.client(timeout=5, clock=None), Client)
        sandbox.client(time_out=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def relayed() -> None:
    assert_type(Client.relay("https://x.example", lambda _: None, timeout=5), Client)
    assert_type(aio.Client.relay("https://x.example", "token", max_threads=4), aio.Client)
    Client.relay("https://x.example", lambda: "token")  # type: ignore[misc,arg-type]  # pyright: ignore[reportArgumentType]
    Client.relay("https://x.example", "token", store="memory")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def relay(client: Client) -> None:
    async def find(request: RelayRequest) -> Scope | None:
        return Scope("1001", read_only=True) if request.bearer else None

    served = Relay(client, find, audit=lambda record: assert_type(record.error, KeySecureError | None))
    Relay(client, lambda request: Scope("1001", grants=["cards.get"], max_transfer=Decimal(5), session=request.path))
    Relay(client, lambda _: "1001")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(served.handle("POST", "/v1/cards.get", {}, b"{}"), RelayResponse)
    assert_type(served.events("/v1/events", {}), EventStream | RelayResponse)


def lists(client: Client) -> None:
    cards = client.cards.list(start=date(2026, 1, 1), end=datetime.now(timezone.utc))
    assert_type(next(cards), keysecure.Card)
    assert_type(iter(cards), Iterator[keysecure.Card])
    assert_type(cards.failed, bool)
    for package in client.cards.packages(type="Virtual"):
        assert_type(package.fee_detail, "keysecure.FeeSchedule | None")
    page = client.consumptions.list_page(start=date(2026, 1, 1), end=date(2026, 1, 2), page=0, size=100)
    assert_type(page.list, list[keysecure.Consumption])
    assert_type(len(page), int)


def exactly_once(client: Client) -> None:
    ensured = client.accounts.ensure_transfer(
        cardholder_no="1", transfer_unique_no="2", type="In", amount="25.00", first_attempt=True
    )
    assert_type(ensured.value, keysecure.TransferRecord)
    assert_type(ensured.created, bool)


def verifier(client: Client) -> None:
    client.webhook_verifier(tolerance=timedelta(minutes=1), replay_guard=True, on_store_failure="accept")
    assert_type(client.webhook_verifier(store="memory").reply_duplicate(b""), bytes)


class Attempts:
    """A store written in Python."""

    def acquire(self, reference: str, lease: float, within: float) -> Leased | None:
        return Leased("1", 0.0, PastAttempt(1.0, "done"))

    def begin(self, reference: str, lease_id: str, operation: str, lasts: float, lease: float, within: float) -> bool:
        return True

    def finish(self, reference: str, lease_id: str, end: str, within: float) -> None: ...

    def release(self, reference: str, lease_id: str, within: float) -> None: ...


class Replays:
    def insert(self, key: str, value: str, keep: float) -> str | None: ...

    def get(self, key: str) -> bytes | None: ...

    def remove(self, key: str) -> int:
        return 1


def stores() -> None:
    for store in ("memory", keysecure.MemoryStore(), keysecure.FileStore("x"), keysecure.RedisStore("redis://h")):
        Client("key", "secret", store=store).webhook_verifier(store=store)
    Client("key", "secret", store=Attempts(), allow_plain_http=["sandbox"], timezone=timezone.utc)
    keysecure.WebhookVerifier("app", "secret", store=Replays(), max_body=1024)
    Client("key", "secret", store=Replays())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def values(card: keysecure.Card) -> None:
    assert_type(keysecure.Card.from_json(card.to_json()), keysecure.Card)
    assert_type(card.to_dict(), dict[str, Any])
    assert_type({card: 1}, dict[keysecure.Card, int])


def errors(error: KeySecureError) -> None:
    assert_type(error.outcome, Literal["not_sent", "rejected", "unknown"])
    if error.outcome == "never":  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
        pass
    assert_type(error.code, "int | None")
    assert_type(error.retry_after, "float | None")
    fault: str | None = error.transport_fault
    rejection: str | None = error.rejection
    assert fault != rejection


def webhooks(received: VerifiedWebhook) -> None:
    if isinstance(received.event, AuthEvent):
        assert_type(received.event.amount, Decimal)


async def awaited(client: aio.Client) -> None:
    assert_type(await client.cards.get("1"), keysecure.Card)
    assert_type(await client.cards.freeze("1"), None)
    page = await client.consumptions.list_page(start=date(2026, 1, 1), end=date(2026, 1, 2), page=0, size=100)
    assert_type(page, keysecure.Page[keysecure.Consumption])
    ensured = await client.accounts.ensure_transfer(
        cardholder_no="1", transfer_unique_no="2", type="In", amount="25.00", first_attempt=True
    )
    assert_type(ensured, keysecure.Ensured[keysecure.TransferRecord])
    async for card in client.cards.list(start=date(2026, 1, 1), end=date(2026, 1, 2)):
        assert_type(card, keysecure.Card)
    assert_type([package.package_no async for package in client.cards.packages()], list[str])
    assert_type(client.webhook_verifier(), keysecure.WebhookVerifier)
    async with aio.Client("key", "secret", timeout=5, store="memory", max_threads=4, on_cancelled=print) as other:
        assert_type(other, aio.Client)
    assert_type(aio.Client.of(Client("key", "secret")), aio.Client)
    await client.cards.get(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.cards.get(number="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def decided(received: VerifiedWebhook) -> None:
    async def decide(purchase: AuthEvent) -> bool | str:
        return purchase.amount < 100 or "over the limit"

    assert_type(await aio.Responder(decide).respond(received), bytes)
    assert_type(await aio.Responder(lambda _: True, budget=0.5, on_error=print).respond(received), bytes)


def refused(client: Client) -> None:
    client.accounts.transfer(
        cardholder_no="1",
        transfer_unique_no="2",
        type="In",
        amount=25.0,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    )
    client.cards.list(date(2026, 1, 1), date(2026, 1, 2))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.cards = client.cards  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
