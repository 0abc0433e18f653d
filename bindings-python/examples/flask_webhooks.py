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


def create_app() -> Flask:
    """Your application, with the receiver beside it: Flask never changes the signed body."""
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return "The shop is open."

    app_id = os.environ.get("KEYSECURE_APP_ID") or os.environ["KEYSECURE_API_KEY"]
    verifier = WebhookVerifier(
        app_id, [os.environ["KEYSECURE_API_SECRET"]], store=os.environ.get("KEYSECURE_STORE", "memory")
    )
    receiver = wsgi(verifier, handle, decide=decide)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/keysecure/webhooks": receiver})  # type: ignore[method-assign]
    return app


def main() -> int:
    with offline.platform("authorization") as sandbox:
        app = create_app()
        if sandbox is None:
            app.run(port=offline.port())
            return 0
        with offline.serving(app) as url:
            offline.make_events(sandbox, f"{url}/keysecure/webhooks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
