"""The relay of `sandbox --relay`, for the tests of apps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from socketserver import ThreadingMixIn
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from .. import FileStore, MemoryStore, literals
from ..relay import Relay, RelayRequest, Scope
from ..webhooks import wsgi

if TYPE_CHECKING:
    from ..sandbox import Sandbox

SESSION = "test-session"
OTHER_SESSION = "other-session"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the relay logs what it refuses."""


@contextmanager
def served_relay(
    sandbox: Sandbox, host: str, port: int, *, receives_webhooks: bool
) -> Generator[dict[str, Any], None, None]:
    """Serves a relay with two sessions, each of a cardholder with a card. Yields what an app and its test need."""
    with ExitStack() as stack:
        client = stack.enter_context(sandbox.client(store=_store(stack)))
        holders = {name: sandbox.seed_approved_cardholder() for name in (SESSION, OTHER_SESSION)}
        cards = {name: sandbox.seed_virtual_card(holder) for name, holder in holders.items()}
        grants: tuple[str, ...] = get_args(get_args(literals.Grant)[0])

        def authorize(request: RelayRequest) -> Scope | None:
            holder = holders.get(request.bearer or "")
            if holder is None:
                return None
            return Scope(holder, grants=grants, max_transfer=1000, max_per_day=5000, session=request.bearer)

        relay = Relay(client, authorize, mount="/relay")
        receiver = wsgi(client.webhook_verifier(store=MemoryStore()), relay.publish, default="accept")
        app = _together(relay.wsgi, receiver)
        server = stack.enter_context(make_server(host, port, app, _Server, _Quiet))
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        stack.callback(server.shutdown)
        here = f"http://127.0.0.1:{server.server_port}"
        if receives_webhooks:
            sandbox.webhooks_to(f"{here}/webhooks")
        yield {
            "url": f"{here}/relay",
            "sessions": [{"session": name, "cardholder_no": holders[name], "card_no": cards[name]} for name in holders],
        }


def _store(stack: ExitStack) -> Any:
    """A store that knows that a reference is new once it is ten seconds old. One in memory waits each time."""
    return FileStore(stack.enter_context(TemporaryDirectory(prefix="keysecure-relay-")))


def _together(relay: Any, receiver: Any) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        is_webhook = environ["PATH_INFO"] == "/webhooks"
        result: Iterable[bytes] = (receiver if is_webhook else relay)(environ, start_response)
        return result

    return app
