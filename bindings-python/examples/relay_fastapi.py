"""Serves a mobile app from FastAPI: the app holds no secret of the platform, and calls through the relay.

    uvicorn --factory relay_fastapi:create_app

Its environment has credentials and KEYSECURE_STORE. As a program it is served by uvicorn; without credentials in the
environment it is its own app, on an offline sandbox.
An app in Kotlin or Swift makes the same calls with the same names.
"""

from __future__ import annotations

import json

# --8<-- [start:server]
import os

# --8<-- [end:server]
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import offline
import uvicorn

# --8<-- [start:server]
from fastapi import FastAPI

from keysecure import Client, KeySecureError
from keysecure.relay import Relay, RelayRequest, Scope
from keysecure.webhooks import asgi

# --8<-- [end:server]

if TYPE_CHECKING:
    from keysecure.sandbox import Sandbox

RELAY = "/keysecure/relay"
WEBHOOKS = "/keysecure/webhooks"

SESSIONS: dict[str, tuple[str, str]] = {}
"""The cardholder and the name of each session, by its token. Yours are in a database, or in a signed token."""


def sign_in(cardholder_no: str) -> str:
    """Creates a session, after the user has proved who they are."""
    token = secrets.token_urlsafe(32)
    SESSIONS[token] = cardholder_no, f"session {len(SESSIONS) + 1}"
    return token


# --8<-- [start:server]
def authorize(request: RelayRequest) -> Scope | None:
    """What a session may do. Nothing is granted that is not named here, and never the card of another."""
    session = SESSIONS.get(request.bearer or "")  # your own: a session, a JWT, a cookie
    if session is None:
        return None
    cardholder_no, name = session
    return Scope(
        cardholder_no,
        session=name,  # in logs and limits: not the token
        read_only=True,
        grants=["cards.freeze", "cards.unfreeze", "accounts.transfer_in"],
        max_transfer="100",
        max_per_day="500",
    )


def create_app() -> FastAPI:
    """Your application, with the relay and the receiver of webhooks mounted in it."""
    store = os.environ["KEYSECURE_STORE"]  # redis://10.0.0.5/, or for one machine file:/var/lib/shop
    client = Client.from_env(store=store)
    relay = Relay(client, authorize)
    # The app of the cardholder gets each webhook at once.
    receiver = asgi(client.webhook_verifier(store=store), relay.publish, path="/keysecure/webhooks")
    app = FastAPI()
    app.mount("/keysecure/relay", relay.asgi)
    app.mount("/keysecure", receiver)
    return app


# --8<-- [end:server]


@contextmanager
def serving() -> Iterator[str]:
    """Serves the application in this process and yields its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def use_the_app(sandbox: Sandbox, url: str) -> None:
    """What an app does: it has the address and a session token, nothing else."""
    sandbox.webhooks_to(url + WEBHOOKS)
    cardholder_no, other = sandbox.seed_approved_cardholder(), sandbox.seed_approved_cardholder()
    card_no, foreign = sandbox.seed_virtual_card(cardholder_no), sandbox.seed_virtual_card(other)
    token = sign_in(cardholder_no)
    connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.request("GET", f"{RELAY}/v1/events", headers={"Authorization": f"Bearer {token}"})
    with Client.relay(url + RELAY, token) as client, closing(connection), connection.getresponse() as events:
        print(f"The card is {client.cards.get(card_no).status}.")
        client.cards.freeze(card_no)
        data = next(line for line in events if line.startswith(b"data: "))
        event = json.loads(data.removeprefix(b"data: "))
        print(f"The app receives: {event['before_status']} -> {event['after_status']}.")
        for _ in range(2):
            # The same tap twice, as after a lost response.
            paid = client.accounts.ensure_transfer(
                cardholder_no=cardholder_no, transfer_unique_no="tap-1", type="In", amount="25.00"
            )
            print(f"25.00: {'paid now' if paid.created else 'was paid'}.")
        for what, call in {
            "500.00": lambda: client.accounts.transfer(
                cardholder_no=cardholder_no, transfer_unique_no="tap-2", type="In", amount="500.00"
            ),
            "The number of the card": lambda: client.cards.private_info(card_no),
            "The card of another": lambda: client.cards.get(foreign),
        }.items():
            try:
                call()
            except KeySecureError as error:
                print(f"{what}: {type(error).__name__}.")


def main() -> int:
    with offline.platform() as sandbox:
        if sandbox is None:
            uvicorn.run(create_app(), host="127.0.0.1", port=offline.port(), log_level="warning")
            return 0
        with serving() as url:
            use_the_app(sandbox, url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
