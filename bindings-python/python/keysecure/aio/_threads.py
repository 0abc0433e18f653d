"""Threads for blocking calls: bounded, started when they are needed, and no obstacle to the end of the program."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from .._errors import ConfigError, TransportError

log = logging.getLogger("keysecure")
IDLE_SECONDS = 10.0
"""How long a thread waits for more work."""
EXIT_SECONDS = 5.0
"""How long the end of the program waits for mutations, and then for calls that are aborted."""


class Job(Protocol):
    """Blocking work."""

    @property
    def name(self) -> str: ...
    @property
    def is_kept(self) -> bool:
        """Whether it continues without its task, because its outcome must be known."""
        ...

    def start(self) -> bool:
        """Whether somebody still wants it. Called under the lock of the threads."""
        ...

    def refuse(self, error: Exception) -> None:
        """Ends it before it has started."""

    def run(self) -> None: ...
    def settle(self) -> None:
        """Continues the task that awaits it."""


class Threads:
    """At most ``limit`` daemon threads. Further jobs wait for a free one.

    The standard library's executors keep the program from ending as long as a call hangs, and that of the event loop is
    shared with all other code.
    """

    def __init__(self, limit: int, abort: Callable[[], None] = lambda: None) -> None:
        self._limit = limit
        self.abort = abort
        self._closed = False
        self.reset()
        _POOLS.add(self)

    def reset(self) -> None:
        self.lock = threading.Lock()
        self._added = threading.Condition(self.lock)
        self._ended = threading.Condition(self.lock)
        self._queue: deque[Job] = deque()
        self._running: set[Job] = set()
        self._count = self._waiting = 0

    def add(self, job: Job) -> None:
        """Runs a job as soon as a thread is free. Raises with outcome ``not_sent`` when it will never run."""
        with self.lock:
            if self._closed:
                raise ConfigError("the client is closed", outcome="not_sent")
            self._queue.append(job)
            if self._waiting >= len(self._queue):
                self._added.notify()
            elif self._count < self._limit:
                self._start_thread()

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="keysecure.aio", daemon=True).start()
        except RuntimeError as error:
            # The jobs wait for the other threads, if there are any.
            if not self._count:
                self._queue.pop()
                raise TransportError("the system cannot create a thread", outcome="not_sent") from error
        else:
            self._count += 1

    def _work(self) -> None:
        job: Job | None = None
        while True:
            # This thread is free before the task continues, whose next call then needs no other one.
            following = self._take(job)
            if job is not None:
                job.settle()
            # A thread that waits keeps nothing alive.
            job, following = following, None
            job = job or self._wait()
            if job is None:
                return
            job.run()

    def _take(self, ended: Job | None) -> Job | None:
        """Ends a job and takes the next one. Without one, the thread counts as waiting."""
        with self.lock:
            if ended is not None:
                self._running.discard(ended)
                self._ended.notify_all()
            job = self._pop()
            self._waiting += job is None
            return job

    def _wait(self) -> Job | None:
        """Waits for a job. Without one, the thread is to end."""
        with self.lock:
            job = self._pop()
            while job is None and not self._closed:
                notified = self._added.wait(IDLE_SECONDS)
                job = self._pop()
                if not notified:
                    break
            self._waiting -= 1
            self._count -= job is None
            return job

    def _pop(self) -> Job | None:
        while self._queue:
            job = self._queue.popleft()
            if job.start():
                self._running.add(job)
                return job
        return None

    def close(self) -> None:
        """Refuses further jobs and those that wait for a thread."""
        with self.lock:
            self._closed = True
            refused = list(self._queue)
            self._queue.clear()
            self._added.notify_all()
        for job in refused:
            job.refuse(ConfigError("the client was closed before the call was sent", outcome="not_sent"))

    def wait(self, *, only_kept: bool, seconds: float | None = None) -> list[str]:
        """Waits for the running jobs and returns the names of those that do not end in time."""
        with self.lock:
            self._ended.wait_for(lambda: not self._names(only_kept=only_kept), seconds)
            return self._names(only_kept=only_kept)

    def _names(self, *, only_kept: bool) -> list[str]:
        return [job.name for job in self._running if job.is_kept or not only_kept]


_POOLS: weakref.WeakSet[Threads] = weakref.WeakSet()


def _in_child() -> None:
    """A forked child has no threads, and its locks may have been held by one."""
    for pool in list(_POOLS):
        pool.reset()


def _at_exit() -> None:
    """Waits for mutations, and ends everything else: a thread that returns to an interpreter that has ended may crash
    the process."""
    pools = list(_POOLS)
    for name in _wait_for(pools, only_kept=True):
        log.error("the program ends while %s is in progress", name, extra={"operation": name, "outcome": "unknown"})
    for pool in pools:
        if pool.wait(only_kept=False, seconds=0):
            pool.abort()
    _wait_for(pools, only_kept=False)


def _wait_for(pools: Iterable[Threads], *, only_kept: bool) -> list[str]:
    end = time.monotonic() + EXIT_SECONDS
    left = [pool.wait(only_kept=only_kept, seconds=max(0.0, end - time.monotonic())) for pool in pools]
    return [name for names in left for name in names]


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
