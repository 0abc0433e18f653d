"""The ASGI application of a relay, on asyncio."""

# pyright: reportPrivateUsage=false
# The applications use the relay's private parts.

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from .._native import EventStream, Relay
from ..aio._call import Call
from ..aio._threads import Threads
from ..webhooks._asgi import Receive, Scope, Send, lifespan
from ..webhooks._bodies import read_asgi
from ..webhooks._response import Refusal, Sealed
from ._async import on_loop
from ._messages import RelayResponse
from ._paths import below, path_of
from ._unread import body_of
from ._watch import POLL_SECONDS, Watch

_MAX_THREADS: Final = 64
"""The most requests at a time; further ones wait."""


class AsgiRelay:
    """Serves a relay as an ASGI application. It is an object, because frameworks take functions for handlers of
    their own kind."""

    __slots__ = ("_relay", "_threads", "_tickers")

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._threads = Threads(_MAX_THREADS)
        self._tickers: dict[asyncio.AbstractEventLoop, _Ticker] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        else:
            asked = Sealed(scope)
            del scope
            await self._serve(asked, receive, send)

    async def _serve(self, asked: Sealed, receive: Receive, send: Send) -> None:
        relay = self._relay
        method, path = asked.value["method"], _path(asked.value, relay._mount)
        if relay.is_events(method, path):
            response = await self._in_thread("events", asked, path)
            if isinstance(response, EventStream):
                await self._stream(response, receive, send)
                return
        else:
            body = Sealed(b"")
            if method == "POST":
                body.value = await read_asgi(list(asked.value["headers"]), receive, relay.max_request_bytes)
            if isinstance(body.value, Refusal):
                if body.value.response is None:
                    # The app has gone.
                    return
                body.value = body_of(body.value, relay.max_request_bytes)
            response = await self._in_thread("handle", asked, method, path, body=body)
        await _respond(response, method, send)

    async def _in_thread(self, name: str, asked: Sealed, *words: str, body: Sealed | None = None) -> Any:
        # A request that has begun is carried out, also when the server cancels its task.
        call = Call(
            self._threads,
            f"relay.{name}",
            on_loop,
            (
                asyncio.get_running_loop(),
                getattr(self._relay, name),
                *words,
                list(asked.value["headers"]),
                *(() if body is None else (body.value,)),
            ),
            {"context": asked.value},
            is_kept=True,
        )
        return await call.awaited()

    async def _stream(self, stream: EventStream, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        ticker = self._tickers.get(loop)
        if ticker is None:
            ticker = self._tickers[loop] = _Ticker(loop, self._relay._watch)
        ticker.streams += 1
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await send(_start(200, stream.headers))
            # A server may raise when the app has gone.
            with suppress(OSError):
                await _send_chunks(stream, ticker, gone, send)
        finally:
            gone.cancel()
            stream.close()
            ticker.forget(stream)
            ticker.streams -= 1
            if not ticker.streams:
                ticker.close()
                self._tickers.pop(loop, None)

    def __repr__(self) -> str:
        return f"<ASGI application of {self._relay!r}>"


async def _send_chunks(stream: EventStream, ticker: _Ticker, gone: asyncio.Future[None], send: Send) -> None:
    while True:
        news = ticker.next(stream)
        either: set[asyncio.Future[Any]] = {gone, news}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            news.cancel()
            return
        chunk = news.result()
        await send({"type": "http.response.body", "body": chunk or b"", "more_body": chunk is not None})
        if chunk is None:
            return


async def _disconnected(receive: Receive) -> None:
    """Waits until the app has gone."""
    with suppress(Exception):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _respond(response: RelayResponse, method: str, send: Send) -> None:
    # The body may hold the secrets of a card: it is in no local variable, which tools would report when `send` raises.
    length = str(len(response.body))
    await send(_start(response.status, [*response.headers, ("Content-Length", length)]))
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


def _start(status: int, headers: list[tuple[str, str]]) -> dict[str, Any]:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _path(scope: Scope, mount: str) -> str:
    root, path = scope.get("root_path") or "", scope["path"]
    raw, query = scope.get("raw_path") or b"", scope.get("query_string") or b""
    return path_of(mount, root, below(root, path), raw.decode("latin-1"), query.decode("latin-1"))


class _Ticker:
    """Waits for the chunks of all streams of an event loop, without a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        self.streams = 0
        self._loop = loop
        self._watch = watch
        self._waiting: dict[EventStream, asyncio.Future[bytes | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        watch.add(self._wake)

    def _wake(self) -> None:
        # The loop may be closed already.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tick)

    def next(self, stream: EventStream) -> asyncio.Future[bytes | None]:
        """The next chunk; ``None`` at the end."""
        future: asyncio.Future[bytes | None] = self._loop.create_future()
        if (chunk := stream.poll()) != b"":
            future.set_result(chunk)
        else:
            self._waiting[stream] = future
            self._start_timer()
        return future

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(POLL_SECONDS, self._tick)

    def _tick(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for stream, future in list(self._waiting.items()):
            if future.done():
                self.forget(stream)
            elif (chunk := stream.poll()) != b"":
                self.forget(stream)
                future.set_result(chunk)
        if self._waiting:
            self._start_timer()

    def forget(self, stream: EventStream) -> None:
        """Waits for a stream no longer."""
        self._waiting.pop(stream, None)

    def close(self) -> None:
        """Stops."""
        self._watch.remove(self._wake)
        if self._timer is not None:
            self._timer.cancel()
