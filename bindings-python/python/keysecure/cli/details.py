"""`--details`: one more call for each row, several at once, in the order of the list."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from .. import (
    ApiError,
    AuthenticationError,
    Client,
    InvalidResponseError,
    PermissionError,
    RateLimitError,
)
from .lists import Kind, Row

FINAL = (AuthenticationError, PermissionError, RateLimitError)
"""Refusals that concern every row: they end the export, which can be continued."""


class Details:
    """Fetches the details of rows. The number of rows that are ahead of the one that is written is bounded."""

    def __init__(self, client: Client, kind: Kind, parallel: int, warn: Callable[[str], None]) -> None:
        self.client = client
        self.kind = kind
        self.ahead = 2 * parallel
        self.warn = warn
        self.pool = ThreadPoolExecutor(parallel, thread_name_prefix="keysecure-details")

    def of(self, rows: Iterator[Row | None]) -> Generator[Row | None]:
        """The rows with their details, in the same order; `None` for a row that is left out.

        A row whose details the platform refuses comes as the list had it, followed by `None`.
        """
        waiting: deque[tuple[Row, Future[Row]] | None] = deque()
        try:
            for row in rows:
                waiting.append(None if row is None else (row, self.pool.submit(self.fetch, row)))
                if len(waiting) > self.ahead:
                    yield from self.take(waiting.popleft())
            while waiting:
                yield from self.take(waiting.popleft())
        finally:
            # After an error calls may still run. Closing the client aborts them.
            self.pool.shutdown(wait=False, cancel_futures=True)

    def fetch(self, row: Row) -> Row:
        """Makes the call for a row."""
        return self.kind.detail(self.client, self.number(row)) if self.kind.detail else row

    def number(self, row: Row) -> str:
        """The number of a row."""
        return str(getattr(row, self.kind.number))

    def take(self, waiting: tuple[Row, Future[Row]] | None) -> Iterator[Row | None]:
        """Waits for the details of a row."""
        if waiting is None:
            yield None
            return
        row, future = waiting
        try:
            yield future.result()
        except (ApiError, InvalidResponseError) as error:
            if isinstance(error, FINAL) or error.outcome == "unknown" or error.http_status not in (None, 200):
                raise
            self.warn(f"details of {self.number(row)}: {error}")
            yield row
            yield None
