"""The errors of keysecure, one tree under :class:`KeySecureError`.

They are ordinary Python classes: they pickle, copy and cross process borders with all their fields. Their ``args`` are
the text and a dict of the fields, so an error that is rebuilt from its class and ``args`` alone, as JSON result back
ends do, has them all. Each class names its kind in the core's list of kinds, ``core/src/error/kind.rs``.
"""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .literals import Outcome, Rejection, TransportFault

BY_KIND: dict[str, type[KeySecureError]] = {}
"""The class of each kind of error. The native module raises from it."""


class KeySecureError(Exception):
    """Any error of this package.

    Before sending a change again, look at :attr:`outcome`:

    * ``"not_sent"``: no complete request left; nothing was done.
    * ``"rejected"``: the platform reported that it did not carry the operation out.
    * ``"unknown"``: it may have been carried out. Look it up before you send it again, or use the ``ensure_*`` calls.

    The text holds no secret, no URL and no body, and digits that look like a card number are masked.
    """

    outcome: Outcome
    """``"not_sent"``, ``"rejected"`` or ``"unknown"``."""
    code: int | None
    """The code in the response. One that the platform does not document may come from a gateway."""
    msg: str | None
    """The platform's message, at most 2 KiB of it."""
    field: str | None
    """The field that broke a rule, ours or the platform's, in its name on the wire."""
    http_status: int | None
    """The HTTP status, when a response came."""
    operation: str | None
    """The call that failed, such as ``accounts.transfer``; ``None`` for settings and values."""
    attempts: int
    """Number of attempts of the call; 0 when nothing was sent."""
    retry_after: float | None
    """How many seconds the platform asked to wait, when it did."""

    transport_fault: TransportFault | None
    """Failure of the exchange when there was no response, such as ``"timeout"``; see
    :data:`keysecure.literals.TransportFault`."""
    rejection: Rejection | None
    """Why a webhook was not accepted, such as ``"wrong_signature"``, ``"too_old"`` or ``"replayed"``."""

    def __init_subclass__(cls, *, kind: str | None = None) -> None:
        super().__init_subclass__()
        if kind is not None:
            BY_KIND[kind] = cls

    def __init__(
        self,
        message: str = "",
        fields: Mapping[str, object] | None = None,
        /,
        *,
        outcome: str | None = None,
        code: int | None = None,
        msg: str | None = None,
        field: str | None = None,
        http_status: int | None = None,
        operation: str | None = None,
        attempts: int | None = None,
        retry_after: float | None = None,
        transport_fault: str | None = None,
        rejection: str | None = None,
    ) -> None:
        """An error with this text and these fields, as a dict or by name. Without ``outcome`` it is ``"unknown"``."""
        super().__init__(message)
        named = {name: value for name, value in locals().items() if name in _DEFAULTS and value is not None}
        # A back end may have turned the dict into a text: then nothing is known, least of all that nothing was done.
        given = fields if isinstance(fields, dict) else {}
        known = {name: given[name] for name in _DEFAULTS if given.get(name) is not None} | named
        self.__dict__.update(_DEFAULTS | known)
        self.args = (message, {"outcome": self.outcome, **known})

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.args, dict(self.__dict__))


_DEFAULTS: dict[str, object] = {
    "outcome": "unknown",
    "code": None,
    "msg": None,
    "field": None,
    "http_status": None,
    "operation": None,
    "attempts": 0,
    "retry_after": None,
    "transport_fault": None,
    "rejection": None,
}


def _restored(cls: type[KeySecureError], args: tuple[object, ...], state: dict[str, object]) -> KeySecureError:
    error = cls(*args)  # type: ignore[arg-type]
    error.__dict__.update(state)
    return error


class ConfigError(KeySecureError, kind="config"):
    """A setting of the client is wrong, or the client was closed."""


class InvalidInputError(KeySecureError, ValueError, kind="invalid_input"):
    """An argument breaks a rule; nothing was sent. ``field`` names it. Also a builtin :class:`ValueError`."""


class TransportError(KeySecureError, kind="transport"):
    """The network failed."""


class TimeoutError(TransportError, builtins.TimeoutError, kind="timeout"):
    """Time ran out. Also a builtin :class:`TimeoutError`."""


class ApiError(KeySecureError, kind="api"):
    """The response carries an error code; ``code`` and ``msg`` are as they came. ``outcome`` says whether it is a
    refusal of the platform (``"rejected"``) or leaves open what was done (``"unknown"``): a gateway's code, or code
    1001."""


class AuthenticationError(ApiError, kind="authentication"):
    """Codes 1002, 1006, 1007, 1008, 1010, 1011, or HTTP 401 without a code: the Api-Key or the access token."""


class PermissionError(ApiError, kind="permission"):
    """Codes 1003, 1012, 1013, 1021, 1022, or HTTP 403 without a code: not allowed for this merchant or from this
    address."""


class RateLimitError(ApiError, kind="rate_limit"):
    """Code 1009: too frequent."""


class NotFoundError(ApiError, kind="not_found"):
    """Code 2002: the cardholder does not exist."""


class StateError(ApiError, kind="state"):
    """Codes 2003, 2004, 2005, 4005: the target has a status that does not allow this."""


class ConflictError(KeySecureError, kind="conflict"):
    """Another target has the same merchant reference (``ensure_*`` calls)."""


class InvalidResponseError(KeySecureError, kind="invalid_response"):
    """The response is not what the platform's documentation says."""


class DecryptError(KeySecureError, kind="decrypt"):
    """Card data could not be decrypted: most likely ``aes`` or the secret is wrong."""


class WebhookError(KeySecureError, kind="webhook"):
    """A webhook was not accepted; ``rejection`` says why."""


class InternalError(KeySecureError, kind="internal"):
    """A defect of this package. Please report it."""


def quoted(text: object) -> str:
    """Text in a log line, in double quotes as the core writes it; what would begin another line is escaped."""
    from json import dumps

    return dumps(str(text))


def raised_by(what: str, error: BaseException) -> tuple[str, dict[str, object]]:
    """For the log: what raised, the type of the exception and the place, as text and as the fields of the record.

    The text of the exception may hold anything, and stays out.
    """
    fields: dict[str, object] = {"exception_type": type(error).__name__}
    place = _place_of(error)
    if place is None:
        return f"{what} raised {type(error).__name__}", fields
    fields |= {"exception_file": place[0], "exception_line": place[1]}
    return f"{what} raised {type(error).__name__} at {place[0]}:{place[1]}", fields


def _place_of(error: BaseException) -> tuple[str, int] | None:
    """File and line of the innermost frame of the user's code, or of the innermost one if all are of libraries."""
    import os
    from os.path import dirname

    ours, standard = dirname(__file__), dirname(os.__file__)
    innermost = own = None
    step = error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        innermost = file, step.tb_lineno
        if not (file.startswith((ours, standard, "<frozen ")) or "site-packages" in file or "dist-packages" in file):
            own = innermost
        step = step.tb_next
    return own or innermost
