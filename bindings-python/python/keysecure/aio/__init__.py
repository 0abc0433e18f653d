"""The client for asyncio: the same resources, names and arguments as :class:`keysecure.Client`, with calls to await.

    from keysecure import aio

    async def main():
        async with aio.Client.from_env(store="file:/var/lib/shop") as client:
            paid = await client.accounts.ensure_transfer(
                cardholder_no="1001", transfer_unique_no="order-7", type="In", amount="25.00"
            )
            async for card in client.cards.list(start=date(2026, 1, 1), end=date(2026, 1, 31)):
                print(card.card_no, card.status)

It is the blocking client, whose calls run in at most ``max_threads`` (16) threads of its own: results, errors, logs and
stores are the same, and an event loop is never blocked. Changing threads costs some 0.1 ms for each call, and for each
page of a list: in a program that does nothing else meanwhile, the blocking client is cheaper. ``aio.Client.of(client)``
shares a blocking client. Lists are asynchronous iterators; their single pages (``list_page``) and all other calls are
awaited.

**A task that is cancelled**, also by :func:`asyncio.timeout` and :func:`asyncio.wait_for`, ends at once. Its call

=======================================  ==============================================================================
waits for a thread                       is never sent
reads                                    ends in its thread; the result is dropped
changes something                        continues in its thread to its end. The result is logged (WARNING, or ERROR
                                         when the outcome is unknown) and passed to ``on_cancelled``
=======================================  ==============================================================================

So a cancelled payment is neither made twice nor forgotten: call ``ensure_transfer`` again with the same reference. It
waits for the call that continues, and returns its result. ``client.close()`` and the end of an ``async with`` block
wait for such calls, at most for the ``timeout`` of the client (``ensure_*``: for their ``deadline``); the end of the
program waits for five seconds, and logs an ERROR for each that has not ended by then. To keep the result of one call in
the place where it is made, shield it::

    transfer = asyncio.ensure_future(client.accounts.transfer(...))
    try:
        async with asyncio.timeout(5):
            done = await asyncio.shield(transfer)
    except TimeoutError:
        transfer.add_done_callback(record)

To record them all in one place::

    def record(call: aio.CancelledCall) -> None:
        outcome = "done" if call.error is None else call.error.outcome
        database.save(call.operation, call.numbers, outcome)

    client = aio.Client.from_env(on_cancelled=record)

**Webhooks**: :func:`keysecure.webhooks.asgi` receives them in any ASGI server and never blocks its loop. In a route of
your own, ``await`` the :class:`Responder` of this module, whose decision may be ``async``. A verifier with a store
blocks while it asks the store, so give that to a thread::

    responder = aio.Responder(decide)

    async def purchase(request: Request) -> Response:
        body = await request.body()
        try:
            received = await asyncio.to_thread(verifier.verify, request.headers, body)
        except WebhookError as error:
            return Response(str(error), status_code=400)
        return Response(await responder.respond(received), media_type="application/json")

One client serves any number of event loops, at the same time or one after another, and forked processes. It needs
asyncio; with anyio, use its asyncio back end. ``timeout`` counts from the time when a call has a thread.
"""

from __future__ import annotations

from ._call import CancelledCall
from ._calls import Accounts, Cardholders, Cards, Consumptions, Pci, Simulation
from ._client import Client
from ._pager import Pager
from ._responder import Responder

__all__ = [
    "Accounts",
    "CancelledCall",
    "Cardholders",
    "Cards",
    "Client",
    "Consumptions",
    "Pager",
    "Pci",
    "Responder",
    "Simulation",
]
