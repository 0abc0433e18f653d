"""Applications with a receiver of webhooks, which the tests serve with real servers.

All serve ``/keysecure/webhooks`` and
``/keysecure/healthz``, whatever they are mounted in.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from keysecure import AuthEvent
from keysecure.webhooks import Event, WebhookVerifier, asgi, wsgi

WEBHOOKS = "/keysecure/webhooks"
HEALTH = "/keysecure/healthz"
READ_FIRST = "/read-first"


def record(line: str) -> None:
    """Adds a line to the file of the test, in one piece, whatever the number of workers."""
    file = os.open(os.environ["SHOP_EVENTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


def handle(event: Event) -> None:
    record(f"{type(event).__name__} {getattr(event, 'consume_no', '')} {getattr(event, 'status', '')}")


def decide(purchase: AuthEvent) -> bool | str:
    record(f"decide {purchase.consume_no}")
    return purchase.amount < 50 or "over the limit"


async def handle_later(event: Event) -> None:
    handle(event)


async def decide_later(purchase: AuthEvent) -> bool | str:
    return decide(purchase)


def settings() -> dict[str, Any]:
    """The settings of every receiver, whose log goes to a file."""
    log = logging.getLogger("keysecure")
    if not log.handlers:
        handler = logging.FileHandler(os.environ["SHOP_LOG"])
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    return {"path": WEBHOOKS, "health_path": HEALTH}


def verifier() -> WebhookVerifier:
    api_key, secret = os.environ["KEYSECURE_API_KEY"], os.environ["KEYSECURE_API_SECRET"]
    return WebhookVerifier(api_key, secret, store=os.environ["KEYSECURE_STORE"])


def bare_wsgi() -> Any:
    return wsgi(verifier(), handle, decide=decide, **settings())


def bare_asgi() -> Any:
    return asgi(verifier(), handle_later, decide=decide_later, **settings())


def flask_app() -> Any:
    from flask import Flask, Response, request
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = Flask(__name__)
    receiver = bare_wsgi()

    @app.post(READ_FIRST)
    def read_first() -> Response:
        request.get_json(force=True)
        return Response.from_app(wsgi(verifier(), handle, decide=decide), request.environ)

    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/keysecure": receiver})  # type: ignore[method-assign]
    return app


def django_app() -> Any:
    import django
    from django.conf import settings as django_settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    receiver = bare_wsgi()

    def from_receiver(environ: dict[str, Any]) -> HttpResponse:
        response = HttpResponse()

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            response.status_code = int(status.split()[0])
            for name, value in headers:
                response[name] = value

        response.content = b"".join(wsgi(verifier(), handle, decide=decide)(environ, start_response))
        return response

    @csrf_exempt
    def read_first(request: HttpRequest) -> HttpResponse:
        json.loads(request.body)
        return from_receiver(request.META)

    # The list of urls is this module's, as in a project of one file.
    globals()["urlpatterns"] = [path(READ_FIRST[1:], read_first)]
    if not django_settings.configured:
        django_settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="secret")
        django.setup()
    site = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        is_ours = environ["PATH_INFO"].startswith("/keysecure/")
        return (receiver if is_ours else site)(environ, start_response)

    return application


def fastapi_app(**settings: Any) -> Any:
    from fastapi import FastAPI, Request

    app = FastAPI(**settings)
    app.mount("/keysecure", bare_asgi())

    class ReadFirst:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await Request(scope, receive).json()
            await asgi(verifier(), handle)(scope, receive, send)

    app.add_route(READ_FIRST, ReadFirst())
    return app


def fastapi_rooted() -> Any:
    """Behind a proxy that removes ``/api`` from the path, and with a middleware that reads every body."""
    from fastapi import Request, Response

    app = fastapi_app(root_path="/api")

    @app.middleware("http")
    async def log_size(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        logging.getLogger("shop").info("%d bytes", len(await request.body()))
        return await call_next(request)

    return app


def starlette_routes() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Route

    receiver = bare_asgi()
    return Starlette(routes=[Route(WEBHOOKS, receiver), Route(HEALTH, receiver)])
