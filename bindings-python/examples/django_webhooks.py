"""Receives the platform's webhooks in a Django project: the content of its `wsgi.py`.

    gunicorn "django_webhooks:create_application()"

As a program it is served by the standard library, which is not for production; without credentials an offline sandbox
sends it events.
"""

import os
import sys
from typing import Any
from wsgiref.simple_server import make_server

import django
import offline
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from receive_webhooks import decide, handle

from keysecure.webhooks import WebhookVerifier, wsgi

WEBHOOKS = "/keysecure/webhooks"
HEALTH = "/keysecure/healthz"


def index(_request: HttpRequest) -> HttpResponse:
    """A page of your project."""
    return HttpResponse("The shop is open.")


urlpatterns = [path("", index)]


def create_application() -> Any:
    """Your project, with the receiver in front of it: no CSRF token, no session and no middleware for the platform."""
    # A project of one file; yours has its settings in a separate module.
    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY=os.urandom(32).hex())
        django.setup()
    site = get_wsgi_application()
    verifier = WebhookVerifier.from_env(store=os.environ.get("KEYSECURE_STORE", "memory"))
    receiver = wsgi(verifier, handle, decide=decide, path=WEBHOOKS, health_path=HEALTH)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        # Not from a view: Django may have read the body then.
        chosen = receiver if environ["PATH_INFO"].startswith("/keysecure/") else site
        return chosen(environ, start_response)

    return application


def main() -> int:
    with offline.platform("authorization") as sandbox:
        application = create_application()
        if sandbox is None:
            with make_server("127.0.0.1", offline.port(), application, offline.Server) as server:
                server.serve_forever()
            return 0
        with offline.serving(application) as url:
            offline.make_events(sandbox, url + WEBHOOKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
