"""Cases of `greenlet_cases.py`: stores and purchases."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from greenlet_program import KIND, STALL, TICK, Kept, Timeout, beating, join, platform, read, sleep, spawn, stall, until

import keysecure
from keysecure import Responder, WebhookVerifier, reply_accept
from keysecure.sandbox import Sandbox


class Rows:
    """A store that talks to its server over one patched socket, as the connection of a database does."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.here, there = socket.socketpair()
        self.lock = threading.Lock()
        self.local, self.seen = threading.local(), set[Any]()
        spawn(self.serve, there)

    def serve(self, there: socket.socket) -> None:
        while there.recv(1):
            sleep(TICK)
            there.sendall(b"x")

    def ask(self) -> None:
        with self.lock:
            self.here.sendall(b"x")
            self.here.recv(1)
        self.seen.add((getattr(self.local, "name", None), NAME.get(None)))

    def insert(self, key: str, value: str, keep: float) -> str | None:
        self.ask()
        return self.values.setdefault(key, value) if key in self.values else self.values.update({key: value})

    def get(self, key: str) -> str | None:
        self.ask()
        return self.values.get(key)

    def remove(self, key: str) -> None:
        self.ask()
        self.values.pop(key, None)

    def load(self, slot: str, within: float) -> str | None:
        self.ask()
        return self.values.get(slot)

    def save(self, slot: str, token: str, within: float) -> None:
        self.ask()
        self.values[slot] = token

    def try_lock(self, slot: str, within: float) -> str | None:
        self.ask()
        return "lock"

    def unlock(self, slot: str, lock_id: str, within: float) -> None:
        self.ask()


NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME")


class Shop:
    """Asks for purchases."""

    def __init__(self, decide: Callable[[Any], Any], store: Any = None, **settings: Any) -> None:
        self.verifier = WebhookVerifier("app-1", "0123456789abcdef0123456789abcdef", store=store)
        self.responder = Responder(decide, **settings)

    def webhook(self, action: str, number: int) -> tuple[dict[str, str], bytes]:
        data = {"consume_no": f"c-{number}", "card_no": "k-1", "amount": 42.0, "status": "Pending"}
        body = json.dumps({"id": "e-1", "action": action, "data": data}).encode()
        return self.verifier.sign_for_tests(datetime.now(timezone.utc), body), body

    def buy(self, number: int = 1) -> bytes:
        return self.responder.respond(self.verifier.verify(*self.webhook("Auth", number)))


def in_one_of_three_tries(work: Callable[[int], None]) -> None:
    """A machine under load may be late for a purchase once; a hub that is blocked always is."""
    for number in range(3):
        try:
            work(1000 * number)
        except AssertionError:
            if number == 2:
                raise
        else:
            return


def slow_yes(_: Any) -> bool:
    """Waits in all the ways that are patched."""
    sleep(TICK)
    time.sleep(TICK)
    event, answers = threading.Event(), queue.Queue[bool]()
    threading.Timer(TICK, event.set).start()
    event.wait()
    threading.Thread(target=answers.put, args=(True,)).start()
    here, there = socket.socketpair()
    spawn(there.sendall, b"x")
    return answers.get() and here.recv(1) == b"x"


def purchases() -> None:
    def buy(first: int) -> None:
        with beating(0):
            assert shop.buy(first) == reply_accept()
            sleep(10 * TICK)
        replies = [spawn(shop.buy, number) for number in range(first + 1, first + 6)]
        assert {join(reply) for reply in replies} == {reply_accept()}
        assert shop.buy(first) == reply_accept(), "its first reply again"

    for store in (None, "memory", Rows()):
        shop = Shop(slow_yes, store, budget=0.8)
        in_one_of_three_tries(buy)


def a_server_in_this_process() -> None:
    """The sandbox sends webhooks to a server of the same program, and the program waits for them."""
    from keysecure.webhooks import wsgi

    received: list[Any] = []
    with platform() as (sandbox, client, cardholder_no):
        verifier = client.webhook_verifier(store="memory")
        app = wsgi(verifier, received.append, decide=slow_yes)
        if KIND == "eventlet":
            import eventlet.wsgi

            listening = eventlet.listen(("127.0.0.1", 0))
            port = listening.getsockname()[1]
            spawn(eventlet.wsgi.server, listening, app, log_output=False)
        else:
            from gevent.pywsgi import WSGIServer

            server = WSGIServer(("127.0.0.1", 0), app, log=None)
            server.start()
            port = server.server_port
        sandbox.webhooks_to(f"http://127.0.0.1:{port}/")
        card_no = sandbox.seed_virtual_card(cardholder_no)
        client.cards.freeze(card_no)
        assert sandbox.settle_webhooks()
        assert [event.after_status for event in received], received
        assert all(delivery.error is None for delivery in sandbox.deliveries())


