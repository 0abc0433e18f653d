"""What a relay passes to the merchant's functions, and what it responds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._errors import KeySecureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..literals import Denial, Outcome


class Headers(Mapping[str, str]):
    """The headers of a request. Names may have either case; those that came twice are left out, because it is not known
    which of the two a proxy checked. Cookies, which HTTP/2 may split, are one. ``repr`` shows no value."""

    __slots__ = ("_values",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        values: dict[str, str] = {}
        twice: set[str] = set()
        for name, value in pairs:
            if (lower := name.lower()) in values:
                twice.add(lower)
            values[lower] = value
        self._values = {name: value for name, value in values.items() if name not in twice}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self._values)}>"


class RelayRequest:
    """A request of an app, for ``authorize``. ``repr`` shows the method and the path only."""

    __slots__ = ("bearer", "context", "headers", "method", "path")

    method: str
    """The method in capital letters, such as ``"POST"``."""
    path: str
    """The path, such as ``"/v1/cards.get"``."""
    headers: Headers
    """The headers, by names in either case."""
    bearer: str | None
    """The token of ``Authorization: Bearer TOKEN``."""
    context: Any
    """The ``environ`` of WSGI or the ``scope`` of ASGI, or what was passed to ``Relay.handle``; else ``None``."""

    def __init__(
        self, method: str, path: str, headers: list[tuple[str, str]], bearer: str | None, context: Any = None
    ) -> None:
        self.method = method
        self.path = path
        self.headers = Headers(headers)
        self.bearer = bearer
        self.context = context

    def __repr__(self) -> str:
        return f"<RelayRequest {self.method} {self.path}>"


class RelayResponse:
    """The response to a request. Send all of it, unchanged. ``repr`` shows the status only: the body may hold the
    secrets of a card."""

    __slots__ = ("body", "headers", "status")

    status: int
    """The HTTP status."""
    headers: list[tuple[str, str]]
    """The headers but ``Content-Length``, which is the server's."""
    body: bytes
    """JSON in UTF-8."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self) -> str:
        return f"<RelayResponse {self.status}>"


@dataclass(frozen=True)
class AuditRecord:
    """A request to a relay: who, what, allowed or why not, and the outcome. It holds no secret."""

    session: str | None
    """The session, as the scope names it; ``None`` without a scope."""
    cardholder_no: str | None
    """The cardholder of the scope."""
    operation: str | None
    """The operation, such as ``"cards.get"``; ``None`` if there is no such operation."""
    denial: Denial | None
    """Why the request was denied; ``None`` if it was allowed."""
    outcome: Outcome | None
    """The outcome of the error that the app received; ``None`` for success."""
    error: KeySecureError | None = field(repr=False)
    """The error with all that the app does not see; ``None`` for success."""
    subject: str | None
    """The number that the request is about, such as a ``card_no``."""
    tap: str | None
    """The tap of a mutation."""
    http_status: int
    """The HTTP status of the response."""
    duration: float
    """Seconds from the arrival of the request to its response."""
