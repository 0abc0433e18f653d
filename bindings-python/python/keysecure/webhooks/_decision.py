"""Decisions on purchases, which a :class:`keysecure.Responder` runs on threads of Python."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .._errors import raised_by
from .._native import AuthEvent
from ._response import log


class TooLateError(Exception):
    """A decision that nobody waits for any more."""


def start_decision(decide: Callable[[AuthEvent], object], event: AuthEvent, send: Callable[[object], None]) -> None:
    """Starts a decision. The native part calls this and waits for the value that is sent."""

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

    threading.Thread(target=run, name="keysecure-decision", daemon=True).start()
