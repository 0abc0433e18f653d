"""Streams of a relay's events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay_server_support import App, Shop, kind_of

import keysecure
from keysecure.relay import EventStream, Relay, RelayResponse
from keysecure.sandbox import Sandbox


def events_of(shop: Shop, last_id: str | None = None, session: str = "own") -> EventStream:
    headers = {"Authorization": f"Bearer {session}", **({} if last_id is None else {"Last-Event-ID": last_id})}
    stream = shop.relay.events("/v1/events", headers)
    assert isinstance(stream, EventStream), stream
    return stream


def purchase(shop: Shop, number: int, cardholder_no: str | None = None) -> keysecure.ConsumptionEvent:
    data = {"consume_no": f"c-{number}", "cardholder_no": cardholder_no or shop.own, "status": "Success"}
    return keysecure.ConsumptionEvent.from_json(json.dumps(data))


def fields_of(chunk: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in chunk.decode().splitlines() if line and line[0] != ":")


def test_a_stream_has_the_events_of_its_cardholder_and_continues(shop: Shop) -> None:
    with events_of(shop) as stream:
        first = fields_of(next(stream))
        assert stream.poll() == b""
        shop.relay.publish(purchase(shop, 1))
        shop.relay.publish(purchase(shop, 2, shop.other))
        event = fields_of(next(stream))
        assert (event["event"], json.loads(event["data"])["consume_no"]) == ("Consumption", "c-1")
        assert stream.poll() == b""
    assert stream.poll() is None
    shop.relay.publish(purchase(shop, 3))
    missed = events_of(shop, event["id"])
    assert "c-3" not in next(missed).decode()
    assert json.loads(fields_of(next(missed))["data"])["consume_no"] == "c-3"
    assert fields_of(next(events_of(shop, "another-7")))["event"] == "reset"
    assert first["id"] != event["id"]


def test_a_stream_waits_without_blocking_others_and_ends_with_its_time(tmp_path: Path, sandbox: Sandbox) -> None:
    shop = Shop(tmp_path, sandbox, stream_lasts=1.0)
    stream = events_of(shop)
    next(stream)
    threading.Timer(0.2, shop.relay.publish, (purchase(shop, 1),)).start()
    begun = time.monotonic()
    assert b"c-1" in next(stream)
    assert 0.1 < time.monotonic() - begun < 0.9
    assert list(stream) == []


def test_a_session_without_the_grant_gets_no_events(shop: Shop) -> None:
    response = shop.relay.events("/v1/events", {"Authorization": "Bearer nothing"})
    assert isinstance(response, RelayResponse)
    assert kind_of(response) == (403, "permission")
    open_streams = [events_of(shop) for _ in range(4)]
    too_many = shop.relay.events("/v1/events", {"Authorization": "Bearer own"})
    assert isinstance(too_many, RelayResponse)
    assert kind_of(too_many) == (429, "rate_limit")
    open_streams[0].close()
    events_of(shop)


def test_publish_takes_webhooks_and_events_only(shop: Shop) -> None:
    shop.relay.publish(keysecure.UnknownEvent.from_json("New", "{}"))
    for wrong in ({}, None, "Auth"):
        with pytest.raises(keysecure.InvalidInputError, match="webhook"):
            shop.relay.publish(wrong)  # type: ignore[arg-type]


def lines_of(app: App, headers: dict[str, str]) -> Iterator[str]:
    """The lines of a stream, over the network."""
    from urllib.request import Request, urlopen

    url = f"{app.url}/v1/events"  # type: ignore[attr-defined]
    with urlopen(Request(url, headers=headers), timeout=20) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        for line in response:
            yield line.decode().rstrip("\n")


def test_an_app_gets_events_over_the_network_at_once(shop: Shop, app: App) -> None:
    headers = {"Authorization": "Bearer own", "Accept": "text/event-stream"}
    lines = lines_of(app, headers)
    assert next(lines) == ": connected"
    begun = time.monotonic()
    shop.relay.publish(purchase(shop, 1))
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        event[name] = value
        if name == "data":
            break
    assert json.loads(event["data"])["consume_no"] == "c-1"
    assert time.monotonic() - begun < 0.9
    shop.relay.publish(purchase(shop, 2))
    missed = lines_of(app, {**headers, "Last-Event-ID": event["id"]})
    assert any("c-2" in line for line in missed)
    for stream in (lines, missed):
        stream.close()  # type: ignore[attr-defined]


def test_streams_of_apps_that_have_gone_are_closed(shop: Shop, app: App) -> None:
    from urllib.error import HTTPError

    # A session has at most 4 at a time.
    opened, end = 0, time.monotonic() + 20
    while opened < 10:
        assert time.monotonic() < end, opened
        lines = lines_of(app, {"Authorization": "Bearer own"})
        try:
            next(lines)
            opened += 1
        except HTTPError as error:
            error.close()
            assert shop.records[-1].denial == "rate_limited"
            time.sleep(0.02)
        lines.close()  # type: ignore[attr-defined]
        # A server learns that an app has gone when it writes.
        shop.relay.publish(purchase(shop, 1))


def test_relays_share_the_events_in_redis(shop: Shop, redis_url: str) -> None:
    def relay(events: object) -> Relay:
        return Relay(shop.client, shop.authorize, events=events)  # type: ignore[arg-type]

    def opened(relay: Relay, last_id: str | None = None) -> EventStream:
        headers = {"Authorization": "Bearer own", **({} if last_id is None else {"Last-Event-ID": last_id})}
        stream = relay.events("/v1/events", headers)
        assert isinstance(stream, EventStream)
        return stream

    # Each has nothing but Redis in common with the other, as two processes have.
    one, other = relay(keysecure.RedisStore(redis_url)), relay(redis_url)
    with opened(one) as stream:
        assert b"id: " in next(stream)
        other.publish(purchase(shop, 1))
        other.publish(purchase(shop, 2, shop.other))
        event = fields_of(next(stream))
        assert json.loads(event["data"])["consume_no"] == "c-1"
    one.publish(purchase(shop, 3))
    with opened(other, event["id"]) as missed:
        next(missed)
        assert json.loads(fields_of(next(missed))["data"])["consume_no"] == "c-3"
    # A relay that was restarted.
    with opened(relay(redis_url), event["id"]) as missed:
        next(missed)
        assert json.loads(fields_of(next(missed))["data"])["consume_no"] == "c-3"
    with opened(relay("memory"), event["id"]) as elsewhere:
        assert fields_of(next(elsewhere))["event"] == "reset"


def test_a_buffer_of_events_that_does_not_fit_is_a_config_error(shop: Shop) -> None:
    for wrong in ("", "file:/tmp", "http://:hunter2@host", "redis://:hunter2@host:port/", 3, keysecure.MemoryStore()):
        with pytest.raises(keysecure.ConfigError) as caught:
            Relay(shop.client, shop.authorize, events=wrong)  # type: ignore[arg-type]
        assert "hunter2" not in str(caught.value)


def test_without_redis_the_events_of_this_process_arrive(shop: Shop) -> None:
    # Nobody listens there.
    relay = Relay(shop.client, shop.authorize, events="redis://127.0.0.1:1/")
    stream = relay.events("/v1/events", {"Authorization": "Bearer own"})
    assert isinstance(stream, EventStream)
    next(stream)
    relay.publish(purchase(shop, 1))
    event = fields_of(next(stream))
    assert json.loads(event["data"])["consume_no"] == "c-1"
    assert "id" not in event
    stream.close()
