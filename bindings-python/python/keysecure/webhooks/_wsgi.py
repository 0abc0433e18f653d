"""The WSGI receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Literal, cast

from .._native import AuthEvent, Claim, WebhookVerifier
from ._bodies import read_wsgi
from ._receiver import Decision, Event, OnError, Receiver
from ._response import (
    REASONS,
    Refusal,
    Response,
    Sealed,
    headers_of,
)
from ._routes import Routes

WsgiApp = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def wsgi(
    verifier: WebhookVerifier,
    handler: Callable[[Event], object],
    *,
    decide: Callable[[AuthEvent], Decision] | None = None,
    default: Literal["decline", "accept"] = "decline",
    budget: float = 0.6,
    path: str | None = None,
    health_path: str | None = None,
    on_error: OnError | None = None,
) -> WsgiApp:
    """Creates a WSGI application that receives webhooks. See :mod:`keysecure.webhooks` for its responses.

    :param handler: gets each event but purchases; its return value is ignored. When it raises, the response makes the
        platform send the webhook again.
    :param decide: decides on a purchase: ``True``, ``False`` or a message to decline with. It runs on a separate thread
        and is not stopped when it is late. Without it every purchase gets the ``default``.
    :param default: the reply to a purchase when ``decide`` raised, is late or returned no decision; ``"decline"``
        unless set.
    :param budget: seconds from the arrival of the request to the reply (0.6), at most 0.8; the platform waits 0.8.
    :param path: the only path to serve, such as ``"/webhooks"``; all paths by default. It counts from this application,
        from any application that it is mounted in, or from the outside: mounted at ``/keysecure`` under
        ``SCRIPT_NAME=/api``, it may be ``"/webhooks"``, ``"/keysecure/webhooks"`` or ``"/api/keysecure/webhooks"``. One
        slash at the end, more or less, makes no difference.
    :param health_path: a path for health checks, such as ``"/healthz"``, which counts in the same way. ``GET`` and
        ``HEAD`` get 200 and ``{"status":"ok"}``; the store is not used, and nothing is logged. None by default.
    :param on_error: gets each exception of ``handler`` or ``decide``, such as ``sentry_sdk.capture_exception``, and an
        ``InvalidInputError`` for a value that is no decision; the log has its type and place only. It should return
        quickly. What it raises is logged and changes no response.
    :raises ConfigError: an argument does not fit.
    """
    receiver = Receiver(verifier, handler, decide, default, budget, on_error)
    receiver.refuse_async()
    routes = Routes(path, health_path)

    def respond(asked: Sealed) -> Response | Refusal:
        began = monotonic()
        request = _request(asked.value, routes, verifier._max_body)
        if not isinstance(request, Sealed):
            return request
        claim = receiver.claim(request, began)
        if not isinstance(claim, Claim):
            return claim or receiver.duplicate(request)
        if claim.received.action == "Auth":
            return receiver.decide(claim)
        return cast("Response", receiver.handle(claim))

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        asked = Sealed(environ)
        del environ
        response = respond(asked)
        status, body = cast("Response", response.log()) if isinstance(response, Refusal) else response
        start_response(
            f"{status} {REASONS[status]}", [(name.title(), value) for name, value in headers_of(status, body)]
        )
        # A body behind HEAD would be read as the next response on this connection.
        return [] if asked.value.get("REQUEST_METHOD") == "HEAD" else [body]

    return app


def _request(environ: dict[str, Any], routes: Routes, largest: int) -> Sealed | Response | Refusal:
    """The body and the headers of a webhook, or the response before its verification. It logs nothing."""
    mount, rest = (_decoded(environ.get(name) or "") for name in ("SCRIPT_NAME", "PATH_INFO"))
    if (response := routes.refuse(environ.get("REQUEST_METHOD") or "", mount, rest)) is not None:
        return response
    body = read_wsgi(environ, largest)
    if isinstance(body, Refusal):
        return body
    headers = {
        "Timestamp": environ.get("HTTP_TIMESTAMP"),
        "Signature": environ.get("HTTP_SIGNATURE"),
        "Sign-Version": environ.get("HTTP_SIGN_VERSION"),
    }
    return Sealed((body, headers))


def _decoded(text: str) -> str:
    """A path of an environment, which holds bytes as Latin-1."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")
