"""What `keysecure.sandbox` offers, over the native sandbox and its control calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, cast

from keysecure import Client, FileStore, MemoryStore, MemoryTokenStore, RedisStore

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
    read_record,
    read_time,
    unix_ms,
)
from ._sandbox import Sandbox as _Sandbox

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from keysecure.stores import AttemptStore, TokenStore

__all__ = [
    "CardRecord",
    "CardSecretsForTests",
    "CardholderRecord",
    "ClientSettings",
    "Clock",
    "ConsumptionRecord",
    "DeliveryRecord",
    "Fault",
    "FiredFault",
    "Ledger",
    "ListRules",
    "Posting",
    "RequestRecord",
    "Sandbox",
    "SandboxError",
    "State",
    "TransferRecord",
]


class ClientSettings(TypedDict, total=False):
    """The settings of a client that a sandbox can be asked for: all but the credentials."""

    environment: str
    base_url: str | None
    app_id: str | None
    aes: str
    timeout: float
    connect_timeout: float
    max_retries: int
    language: str
    timezone: str
    proxy: str | None
    ca_pem: str | bytes | None
    allow_plain_http: Iterable[str]
    store: str | MemoryStore | FileStore | RedisStore | MemoryTokenStore | TokenStore | AttemptStore | None
    token_store: str | MemoryStore | FileStore | RedisStore | MemoryTokenStore | TokenStore | None


class ListRules(TypedDict, total=False):
    """How list calls differ from what the platform documents: the arguments of :meth:`Sandbox.lists`."""

    reference: str
    left_out: Sequence[str]
    ignore_filters: bool
    page_cap: int
    total: bool


Fault = str | Mapping[str, object]
"""A kind of fault: its name such as ``"drop_after_commit"``, or with a value ``{"code": 1009}``."""

Amount = Decimal | int | str


class SandboxError(RuntimeError):
    """The sandbox could not do what it was told: no such card, a state that does not allow it, a misspelt operation."""


class Clock:
    """The sandbox's clock: ``sandbox.clock``. Moving it makes tokens end and callbacks come due."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._control = sandbox.control

    @property
    def now(self) -> datetime:
        """What the platform thinks it is."""
        return read_time(self._control("GET", "/clock")["now_ms"])

    def advance(self, by: timedelta | None = None, /, **parts: float) -> None:
        """Moves the clock forward: ``advance(timedelta(hours=2))`` or ``advance(hours=2)``."""
        self._control("POST", "/clock/advance", {"ms": _milliseconds(by, parts)})

    def rewind(self, by: timedelta | None = None, /, **parts: float) -> None:
        """Moves the clock back: ``rewind(minutes=5)``."""
        self._control("POST", "/clock/rewind", {"ms": _milliseconds(by, parts)})

    def freeze(self) -> None:
        """Stops the clock; it can still be moved."""
        self._control("POST", "/clock/freeze")

    def unfreeze(self) -> None:
        """Lets the clock go on from where it stands."""
        self._control("POST", "/clock/unfreeze")


