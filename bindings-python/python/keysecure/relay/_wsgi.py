"""The WSGI application of a relay."""

# pyright: reportPrivateUsage=false
# The applications use the relay's private parts.

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from .._native import EventStream, Relay
from ..webhooks._bodies import read_wsgi
from ..webhooks._response import Refusal, Sealed
from ._paths import path_of
from ._unread import body_of
from ._watch import POLL_SECONDS, Watch


class WsgiRelay:
    """Serves a relay as a WSGI application."""

    __slots__ = ("_relay",)

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        # Tools that report the local variables of frames show neither headers nor body.
        asked = Sealed(environ)
        del environ
        relay = self._relay
        method, path = asked.value.get("REQUEST_METHOD") or "", _path(asked.value, relay._mount)
        if relay.is_events(method, path):
            response = relay.events(path, _headers(asked.value), context=asked.value)
            if isinstance(response, EventStream):
                start_response("200 OK", response.headers)
                return _Chunks(response, relay._watch)
        else:
            body = Sealed(read_wsgi(asked.value, relay.max_request_bytes) if method == "POST" else b"")
            if isinstance(body.value, Refusal):
                body.value = body_of(body.value, relay.max_request_bytes)
            response = relay.handle(method, path, _headers(asked.value), body.value, context=asked.value)
        headers = [*response.headers, ("Content-Length", str(len(response.body)))]
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        # A body behind HEAD would be read as the next response on this connection.
        return [] if method == "HEAD" else [response.body]

    def __repr__(self) -> str:
        return f"<WSGI application of {self._relay!r}>"


def _path(environ: dict[str, Any], mount: str) -> str:
    # Servers that keep the path as it was received call it by one of these names.
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    root, path, query = (environ.get(name) or "" for name in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"))
    return path_of(mount, root, path, raw, query)


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    found = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    # CGI names these two without the prefix; some servers do both.
    found |= {name: environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)}
    return [(name.replace("_", "-"), value) for name, value in found.items() if isinstance(value, str)]


class _Chunks:
    """The chunks of a stream. Waiting for one blocks the thread or greenlet of the request."""

    def __init__(self, stream: EventStream, watch: Watch) -> None:
        self._stream = stream
        self._watch = watch
        self._news = threading.Event()
        watch.add(self._news.set)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while True:
            self._news.clear()
            chunk = self._stream.poll()
            if chunk is None:
                self.close()
                raise StopIteration
            if chunk:
                return chunk
            self._news.wait(POLL_SECONDS)

    def close(self) -> None:
        """The server calls it when the response has ended or the app has gone."""
        self._watch.remove(self._news.set)
        self._stream.close()
