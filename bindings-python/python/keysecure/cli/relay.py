"""The relay of `sandbox --relay`, for the tests of apps."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from .. import FileStore, MemoryStore, literals
from ..relay import Relay, RelayRequest, Scope
from ..webhooks import wsgi

if TYPE_CHECKING:
    from ..sandbox import Sandbox

SESSIONS = {"test-session": "test phone", "other-session": "other phone"}
"""The tokens of the sessions, and the names of the sessions in logs: a token is a secret there."""


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
        holders = {token: sandbox.seed_approved_cardholder() for token in SESSIONS}
        cards = {token: sandbox.seed_virtual_card(holder) for token, holder in holders.items()}
        grants: tuple[str, ...] = get_args(get_args(literals.Grant)[0])

        def authorize(request: RelayRequest) -> Scope | None:
            token = request.bearer or ""
            if token not in SESSIONS:
                return None
            return Scope(holders[token], grants=grants, max_transfer=1000, max_per_day=5000, session=SESSIONS[token])

        relay = Relay(client, authorize, mount="/relay")
        receiver = wsgi(client.webhook_verifier(store=MemoryStore()), relay.publish, default="accept")
        app = _together(relay.wsgi, receiver)
        server = stack.enter_context(make_server(host, port, app, _Server, _Quiet))
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        stack.callback(server.shutdown)
        if receives_webhooks:
            sandbox.webhooks_to(f"http://127.0.0.1:{server.server_port}/webhooks")
        here = _own_address() if host == "0.0.0.0" else host  # noqa: S104
        yield {
            "url": f"http://{here}:{server.server_port}/relay",
            "sessions": [
                {"session": token, "cardholder_no": holders[token], "card_no": cards[token]} for token in SESSIONS
            ],
        }


def _own_address() -> str:
    """Returns the address of this machine that others reach, or loopback where it has no network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of documentation: only the route counts
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _store(stack: ExitStack) -> FileStore:
    """Creates a file store that says that it is an hour old: nobody else knows this sandbox, so that each reference is
    new. Over a new store, and over one in memory, each transfer and card would wait for 10 s."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="keysecure-relay-")))
    (folder / "attempts/leases").mkdir(parents=True)
    hour_ago = int((time.time() - 3600) * 1000)
    (folder / "attempts/created").write_text(f"{hour_ago} - 0", "utf-8")
    return FileStore(str(folder))


def _together(relay: Any, receiver: Any) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        is_webhook = environ["PATH_INFO"] == "/webhooks"
        result: Iterable[bytes] = (receiver if is_webhook else relay)(environ, start_response)
        return result

    return app
