"""A FastAPI service that tops up accounts, with `keysecure.aio`.

    uvicorn --factory fastapi_service:create_app

A request names its own order number, so that it may be repeated after any error. As a program it is served by uvicorn;
without credentials in the environment it asks itself, on an offline sandbox.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from http.client import HTTPConnection
from typing import Annotated, Any

import offline
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from keysecure import ConflictError, InvalidInputError, KeySecureError, NotFoundError, RateLimitError, aio

SECONDS = 20
"""The longest that a request waits. What it has begun continues."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for all requests. At the end it waits for the payments in progress."""
    async with aio.Client.from_env(timeout=10.0, on_cancelled=record) as client:
        app.state.keysecure = client
        yield


def record(call: aio.CancelledCall) -> None:
    """Gets the outcome of what nobody waits for any more: a time-out, or a client that has disconnected."""
    print(f"Nobody waits for {call.operation} {dict(call.numbers)}: {call.error or 'done'}")


def keysecure_client(request: Request) -> aio.Client:
    """The client of the application. Tests override it: `app.dependency_overrides[keysecure_client]`."""
    client: aio.Client = request.app.state.keysecure
    return client


Client = Annotated[aio.Client, Depends(keysecure_client)]


class TopUp(BaseModel):
    """The body of a request."""

    order_no: str
    cardholder_no: str
    amount: Decimal


def create_app() -> FastAPI:
    """The service."""
    app = FastAPI(lifespan=lifespan)

    @app.post("/top-ups")
    async def top_up(order: TopUp, client: Client) -> dict[str, Any]:
        paid = await asyncio.wait_for(
            client.accounts.ensure_transfer(
                cardholder_no=order.cardholder_no,
                transfer_unique_no=order.order_no,
                type="In",
                amount=order.amount,
                deadline=SECONDS,
            ),
            SECONDS,
        )
        # Amounts are text: a JSON number would lose digits on its way.
        return {"paid_now": paid.created, "transfer": paid.value.to_dict(mode="json")}

    @app.get("/packages")
    async def packages(client: Client) -> list[str]:
        return [package.package_no async for package in client.cards.packages()]

    app.exception_handler(KeySecureError)(refused)
    app.exception_handler(asyncio.TimeoutError)(out_of_time)
    return app


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Says what was done: clients repeat a request with status 503 or 504, with the same order number."""
    assert isinstance(error, KeySecureError)
    content = {"outcome": error.outcome, "code": error.code, "field": error.field, "message": error.msg}
    return JSONResponse(content, status_of(error))


def status_of(error: KeySecureError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, InvalidInputError):
        return 422
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, ConflictError):
        return 409
    if isinstance(error, RateLimitError):
        return 429
    # Rejected by the platform; not sent to it; or perhaps carried out.
    return {"rejected": 400, "not_sent": 503, "unknown": 504}[error.outcome]


async def out_of_time(_: Request, __: Exception) -> JSONResponse:
    """The payment continues, and is recorded: the same request again waits for it and returns its result."""
    return JSONResponse({"outcome": "unknown", "message": "ask again"}, 504)


def main() -> int:
    with offline.platform() as sandbox:
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
        try:
            order = {"order_no": "order-7", "cardholder_no": sandbox.seed_approved_cardholder(), "amount": "25.00"}
            ask(port, order)
            ask(port, order)
            ask(port, {**order, "amount": "30.00"})
            ask(port, {**order, "order_no": "order-8", "amount": "0.001"})
        finally:
            server.should_exit = True
            thread.join()
    return 0


def ask(port: int, order: dict[str, str]) -> None:
    """Asks for a top-up and prints the response."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/top-ups", json.dumps(order), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = json.load(response)
    connection.close()
    if response.status == 200:
        print(f"{order['order_no']}: {'paid now' if body['paid_now'] else 'was paid'}, {body['transfer']['amount']}")
    else:
        print(f"{order['order_no']}: HTTP {response.status}, {body['outcome']}, {body['message'] or body['field']}")


if __name__ == "__main__":
    sys.exit(main())
