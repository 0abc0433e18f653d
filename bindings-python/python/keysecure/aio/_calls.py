"""The calls of the blocking client, awaited.

All are made here from those of the native module: the same names, arguments and docs. Their types are in `_calls.pyi`,
which `stubs.py` writes.
"""

# pyright: reportPrivateUsage=false
# The calls use the client's private parts.

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import iscoroutinefunction
from typing import Any

import keysecure

from .._errors import ConfigError
from ._call import Call, OnCancelled
from ._pager import Pager
from ._threads import Threads

_READS = frozenset(
    [
        "access_token",
        "bins_page",
        "client_token",
        "doctor",
        "get",
        "list_page",
        "packages_page",
        "private_info",
        "transfers_page",
    ]
)
"""The calls that change nothing: their result is dropped when their task is cancelled."""


class ClientCalls:
    """The part of the client that makes calls."""

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        max_threads: int = 16,
        on_cancelled: OnCancelled | None = None,
        **settings: Any,
    ) -> None:
        self._set_up(keysecure.Client(api_key, api_secret, **settings), max_threads, on_cancelled)

    @classmethod
    def relay(
        cls,
        url: str,
        session: Any,
        *,
        max_threads: int = 16,
        on_cancelled: OnCancelled | None = None,
        **settings: Any,
    ) -> Any:
        client = cls.__new__(cls)
        client._set_up(keysecure.Client.relay(url, session, **settings), max_threads, on_cancelled)
        return client

    @classmethod
    def from_env(cls, *, max_threads: int = 16, on_cancelled: OnCancelled | None = None, **settings: Any) -> Any:
        client = cls.__new__(cls)
        client._set_up(keysecure.Client.from_env(**settings), max_threads, on_cancelled)
        return client

    def _set_up(self, blocking: keysecure.Client, max_threads: int, on_cancelled: OnCancelled | None) -> None:
        if type(max_threads) is not int or max_threads < 1:
            raise ConfigError("max_threads must be a positive int", outcome="not_sent")
        if on_cancelled is not None and (not callable(on_cancelled) or iscoroutinefunction(on_cancelled)):
            raise ConfigError("on_cancelled must be a plain function", outcome="not_sent")
        self._blocking = blocking
        self._threads = Threads(max_threads, blocking.close)
        self._on_cancelled = on_cancelled

    def webhook_verifier(self, **options: Any) -> keysecure.WebhookVerifier:
        return self._blocking.webhook_verifier(**options)


class Resource:
    """Calls of a client."""

    def __init__(self, client: ClientCalls, blocking: Any) -> None:
        self._client = client
        self._blocking = blocking

    def __repr__(self) -> str:
        return f"<keysecure.aio.{type(self).__name__}>"


def _is_kept(method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call continues without its task."""
    if method == "call":
        return "GET" not in (*args[:1], kwargs.get("method"))
    return method not in _READS


def _awaited(native: Callable[..., Any], prefix: str = "") -> Callable[..., Any]:
    """A call in a thread."""
    method_name = native.__name__
    name = prefix + method_name

    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        client: ClientCalls = getattr(self, "_client", self)
        call = Call(
            client._threads,
            name,
            getattr(self._blocking, method_name),
            args,
            kwargs,
            is_kept=_is_kept(method_name, args, kwargs),
            on_cancelled=client._on_cancelled,
        )
        # They may hold secrets: see `Call`.
        del args, kwargs
        return await call.awaited()

    return update_wrapper(method, native)


def _listed(native: Callable[..., Any], prefix: str) -> Callable[..., Any]:
    """A list, which sends nothing before its first row is needed."""
    method_name = native.__name__
    name = prefix + method_name

    def method(self: Resource, *args: Any, **kwargs: Any) -> Pager[Any]:
        return Pager(getattr(self._blocking, method_name)(*args, **kwargs), self._client._threads, name)

    return update_wrapper(method, native)


def _resource(native: type) -> type[Resource]:
    """The awaited form of a resource, and the property of the client that returns it."""
    name = native.__name__.lower()
    members: dict[str, Any] = {"__doc__": f"{native.__doc__}", "__module__": "keysecure.aio"}
    for method_name, method in vars(native).items():
        if not method_name.startswith("_"):
            # A list is what is also there as single pages.
            made = _listed if hasattr(native, f"{method_name}_page") else _awaited
            members[method_name] = made(method, f"{name}.")
    made_class = type(native.__name__, (Resource,), members)

    def get(self: ClientCalls) -> Resource:
        return made_class(self, getattr(self._blocking, name))

    setattr(ClientCalls, name, property(get, doc=getattr(keysecure.Client, name).__doc__))
    return made_class


Accounts = _resource(keysecure.Accounts)
Cardholders = _resource(keysecure.Cardholders)
Cards = _resource(keysecure.Cards)
Consumptions = _resource(keysecure.Consumptions)
Pci = _resource(keysecure.Pci)
Simulation = _resource(keysecure.Simulation)
for _name in ("relay", "from_env", "webhook_verifier"):
    _function = vars(ClientCalls)[_name]
    getattr(_function, "__func__", _function).__doc__ = getattr(keysecure.Client, _name).__doc__
for _method in (
    keysecure.Client.access_token,
    keysecure.Client.call,
    keysecure.Client.doctor,
    keysecure.Client.probe,
):
    setattr(ClientCalls, _method.__name__, _awaited(_method))