class Sandbox:
    """A running sandbox of the platform. Close it, or use it in a ``with`` statement.

    :param mode: ``"credit"`` or ``"authorization"``.
    :param seed: what all numbers, tokens and card data are made from.
    :param port: the port of 127.0.0.1; 0 is any free one.
    :param api_key: the Api-Key; made from the seed if not given.
    :param api_secret: the apiSecret; made from the seed if not given.
    :param aes: how the platform encrypts card data, as the client's setting of that name: ``"utf8"``, ``"md5hex/cbc"``.
    :param token_lifetime: how long an access token is valid.
    :param token_voids_previous: whether a new access token voids the earlier ones.
    :param repeated_numbers: what a number of the merchant's that was used before does: ``"execute"`` it again (the
        nastiest reading of the platform's silence), ``"refuse"``, ``"return_first"``.
    :param manual_cards: cards stay Pending until :meth:`issue_card` or :meth:`fail_card`.
    :param ip_whitelist: the addresses that may call; empty for all.
    :param pci_enabled: whether card numbers may be shown.
    :param merchant_reserve: the merchant's money at the start.
    :param request_log: how many requests are kept on record.
    :param callback_url: where callbacks go: ``http`` on loopback. See :meth:`callbacks_to`.
    :param http_statuses: which HTTP statuses refusals have: ``"ok"`` (200 with every envelope), ``"strict"`` (400, 401,
        403 or 500 where the code means that) or ``"strict_bare"`` (the same without an envelope).
    :param tariffs: whether the tariff and the limits of the package or BIN apply to purchases.
    :param lists: how list calls differ from the documentation: a dict of the arguments of :meth:`lists`.
    :param listen_on_all_interfaces: lets other machines reach the platform (not its control calls).
    :raises ValueError: an option is wrong.
    :raises OSError: the port is taken.
    """

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
        callback_url: str | None = None,
        callback_secret: str | None = None,
        callback_app_id: str | None = None,
        sign_style: str = "java_hash_map",
        callback_nulls: str = "left_out",
        http_statuses: str = "ok",
        tariffs: bool = False,
        lists: ListRules | None = None,
        listen_on_all_interfaces: bool = False,
    ) -> None:
        key_scheme, _, cipher_mode = aes.partition("/")
        options = {
            "mode": mode,
            "seed": seed,
            "port": port,
            "api_key": api_key,
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
            "callback_url": callback_url,
            "callback_secret": callback_secret,
            "callback_app_id": callback_app_id,
            "sign_style": sign_style,
            "callback_nulls": callback_nulls,
            "listen_on_all_interfaces": listen_on_all_interfaces,
        }
        self._native = _Sandbox.start(json.dumps({name: value for name, value in options.items() if value is not None}))
        self._aes = aes
        self.mode = mode
        self.clock = Clock(self)
        try:
            self.settings(http_statuses=http_statuses, tariffs=tariffs)
            if lists:
                self.lists(**lists)
        except (SandboxError, TypeError) as error:
            self.close()
            raise ValueError(str(error)) from None

    @property
    def base_url(self) -> str:
        """Where the platform's calls go."""
        return self._native.base_url

    @property
    def control_url(self) -> str:
        """Where the control calls go that steer it from other programs."""
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
        """A client of this sandbox, with the settings of :class:`keysecure.Client`."""
        known: ClientSettings = {"base_url": self.base_url, "aes": self._aes}
        known.update(settings)
        return Client(self.api_key, self.api_secret, **known)

    def close(self) -> None:
        """Stops the sandbox and forgets all that it knew. Doing it twice is fine."""
        self._native.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Sandbox {self.mode} {'closed' if self.closed else self.base_url}>"

    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Any control call by its method and path, such as ``control("POST", "/clock/advance", {"ms": 1000})``.

        The methods of this class cover all of them; the same calls are served at :attr:`control_url`.

        :raises SandboxError: it could not be done.
        """
        try:
            status, text = self._native.control(method, path, "" if body is None else json.dumps(body))
        except RuntimeError as error:
            raise SandboxError(str(error)) from None
        if status != 200:
            raise SandboxError(text)
        return json.loads(text)

    # What the platform's staff does.

    def approve_cardholder(self, cardholder_no: str) -> None:
        """Approves a cardholder that is not decided yet or was rejected."""
        self.control("POST", "/cardholders/approve", {"cardholder_no": cardholder_no})

    def start_review(self, cardholder_no: str) -> None:
        """Begins to look at a cardholder's papers: Pending becomes In_progress."""
        self.control("POST", "/cardholders/review", {"cardholder_no": cardholder_no})

    def reject_cardholder(self, cardholder_no: str, reason: str = "rejected by a test") -> None:
        """Rejects a cardholder that is not decided yet."""
        self.control("POST", "/cardholders/reject", {"cardholder_no": cardholder_no, "reason": reason})

    def issue_card(self, card_no: str) -> None:
        """Hands out a Pending card (``manual_cards=True``): virtual ones become Activated, physical ones ToActivate."""
        self.control("POST", "/cards/issue", {"card_no": card_no})

    def fail_card(self, card_no: str, reason: str = "failed by a test") -> None:
        """Fails a card that is Pending or ToActivate."""
        self.control("POST", "/cards/fail", {"card_no": card_no, "reason": reason})

    def complete_fees(self, consume_no: str, fees: Mapping[str, Amount]) -> None:
        """Adds fees to a consumption in Success, by their type: ``{"Atm_fee": "1.50"}``."""
        detail = [{"fee_type": kind, "amount": str(amount)} for kind, amount in fees.items()]
        self.control("POST", "/consumptions/complete_fees", {"consume_no": consume_no, "fee_detail": detail})

    def charge_manage_fee(self, card_no: str, amount: Amount | None = None) -> str:
        """Charges a card's management fee, by default that of its package; gives its ``consume_no``. The second one in
        a row that cannot be paid cancels the card."""
        body = _given({"card_no": card_no, "amount": None if amount is None else str(amount)})
        return cast(str, self.control("POST", "/cards/manage_fee", body)["consume_no"])

    def revoke_tokens(self) -> None:
        """No access token is valid any more."""
        self.control("POST", "/tokens/revoke")

    def settings(
        self,
        *,
        key_state: str | None = None,
        merchant_state: str | None = None,
        pci_enabled: bool | None = None,
        ip_whitelist: Sequence[str] | None = None,
        http_statuses: str | None = None,
        tariffs: bool | None = None,
    ) -> None:
        """Changes what is given: ``key_state`` is ``active``, ``not_enabled`` or ``expired``; ``merchant_state`` is
        ``active``, ``missing`` or ``abnormal``; an empty ``ip_whitelist`` lets all addresses call; ``http_statuses``
        is ``ok``, ``strict`` or ``strict_bare``; ``tariffs`` says whether the tariff and the limits of the package
        apply."""
        given = {
            "key_state": key_state,
            "merchant_state": merchant_state,
            "pci_enabled": pci_enabled,
            "ip_whitelist": None if ip_whitelist is None else list(ip_whitelist),
            "http_statuses": http_statuses,
            "tariffs": tariffs,
        }
        self.control("POST", "/settings", _given(given))

    def lists(
        self,
        *,
        reference: str | None = None,
        left_out: Sequence[str] | None = None,
        ignore_filters: bool | None = None,
        page_cap: int | None = None,
        total: bool | None = None,
    ) -> None:
        """Changes how list calls differ from what the platform documents; what is not given stays as it is.

        :param reference: what rows show of the merchant's own number: ``kept``, ``left_out``, ``trimmed``,
            ``lower_case`` or ``upper_case``; the filter still compares the number that was given.
        :param left_out: fields that rows do not have, such as ``time``; empty for none.
        :param ignore_filters: lists ignore their filters, not their windows.
        :param page_cap: the most rows of a page, whatever size is asked for; 0 for no cap.
        :param total: ``data`` has a ``total`` beside ``list``: the rows of all pages.
        """
        given = {
            "reference": reference,
            "left_out": None if left_out is None else list(left_out),
            "ignore_filters": ignore_filters,
            "page_cap": page_cap,
            "total": total,
        }
        self.control("POST", "/lists/settings", _given(given))

    # What goes wrong.

    def fault(self, operation: str | None, kind: Fault, nth: int = 1, times: int = 1) -> None:
        """Plans a fault for the ``nth`` request (1: the next) of that operation and the ``times`` - 1 after it.

        ``operation`` is a call's name such as ``"accounts.transfer"``; ``None`` stands for any. ``kind`` is one of

        * not executed: ``"refuse"``, ``"drop_before_read"``, ``"redirect"``, ``"expired_token"``, ``{"code": 1009}``,
          ``{"http_status": [503, None]}``
        * executed, and the answer is lost or spoilt: ``"drop_after_commit"``, ``"truncate"``, ``"malformed"``,
          ``"wrong_type"``, ``"wrong_field_types"``, ``"missing_data"``, ``"contradictory"``, ``"html"``,
          ``"gzip_bomb"``,
          ``"deep_nesting"``, ``"invalid_utf8"``, ``{"oversize": 9_000_000}``, ``{"code_after_commit": 1001}``
        * in its own time, in ms: ``{"stall": 500}``, ``{"stall_after_commit": 500}``, ``{"late_commit": 500}``,
          ``{"skew_clock": -3_600_000}``
        """
        body = {"operation": operation, "kind": kind, "nth": nth, "times": times}
        self.control("POST", "/faults", body)

    def clear_faults(self) -> None:
        """Forgets all faults that are planned."""
        self.control("POST", "/faults/clear")

    def faults_fired(self) -> list[FiredFault]:
        """The faults that hit, oldest first."""
        return [read_record(FiredFault, row) for row in self.control("GET", "/faults/fired")["faults"]]

    def redirect_calls(self) -> int:
        """How often somebody followed the redirect of the fault ``"redirect"``; nobody should."""
        return cast(int, self.control("GET", "/redirect_calls")["calls"])

    # What happened.

    def requests(self) -> list[RequestRecord]:
        """The requests on record, oldest first, with secrets hidden."""
        return [read_record(RequestRecord, row) for row in self.control("GET", "/requests")["requests"]]

    def count(self, operation: str) -> int:
        """How many requests went to that operation."""
        return cast(int, self.control("POST", "/requests/count", {"operation": operation})["count"])

    def ledger(self) -> Ledger:
        """The books: where the money is and how it came there."""
        found = self.control("GET", "/ledger")
        balances = {account: Decimal(text) for account, text in found["balances"].items()}
        return Ledger(balances, [read_record(Posting, row) for row in found["postings"]])

    def state(self) -> State:
        """All cardholders, cards, consumptions and transfers."""
        found = self.control("GET", "/state")
        return State(
            cardholders=[read_record(CardholderRecord, row) for row in found["cardholders"]],
            cards=[read_record(CardRecord, row) for row in found["cards"]],
            consumptions=[read_record(ConsumptionRecord, row) for row in found["consumptions"]],
            transfers=[read_record(TransferRecord, row) for row in found["transfers"]],
        )

    def card_secrets_for_tests(self, card_no: str) -> CardSecretsForTests:
        """The number and CVV of a card: test data, made up from the seed. The CVV is what activates a physical card."""
        return CardSecretsForTests(**self.control("POST", "/cards/secrets_for_tests", {"card_no": card_no}))

    def pin_matches(self, card_no: str, pin: str) -> bool:
        """Whether the card's PIN is this one."""
        body = {"card_no": card_no, "pin": pin}
        return cast(bool, self.control("POST", "/cards/pin_matches", body)["matches"])

    # Things to begin with. Seeded rows send no callbacks.

    def seed_approved_cardholder(self) -> str:
        """A cardholder who may have cards; gives the ``cardholder_no``."""
        return cast(str, self.control("POST", "/seed/approved_cardholder")["cardholder_no"])

    def seed_virtual_card(self, cardholder_no: str) -> str:
        """An Activated virtual card; gives the ``card_no``."""
        return cast(str, self.control("POST", "/seed/virtual_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_physical_card(self, cardholder_no: str) -> str:
        """A physical card in ToActivate; gives the ``card_no``."""
        return cast(str, self.control("POST", "/seed/physical_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_cardholders(self, times: Iterable[datetime]) -> list[str]:
        """Approved cardholders that were created at those times; gives their numbers."""
        return self._seed("cardholders", times)

    def seed_cards(self, cardholder_no: str, times: Iterable[datetime]) -> list[str]:
        """Activated virtual cards that were created at those times; gives their numbers."""
        return self._seed("cards", times, cardholder_no=cardholder_no)

    def seed_transfers(self, cardholder_no: str, times: Iterable[datetime]) -> list[str]:
        """Transfers of 1.00 to the cardholder at those times; gives their numbers."""
        return self._seed("transfers", times, cardholder_no=cardholder_no)

    def seed_consumptions(self, card_no: str, times: Iterable[datetime]) -> list[str]:
        """Finished purchases of 1.00 at those times; gives their numbers."""
        return self._seed("consumptions", times, card_no=card_no)

    def _seed(self, what: str, times: Iterable[datetime], **of: str) -> list[str]:
        numbers = self.control("POST", f"/seed/{what}", {**of, "times_ms": [unix_ms(time) for time in times]})
        return cast("list[str]", numbers["numbers"])

    # Callbacks.

    def callbacks_to(
        self,
        url: str | None,
        *,
        secret: str | None = None,
        rotated_secret: str | None = None,
        app_id: str | None = None,
        sign_style: str | None = None,
        nulls: str | None = None,
    ) -> None:
        """Sets where callbacks go (``http`` on loopback; ``None``: nowhere, and none are made) and how they are made.

        :param secret: what signs; the apiSecret if never given.
        :param rotated_secret: signs from now on; the one before is kept for the fault ``"old_secret"``.
        :param app_id: what is signed as ``appId``; the Api-Key if never given.
        :param sign_style: order of nested values in the signed text: ``java_hash_map``, ``java_sorted``, ``as_sent``.
        :param nulls: fields without a value are ``left_out`` or ``sent`` as null.
        """
        given = {
            "secret": secret,
            "rotated_secret": rotated_secret,
            "app_id": app_id,
            "sign_style": sign_style,
            "nulls": nulls,
        }
        self.control("POST", "/callbacks/settings", {"url": url or "", **_given(given)})

    def callback_fault(self, kind: Fault, action: str | None = None) -> None:
        """Plans a fault for the next callback (of that action): ``"duplicate"``, ``"reorder"``, ``{"delay": ms}``,
        ``"drop"``, ``"wrong_signature"``, ``"old_secret"``, ``{"stale_timestamp": ms}``, ``"tamper_body"``."""
        self.control("POST", "/callbacks/faults", {"action": action, "kind": kind})

    def redeliver(self, callback_id: str) -> None:
        """Sends a callback again."""
        self.control("POST", "/callbacks/redeliver", {"id": callback_id})

    def settle_callbacks(self, timeout: float = 10.0) -> bool:
        """Waits until no callback is due or on its way; ``False`` if that takes longer than ``timeout`` seconds."""
        end = monotonic() + timeout
        while True:
            # In slices, so that Ctrl-C is heard.
            left = max(0.0, min(0.1, end - monotonic()))
            if self.control("POST", "/callbacks/settle", {"ms": int(left * 1000)})["settled"]:
                return True
            if monotonic() >= end:
                return False

    def deliveries(self) -> list[DeliveryRecord]:
        """All attempts to deliver a callback, oldest first."""
        return [read_record(DeliveryRecord, row) for row in self.control("GET", "/callbacks/deliveries")["deliveries"]]

    # Going back.

    def snapshot(self) -> int:
        """Copies the whole memory and gives the copy's name: rows, ledger, tokens, settings and clock."""
        return cast(int, self.control("POST", "/snapshot")["snapshot"])

    def restore(self, snapshot: int) -> None:
        """Goes back to a snapshot of this sandbox. Requests and deliveries stay on record."""
        self.control("POST", "/restore", {"snapshot": snapshot})


def _milliseconds(by: timedelta | None, parts: dict[str, float]) -> int:
    span = (by or timedelta()) + timedelta(**parts)
    if span < timedelta():
        raise ValueError("the clock is moved by a positive time: advance and rewind say where to")
    return span // timedelta(milliseconds=1)


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


# As users know them, and as pickles and tracebacks name them.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "keysecure.sandbox"
