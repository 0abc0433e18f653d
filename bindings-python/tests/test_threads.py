"""One client serves any number of threads, and the GIL is never held while it waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_32_threads_share_a_client_and_one_token(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    cards = [sandbox.seed_virtual_card(cardholder_no) for _ in range(32)]
    together = threading.Barrier(32)

    def work(card_no: str) -> bool:
        together.wait()
        return all(client.cards.get(card_no).card_no == card_no for _ in range(20))

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(work, cards))
    assert sandbox.count("token") == 1
    assert sandbox.count("cards.get") == 32 * 20


def test_calls_of_two_threads_overlap(sandbox: Sandbox, client: Client) -> None:
    client.access_token()
    sandbox.fault("cards.packages", {"stall": 3_000}, times=4)
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.cards.packages_page(page=0, size=1), range(4)))
    # One after another they would take 12 s.
    assert time.monotonic() - started < 9


def test_other_threads_run_while_a_call_waits(sandbox: Sandbox, client: Client) -> None:
    client.access_token()
    sandbox.fault("cards.packages", {"stall": 1_000})
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    client.cards.packages_page(page=0, size=1)
    done.set()
    ticker.join()
    assert ticks > 50  # with the GIL held there would be hardly one


def test_a_list_is_fetched_without_the_gil_too(sandbox: Sandbox, client: Client) -> None:
    client.access_token()
    sandbox.fault("cards.packages", {"stall": 3_000}, times=3)
    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(lambda _: len(list(client.cards.packages())) > 0, range(3)))
    assert time.monotonic() - started < 7


def test_a_client_made_on_one_thread_is_closed_on_another(sandbox: Sandbox) -> None:
    made: list[Client] = []
    thread = threading.Thread(target=lambda: made.append(sandbox.client()))
    thread.start()
    thread.join()
    made[0].cards.packages_page(page=0, size=1)
    closer = threading.Thread(target=made[0].close)
    closer.start()
    closer.join()


def test_connections_are_kept_and_used_again(sandbox: Sandbox, client: Client) -> None:
    for _ in range(20):
        client.cards.packages_page(page=0, size=1)
    assert len({request.connection for request in sandbox.requests()}) == 1
