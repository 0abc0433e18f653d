"""The faults of the platform and of its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import TypeAlias, cast

FaultWithValue: TypeAlias = Mapping[str, object]
"""A fault with its value, such as ``{"code": 1009}``."""


class Fault(str, Enum):
    """A kind of fault of the platform: a member, or one with a value such as ``Fault.code(1009)``.

    :meth:`Sandbox.fault` takes these, and the same as text or a dict: ``"drop_after_commit"``, ``{"code": 1009}``.
    The text of a member is its name in lower case. "Executed" means that the call is executed and committed before the
    fault takes effect. Milliseconds are real time.

    ===============================  =================================================================================
    ``REFUSE``                       not executed; the connection is reset at the first bytes of any request
    ``DROP_BEFORE_READ``             not executed; the connection is reset before the body is read
    ``DROP_AFTER_COMMIT``            executed; the connection is reset without a response: the outcome is ``unknown``
    ``TRUNCATE``                     executed; half of the body is sent, then the connection is closed
    ``MALFORMED``                    executed; the body is not JSON
    ``WRONG_TYPE``                   executed; ``data`` has another type
    ``WRONG_FIELD_TYPES``            executed; the fields of ``data``, or of the items of its list, have other types
    ``MISSING_DATA``                 executed; there is no ``data``
    ``CONTRADICTORY``                executed; the envelope has ``code`` twice
    ``HTML``                         executed; an HTML page with status 200
    ``GZIP_BOMB``                    executed; a small response that inflates to 64 MiB
    ``DEEP_NESTING``                 executed; ``data`` is 100,000 nested lists
    ``INVALID_UTF8``                 executed; ``data`` is text that is not UTF-8
    ``REDIRECT``                     not executed; a redirect with status 307, see :meth:`Sandbox.redirect_calls`
    ``EXPIRED_TOKEN``                not executed; code 1007, whatever the token
    ``code(code)``                   not executed; that code, such as 1009 (too frequent)
    ``code_after_commit(code)``      executed; that code nevertheless: a system error (1001) may hide a commit
    ``http_status(status)``          not executed; that HTTP status, and ``Retry-After`` by
                                     ``http_status(status, retry_after)``, in seconds
    ``stall(ms)``                    executed after that many milliseconds
    ``stall_after_commit(ms)``       executed; the response comes that many milliseconds later
    ``late_commit(ms)``              the connection is reset at once; executed that many milliseconds later
    ``oversize(size)``               executed; JSON of that many bytes
    ``skew_clock(ms)``               executed by a clock that is off by that many milliseconds; negative: behind
    ===============================  =================================================================================
    """

    REFUSE = "refuse"
    """Not executed. The connection is reset when the first bytes of a request arrive; the operation is not known then,
    so this kind affects any request."""
    DROP_BEFORE_READ = "drop_before_read"
    """Not executed. The connection is reset before the body is read."""
    DROP_AFTER_COMMIT = "drop_after_commit"
    """Executed. The connection is reset without a response: the outcome of a change is ``unknown``."""
    TRUNCATE = "truncate"
    """Executed. Half of the body is sent, then the connection is closed."""
    MALFORMED = "malformed"
    """Executed. The body is not JSON."""
    WRONG_TYPE = "wrong_type"
    """Executed. ``data`` has another type."""
    WRONG_FIELD_TYPES = "wrong_field_types"
    """Executed. The fields of ``data``, or of the items of its list, have other types."""
    MISSING_DATA = "missing_data"
    """Executed. There is no ``data``."""
    CONTRADICTORY = "contradictory"
    """Executed. The envelope has ``code`` twice."""
    HTML = "html"
    """Executed. The response is an HTML page with status 200."""
    GZIP_BOMB = "gzip_bomb"
    """Executed. The response is small and inflates to 64 MiB."""
    DEEP_NESTING = "deep_nesting"
    """Executed. ``data`` is 100,000 nested lists."""
    INVALID_UTF8 = "invalid_utf8"
    """Executed. ``data`` is text that is not UTF-8."""
    REDIRECT = "redirect"
    """Not executed. The response is a redirect with status 307; see :meth:`Sandbox.redirect_calls`."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105
    """Not executed. The response has code 1007, whatever the token."""

    @staticmethod
    def code(code: int) -> FaultWithValue:
        """Not executed. The response has that code, such as 1009 (too frequent)."""
        return {"code": code}

    @staticmethod
    def code_after_commit(code: int) -> FaultWithValue:
        """Executed. The response has that code nevertheless: a system error (1001) may hide a commit."""
        return {"code_after_commit": code}

    @staticmethod
    def http_status(status: int, retry_after: int | None = None) -> FaultWithValue:
        """Not executed. The response has that HTTP status, a body that is no envelope and, when given, a
        ``Retry-After`` in seconds."""
        return {"http_status": [status, retry_after]}

    @staticmethod
    def stall(ms: int) -> FaultWithValue:
        """Executed after that many milliseconds of real time."""
        return {"stall": ms}

    @staticmethod
    def stall_after_commit(ms: int) -> FaultWithValue:
        """Executed. The response comes that many milliseconds of real time later."""
        return {"stall_after_commit": ms}

    @staticmethod
    def late_commit(ms: int) -> FaultWithValue:
        """The connection is reset at once; the call is executed that many milliseconds of real time later."""
        return {"late_commit": ms}

    @staticmethod
    def oversize(size: int) -> FaultWithValue:
        """Executed. The response is JSON of that many bytes."""
        return {"oversize": size}

    @staticmethod
    def skew_clock(ms: int) -> FaultWithValue:
        """Executed by a clock that is off by that many milliseconds; negative: behind."""
        return {"skew_clock": ms}


