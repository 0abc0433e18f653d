"""The errors of keysecure, one tree under :class:`KeySecureError`.

They are ordinary Python classes: they pickle, copy and cross process borders with all their fields.
"""

from __future__ import annotations

import builtins

__all__ = [
    "ApiError",
    "AuthenticationError",
    "ConfigError",
    "ConflictError",
    "DecryptError",
    "InternalError",
    "InvalidInputError",
    "InvalidResponseError",
    "KeySecureError",
    "NotFoundError",
    "PermissionError",
    "RateLimitError",
    "StateError",
    "TimeoutError",
    "TransportError",
    "WebhookError",
]


class KeySecureError(Exception):
    """Anything that this package raises by itself.

    The question to ask before sending a change again is :attr:`outcome`:

    * ``"not_sent"``: the request never left whole; nothing was done.
    * ``"rejected"``: the platform answered that it did not do it.
    * ``"unknown"``: it may have been done. Look before you send it again, or use the ``ensure_*`` calls.

    The text holds no secret, no URL and no body, and digits that look like a card number are masked.
    """

    outcome: str
    """``"not_sent"``, ``"rejected"`` or ``"unknown"``."""
    code: int | None
    """The platform's code, when it answered with one."""
    msg: str | None
    """The platform's message."""
    field: str | None
    """The field that broke a rule, ours or the platform's, in its name on the wire."""
    http_status: int | None
    """The HTTP status, when an answer came."""
    operation: str | None
    """The call that failed, such as ``accounts.transfer``; ``None`` for settings and values."""
    attempts: int
    """How many times the call's own request was tried; 0 when it was never tried."""
    retry_after: float | None
    """How many seconds the platform asked to wait, when it did."""

    def __init__(
        self,
        message: str = "",
        *,
        outcome: str = "not_sent",
        code: int | None = None,
        msg: str | None = None,
        field: str | None = None,
        http_status: int | None = None,
        operation: str | None = None,
        attempts: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.code = code
        self.msg = msg
        self.field = field
        self.http_status = http_status
        self.operation = operation
        self.attempts = attempts
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.args, dict(self.__dict__))


def _restored(cls: type[KeySecureError], args: tuple[str, ...], fields: dict[str, object]) -> KeySecureError:
    error = cls(*args)
    error.__dict__.update(fields)
    return error


class ConfigError(KeySecureError):
    """A setting of the client is wrong, or the client was closed."""


class InvalidInputError(KeySecureError, ValueError):
    """An argument breaks a rule; nothing was sent. ``field`` names it. Also a builtin :class:`ValueError`."""


class TransportError(KeySecureError):
    """The network failed."""


class TimeoutError(TransportError, builtins.TimeoutError):
    """Time ran out. Also a builtin :class:`TimeoutError`."""


class ApiError(KeySecureError):
    """A refusal of the platform; ``code`` and ``msg`` are its words."""


class AuthenticationError(ApiError):
    """Codes 1002, 1006, 1007, 1008, 1010, 1011: the Api-Key or the access token."""


class PermissionError(ApiError):
    """Codes 1003, 1012, 1013, 1021, 1022: not allowed for this merchant or from this address."""


class RateLimitError(ApiError):
    """Code 1009: too frequent."""


class NotFoundError(ApiError):
    """Code 2002: the cardholder does not exist."""


class StateError(ApiError):
    """Codes 2003, 2004, 2005, 4005: the thing is in a state that does not allow this."""


class ConflictError(KeySecureError):
    """Another thing stands under the same number of the merchant's (``ensure_*`` calls)."""


class InvalidResponseError(KeySecureError):
    """The answer is not what the platform's documentation says."""


class DecryptError(KeySecureError):
    """Card data could not be decrypted: most likely ``aes`` or the secret is wrong."""


class WebhookError(KeySecureError):
    """A callback was not accepted; ``rejection`` says why."""

    rejection: str | None
    """The reason's name, such as ``"wrong_signature"``, ``"too_old"`` or ``"replayed"``."""

    def __init__(
        self, message: str = "", *, rejection: str | None = None, outcome: str = "rejected", **fields: object
    ) -> None:
        super().__init__(message, outcome=outcome)
        self.__dict__.update(fields)
        self.rejection = rejection


class InternalError(KeySecureError):
    """A defect of this package. Please report it."""
