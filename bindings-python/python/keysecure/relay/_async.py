"""An ``authorize`` that is async: it runs on the event loop of its request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

from .._errors import ConfigError
from ._messages import RelayRequest

_SECONDS: Final = 30.0
"""The longest wait for a scope."""

_here = threading.local()


def awaiting(authorize: Callable[[RelayRequest], Awaitable[object]]) -> Callable[[RelayRequest], object]:
    """A function that calls an async one and waits for it. It is called on a thread of the ASGI application."""

    def wait(request: RelayRequest) -> object:
        loop: asyncio.AbstractEventLoop | None = getattr(_here, "loop", None)
        if loop is None:
            raise ConfigError("authorize is async: serve the relay by relay.asgi", outcome="not_sent")
        future = asyncio.run_coroutine_threadsafe(_awaited(authorize, request), loop)
        try:
            return future.result(_SECONDS)
        finally:
            future.cancel()

    return wait


async def _awaited(authorize: Callable[[RelayRequest], Awaitable[object]], request: RelayRequest) -> object:
    return await authorize(request)


def on_loop(loop: asyncio.AbstractEventLoop, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls a method on this thread, for a request of that loop."""
    _here.loop = loop
    try:
        return method(*args, **kwargs)
    finally:
        _here.loop = None
