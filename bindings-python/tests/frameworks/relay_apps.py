"""Applications with a relay, which the tests serve with real servers.

All serve ``/relay/...``, ``/publish/{cardholder_no}`` and the path of the health check, whatever they are mounted in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from webhook_apps import HEALTH

import keysecure
from keysecure import Client
from keysecure.literals import Grant
from keysecure.relay import Relay, RelayRequest, Scope

GRANTS: list[Grant] = ["cards.freeze", "accounts.transfer_in"]


def authorize(request: RelayRequest) -> Scope | None:
    """A session names its cardholder."""
    name, _, cardholder_no = (request.bearer or "").partition(".")
    if name != "session":
        return None
    return Scope(cardholder_no, read_only=True, grants=GRANTS, max_transfer=100, max_per_day=100)


def relay(**settings: Any) -> Relay:
    return Relay(Client.from_env(), authorize, **settings)


def publish(relay: Relay, path: str) -> None:
    data = {"consume_no": "c-1", "cardholder_no": path.rsplit("/", 1)[-1], "status": "Success"}
    relay.publish(keysecure.ConsumptionEvent.from_json(json.dumps(data)))


def bare_wsgi() -> Any:
    served = relay(mount="/relay")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/relay/"):
            return served.wsgi(environ, start_response)
        if path.startswith("/publish/"):
            publish(served, path)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]

    return app


def bare_asgi() -> Any:
    served = relay(mount="/relay")
    app = served.asgi

    async def route(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or "/relay/" in scope["path"]:
            await app(scope, receive, send)
            return
        if "/publish/" in scope["path"]:
            publish(served, scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    return route


def flask_app() -> Any:
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    served = relay()
    app = Flask(__name__)

    @app.get(HEALTH)
    def health() -> str:
        return ""

    @app.post("/publish/<cardholder_no>")
    def published(cardholder_no: str) -> str:
        publish(served, cardholder_no)
        return ""

    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/relay": served.wsgi})  # type: ignore[method-assign]
    return app


def django_app() -> Any:
    import django
    from django.conf import settings as django_settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    served = relay(mount="/relay")

    @csrf_exempt
    def published(_: HttpRequest, cardholder_no: str) -> HttpResponse:
        publish(served, cardholder_no)
        return HttpResponse()

    globals()["urlpatterns"] = [
        path(HEALTH[1:], lambda _: HttpResponse()),
        path("publish/<str:cardholder_no>", published),
    ]
    if not django_settings.configured:
        django_settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="secret")
        django.setup()
    site = get_wsgi_application()
    app = served.wsgi

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        is_ours = environ["PATH_INFO"].startswith("/relay/")
        return (app if is_ours else site)(environ, start_response)

    return application


def fastapi_app(**settings: Any) -> Any:
    from fastapi import FastAPI

    served = relay()
    app = FastAPI(**settings)

    @app.get(HEALTH)
    def health() -> None: ...

    @app.post("/publish/{cardholder_no}")
    def published(cardholder_no: str) -> None:
        publish(served, cardholder_no)

    app.mount("/relay", served.asgi)
    return app


def fastapi_rooted() -> Any:
    """Behind a proxy that removes ``/api`` from the path."""
    return fastapi_app(root_path="/api")
