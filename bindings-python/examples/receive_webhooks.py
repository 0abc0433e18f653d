"""Receives the platform's webhooks with nothing but the standard library.

    python receive_webhooks.py [PORT]

With KEYSECURE_API_KEY and KEYSECURE_API_SECRET in the environment it listens on this machine's port 8080, or the one
given; put it behind a proxy that speaks TLS, which checks its health by GET /healthz. Without them an offline sandbox
sends it the webhooks of a few purchases.

The server of the standard library is not for production: it reads no chunked bodies, and a sender that waits for
"100 Continue" sends its purchases a second late, which declines them. Use gunicorn or another server:

    gunicorn "receive_webhooks:create_app()"
"""

import os
import sys
from typing import Any
from wsgiref.simple_server import make_server

import offline

from keysecure.webhooks import AuthEvent, CardUpdateEvent, ConsumptionEvent, Event, WebhookVerifier, wsgi


def handle(event: Event) -> None:
    """Handles an event, which may come twice. When this raises, the platform sends the event again."""
    if isinstance(event, ConsumptionEvent):
        print(f"Consumption {event.consume_no}: {event.amount}, {event.status}")
    elif isinstance(event, CardUpdateEvent):
        print(f"Card {event.card_no}: {event.before_status} -> {event.after_status}")
    else:
        print(f"Unknown action: {event.action}")


def decide(purchase: AuthEvent) -> bool | str:
    """Decides on a purchase (authorization mode), within 600 ms."""
    return purchase.amount <= 100 or "over the limit of 100"


def create_app() -> Any:
    """The receiver, which serves webhooks at any path."""
    # While a secret is replaced, pass both: secrets=[new, old].
    verifier = WebhookVerifier.from_env(store=os.environ.get("KEYSECURE_STORE", "memory"))
    return wsgi(verifier, handle, decide=decide, health_path="/healthz")


def main() -> int:
    with offline.platform("authorization") as sandbox:
        app = create_app()
        if sandbox:
            with offline.serving(app) as url:
                offline.make_events(sandbox, url)
        else:
            with make_server("127.0.0.1", offline.port(), app, offline.Server) as server:
                print(f"Listening on http://127.0.0.1:{server.server_port} for webhooks.", flush=True)
                server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
