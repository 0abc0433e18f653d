"""Lists, page by page, for tasks."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Generic, TypeVar

import keysecure

from ._call import Call
from ._threads import Threads

_T_co = TypeVar("_T_co", covariant=True)


class Pager(Generic[_T_co]):
    """An asynchronous iterator over the rows of a list, newest first, which are fetched page by page::

        async for card in client.cards.list(start=date(2026, 1, 1), end=date(2026, 1, 31)):
            print(card.card_no)

    It is single-pass, as :class:`keysecure.Pager` is: a second loop continues where the first one ended, and tasks that
    iterate over one pager share its rows. A cancelled task loses no row and no error: the next one gets them.

    A failed request ends it: :attr:`failed` is then true, and every further row is an error. After two other errors,
    both an :class:`keysecure.InvalidResponseError`, it continues: a row without its number, and a window of which rows
    may be missing. To read all other rows, call ``anext(rows, None)`` in a loop and catch them.
    """

    def __init__(self, pager: keysecure.Pager[_T_co], threads: Threads, name: str) -> None:
        self._pager = pager
        self._threads = threads
        self._name = name
        self._lock = Lock()
        self._rows: deque[_T_co | _Failure] = deque()

    @property
    def failed(self) -> bool:
        """Whether a request failed, which ended the iteration. After every other error it continues."""
        return self._pager.failed

    def __aiter__(self) -> Pager[_T_co]:
        return self

    async def __anext__(self) -> _T_co:
        while not self._rows:
            if not await Call(self._threads, self._name, self._fetch).awaited():
                raise StopAsyncIteration
        row = self._rows.popleft()
        if isinstance(row, _Failure):
            raise row.error
        return row

    def _fetch(self) -> bool:
        """Fetches a page in a thread. The rows are kept here, so that a cancelled task does not lose them."""
        with self._lock:
            if not self._rows:
                try:
                    self._rows.extend(self._pager._next_page())  # pyright: ignore[reportPrivateUsage]
                except Exception as error:
                    self._rows.append(_Failure(error))
            return bool(self._rows)

    def __repr__(self) -> str:
        return "<keysecure.aio.Pager>"


class _Failure:
    """An error in the place of a row."""

    def __init__(self, error: Exception) -> None:
        self.error = error