class WebhookFault(str, Enum):
    """A kind of fault of one webhook: a member, or one with a value such as ``WebhookFault.delay(5000)``.

    It affects the first attempt to deliver the webhook. :meth:`Sandbox.webhook_fault` takes these, and the same as text
    or a dict: ``"drop"``, ``{"delay": 5000}``. The text of a member is its name in lower case.

    =========================  =======================================================================================
    ``DUPLICATE``              sent twice, byte for byte
    ``REORDER``                sent after the next webhook, never if there is none
    ``DROP``                   never sent, until :meth:`Sandbox.redeliver`
    ``WRONG_SIGNATURE``        sent with one wrong digit in the signature
    ``OLD_SECRET``             signed with the secret before the last rotation
    ``TAMPER_BODY``            changed after it was signed
    ``delay(ms)``              sent after that many milliseconds of virtual time
    ``stale_timestamp(ms)``    sent and signed with a ``Timestamp`` that many milliseconds in the past; negative: in
                               the future
    =========================  =======================================================================================
    """

    DUPLICATE = "duplicate"
    """Sent twice, byte for byte."""
    REORDER = "reorder"
    """Sent after the next webhook. If there is no next one, it is not sent."""
    DROP = "drop"
    """Never sent, until :meth:`Sandbox.redeliver`."""
    WRONG_SIGNATURE = "wrong_signature"
    """Sent with one wrong digit in the signature."""
    OLD_SECRET = "old_secret"  # noqa: S105
    """Signed with the secret before the last rotation."""
    TAMPER_BODY = "tamper_body"
    """Changed after it was signed."""

    @staticmethod
    def delay(ms: int) -> FaultWithValue:
        """Sent after that many milliseconds of virtual time."""
        return {"delay": ms}

    @staticmethod
    def stale_timestamp(ms: int) -> FaultWithValue:
        """Sent and signed with a ``Timestamp`` that many milliseconds in the past; negative: in the future."""
        return {"stale_timestamp": ms}


def fault_body(kinds: type[Fault | WebhookFault], given: object) -> object:
    """The fault as the control call takes it.

    :raises ValueError: there is no such fault, or its value is missing or of the wrong type.
    """
    with_value: dict[str, Callable[..., FaultWithValue]] = {
        name: member.__func__ for name, member in vars(kinds).items() if isinstance(member, staticmethod)
    }
    name, values = _split(given)
    if name in with_value:
        if values is None:
            raise ValueError(f"the fault {name!r} needs a value: {kinds.__name__}.{name}(...) or {{{name!r}: ...}}")
        if not all(_is_int(value) or (value is None and at > 0) for at, value in enumerate(values)):
            raise ValueError(f"the value of the fault {name!r} must be an int")
        try:
            return with_value[name](*values)
        except TypeError:
            raise ValueError(f"the fault {name!r} does not take {len(values)} values") from None
    names = [*(kind.value for kind in kinds), *with_value]
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"there is no fault {name!r}{hint} The faults are {', '.join(sorted(names))}")
    if values is not None:
        raise ValueError(f"the fault {name!r} has no value")
    return name


def _split(given: object) -> tuple[str, list[object] | None]:
    """The name of a fault, and its values if it has any."""
    if isinstance(given, Enum):
        return str(given.value), None
    if isinstance(given, str):
        return given, None
    entries = list(cast("Mapping[object, object]", given).items()) if isinstance(given, Mapping) else []
    if len(entries) == 1:
        [(name, value)] = entries
        if isinstance(name, str):
            several = isinstance(value, (list, tuple))
            return name, list(cast("Iterable[object]", value)) if several else [value]
    raise ValueError("a fault is a Fault, its name, or a dict with its name and its value, such as {'code': 1009}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
