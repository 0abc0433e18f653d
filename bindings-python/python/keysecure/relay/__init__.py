"""The relay: serving apps on customers' phones, which hold no secret.

The platform accepts calls only from whitelisted addresses, and the apiSecret opens every card of the merchant: an app
can have neither. It calls the merchant's own server instead, with the same library (``keysecure.Client.relay``, and
the same in Kotlin and Swift). There a :class:`Relay` authenticates the session, checks what it may do, and makes the
call::

    from keysecure import Client
    from keysecure.relay import Relay, Scope

    client = Client(api_key, api_secret, store="file:/var/lib/shop")

    def authorize(request):
        user = sessions.find(request.bearer)  # your own sessions
        if user is None:
            return None
        return Scope(
            user.cardholder_no,
            read_only=True,
            grants=["cards.freeze", "cards.unfreeze", "accounts.transfer_in"],
            max_transfer="100",
            max_per_day="500",
            session=user.session_id,
        )

    relay = Relay(client, authorize)
    app.mount("/keysecure", relay.asgi)  # FastAPI, Starlette; or relay.wsgi in Flask and Django

Nothing is granted unless it is named, and the cardholder comes from the scope only: a number of another cardholder is
"not found", as one that does not exist. Receive requests over TLS only. The protocol, for those who read traffic, is
``docs/relay.md`` in the repository.

How the relay decides on a request, in this order:

======  ==============================================================================================================
status  reason
======  ==============================================================================================================
400     headers that came twice (not cookies); a body that is no JSON object of known fields, or that could not be read
413     a body larger than ``max_request_bytes``; 431: more than 100 headers
401     ``authorize`` returned ``None``, raised, or returned anything but a :class:`Scope`
429     too many requests of this session, or of all sessions of its cardholder
404     no such operation, also for a path with a query or encoded characters; a number that is not the cardholder's
405     another method than ``POST``
412     a change that arrived after its ``Expires-At``: the app had given it up, or its clock is wrong
403     the scope does not grant it, or a limit of transfers is exceeded
409     the tap is in progress or belongs to another request; the state of the card forbids it
502     the call to the platform failed (also 503, 504); 503 also: the store cannot be reached
500     a fault of the library, or of a store or transport of your own: what it did is unknown
200     done
======  ==============================================================================================================

Each request is logged: INFO when it was done, WARNING when it was denied or failed, with ``operation``, ``session``,
``cardholder_no``, ``denial``, ``outcome``, ``subject``, ``tap``, ``http_status`` and ``duration_ms``; ``audit=`` gets
the same as an :class:`AuditRecord`. An exception of ``authorize`` or ``audit`` is logged at ERROR, by type and place.
No record holds a secret.

``relay.asgi`` and ``relay.wsgi`` are applications for any server; mounted under a path they need no ``mount``. Calls of
``relay.asgi`` run in up to 64 threads, and ``authorize`` on them, so it may block; one that is ``async`` runs on the
event loop, for 30 seconds at most. uWSGI closes connections without saying so, which an app takes for a request that
may have been carried out: set ``add-header = Connection: close``.

The app gets its cardholder's webhooks at once, as server-sent events, when the handler of webhooks passes them on::

    receiver = keysecure.webhooks.asgi(client.webhook_verifier(store=...), relay.publish)

Events are kept in the memory of the process, of which an app gets those that arrive there. Several worker processes
share them in Redis: ``Relay(..., events="redis://HOST")``. Then an app gets what any of them publishes, and may
connect to another one. A stream needs a thread under ``relay.wsgi`` (a greenlet under gevent), and none under
``relay.asgi``. It ends after ``stream_lasts`` (5 minutes): the app connects again, and its session is authorized
again.

A session may make ``requests_per_second`` requests (20; twice as many at once), ``concurrent_requests`` (16) at a time,
and all sessions of a cardholder three times as many. A request whose session is refused counts for none: limit those
by address in front of the relay.

A store that is younger than 10 s cannot tell that a tap is new: until then each new transfer and card waits. A file
or Redis store keeps its age when the server starts again. ``memory`` does not: over it each new transfer and card
waits for 10 s, and a restart forgets what was transferred on that day.
"""

from __future__ import annotations

from .._native import EventStream, Relay, Scope
from ._messages import AuditRecord, Headers, RelayRequest, RelayResponse

__all__ = ["AuditRecord", "EventStream", "Headers", "Relay", "RelayRequest", "RelayResponse", "Scope"]
