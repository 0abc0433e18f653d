"""Receives the platform's webhooks in a Flask application.

    gunicorn "flask_webhooks:create_app()"

As a program it is served by Flask; without credentials in the environment an offline sandbox sends it events.
"""

import os
import sys

import offline
from flask import Flask
from receive_webhooks import decide, handle
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from keysecure.webhooks import WebhookVerifier, wsgi

WEBHOOKS = "/keysecure/webhooks"
HEALTH = "/keysecure/healthz"


def create_app() -> Flask:
    """Your application, with the receiver beside it: Flask never reads the signed body.

    Under ``SCRIPT_NAME=/api`` the paths stay as they are here, and the platform posts to ``/api/keysecure/webhooks``.
    """
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return "The shop is open."

    verifier = WebhookVerifier.from_env(store=os.environ.get("KEYSECURE_STORE", "memory"))
    receiver = wsgi(verifier, handle, decide=decide, path=WEBHOOKS, health_path=HEALTH)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/keysecure": receiver})  # type: ignore[method-assign]
    return app


def main() -> int:
    with offline.platform("authorization") as sandbox:
        app = create_app()
        if sandbox is None:
            app.run(port=offline.port())
            return 0
        with offline.serving(app) as url:
            offline.make_events(sandbox, url + WEBHOOKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
