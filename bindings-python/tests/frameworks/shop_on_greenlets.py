"""A shop for a server of greenlets, as a merchant writes it: its decision waits, and its store is a folder."""

from __future__ import annotations

import os
import time
from typing import Any

from keysecure import AuthEvent, WebhookVerifier
from keysecure.webhooks import wsgi


def decide(_: AuthEvent) -> bool:
    time.sleep(0.01)
    return True


verifier = WebhookVerifier("app-1", "0123456789abcdef0123456789abcdef", store=os.environ["SHOP_STORE"])
app: Any = wsgi(verifier, lambda _: time.sleep(0.01), decide=decide)

if __name__ == "__main__":
    import eventlet
    import eventlet.wsgi

    eventlet.monkey_patch()
    listening = eventlet.listen(("127.0.0.1", int(os.environ["SHOP_PORT"])))
    eventlet.wsgi.server(listening, app, log_output=False)
