"""Running the examples as a user runs them, and the checks of those that receive webhooks."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from cli_support import interrupt

from keysecure.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[1] / "examples"


def environment(sandbox: Sandbox | None) -> dict[str, str]:
    """The environment without our settings, or with those of a platform that is there already."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KEYSECURE_")}
    if sandbox is None:
        return bare
    names = {"BASE_URL": sandbox.base_url, "API_KEY": sandbox.api_key, "API_SECRET": sandbox.api_secret}
    return {**bare, **{f"KEYSECURE_{name}": value for name, value in names.items()}}


def run(
    name: str, *arguments: str, cwd: Path, sandbox: Sandbox | None = None, code: int = 0, given: str = ""
) -> list[str]:
    """The lines that an example prints. Warnings are errors."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    result = subprocess.run(
        command,
        env={**environment(sandbox), "KEYSECURE_STORE": f"file:{cwd / 'store'}"},
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    # Warnings go there without settings of `logging`.
    logged = ("a purchase is declined: ", "a call failed")
    unexpected = [line for line in result.stderr.splitlines() if not line.startswith(logged)]
    assert (result.returncode, unexpected) == (code, []), f"{result.stdout}{result.stderr}"
    return result.stdout.splitlines()


def check_receiver_offline(name: str, cwd: Path) -> None:
    """Runs a receiver on its own sandbox: it prints what it receives."""
    lines = run(name, cwd=cwd)
    assert "A purchase of 40.00 is Pending." in lines
    assert "A purchase of 400.00 is Fail." in lines
    assert any(re.fullmatch(r"Card \d+: Activated -> Frozen", line) for line in lines)
    assert lines[-1] == (
        "The sandbox sent 5 webhooks: Auth 200, Consumption 200, Auth 200, Consumption 200, Card_update 200."
    )


def check_receiver_listens(name: str, path: str) -> None:
    """Runs a receiver with a port: it receives the webhooks of the platform that the environment names."""
    with Sandbox("authorization") as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        port = free_port()
        command = [sys.executable, str(EXAMPLES / name), str(port)]
        with subprocess.Popen(command, env=environment(sandbox), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
            try:
                wait_until_it_listens(one, port)
                sandbox.webhooks_to(f"http://127.0.0.1:{port}{path}")
                bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="40.00").consume_no or ""
                assert sandbox.settle_webhooks(60)
                assert client.consumptions.get(bought).status == "Pending"
                assert [row.error for row in sandbox.deliveries()] == [None, None]
            finally:
                interrupt(one)
                try:
                    one.communicate(timeout=60)
                except subprocess.TimeoutExpired:
                    one.kill()
                    raise


def free_port() -> int:
    """A port below those that a system assigns, which another test may get before the program listens."""
    for port in range(21_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


def wait_until_it_listens(program: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert program.poll() is None, program.communicate()
            assert time.monotonic() < end, "it does not listen"
            time.sleep(0.05)
        else:
            return
