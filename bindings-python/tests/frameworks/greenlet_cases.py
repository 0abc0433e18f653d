"""Programs of greenlets: `greenlet_cases.py gevent|eventlet|gevent-unpatched CASE`, each in a process of its own."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import Any

KIND, CASE = sys.argv[1:3]
if KIND == "eventlet":
    warnings.simplefilter("ignore")  # eventlet announces its end
    import eventlet

    eventlet.monkey_patch()
    spawn, sleep, Timeout = eventlet.spawn, eventlet.sleep, eventlet.Timeout
else:
    from gevent import monkey

    if KIND == "gevent":
        monkey.patch_all()
    import gevent

    spawn, sleep, Timeout = gevent.spawn, gevent.sleep, gevent.Timeout

# ruff: noqa: E402
import keysecure
from keysecure import Client, Responder, WebhookVerifier, reply_accept
from keysecure.sandbox import Sandbox

TICK = 0.01
STALL = 2.0
# Far above what a loaded machine does to a greenlet, far below the stall.
LONGEST_GAP = 1.0


def join(greenlet: Any) -> Any:
    return greenlet.wait() if KIND == "eventlet" else greenlet.get()


class Heart:
    """A greenlet that notes the longest time for which it could not run."""

    def __init__(self) -> None:
        self.gap, self.beats, self.stopped = 0.0, 0, False
        self.greenlet = spawn(self.run)

    def run(self) -> None:
        last = time.monotonic()
        while not self.stopped:
            sleep(TICK)
            now = time.monotonic()
            self.gap, last, self.beats = max(self.gap, now - last), now, self.beats + 1


@contextmanager
def beating(at_least: float = STALL) -> Iterator[None]:
    """Fails when other greenlets stop while the block waits, or when it waits for less than that."""
    heart, start = Heart(), time.monotonic()
    sleep(0)
    yield
    took = time.monotonic() - start
    heart.stopped = True
    join(heart.greenlet)
    assert took >= at_least, f"nothing waited: {took}"
    assert heart.gap < LONGEST_GAP, f"other greenlets stopped for {heart.gap} s"
    assert heart.beats > 5


@contextmanager
def platform(**settings: Any) -> Iterator[tuple[Sandbox, Client, str]]:
    with Sandbox() as sandbox, sandbox.client(**settings) as client:
        client.access_token()
        yield sandbox, client, sandbox.seed_approved_cardholder()


def stall(sandbox: Sandbox, operation: str, seconds: float = STALL, times: int = 1) -> None:
    sandbox.fault(operation, {"stall": int(seconds * 1000)}, times=times)


def read(client: Client, cardholder_no: str) -> bool:
    return client.accounts.get(cardholder_no).list[0].cardholder_no == cardholder_no


def transfer(client: Client, cardholder_no: str) -> Any:
    return client.accounts.transfer(
        cardholder_no=cardholder_no, transfer_unique_no="order-1", type="In", amount="25.00"
    )


class Kept(logging.Handler):
    """Keeps texts of records, with the thread or greenlet that emitted each."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[tuple[str, str, int]] = []
        logger = logging.getLogger("keysecure")
        logger.setLevel(level)
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.levelname, record.getMessage(), threading.get_ident()))


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        sleep(TICK)


# Calls.


def a_call() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get")
        with beating():
            assert read(client, cardholder_no)


def a_pager() -> None:
    with platform() as (sandbox, client, _):
        stall(sandbox, "cards.packages")
        with beating():
            assert list(client.cards.packages())


def doctor() -> None:
    with platform() as (sandbox, client, _):
        stall(sandbox, "cards.packages", times=5)
        stall(sandbox, "token", times=5)
        with beating():
            assert client.doctor().findings


def an_ensured_transfer() -> None:
    with platform(store="memory") as (_, client, cardholder_no), beating():
        ensured = client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no="order-1", type="In", amount="25.00", settle=STALL
        )
        assert ensured.created


def many_calls() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", 0.5, times=20)
        start = time.monotonic()
        calls = [spawn(read, client, cardholder_no) for _ in range(20)]
        assert all(join(call) for call in calls)
        assert time.monotonic() - start < 20 * 0.5 / 2, "they waited for each other"


def an_error() -> None:
    with platform() as (_, client, _):
        raised: Any = None
        try:
            client.cards.get("17")
        except keysecure.ApiError as error:
            raised = error
        assert (raised.code, raised.operation, raised.outcome) == (1004, "cards.get", "rejected")


