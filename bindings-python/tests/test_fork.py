"""After `os.fork()` a child never uses its parent's connections: no process gets another's response."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is Unix"),
    # Python 3.12 and later warn of any fork while threads run; the test shows that it works.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # A child that is forked before there is a token fetches its own; that must not void its parent's: these tests are
    # about sockets.
    with Sandbox(token_voids_previous=False) as sandbox:
        yield sandbox


def in_child(work: Callable[[], None]) -> int:
    """Forks; the child works and ends. Gives the child's number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(status)
    return child


def wait_for(child: int) -> None:
    timer = threading.Timer(30, os.kill, (child, 9))
    timer.start()
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        timer.cancel()


def ask(client: Client, card_no: str, times: int) -> None:
    for _ in range(times):
        assert client.cards.get(card_no).card_no == card_no


def test_children_of_a_warm_parent_get_their_own_responses(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    mine, child_card = sandbox.seed_virtual_card(cardholder_no), sandbox.seed_virtual_card(cardholder_no)
    ask(client, mine, 5)
    for _ in range(20):
        child = in_child(lambda: ask(client, child_card, 30))
        ask(client, mine, 30)
        wait_for(child)
    connections = [request.connection for request in sandbox.requests() if request.operation == "cards.get"]
    assert len(set(connections)) == 1 + 20  # one of the parent, and each child's own
    assert connections.count(connections[0]) == 5 + 20 * 30  # nobody but the parent used the parent's


def test_children_keep_the_parent_s_token(sandbox: Sandbox, client: Client, card_no: str) -> None:
    ask(client, card_no, 1)
    for _ in range(3):
        wait_for(in_child(lambda: ask(client, card_no, 3)))
    assert sandbox.count("token") == 1


def test_a_fork_while_other_threads_are_in_calls_hangs_nobody(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    mine, child_card = sandbox.seed_virtual_card(cardholder_no), sandbox.seed_virtual_card(cardholder_no)
    # With the token there, which the children keep: a child that fetches its own voids its parent's.
    ask(client, mine, 1)
    stop = threading.Event()
    failed: list[BaseException] = []

    def busy() -> None:
        try:
            while not stop.is_set():
                ask(client, mine, 1)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            wait_for(in_child(lambda: ask(client, child_card, 3)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []


def test_a_fork_in_the_middle_of_a_token_fetch_hangs_nobody(sandbox: Sandbox, client: Client, card_no: str) -> None:
    sandbox.fault("token", {"stall": 2_000})
    fetching = threading.Thread(target=client.access_token)
    fetching.start()
    while not sandbox.faults_fired():
        pass
    wait_for(in_child(lambda: ask(client, card_no, 1)))
    fetching.join()


def test_threads_of_a_child_share_its_client(sandbox: Sandbox, client: Client, card_no: str) -> None:
    ask(client, card_no, 1)

    def work() -> None:
        threads = [threading.Thread(target=ask, args=(client, card_no, 5)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    wait_for(in_child(work))


def test_a_closed_client_stays_closed_in_a_child(client: Client) -> None:
    client.close()

    def work() -> None:
        with pytest.raises(keysecure.ConfigError, match="closed"):
            client.access_token()

    wait_for(in_child(work))


def test_a_grandchild_continues_too(client: Client, card_no: str) -> None:
    ask(client, card_no, 1)

    def child() -> None:
        ask(client, card_no, 1)
        wait_for(in_child(lambda: ask(client, card_no, 3)))
        ask(client, card_no, 1)

    wait_for(in_child(child))
    ask(client, card_no, 1)


def test_an_error_crosses_from_a_worker_with_its_fields(sandbox: Sandbox, client: Client, card_no: str) -> None:
    ask(client, card_no, 1)
    global shared
    shared = client
    with multiprocessing.get_context("fork").Pool(4) as pool:
        cards = pool.map(fetch, [card_no] * 20)
        assert {card.card_no for card in cards} == {card_no}  # models cross too
        with pytest.raises(keysecure.ApiError) as caught:
            pool.apply(fetch, ("17",))
    assert (caught.value.code, caught.value.operation) == (1004, "cards.get")


shared: Client


def fetch(card_no: str) -> keysecure.Card:
    return shared.cards.get(card_no)


def test_a_list_stays_with_its_process(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    for _ in range(150):
        sandbox.seed_virtual_card(cardholder_no)
    now = sandbox.clock.now
    rows = client.cards.list(start=now - timedelta(days=1), end=now)
    next(rows)

    def work() -> None:
        with pytest.raises(keysecure.InvalidInputError, match="before a fork"):
            next(rows)
        assert len(list(client.cards.list(start=now - timedelta(days=1), end=now))) == 150

    child = in_child(work)
    assert len(list(rows)) == 149
    wait_for(child)


def test_a_fork_while_another_thread_reads_a_list_hangs_nobody(sandbox: Sandbox, client: Client) -> None:
    rows = client.cards.packages()
    client.access_token()
    sandbox.fault("cards.packages", {"stall": 2_000})
    reading = threading.Thread(target=next, args=(rows,))
    reading.start()
    while not sandbox.faults_fired():
        pass

    def work() -> None:
        with pytest.raises(keysecure.InvalidInputError, match="before a fork"):
            next(rows)

    wait_for(in_child(work))
    reading.join()


def test_a_store_that_a_child_cannot_open_hangs_none_of_its_threads(sandbox: Sandbox, tmp_path: Path) -> None:
    directory = tmp_path / "store"
    client = sandbox.client(store=keysecure.FileStore(directory))
    client.access_token()

    def work() -> None:
        # It is not the user's alone, and refused.
        directory.chmod(0o755)
        sys.setswitchinterval(1e-6)

        def fail() -> None:
            for _ in range(100):
                with pytest.raises(keysecure.ConfigError):
                    client.access_token()

        threads = [threading.Thread(target=fail) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    wait_for(in_child(work))
