"""Receives the platform's webhooks in a FastAPI application.

    uvicorn --factory fastapi_webhooks:create_app

As a program it is served by uvicorn; without credentials in the environment an offline sandbox sends it events.
"""

import os
import sys
import threading
import time

import offline
import uvicorn
from fastapi import FastAPI
from receive_webhooks import decide, handle

from keysecure.webhooks import AuthEvent, Event, WebhookVerifier, asgi

WEBHOOKS = "/keysecure/webhooks"
HEALTH = "/keysecure/healthz"


async def handle_later(event: Event) -> None:
    """Handlers may be coroutines or, when they block, plain functions."""
    handle(event)


async def decide_now(purchase: AuthEvent) -> bool | str:
    """A decision may wait for other services. It is cancelled when it is late."""
    return decide(purchase)


def create_app() -> FastAPI:
    """Your application, with the receiver mounted in it."""
    app = FastAPI()

    @app.get("/")
    def index() -> str:
        return "The shop is open."

    verifier = WebhookVerifier.from_env(store=os.environ.get("KEYSECURE_STORE", "memory"))
    # Mounted one level above its path: a mount at its path would redirect to the path with a slash behind it.
    # Under `uvicorn --root-path /api` both paths stay as they are.
    receiver = asgi(verifier, handle_later, decide=decide_now, path=WEBHOOKS, health_path=HEALTH)
    app.mount("/keysecure", receiver)
    return app


def main() -> int:
    with offline.platform("authorization") as sandbox:
        port = 0 if sandbox else offline.port()
        server = uvicorn.Server(uvicorn.Config(create_app(), host="127.0.0.1", port=port, log_level="warning"))
        if sandbox is None:
            server.run()
            return 0
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        offline.make_events(sandbox, f"http://127.0.0.1:{port}{WEBHOOKS}")
        server.should_exit = True
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
