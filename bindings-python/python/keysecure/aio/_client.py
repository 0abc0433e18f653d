"""The client for tasks."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Lock, Thread
from types import TracebackType
from typing import cast

import keysecure

from .._errors import ConfigError
from ._call import OnCancelled, running_loop
from ._calls import ClientCalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class Client(ClientCalls):
    """:class:`keysecure.Client` for asyncio: the same settings, resources and arguments, with calls that are awaited.

    Use it in an ``async with`` block or until ``await client.close()``. Keep one client and share it among tasks; it
    serves several event loops, also one after another.

    ``max_threads``: the most calls at a time (16). Each blocks a thread of this client; further calls wait for a free
    one. A thread is started when it is needed and ends when it has been idle for 10 seconds. An ``ensure_*`` call may
    take its thread for its whole ``deadline``.

    ``on_cancelled``: a function that gets a :class:`CancelledCall` when a call that changes something has ended after
    its task was cancelled. It is called in a thread, in the context (:mod:`contextvars`) of the task, and may block.
    """

    _owns_blocking = True
    _closing: Future[None] | None = None

    @classmethod
    def of(cls, client: keysecure.Client, *, max_threads: int = 16, on_cancelled: OnCancelled | None = None) -> Self:
        """Creates a client that makes its calls through an existing one. ``close`` leaves that one open."""
        if not isinstance(cast("object", client), keysecure.Client):
            raise ConfigError("client must be a keysecure.Client", outcome="not_sent")
        new = cls.__new__(cls)
        new._set_up(client, max_threads, on_cancelled)
        new._owns_blocking = False
        return new

    async def close(self) -> None:
        """Closes the client, its threads and its connections. Every later call is a `ConfigError`.

        Calls that wait for a thread are not sent. Reads in progress are aborted. This waits for calls that change
        something, also for those whose task was cancelled; when it is cancelled itself, the client closes when they
        have ended.
        """
        running_loop()
        with _CLOSING:
            if self._closing is None:
                self._closing = Future()
                self._threads.close()
                Thread(target=self._close, args=(self._closing,), name="keysecure.aio", daemon=True).start()
        await asyncio.shield(asyncio.wrap_future(self._closing))

    def _close(self, done: Future[None]) -> None:
        self._threads.wait(only_kept=True)
        if self._owns_blocking:
            self._blocking.close()
        done.set_result(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._blocking).replace("keysecure.", "keysecure.aio.", 1)


_CLOSING = Lock()
