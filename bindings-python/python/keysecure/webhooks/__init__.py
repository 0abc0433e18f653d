"""Webhooks of the platform: verification, refusal of replays, replies to purchases in time.

The platform's own documentation calls them callbacks.

A ready receiver for any WSGI server (gunicorn, mod_wsgi, ``wsgiref``) or ASGI server (uvicorn, hypercorn)::

    from keysecure.webhooks import WebhookVerifier, wsgi

    def handle(event):
        print(event)  # a ConsumptionEvent, CardUpdateEvent or UnknownEvent

    def decide(purchase):
        return purchase.amount < 100 or "over the limit"

    verifier = WebhookVerifier("my-api-key", ["current-secret", "previous-secret"], store="file:/var/lib/shop")
    app = wsgi(verifier, handle, decide=decide)

In a framework of your own, take the headers and the **raw** body::

    try:
        with verifier.claim(request.headers, raw_body) as received:
            reply = responder.respond(received) if received.action == "Auth" else reply_accept()
            handle(received.event)
    except WebhookError as error:
        if error.rejection == "replayed":
            reply = verifier.reply_duplicate(raw_body)
        else:
            ...  # an HTTP error: the platform sends the webhook again

How the receivers respond:

===================================================  ======  =====================================================
webhook                                              status  effect
===================================================  ======  =====================================================
was handled                                          200     ``{"code":0,"message":""}``
asks for a purchase (``Auth``)                       200     the result of ``decide``, or ``default`` when it is late
                                                             or the purchase has an unknown form
is the same request as one that was handled          200     accepted again; the handler is not called
asks for a purchase that was asked for before        200     the first reply again; ``decide`` is not called
made the handler raise                               500     not recorded: the platform sends it again
is being handled, or the store cannot be reached     503     the platform sends it again
was rejected by the verifier                         400     the reason in words (413 for a body that is too large)
has no body any more: something read it before       500     the receiver needs the raw, unread body
has no length, and the server ends no chunked body   411     the log says what to set
goes to another path, or comes by another method     404,    ``Allow`` names the methods; ``HEAD`` gets no body
                                                     405
is a health check (``health_path``)                  200     ``{"status":"ok"}``, without the store and the log
===================================================  ======  =====================================================

A proxy that removes a prefix, ``SCRIPT_NAME``, ``--root-path`` and mounts leave ``path="/webhooks"`` valid: see
:func:`wsgi`. In Django, call the receiver before the project (in ``wsgi.py``), in Flask by ``DispatcherMiddleware``, in
FastAPI by a mount: a view or a middleware that reads the body leaves none for the signature.

Chunked bodies are read under gunicorn, uvicorn, hypercorn, waitress, gevent, Werkzeug and uWSGI (with
``http-chunked-input`` if ``--http`` is used), not under ``wsgiref``, which is not for production: it also sends no
``100 Continue``, so that a client that waits for it sends the body a second late.

The time for a purchase counts from the moment at which the receiver gets the request, before it reads the body. A
verifier of a client (``client.webhook_verifier()``), which knows the platform's clock, also declines a purchase that
was signed too long ago, undecided: nobody waits for it. The limit is between 1.8 and 2.8 seconds, because the learned
clock may be up to a second behind. Another verifier, whose clock may be wrong, logs a WARNING then, and decides.

Give the verifier a ``store`` that all workers share: the one of the client, ``"file:/var/lib/shop"`` for the processes
of one machine, ``"redis://host"`` for several machines. ``"memory"`` and no store know this process only.

The same request, with the same timestamp and signature, is handled once. A webhook is handled **at least** once: when
a worker is killed, or the platform does not receive the response, it comes again, mostly with a new timestamp and
signature. That is another request, and the handler is called again. Deduplicate by the number and the status in the
event. A claim ends after a minute even while its worker lives: handlers should finish within 60 seconds and pass
longer work to a queue.

A purchase (``Auth``) is decided **once** by its ``consume_no``, among all workers that share the store, and its first
reply is repeated for 24 hours, whatever the timestamp and signature. A request that arrives while another worker
decides waits for that decision, and is declined when its own budget is over. One that asks with the number of another
purchase for another card, type or amount is declined.

A decision is ``True``, ``False`` or a message to decline with; ``numpy.bool_`` and the integers 1 and 0 count as the
first two. Anything else, such as ``None``, is no decision: the purchase gets the ``default``.

The logger ``keysecure`` gets, with the ``consume_no`` and the milliseconds since the webhook arrived:

=======  ===============================================================================================================
INFO     an approved purchase; a webhook that was handled
WARNING  a purchase that is declined, or approved without a decision, and the reason, see below; a decision that came
         too late; a rejected webhook, one that was accepted before and came again, and a request that is no webhook
         (404, 405, 411, 413)
ERROR    a handler or decision that raised, with the type of the exception and the file and line in your code; a value
         that is no decision, with its type
=======  ===============================================================================================================

The ``reason`` is ``by decision``, ``there is no decision in time``, ``the decision failed``, ``the decision function
returned no decision``, ``there is no decision function``, ``the purchase was requested before``, ``the replay store
cannot be reached``, or one of a few more, which the page on logging in the repository lists.

Records carry these as fields: ``action``, ``consume_no``, ``duration_ms``, ``reason``, ``rejection``, ``http_status``,
``http_method``, ``http_path``, ``exception_type``, ``exception_file``, ``exception_line``. They hold no secret, no
body, and not the text of an exception. ``on_error`` of :func:`wsgi`, :func:`asgi` and :class:`Responder` gets the
exception itself, such as ``sentry_sdk.capture_exception``, and an :class:`~keysecure.InvalidInputError` for a value
that is no decision.
"""

from __future__ import annotations

from .._deprecated import old_names
from .._native import (
    AuthEvent,
    CardUpdateEvent,
    Claim,
    ConsumptionEvent,
    Responder,
    SignatureMatch,
    UnknownEvent,
    VerifiedWebhook,
    WebhookVerifier,
    reply_accept,
    reply_decline,
    reply_duplicate,
)
from ._asgi import asgi
from ._receiver import Decision, Event
from ._wsgi import wsgi

__all__ = [
    "AuthEvent",
    "CardUpdateEvent",
    "Claim",
    "ConsumptionEvent",
    "Decision",
    "Event",
    "Responder",
    "SignatureMatch",
    "UnknownEvent",
    "VerifiedWebhook",
    "WebhookVerifier",
    "asgi",
    "reply_accept",
    "reply_decline",
    "reply_duplicate",
    "wsgi",
]

TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