def a_timeout_of_the_program() -> None:
    kept = Kept(logging.WARNING)
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.transfer")
        start = time.monotonic()
        try:
            with Timeout(0.2):
                transfer(client, cardholder_no)
        except Timeout:
            assert time.monotonic() - start < LONGEST_GAP
        else:
            raise AssertionError
        # It was sent, and continues.
        until(lambda: kept.records)
        [(level, text, _)] = kept.records
        assert level == "WARNING"
        assert "operation=accounts.transfer attempts=1" in text
        assert "ended after its greenlet" in text
        assert sandbox.count("accounts.transfer") == 1
        assert client.accounts.get(cardholder_no).list[0].balance == 25


def a_call_that_waits_for_a_thread() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", times=64)
        reads = [spawn(client.accounts.get, cardholder_no) for _ in range(64)]
        until(lambda: len(sandbox.faults_fired()) == 64)
        try:
            with Timeout(0.1):
                transfer(client, cardholder_no)
        except Timeout:
            pass
        for each in reads:
            join(each)
        client.accounts.get(cardholder_no)
        assert sandbox.count("accounts.transfer") == 0, "it had not started, and must not start any more"


def ctrl_c() -> None:
    with platform(timeout=60) as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", 30)
        # The process's own signal, which it gets while the hub waits.
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        start = time.monotonic()
        try:
            client.accounts.get(cardholder_no)
        except KeyboardInterrupt:
            assert time.monotonic() - start < 10
            print("ok", flush=True)
            os._exit(0)
        raise AssertionError


def the_log() -> None:
    kept = Kept(logging.DEBUG)
    with platform() as (_, client, cardholder_no):
        idents = []

        def read() -> None:
            idents.append(threading.get_ident())
            client.accounts.get(cardholder_no)

        kept.records.clear()
        join(spawn(read))
        assert [(level, ident) for level, _, ident in kept.records] == [("DEBUG", *idents), ("INFO", *idents)]


def a_forked_child() -> None:
    with platform() as (_, client, cardholder_no):
        client.accounts.get(cardholder_no)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if KIND == "eventlet":
                    # Its hub shares its epoll object with the parent's, unless the child gets another one.
                    eventlet.hubs.use_hub()
                calls = [spawn(read, client, cardholder_no) for _ in range(5)]
                assert all(join(call) for call in calls)
                status = 0
            finally:
                os._exit(status)
        client.accounts.get(cardholder_no)
        until(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))


def the_end_of_the_program() -> None:
    """Ends while threads wait, for the platform and for a store; the test sees the exit status and the time."""

    class Never(Rows):
        def load(self, slot: str, within: float) -> None:
            sleep(3600)

    Kept(logging.WARNING)
    sandbox = Sandbox()
    stall(sandbox, "accounts.get", 60, times=2)
    clients = [sandbox.client(), sandbox.client(store=Never())]
    for client in clients:
        spawn(client.accounts.get, "1")
    until(sandbox.faults_fired)


# Stores and purchases.


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


def a_session_of_the_program() -> None:
    """The session with a relay is asked for in the greenlet of the call, and stops no other one while it waits."""
    seen: list[tuple[str | None, str | None]] = []
    local = threading.local()

    def session(refused: bool) -> str | None:
        sleep(STALL)
        seen.append((NAME.get(), getattr(local, "name", None)))
        return None

    def read(name: str) -> None:
        NAME.set(name)
        local.name = name
        with suppress(keysecure.AuthenticationError):
            client.cards.get("1")

    with Client.relay("http://127.0.0.1:9", session) as client, beating():
        for reader in [spawn(read, "first"), spawn(read, "second")]:
            join(reader)
    assert sorted(seen) == [("first", "first"), ("second", "second")]


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


def no_hub_at_all() -> None:
    """A patched program of one greenlet, for which Ctrl-C works as everywhere."""
    with Sandbox() as sandbox, sandbox.client(timeout=60) as client:
        client.access_token()
        stall(sandbox, "cards.packages", 30)
        from gevent._hub_local import get_hub_if_exists

        assert get_hub_if_exists() is None
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        start = time.monotonic()
        try:
            client.cards.packages_page(page=0, size=1)
        except KeyboardInterrupt:
            assert time.monotonic() - start < 10
        else:
            raise AssertionError
        assert get_hub_if_exists() is None
        assert client.cards.packages_page(page=0, size=1).list


if __name__ == "__main__":
    globals()[CASE]()
    print("ok", flush=True)
