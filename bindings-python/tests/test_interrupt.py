"""Ctrl-C ends a call that waits, at once, and nothing is sent afterwards. Each scenario runs in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

BEGIN = """
import os, signal, sys, threading, time
import keysecure
from keysecure.sandbox import Sandbox

sandbox = Sandbox()
client = sandbox.client(store=keysecure.MemoryStore())
client.access_token()
sent = []

def leave():
    # At once: the sandbox would wait for the call that it stalls.
    sys.stdout.flush()
    os._exit(0)

def interrupt(when, number=signal.SIGINT):
    # A moment after it is true for the first time: the main thread waits by then.
    def kill():
        while not when():
            time.sleep(0.005)
        time.sleep(0.2)
        sent.append(time.monotonic())
        os.kill(os.getpid(), number)
    threading.Thread(target=kill, daemon=True).start()

def stall(operation, fault, number=signal.SIGINT):
    # The next such call is stalled, and interrupted in the midst of that.
    already = len(sandbox.faults_fired())
    sandbox.fault(operation, fault)
    interrupt(lambda: len(sandbox.faults_fired()) > already, number)
"""


def run(scenario: str) -> str:
    program = BEGIN + textwrap.dedent(scenario)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "panicked" not in done.stderr
    return done.stdout.strip()


def test_ctrl_c_ends_a_stalled_call_within_200_ms_and_the_client_continues() -> None:
    # The best of five, so that a busy machine does not decide.
    latencies = run("""
        for _ in range(5):
            stall("cards.packages", {"stall": 20_000})
            try:
                client.cards.packages_page(page=0, size=1)
            except KeyboardInterrupt:
                print(time.monotonic() - sent[-1])
            assert len(client.cards.packages_page(page=0, size=1)) == 1
        leave()
    """).split()
    assert len(latencies) == 5
    assert min(map(float, latencies)) < 0.2
    assert max(map(float, latencies)) < 10


def test_ctrl_c_ends_a_connection_that_is_never_made() -> None:
    # 192.0.2.0/24 is nobody's: packets are lost, or refused at once where there is no route.
    output = run("""
        far = keysecure.Client("key", "s" * 32, base_url="https://192.0.2.1", connect_timeout=20, max_retries=0)
        interrupt(lambda: True)
        try:
            far.access_token()
        except KeyboardInterrupt:
            print(time.monotonic() - sent[0] < 10)
        except keysecure.TransportError:
            print(True)
        try:
            time.sleep(1)
        except KeyboardInterrupt:
            pass
        leave()
    """)
    assert output == "True"


def test_a_list_is_interrupted_and_its_other_calls_too() -> None:
    output = run("""
        stall("cards.packages", {"stall": 20_000})
        try:
            list(client.cards.packages())
        except KeyboardInterrupt:
            print(time.monotonic() - sent[0] < 10)
        leave()
    """)
    assert output == "True"


def test_nothing_is_sent_after_ctrl_c() -> None:
    # An exactly-once call waits until the target is provably absent. Ctrl-C in that wait must not let it send later.
    output = run("""
        cardholder_no = sandbox.seed_approved_cardholder()
        looked = sandbox.count("accounts.transfers")
        interrupt(lambda: sandbox.count("accounts.transfers") > looked)
        try:
            client.accounts.ensure_transfer(
                cardholder_no=cardholder_no, transfer_unique_no="x", type="In", amount=1, settle=3.0
            )
        except KeyboardInterrupt:
            print("interrupted")
        time.sleep(5)
        print(sandbox.count("accounts.transfer"))
        leave()
    """)
    assert output.split() == ["interrupted", "0"]


def test_a_payment_that_ctrl_c_ended_is_not_made_again() -> None:
    # The platform carries it out all the same; and whoever tries again says the same as before.
    output = run("""
        cardholder_no = sandbox.seed_approved_cardholder()
        pay = dict(
            cardholder_no=cardholder_no, transfer_unique_no="x", type="In", amount=1, settle=2.0, first_attempt=True
        )
        stall("accounts.transfer", {"stall_after_commit": 20_000})
        try:
            client.accounts.ensure_transfer(**pay)
        except KeyboardInterrupt:
            print("interrupted")
        print(client.accounts.ensure_transfer(**pay).created)
        print(len(list(client.accounts.transfers(start=sandbox.clock.now.date(), end=sandbox.clock.now))))
        leave()
    """)
    assert output.split() == ["interrupted", "False", "1"]


def test_other_signals_are_handled_while_a_call_waits_and_may_call_too() -> None:
    output = run("""
        def handler(number, frame):
            print("handled", client.access_token() is not None)
        signal.signal(signal.SIGUSR1, handler)
        stall("cards.packages", {"stall": 2_000}, signal.SIGUSR1)
        assert len(client.cards.packages_page(page=0, size=1)) == 1
        print("answered")
    """)
    assert output.split("\n") == ["handled True", "answered"]


def test_a_signal_handler_may_call_while_the_token_is_fetched() -> None:
    output = run("""
        client = sandbox.client()
        def handler(number, frame):
            print("handled", len(client.cards.packages_page(page=0, size=1)))
        signal.signal(signal.SIGUSR1, handler)
        stall("token", {"stall": 2_000}, signal.SIGUSR1)
        print("answered", len(client.cards.packages_page(page=0, size=1)))
    """)
    assert output.split("\n") == ["handled 1", "answered 1"]


def test_a_list_that_a_signal_handler_reads_too_says_so_and_continues() -> None:
    output = run("""
        rows = client.cards.packages()
        def handler(number, frame):
            try:
                next(rows)
            except keysecure.InvalidInputError as error:
                print(error.field, error.outcome)
        signal.signal(signal.SIGUSR1, handler)
        stall("cards.packages", {"stall": 2_000}, signal.SIGUSR1)
        print(len(list(rows)) == len(list(client.cards.packages())))
    """)
    assert output.split("\n") == ["list not_sent", "True"]


def test_a_list_continues_after_ctrl_c() -> None:
    output = run("""
        rows = client.cards.packages()
        stall("cards.packages", {"stall": 20_000})
        try:
            next(rows)
        except KeyboardInterrupt:
            print(len(list(rows)) == len(list(client.cards.packages())))
        leave()
    """)
    assert output == "True"


def test_ctrl_c_ends_the_wait_for_another_threads_token() -> None:
    output = run("""
        earlier = sandbox.count("token")
        client = sandbox.client()
        sandbox.fault("token", {"stall": 5_000})
        other = threading.Thread(target=client.access_token)
        other.start()
        while not sandbox.faults_fired():
            time.sleep(0.005)
        interrupt(lambda: True)
        try:
            client.access_token()
        except KeyboardInterrupt:
            print(other.is_alive())
        other.join()
        print(client.access_token() is not None, sandbox.count("token") - earlier)
    """)
    assert output.split("\n") == ["True", "True 1"]


def test_ctrl_c_ends_the_tls_handshake_of_a_server_that_says_nothing() -> None:
    output = run("""
        import select, socket
        silent = socket.create_server(("127.0.0.1", 0))
        silent_url = "https://127.0.0.1:%d" % silent.getsockname()[1]
        client = keysecure.Client("key", "s" * 32, base_url=silent_url, max_retries=0)
        interrupt(lambda: bool(select.select([silent], [], [], 0)[0]))
        try:
            client.access_token()
        except KeyboardInterrupt:
            print(time.monotonic() - sent[0] < 10)
    """)
    assert output == "True"


@pytest.mark.parametrize("level", ["INFO", "DEBUG", "CRITICAL"])
def test_ctrl_c_is_not_lost_in_the_log(level: str) -> None:
    # Calls so short that none looks for signals while it waits: the next to run Python is the logger.
    output = run(f"""
        import logging
        logging.basicConfig(level=logging.{level}, stream=open(os.devnull, "w"))
        sandbox.fault("cards.packages", {{"stall": 20}}, times=10_000)
        caught = 0
        for _ in range(10):
            begun = len(sent)
            interrupt(lambda: True)
            try:
                while len(sent) == begun or time.monotonic() < sent[-1] + 5:
                    list(client.cards.packages())
            except KeyboardInterrupt:
                caught += 1
        print(caught)
        leave()
    """)
    assert output == "10"
