"""Waiting in greenlets: what the native part needs of gevent and eventlet.

All greenlets of a thread stop while one of them blocks it. So the native part has its jobs done by threads of its own,
and waits for them through the hub, the greenlet that switches between the others.
"""

from __future__ import annotations

import os
import sys
from _thread import get_native_id
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from weakref import WeakKeyDictionary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Job(Protocol):
        """Work on a native thread, with what it wants to have called in Python meanwhile."""

        @property
        def ended(self) -> bool: ...
        def start(self, wake: Callable[[], None]) -> None: ...
        def serve(self) -> None: ...
        def abandon(self, hub: Hub) -> None: ...

    class Channel(Protocol):
        """Wakes one greenlet from any thread, also before it waits."""

        def wait(self) -> None: ...
        def wake(self) -> None: ...
        def close(self) -> None: ...


class Hub:
    """The hub of a thread."""

    __slots__ = ("patched",)

    patched: bool
    """Whether the threads of ``threading`` are greenlets."""

    @property
    def main(self) -> bool:
        """Whether it is the hub of the main thread, as far as the system says it."""
        return get_native_id() == os.getpid()

    def spawn(self, function: Callable[[], object]) -> None:
        """Runs a function in a greenlet of its own. Any thread may call this."""
        raise NotImplementedError

    def channel(self) -> Channel:
        """A channel for this greenlet."""
        raise NotImplementedError

    def wait(self, job: Job) -> None:
        """Waits for a job. An exception that is thrown into this greenlet ends the wait and leaves the job running."""
        channel = self.channel()
        try:
            job.start(channel.wake)
            while not job.ended:
                channel.wait()
                job.serve()
        except BaseException:
            job.abandon(self)
            raise
        finally:
            channel.close()


def here(create: bool) -> Hub | None:
    """The hub through which this greenlet has to wait. ``None`` in the hub itself, and without one, unless one is to be
    created for a program whose threads are greenlets."""
    for name, finder in (("gevent", _gevent), ("eventlet", _eventlet)):
        if name in sys.modules and (hub := finder()(create)) is not None:
            return hub
    return None


def _is_patched(module: str, check: str, name: str) -> bool:
    patcher = sys.modules.get(module)
    return patcher is not None and bool(getattr(patcher, check)(name))


def _imported(name: str) -> Any:
    """A module that only programs of greenlets have."""
    return import_module(name)


@cache
def _gevent() -> Callable[[bool], Hub | None]:
    get_hub_if_exists = _imported("gevent._hub_local").get_hub_if_exists
    hubs = _imported("gevent.hub")

    def find(create: bool) -> Hub | None:
        patched = _is_patched("gevent.monkey", "is_module_patched", "threading")
        hub = hubs.get_hub() if create and patched else get_hub_if_exists()
        return None if hub is None or hub is hubs.getcurrent() else _Gevent(hub, patched)

    return find


class _Gevent(Hub):
    __slots__ = ("_hub",)

    def __init__(self, hub: Any, patched: bool) -> None:
        self._hub = hub
        self.patched = patched

    def spawn(self, function: Callable[[], object]) -> None:
        self._hub.loop.run_callback_threadsafe(_imported("gevent").spawn, function)

    def channel(self) -> Channel:
        return _GeventChannel(self._hub)


class _GeventChannel:
    __slots__ = ("_event", "_watcher")

    def __init__(self, hub: Any) -> None:
        self._event = _imported("gevent.event").Event()
        # Keeps the loop running, which would otherwise end when nothing else is waited for.
        self._watcher = hub.loop.async_()
        self._watcher.start(self._event.set)

    def wait(self) -> None:
        self._event.wait()
        self._event.clear()

    def wake(self) -> None:
        # The loop may be gone, or the greenlet waits no longer.
        with suppress(Exception):
            self._watcher.send()

    def close(self) -> None:
        self._watcher.stop()
        self._watcher.close()


@cache
def _eventlet() -> Callable[[bool], Hub | None]:
    hubs = _imported("eventlet.hubs")
    getcurrent = _imported("greenlet").getcurrent
    mailboxes: WeakKeyDictionary[Any, tuple[int, _Mailbox]] = WeakKeyDictionary()

    def find(create: bool) -> Hub | None:
        patched = _is_patched("eventlet.patcher", "is_monkey_patched", "thread")
        hub = hubs.get_hub() if create and patched else getattr(hubs._threadlocal, "hub", None)
        if hub is None or hub.greenlet is getcurrent():
            return None
        process, mailbox = mailboxes.get(hub, (0, None))
        if mailbox is None or process != os.getpid():
            # A forked child must not write to its parent's.
            mailbox = _Mailbox()
            mailboxes[hub] = (os.getpid(), mailbox)
        return _Eventlet(mailbox, patched)

    return find


class _Mailbox:
    """Functions that other threads want a hub of eventlet to call, which has no way for this itself."""

    __slots__ = ("_functions", "_reader", "_writer")

    def __init__(self) -> None:
        socket = _imported("eventlet.patcher").original("socket")
        self._functions: deque[Callable[[], object]] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        _imported("eventlet").spawn(self._deliver)

    def post(self, function: Callable[[], object]) -> None:
        self._functions.append(function)
        # A full pipe wakes the hub as well.
        with suppress(BlockingIOError):
            self._writer.send(b"\0")

    def _deliver(self) -> None:
        trampoline = _imported("eventlet.hubs").trampoline
        while True:
            trampoline(self._reader, read=True)
            with suppress(BlockingIOError):
                self._reader.recv(4096)
            while self._functions:
                self._functions.popleft()()


class _Eventlet(Hub):
    __slots__ = ("_mailbox",)

    def __init__(self, mailbox: _Mailbox, patched: bool) -> None:
        self._mailbox = mailbox
        self.patched = patched

    def spawn(self, function: Callable[[], object]) -> None:
        self._mailbox.post(partial(_imported("eventlet").spawn, function))

    def channel(self) -> Channel:
        return _EventletChannel(self._mailbox)


class _EventletChannel:
    __slots__ = ("_event", "_mailbox", "_woken")

    def __init__(self, mailbox: _Mailbox) -> None:
        self._mailbox = mailbox
        self._woken = False
        self._event: Any = None

    def wait(self) -> None:
        if not self._woken:
            self._event = _imported("eventlet.event").Event()
            self._event.wait()
        self._woken = False

    def wake(self) -> None:
        self._mailbox.post(self._wake)

    def _wake(self) -> None:
        self._woken = True
        if self._event is not None and not self._event.ready():
            self._event.send()

    def close(self) -> None:
        self._event = None
