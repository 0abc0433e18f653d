"""Real servers in processes of their own, and requests to them byte by byte."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from webhook_apps import HEALTH

from keysecure.sandbox import Sandbox

PATIENCE = 120.0
"""Seconds after which a test gives up, on a machine however slow."""


@dataclass(frozen=True)
class ServerKind:
    """How to start a server."""

    name: str
    command: str
    """After ``python``, with ``{port}``."""
    env: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    """What requests have in front of the path of the application."""
    chunked: bool = True
    """Whether it reads bodies without a length."""
    continues: bool = True
    """Whether it sends ``100 Continue``."""
    reads_first: int | None = None
    """The status of a webhook whose body a view has read before, if the application has such a view."""


@dataclass
class Server:
    """A server that runs."""

    kind: ServerKind
    sandbox: Sandbox
    port: int
    folder: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{self.kind.prefix}{path}"

    def events(self) -> list[str]:
        """What the application has recorded, a line for each call of a handler or decision."""
        file = self.folder / "events"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8") if file.exists() else ""

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def head(self, method: str, path: str, headers: dict[str, str] | None = None) -> bytes:
        """The bytes of a request before its body."""
        lines = [f"{method} {self.kind.prefix}{path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Response:
        """Sends a request on a connection of its own and returns the response."""
        with self.connect() as connection:
            connection.sendall(self.head(method, path, {**(headers or {}), "Connection": "close"}) + body)
            return Response(until_closed(connection))


class Response:
    """A response, read until the server closed the connection."""

    def __init__(self, received: bytes) -> None:
        head, _, self.body = received.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, self.body = self.body.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.body!r}"


def until_closed(connection: socket.socket) -> bytes:
    received = b""
    # A server that closes with a request unread resets the connection.
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
    return received


def until(connection: socket.socket, end: bytes) -> bytes:
    """Reads until the bytes end so; the rest stays in the connection."""
    received = b""
    while not received.endswith(end):
        part = connection.recv(1)
        assert part, received
        received += part
    return received


@contextmanager
def running(kind: ServerKind, folder: Path) -> Iterator[Server]:
    """Starts a server with an application whose platform is a new sandbox in authorization mode."""
    with Sandbox("authorization") as sandbox:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KEYSECURE_")},
            "KEYSECURE_API_KEY": sandbox.api_key,
            "KEYSECURE_API_SECRET": sandbox.api_secret,
            "KEYSECURE_BASE_URL": sandbox.base_url,
            "KEYSECURE_STORE": f"file:{folder / 'store'}",
            "SHOP_EVENTS": str(folder / "events"),
            "SHOP_LOG": str(folder / "log"),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
            "PYTHONUNBUFFERED": "1",
            **kind.env,
        }
        for port in ports():
            command = [sys.executable, *kind.command.format(port=port).split()]
            with (folder / "output").open("wb") as output:
                process = subprocess.Popen(command, env=env, cwd=folder, stdout=output, stderr=output)
            server = Server(kind, sandbox, port, folder)
            try:
                if is_healthy(server, process):
                    yield server
                    return
            finally:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            # Another program may have taken the port.
            said = (folder / "output").read_text("utf-8", "replace")
            assert "in use" in said, said


def ports() -> Iterator[int]:
    """Ports that are free now, below those that the system assigns."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port
    raise AssertionError("no port is free")


def is_healthy(server: Server, process: subprocess.Popen[bytes]) -> bool:
    """Waits until the health check responds; ``False`` if the process ends before."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None:
        with suppress(OSError, ValueError, IndexError):
            if server.ask("GET", HEALTH).status == 200:
                return True
        assert time.monotonic() < end, (server.folder / "output").read_text("utf-8", "replace")
        time.sleep(0.05)
    return False
