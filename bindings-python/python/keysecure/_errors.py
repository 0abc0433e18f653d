"""The errors of keysecure, one tree under :class:`KeySecureError`.

They are ordinary Python classes: they pickle, copy and cross process borders with all their fields.
"""

import builtins


class KeySecureError(Exception):
    """Anything that this package raises by itself.

    The question to ask before sending a change again is :attr:`outcome`:

    * ``"not_sent"``: the request never left whole; nothing was done.
    * ``"rejected"``: the platform answered that it did not do it.
    * ``"unknown"``: it may have been done. Look before you send it again, or use the ``ensure_*`` calls.
    """

    def __init__(
        self,
        message="",
        *,
        outcome="not_sent",
        code=None,
        msg=None,
        field=None,
        http_status=None,
        operation=None,
        attempts=0,
        retry_after=None,
    ):
        super().__init__(message)
        self.outcome = outcome
        self.code = code
        self.msg = msg
        self.field = field
        self.http_status = http_status
        self.operation = operation
        self.attempts = attempts
        self.retry_after = retry_after

    def __str__(self):
        return str(self.args[0]) if self.args else ""

    def __reduce__(self):
        return _restored, (type(self), self.args, dict(self.__dict__))


def _restored(cls, args, fields):
    error = cls(*args)
    error.__dict__.update(fields)
    return error


class ConfigError(KeySecureError):
    """A setting of the client is wrong, or the client was closed."""


class InvalidInputError(KeySecureError, ValueError):
    """An argument breaks a rule; nothing was sent. ``field`` names it."""


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
    """A callback was not accepted; ``rejection`` says why, such as ``"wrong_signature"``."""

    def __init__(self, message="", *, rejection=None, outcome="rejected", **fields):
        super().__init__(message, outcome=outcome, **fields)
        self.rejection = rejection


class InternalError(KeySecureError):
    """A defect of this package. Please report it."""
