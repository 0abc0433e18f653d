"""Reading the body of a request, whatever the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any, Final, cast

from .._errors import raised_by
from ._response import BAD_LENGTH, NO_LENGTH, TOO_LARGE, UNREADABLE, Refusal, cut, gone, parse_length, refused

_CHUNK_SECONDS: Final = 2
"""Seconds for which uWSGI waits for the next chunk of a body."""
_IDLE_SECONDS: Final = 5
"""Seconds without a part of the body after which it is given up."""
_BODY_SECONDS: Final = 30
"""Seconds for the whole body."""


class _EndlessError(Exception):
    """The server does not end the body."""


def read_wsgi(environ: dict[str, Any], largest: int) -> bytes | Refusal:
    """The raw body, or the response when it cannot be read."""
    text = environ.get("CONTENT_LENGTH") or ""
    length = parse_length(text, largest)
    if text and length is None:
        return refused(BAD_LENGTH, "its length is no number")
    if length is not None and length > largest:
        return refused(TOO_LARGE, "too_large")
    parts: list[bytes] = []
    left = largest + 1 if length is None else length
    try:
        if length is not None and (request := environ.get("werkzeug.request")) is not None:
            # Flask may have read the body; its request then keeps it, and reading it again would wait for ever.
            parts.append(request.get_data())
            left -= len(parts[0])
        read = _reader(environ, ends=length is not None)
        while left > 0:
            part = read(min(left, 65_536))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except _EndlessError:
        return refused(
            NO_LENGTH,
            "it has no Content-Length, and this server does not end chunked bodies: let the proxy in front of it "
            "buffer requests, set http-chunked-input (uWSGI) or WSGIChunkedRequest On (mod_wsgi), or change the server",
        )
    except Exception as error:
        return refused(UNREADABLE, raised_by("reading its body", error)[0])
    body = b"".join(parts)
    if len(body) > largest:
        return refused(TOO_LARGE, "too_large")
    if length is not None and len(body) < length:
        return cut(len(body), length)
    return body if body or "HTTP_TRANSFER_ENCODING" not in environ else gone()


def _reader(environ: dict[str, Any], *, ends: bool) -> Callable[[int], bytes]:
    """A function that reads the next part of a body, ``b""`` at its end.

    A body without a length raises where the server does not end the input: reading it would wait for ever.
    """
    if ends or environ.get("wsgi.input_terminated"):
        return lambda size: cast("bytes", environ["wsgi.input"].read(size))
    if "uwsgi.version" not in environ or "HTTP_TRANSFER_ENCODING" not in environ:
        raise _EndlessError
    from importlib import import_module

    # The module exists only within the server.
    uwsgi = import_module("uwsgi")

    def read_chunk(_: int) -> bytes:
        try:
            return cast("bytes", uwsgi.chunked_read(_CHUNK_SECONDS))
        except OSError:
            # So it is where the router in front, `uwsgi --http`, does not pass chunks on.
            raise _EndlessError from None

    return read_chunk


async def read_asgi(
    headers: list[tuple[bytes, bytes]], receive: Callable[[], Awaitable[MutableMapping[str, Any]]], largest: int
) -> bytes | Refusal:
    """The raw body, or the response when it cannot be read."""
    import asyncio

    length: int | None = None
    for name, value in headers:
        if name.lower() == b"content-length":
            length = parse_length(value.decode("latin-1"), largest)
            if length is None:
                return refused(BAD_LENGTH, "its length is no number")
            if length > largest:
                return refused(TOO_LARGE, "too_large")
    parts: list[bytes] = []
    size = 0
    end = monotonic() + _BODY_SECONDS
    while True:
        try:
            message = await asyncio.wait_for(receive(), min(_IDLE_SECONDS, max(0.0, end - monotonic())))
        except asyncio.TimeoutError:
            # So it is when a framework has read the body: the server then waits for the end of the connection.
            return gone()
        if message["type"] == "http.disconnect":
            return refused(None, f"the client disconnected after {size} bytes of its body") if size else gone(None)
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return refused(TOO_LARGE, "too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return cut(size, length) if length is not None and size < length else b"".join(parts)