def threads_of_the_hub() -> None:
    """A program may make calls on the native threads that gevent and eventlet have."""
    if KIND == "eventlet":
        from eventlet.tpool import execute as on_thread
    else:
        import gevent

        on_thread = gevent.get_hub().threadpool.apply

    def apply(function: Callable[..., Any], *args: Any) -> Any:
        return on_thread(function, *args) if KIND == "eventlet" else on_thread(function, args)

    shop = Shop(slow_decision, Rows())
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get")
        with beating():
            assert apply(read, client, cardholder_no)

    def buy(first: int) -> None:
        assert apply(Shop(slow_decision).buy) == reply_accept()
        assert [shop.buy(number) for number in range(first, first + 3)] == [reply_accept()] * 3

    in_one_of_three_tries(buy)


def slow_decision(_: Any) -> bool:
    sleep(TICK)
    return True


def a_late_decision() -> None:
    ended: list[bool] = []

    Kept(logging.WARNING)

    def decide(_: Any) -> bool:
        sleep(STALL)
        ended.append(True)
        return True

    with beating(0.6):
        assert Shop(decide).buy() == keysecure.reply_decline("no decision in time")
    until(lambda: ended)


def a_decision_that_raises() -> None:
    kept = Kept(logging.ERROR)
    assert Shop(lambda _: 1 / 0).buy() != reply_accept()
    until(lambda: kept.records)
    assert "ZeroDivisionError" in kept.records[0][1]


def purchases_beside_slow_calls() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", 60, times=80)
        reads = [spawn(client.accounts.get, cardholder_no) for _ in range(80)]
        until(lambda: len(sandbox.faults_fired()) >= 64)
        shop = Shop(slow_yes, budget=0.8)

        def buy(number: int) -> None:
            assert shop.buy(number) == reply_accept()

        in_one_of_three_tries(buy)
        assert not reads[0].dead
        print("ok", flush=True)
        os._exit(0)  # the reads take long


def a_store_of_the_program() -> None:
    rows = Rows()
    with platform(store=rows) as (sandbox, client, cardholder_no):
        rows.seen.clear()

        def read(name: str) -> None:
            NAME.set(name)
            rows.local.name = name
            client.accounts.get(cardholder_no)
            shop.verifier.claim(*shop.webhook("Consumption", hash(name))).finish()

        shop = Shop(slow_yes, rows)
        stall(sandbox, "accounts.get", 0.2, times=2)
        for reader in [spawn(read, "first"), spawn(read, "second")]:
            join(reader)
        # It runs in the greenlet of the call.
        assert rows.seen >= {("first", "first"), ("second", "second")}
        assert not {name for name in rows.seen if name[0] is None}, rows.seen


def a_timeout_within_a_store() -> None:
    class Slow(Rows):
        def load(self, slot: str, within: float) -> str | None:
            sleep(5)
            return None

    with Sandbox() as sandbox, sandbox.client(store=Slow()) as client:
        start = time.monotonic()
        try:
            with Timeout(0.2):
                client.access_token()
        except Timeout:
            assert time.monotonic() - start < 2
        else:
            raise AssertionError


def nothing_is_left_behind() -> None:
    shop = Shop(lambda _: True, Rows())

    def buy(times: range) -> None:
        for number in times:
            shop.buy(number)

    def count() -> int:
        return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))

    buy(range(5))
    before = count()
    buy(range(5, 55))
    assert count() <= before + 2, (before, count())


def a_hub_without_patches() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get")
        with beating():
            client.accounts.get(cardholder_no)

    def decide(_: Any) -> bool:
        time.sleep(TICK)
        return threading.current_thread().name == "keysecure-decision"

    shop = Shop(decide)

    def buy(number: int) -> None:
        assert shop.buy(number) == reply_accept()

    in_one_of_three_tries(buy)
