"""The sandbox: the native sandbox and its control calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, get_origin
from uuid import uuid4

from keysecure import Client
from keysecure._settings import ClientSettings

from ._admin import AdminCalls
from ._checks import check_body, check_type
from ._clock import Clock
from ._deprecated import renamed_arguments
from ._faults import Fault, FaultWithValue, WebhookFault
from ._inspection import InspectionCalls
from ._records import (
    CardholderRecord,
    CardRecord,
    CardSecretsForTests,
    ConsumptionRecord,
    DeliveryRecord,
    FiredFault,
    Ledger,
    Posting,
    RequestRecord,
    State,
    TransferRecord,
)
from ._sandbox import Sandbox as _Sandbox
from ._seeding import SeedCalls
from ._types import Amount, ListRules, SandboxError
from ._webhooks import WebhookCalls

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = [
    "CardRecord",
    "CardSecretsForTests",
    "CardholderRecord",
    "ClientSettings",
    "Clock",
    "ConsumptionRecord",
    "DeliveryRecord",
    "Fault",
    "FaultWithValue",
    "FiredFault",
    "Ledger",
    "ListRules",
    "Posting",
    "RequestRecord",
    "Sandbox",
    "SandboxError",
    "State",
    "TransferRecord",
    "WebhookFault",
]

_OLD_OPTIONS = {
    "callback_url": "webhook_url",
    "callback_secret": "webhook_secret",
    "callback_app_id": "webhook_app_id",
    "callback_nulls": "null_fields",
}


class Sandbox(AdminCalls, SeedCalls, WebhookCalls, InspectionCalls):
    """A running sandbox of the platform. Close it, or use it in a ``with`` statement.

    :param mode: the merchant's mode: ``"credit"`` or ``"authorization"``.
    :param seed: the seed of all numbers, tokens and card data.
    :param port: the port of 127.0.0.1; 0 for any free one.
    :param api_key: the Api-Key. By default each sandbox has another one, so that no two share the records of a store.
    :param api_secret: the apiSecret; generated from the seed by default.
    :param aes: the encryption of card data, as the client's setting of that name: ``"utf8"``, ``"md5hex/cbc"``.
    :param token_lifetime: the lifetime of access tokens, in virtual time.
    :param token_voids_previous: whether a new access token invalidates earlier ones.
    :param repeated_numbers: the effect of a merchant reference that was used before: ``"execute"`` (the worst case for
        a client; the platform does not document it), ``"refuse"`` or ``"return_first"``.
    :param manual_cards: cards stay Pending until :meth:`issue_card` or :meth:`fail_card`.
    :param ip_whitelist: the addresses that may call; empty for all.
    :param pci_enabled: whether card numbers may be shown.
    :param merchant_reserve: the initial balance of the merchant's reserve.
    :param request_log: the maximum number of recorded requests.
    :param webhook_url: the URL that webhooks are sent to: ``http`` on loopback. See :meth:`webhooks_to`.
    :param webhook_secret: the secret that signs webhooks; the apiSecret by default.
    :param webhook_app_id: the ``appId`` of signatures; the Api-Key by default.
    :param sign_style: the form of the signed text: ``"java_hash_map"``, ``"java_sorted"`` or ``"as_sent"``.
    :param null_fields: whether webhooks have fields without a value: ``"left_out"``, or ``"sent"`` as null.
    :param http_statuses: the HTTP statuses of refused calls: ``"ok"`` (200 with every envelope), ``"strict"`` (400,
        401, 403 or 500 for the codes that mean that) or ``"strict_bare"`` (the same without an envelope).
    :param tariffs: whether the fees and limits of packages and card BINs are applied.
    :param lists: deviations of list calls from the platform's documentation: a dict of the arguments of :meth:`lists`.
    :param listen_on_all_interfaces: lets other machines connect to the platform, but not to its control URL.
    :raises ValueError: an option is invalid.
    :raises OSError: the port is in use.
    """

    @renamed_arguments(**_OLD_OPTIONS)
    def __init__(
        self,
        mode: str = "credit",
        seed: int = 1,
        *,
        port: int = 0,
        api_key: str | None = None,
        api_secret: str | None = None,
        aes: str = "utf8",
        token_lifetime: timedelta = timedelta(hours=24),
        token_voids_previous: bool = True,
        repeated_numbers: str = "execute",
        manual_cards: bool = False,
        ip_whitelist: Sequence[str] = (),
        pci_enabled: bool = True,
        merchant_reserve: Amount = Decimal("1000000.00"),
        request_log: int = 100_000,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        webhook_app_id: str | None = None,
        sign_style: str = "java_hash_map",
        null_fields: str = "left_out",
        http_statuses: str = "ok",
        tariffs: bool = False,
        lists: ListRules | None = None,
        listen_on_all_interfaces: bool = False,
    ) -> None:
        check_type("aes", aes, str)
        check_type("token_lifetime", token_lifetime, timedelta)
        key_scheme, _, cipher_mode = aes.partition("/")
        options = {
            "mode": mode,
            "seed": seed,
            "port": port,
            "api_key": api_key or f"sandbox-{uuid4()}",
            "api_secret": api_secret,
            "key_scheme": key_scheme,
            "cipher_mode": cipher_mode or "ecb",
            "token_lifetime_ms": token_lifetime // timedelta(milliseconds=1),
            "token_voids_previous": token_voids_previous,
            "repeated_numbers": repeated_numbers,
            "manual_cards": manual_cards,
            "ip_whitelist": list(ip_whitelist),
            "pci_enabled": pci_enabled,
            "merchant_reserve": str(merchant_reserve),
            "request_log": request_log,
            "webhook_url": webhook_url,
            "webhook_secret": webhook_secret,
            "webhook_app_id": webhook_app_id,
            "sign_style": sign_style,
            "null_fields": null_fields,
            "listen_on_all_interfaces": listen_on_all_interfaces,
        }
        self._aes = aes
        self.mode = mode
        self._native = _start({name: value for name, value in options.items() if value is not None}, aes)
        self.clock = Clock(self)
        try:
            self.settings(http_statuses=http_statuses, tariffs=tariffs)
            if lists:
                self.lists(**lists)
        except (SandboxError, TypeError, ValueError) as error:
            self.close()
            raise ValueError(str(error)) from None

    @property
    def base_url(self) -> str:
        """The base URL of the platform's calls."""
        return self._native.base_url

    @property
    def control_url(self) -> str:
        """The base URL of the control calls, for other programs."""
        return self._native.control_url

    @property
    def api_key(self) -> str:
        """The merchant's Api-Key."""
        return self._native.api_key

    @property
    def api_secret(self) -> str:
        """The merchant's apiSecret."""
        return self._native.api_secret

    def client(self, **settings: Unpack[ClientSettings]) -> Client:
        """Creates a client of this sandbox, with the settings of :class:`keysecure.Client`; ``None`` counts as left
        out."""
        known: dict[str, Any] = {"base_url": self.base_url, "aes": self._aes}
        known |= {name: value for name, value in settings.items() if value is not None}
        return Client(self.api_key, self.api_secret, **known)

    def close(self) -> None:
        """Stops the sandbox and drops its state. Closing it twice is allowed."""
        self._native.close()

    @property
    def closed(self) -> bool:
        """Whether the sandbox is closed."""
        return self._native.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        native = self.__dict__.get("_native")
        if native is None:
            # A traceback shows the object whose start failed.
            return "<Sandbox that did not start>"
        return f"<Sandbox {self.mode} {'closed' if native.closed else native.base_url}>"

    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Makes the control call of that method and path: ``control("POST", "/clock/advance", {"ms": 1000})``.

        The methods of this class make all of them; the same calls are served at :attr:`control_url`.

        :raises SandboxError: the call failed.
        :raises TypeError: a field of the body has the wrong type.
        :raises ValueError: a field of the body has a value that it cannot have.
        """
        check_body(body or {})
        try:
            status, text = self._native.control(method, path, "" if body is None else json.dumps(body))
        except RuntimeError as error:
            raise SandboxError(str(error)) from None
        if status != 200:
            raise SandboxError(text)
        return json.loads(text)


def _start(options: Mapping[str, object], aes: str) -> _Sandbox:
    """Starts a sandbox. An error names ``aes``, not the two options that it consists of."""
    try:
        return _Sandbox.start(json.dumps(options))
    except ValueError as error:
        if str(error).startswith(("key_scheme ", "cipher_mode ")):
            raise ValueError(f"aes cannot be {aes!r}") from None
        raise


# The module from which users import; pickles and tracebacks must name it as well.
for _name in __all__:
    if isinstance(globals()[_name], type) and get_origin(globals()[_name]) is None:
        globals()[_name].__module__ = "keysecure.sandbox"
