"""Decisions on purchases, which a :class:`keysecure.Responder` runs on threads of Python."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .._errors import raised_by
from .._native import AuthEvent
from ._response import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._hub import Hub


class TooLateError(Exception):
    """A decision that nobody waits for any more."""


def start_decision(
    decide: Callable[[AuthEvent], object], event: AuthEvent, send: Callable[[object], None], hub: Hub | None
) -> None:
    """Starts a decision, in a greenlet of the hub if there is one. The native part calls this and waits for the value that
    is sent."""

    def run() -> None:
        try:
            send(decide(event))
        except TooLateError:
            return
        except BaseException as error:
            failure = raised_by("the decision on a purchase", error)
        else:
            return
        log.error("%s", failure)

    if hub is not None:
        hub.spawn(run)
        return
    threading.Thread(target=run, name="keysecure-decision", daemon=True).start()
