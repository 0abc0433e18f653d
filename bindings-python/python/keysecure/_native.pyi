"""Types of the native module. Use it through `keysecure`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from os import PathLike
from types import GenericAlias, TracebackType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
    final,
    type_check_only,
)

from typing_extensions import Self, deprecated

from .stores import AttemptStore, ReplayStore, TokenStore

__version__: str

_T_co = TypeVar("_T_co", covariant=True)

# Literals are for the editor's completion. Where the platform may add values, any other str is taken too.
_Outcome: TypeAlias = Literal["not_sent", "rejected", "unknown"]
_CheckStatus: TypeAlias = Literal["pass", "warn", "fail", "skipped"]
_Check: TypeAlias = Literal["reachability", "clock", "api_key", "ip_whitelist", "token", "mode", "pci", "aes"]
_TransportFault: TypeAlias = (
    Literal[
        "timeout",
        "dns",
        "connect",
        "tls",
        "proxy",
        "closed",
        "too_large",
        "protocol",
        "interrupted",
        "store",
        "other",
    ]
    | str
)
_Rejection: TypeAlias = (
    Literal[
        "missing_header",
        "duplicate_header",
        "bad_header",
        "bad_timestamp",
        "bad_signature",
        "unsupported_version",
        "too_old",
        "too_new",
        "too_large",
        "not_a_callback",
        "ambiguous",
        "contradiction",
        "wrong_signature",
        "wrong_action",
        "replayed",
        "in_progress",
        "replay_store_unavailable",
    ]
    | str
)
_Money: TypeAlias = Decimal | int | str
_WindowBound: TypeAlias = datetime | date

__all__ = [
    "AccessToken",
    "Account",
    "AccountInfo",
    "Accounts",
    "Address",
    "AuthEvent",
    "Bin",
    "Card",
    "CardApplied",
    "CardSecrets",
    "CardStatus",
    "CardType",
    "CardUpdateEvent",
    "Cardholder",
    "CardholderApplied",
    "CardholderCard",
    "CardholderStatus",
    "Cardholders",
    "Cards",
    "CheckResult",
    "Claim",
    "Client",
    "ClientToken",
    "Consumption",
    "ConsumptionEvent",
    "ConsumptionType",
    "Consumptions",
    "Ensured",
    "Fee",
    "FeeSchedule",
    "FeeType",
    "FeeWaiver",
    "FileStore",
    "Limits",
    "MemoryReplayStore",
    "MemoryStore",
    "MemoryTokenStore",
    "MerchantInfo",
    "Package",
    "Page",
    "Pager",
    "Pci",
    "RedisStore",
    "Report",
    "Responder",
    "SignatureMatch",
    "Simulation",
    "SimulationResult",
    "Status",
    "TransferRecord",
    "TransferResult",
    "TransferType",
    "UnknownEvent",
    "VerifiedWebhook",
    "WebhookVerifier",
    "__version__",
    "reply_accept",
    "reply_decline",
    "reply_duplicate",
]

# --- the client ---

@final
class Client:
    """A client of the platform: `Client(api_key, api_secret)`, used as it is, with `with`, or ended by `close()`.

    `store` is what it shares with other workers, and what the `ensure_*` calls need: `"memory"`, when this process is
    the only one that works on its references; `"file:/var/lib/shop"` for all processes of one user on one machine;
    `"redis://host"` for several machines; or an object of your own (see `keysecure.stores`). `token_store` is its
    deprecated name.
    """

    def __new__(
        cls,
        api_key: str,
        api_secret: str,
        *,
        environment: Literal["sandbox", "production"] | str = "sandbox",
        base_url: str | None = None,
        app_id: str | None = None,
        aes: Literal["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"] | str = "utf8",
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        max_retries: int = 2,
        language: Literal["en_US", "zh_CN"] | str = "en_US",
        timezone: str = "UTC+8",
        proxy: str | None = None,
        ca_pem: str | bytes | None = None,
        allow_plain_http: Iterable[str] = (),
        store: _Store | None = None,
        token_store: _Store | None = None,
    ) -> Self: ...
    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """A client from the environment variables `KEYSECURE_*`, read now. Keyword arguments win."""
    @property
    def cardholders(self) -> Cardholders:
        """Cardholders and their verification."""
    @property
    def cards(self) -> Cards:
        """Cards, packages and BINs."""
    @property
    def consumptions(self) -> Consumptions:
        """Purchases, fees, reversals and refunds."""
    @property
    def accounts(self) -> Accounts:
        """Balances and transfers (credit mode)."""
    @property
    def pci(self) -> Pci:
        """The hosted card page."""
    @property
    def simulation(self) -> Simulation:
        """Simulated purchases; refused in production."""
    def access_token(self) -> AccessToken:
        """The access token in use, for diagnosis; one is fetched only when there is none."""
    def doctor(self, card_no: str | None = None) -> Report:
        """Finds out what is wrong with an integration. Nothing is changed at the platform."""
    def call(self, method: Literal["GET", "POST"], path: str, body: object = None) -> Any:
        """Makes any call of the platform: JSON-like values in, `data` out, numbers with a fraction as `Decimal`. Ints
        and Decimals are sent exactly; a float is refused."""
    def webhook_verifier(
        self,
        *,
        tolerance: float | timedelta = 300.0,
        store: _ReplayStore | None = None,
        replay_guard: _ReplayStore | bool | None = None,
        on_store_failure: Literal["reject", "accept"] = "reject",
        max_body: int = 65_536,
    ) -> WebhookVerifier:
        """A verifier of this merchant's webhooks. Give it the `store` that the workers share."""
    def close(self) -> None:
        """Ends the client: its connections are closed, and every later call is a `ConfigError`. Calls under way are
        broken off; of a mutation among them nobody knows whether it was done."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __reduce__(self) -> NoReturn: ...

# --- resources ---

@final
class Cardholders:
    """The calls on cardholders: `client.cardholders`."""

    def apply(
        self, *, cardholder_unique_no: str, sumsub_share_token: str, cardholder_no: str | None = None
    ) -> CardholderApplied:
        """Applies for a cardholder, or updates the one with `cardholder_no`."""
    def ensure_cardholder(
        self,
        *,
        cardholder_unique_no: str,
        sumsub_share_token: str,
        deadline: float | None = None,
        settle: float | None = None,
        since: _WindowBound | None = None,
        first_attempt: bool = False,
        on_store_failure: Literal["reject", "accept"] = "reject",
    ) -> Ensured[Cardholder]:
        """Makes sure that a cardholder is applied for exactly once, whatever happened before. Its reference is
        `cardholder_unique_no`.

        The client needs a `store`. A reference that no worker ever sent is sent at once; one that may have been sent
        is looked up first, and sent only when it is provably absent: not found `settle` seconds after the last attempt
        (10, or 120 over a proxy). `deadline` bounds all of it (60 s, or 180). `since` is since when it may have been
        sent (the last 90 days). `first_attempt=True` says that the reference is new. `on_store_failure`: `"reject"` fails
        with outcome `not_sent` when the store cannot be reached; `"accept"` continues with this process's memory alone.
        """
    def list(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        cardholder_unique_no: str | None = None,
    ) -> Pager[Cardholder]:
        """All cardholders applied for in a span of any length, lazily and newest first. Both ends are included; a date
        means the whole day."""
    def list_page(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        page: int,
        size: int,
        cardholder_no: str | None = None,
        cardholder_unique_no: str | None = None,
    ) -> Page[Cardholder]:
        """One page (0 is the first, at most 100 rows) of a window of at most 90 days."""
    def get(self, cardholder_no: str) -> Cardholder:
        """One cardholder, with balance and cards."""

@final
class Cards:
    """The calls on cards: `client.cards`."""

    def apply(
        self,
        *,
        cardholder_no: str,
        card_unique_no: str,
        card_type: _CardType,
        package_no: str | None = None,
        card_bin_no: str | None = None,
        address_info: Address | Mapping[str, str | None] | None = None,
    ) -> CardApplied:
        """Applies for a card."""
    def ensure_card(
        self,
        *,
        cardholder_no: str,
        card_unique_no: str,
        card_type: _CardType,
        package_no: str | None = None,
        card_bin_no: str | None = None,
        address_info: Address | Mapping[str, str | None] | None = None,
        deadline: float | None = None,
        settle: float | None = None,
        since: _WindowBound | None = None,
        first_attempt: bool = False,
        on_store_failure: Literal["reject", "accept"] = "reject",
    ) -> Ensured[Card]:
        """Makes sure that a card is applied for exactly once, whatever happened before. Its reference is
        `card_unique_no`.

        The client needs a `store`. A reference that no worker ever sent is sent at once; one that may have been sent
        is looked up first, and sent only when it is provably absent: not found `settle` seconds after the last attempt
        (10, or 120 over a proxy). `deadline` bounds all of it (60 s, or 180). `since` is since when it may have been
        sent (the last 90 days). `first_attempt=True` says that the reference is new. `on_store_failure`: `"reject"` fails
        with outcome `not_sent` when the store cannot be reached; `"accept"` continues with this process's memory alone.
        """
    def list(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        card_unique_no: str | None = None,
        card_no: str | None = None,
    ) -> Pager[Card]:
        """All cards applied for in a span of any length, lazily and newest first. Both ends are included; a date means
        the whole day."""
    def list_page(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        page: int,
        size: int,
        cardholder_no: str | None = None,
        card_unique_no: str | None = None,
        card_no: str | None = None,
    ) -> Page[Card]:
        """One page (0 is the first, at most 100 rows) of a window of at most 90 days."""
    def get(self, card_no: str) -> Card:
        """One card, with its costs."""
    def private_info(self, card_no: str) -> CardSecrets:
        """The PAN, CVV and expiry of an activated card."""
    def activate(self, *, card_no: str, cardholder_no: str, cvv: str, card_last_no: str) -> None:
        """Activates a physical card in status `ToActivate`."""
    def update_status(self, *, card_no: str, status: _CardStatus) -> None:
        """Sets a card's status to `Frozen`, `Activated` or `Delete`."""
    def freeze(self, card_no: str) -> None:
        """Stops an activated card for a time."""
    def unfreeze(self, card_no: str) -> None:
        """Lets a frozen card work again."""
    def delete(self, card_no: str) -> None:
        """Closes a card for good."""
    def set_pin(self, *, card_no: str, cardholder_no: str, pin: str) -> None:
        """Sets the PIN of a physical, activated card."""
    def packages(self, *, type: _CardType | None = None, package_no: str | None = None) -> Pager[Package]:
        """The packages that cards are opened from in credit mode, lazily."""
    def packages_page(
        self, *, page: int, size: int, type: _CardType | None = None, package_no: str | None = None
    ) -> Page[Package]:
        """One page (0 is the first, at most 100 rows) of the packages."""
    def bins(self, card_bin_no: str | None = None) -> Pager[Bin]:
        """The BINs that cards are opened from in authorization mode, lazily."""
    def bins_page(self, *, page: int, size: int, card_bin_no: str | None = None) -> Page[Bin]:
        """One page (0 is the first, at most 100 rows) of the BINs."""

@final
class Consumptions:
    """The calls on consumptions: `client.consumptions`."""

    def get(self, consume_no: str) -> Consumption:
        """One consumption, with its fees."""
    def list(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        card_no: str | None = None,
        consume_no: str | None = None,
    ) -> Pager[Consumption]:
        """All consumptions of a span of any length, lazily and newest first. Both ends are included; a date means the
        whole day."""
    def list_page(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        page: int,
        size: int,
        cardholder_no: str | None = None,
        card_no: str | None = None,
        consume_no: str | None = None,
    ) -> Page[Consumption]:
        """One page (0 is the first, at most 100 rows) of a window of at most 90 days."""

@final
class Accounts:
    """The calls on accounts: `client.accounts`."""

    def transfer(
        self, *, cardholder_no: str, transfer_unique_no: str, type: _TransferType, amount: _Money
    ) -> TransferResult:
        """Moves money. It is never sent again while its outcome is unknown: use `ensure_transfer`."""
    def ensure_transfer(
        self,
        *,
        cardholder_no: str,
        transfer_unique_no: str,
        type: _TransferType,
        amount: _Money,
        deadline: float | None = None,
        settle: float | None = None,
        since: _WindowBound | None = None,
        first_attempt: bool = False,
        on_store_failure: Literal["reject", "accept"] = "reject",
    ) -> Ensured[TransferRecord]:
        """Makes sure that a transfer is made exactly once, whatever happened before. Its reference is
        `transfer_unique_no`.

        The client needs a `store`. A reference that no worker ever sent is sent at once; one that may have been sent
        is looked up first, and sent only when it is provably absent: not found `settle` seconds after the last attempt
        (10, or 120 over a proxy). `deadline` bounds all of it (60 s, or 180). `since` is since when it may have been
        sent (the last 90 days). `first_attempt=True` says that the reference is new. `on_store_failure`: `"reject"` fails
        with outcome `not_sent` when the store cannot be reached; `"accept"` continues with this process's memory alone.
        """
    def get(self, cardholder_no: str) -> AccountInfo:
        """The balances of a cardholder."""
    def transfers(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        transfer_no: str | None = None,
        transfer_unique_no: str | None = None,
    ) -> Pager[TransferRecord]:
        """All transfers of a span of any length, lazily and newest first. Both ends are included; a date means the
        whole day."""
    def transfers_page(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        page: int,
        size: int,
        cardholder_no: str | None = None,
        transfer_no: str | None = None,
        transfer_unique_no: str | None = None,
    ) -> Page[TransferRecord]:
        """One page (0 is the first, at most 100 rows) of a window of at most 90 days."""

@final
class Pci:
    """The calls for the hosted card page: `client.pci`."""

    def client_token(self, card_no: str) -> ClientToken:
        """A token for the hosted card page."""
    def card_detail(
        self,
        *,
        client_access_token: str,
        origin: str,
        nonce: str,
        parent_origin: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> CardSecrets:
        """What the hosted card page itself calls (inferred); a merchant's server has no need of it."""

@final
class Simulation:
    """The simulation calls: `client.simulation`. Refused in production."""

    def auth(
        self,
        *,
        consume_no: str | None = None,
        consume_relate_no: str | None = None,
        card_no: str | None = None,
        cardholder_no: str | None = None,
        type: _ConsumptionType | None = None,
        amount: _Money | None = None,
        local_amount: _Money | None = None,
        local_currency: str | None = None,
        merchant_info: MerchantInfo | Mapping[str, object] | None = None,
        fee_detail: Iterable[Mapping[str, object]] = (),
        remark: str | None = None,
        detail: str | None = None,
        time: datetime | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> SimulationResult:
        """A purchase asks for approval. Needs `card_no` and `amount`."""
    def consumption_clear(
        self,
        *,
        consume_no: str | None = None,
        consume_relate_no: str | None = None,
        card_no: str | None = None,
        cardholder_no: str | None = None,
        type: _ConsumptionType | None = None,
        amount: _Money | None = None,
        local_amount: _Money | None = None,
        local_currency: str | None = None,
        merchant_info: MerchantInfo | Mapping[str, object] | None = None,
        fee_detail: Iterable[Mapping[str, object]] = (),
        remark: str | None = None,
        detail: str | None = None,
        time: datetime | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> SimulationResult:
        """A purchase is cleared. Needs `consume_no`; `amount` may differ from the purchase's."""
    def consumption_fail(
        self,
        *,
        consume_no: str | None = None,
        consume_relate_no: str | None = None,
        card_no: str | None = None,
        cardholder_no: str | None = None,
        type: _ConsumptionType | None = None,
        amount: _Money | None = None,
        local_amount: _Money | None = None,
        local_currency: str | None = None,
        merchant_info: MerchantInfo | Mapping[str, object] | None = None,
        fee_detail: Iterable[Mapping[str, object]] = (),
        remark: str | None = None,
        detail: str | None = None,
        time: datetime | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> SimulationResult:
        """A purchase fails. Needs `consume_no`."""
    def reversal(
        self,
        *,
        consume_no: str | None = None,
        consume_relate_no: str | None = None,
        card_no: str | None = None,
        cardholder_no: str | None = None,
        type: _ConsumptionType | None = None,
        amount: _Money | None = None,
        local_amount: _Money | None = None,
        local_currency: str | None = None,
        merchant_info: MerchantInfo | Mapping[str, object] | None = None,
        fee_detail: Iterable[Mapping[str, object]] = (),
        remark: str | None = None,
        detail: str | None = None,
        time: datetime | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> SimulationResult:
        """An authorization is given back. Needs `consume_relate_no`; without `amount` all of it."""
    def refund(
        self,
        *,
        consume_no: str | None = None,
        consume_relate_no: str | None = None,
        card_no: str | None = None,
        cardholder_no: str | None = None,
        type: _ConsumptionType | None = None,
        amount: _Money | None = None,
        local_amount: _Money | None = None,
        local_currency: str | None = None,
        merchant_info: MerchantInfo | Mapping[str, object] | None = None,
        fee_detail: Iterable[Mapping[str, object]] = (),
        remark: str | None = None,
        detail: str | None = None,
        time: datetime | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> SimulationResult:
        """A cleared purchase is given back. Needs `consume_relate_no`; without `amount` all of it."""

# --- results of calls ---

@final
class Pager(Generic[_T_co]):
    """The rows of a list, newest first, fetched page by page while you iterate. It is an iterator: a second loop goes
    on where the first one ended.

    A failed request ends it: `failed` is then true, and every further `next()` raises. Behind a row without its
    number, and behind a span of which rows may be missing, both an `InvalidResponseError`, `next()` continues.
    """

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def failed(self) -> bool:
        """Whether a request failed, which ended the list. Behind every other error it continues."""
    def __iter__(self) -> Iterator[_T_co]: ...
    def __next__(self) -> _T_co: ...

@final
class Page(Generic[_T_co]):
    """One page of a list."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def list(self) -> list[_T_co]:
        """The rows, newest first, at most as many as were asked for. Only an empty page is sure to be the last."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields beside `list`, such as a `total`, if the platform gives any."""
    def to_dict(self) -> dict[str, Any]:
        """A dict with `list`, whose rows are dicts too, and `extra`."""
    def to_json(self) -> str:
        """The page as JSON text in the platform's form, each row as its own `to_json` writes it."""
    def __iter__(self) -> Iterator[_T_co]: ...
    def __len__(self) -> int: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Ensured(Generic[_T_co]):
    """A target that exists exactly once."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def value(self) -> _T_co:
        """The target: a transfer, a card or a cardholder, as its list gives it."""
    @property
    def created(self) -> bool:
        """Whether this call made it, also when the response to its request was lost; otherwise it was found."""
    def to_dict(self) -> dict[str, Any]:
        """A dict with `value`, which is a dict too, and `created`."""
    def to_json(self) -> str:
        """The target and `created` as JSON text, the target as its own `to_json` writes it."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class CheckResult:
    """One finding of the doctor."""

    @property
    def check(self) -> _Check:
        """What was looked at, such as `"ip_whitelist"`."""
    @property
    def status(self) -> _CheckStatus:
        """"""
    @property
    @deprecated("use status, whose values are pass, warn, fail and skipped")
    def health(self) -> Literal["good", "warning", "bad", "skipped"]:
        """"""
    @property
    def found(self) -> str:
        """What was found."""
    @property
    def advice(self) -> str:
        """What to do next; empty when there is nothing to do."""
    @property
    def code(self) -> int | None:
        """The platform's code, when there was one."""
    def to_dict(self) -> dict[str, Any]:
        """The finding as a dict of its fields."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Report:
    """All findings, one for each check, in order. `print(report)` is read at a glance."""

    @property
    def findings(self) -> list[CheckResult]:
        """The findings."""
    @property
    def is_healthy(self) -> bool:
        """Whether nothing is bad."""
    def of(self, check: _Check | str) -> CheckResult | None:
        """The finding of one check, such as `"clock"`; `None` for a check that there is not."""
    def to_dict(self) -> list[dict[str, Any]]:
        """The findings as a list of dicts."""
    def to_json(self) -> str:
        """The findings as a JSON array of objects."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Address:
    """The address of a cardholder, in English letters.

    A physical card needs all of it but `address_line2`. A virtual card needs `postal_code`, `country`, `state`, `city`
    and `address_line1` only.
    """

    def __new__(
        cls,
        *,
        postal_code: str,
        country: str,
        state: str,
        city: str,
        address_line1: str,
        first_name: str | None = None,
        last_name: str | None = None,
        phone_code: str | None = None,
        phone: str | None = None,
        address_line2: str | None = None,
    ) -> Self: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def address_line1(self) -> str: ...
    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...
    @property
    def phone_code(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def address_line2(self) -> str | None: ...
    def to_dict(self) -> dict[str, str | None]:
        """The address as a dict of its attributes."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

# --- secrets ---

@final
class CardSecrets:
    """The PAN, CVV and expiry of a card. It prints with the PAN masked and the CVV hidden."""

    @property
    def card_no(self) -> str:
        """The platform's number of the card (not its PAN)."""
    @property
    def card_unique_no(self) -> str | None:
        """The merchant's own number of the card."""
    @property
    def masked_pan(self) -> str:
        """The card number with at most its first six and last four digits."""
    @property
    def exp_month(self) -> str:
        """Two digits, `01` to `12`."""
    @property
    def exp_year(self) -> str:
        """Four digits, such as `2028`."""
    def expose_pan(self) -> str:
        """The whole card number."""
    def expose_cvv(self) -> str:
        """The three digits on the back."""
    def to_dict(self) -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class ClientToken:
    """A token that lets the hosted card page show one card, once."""

    @property
    def expires_in(self) -> int:
        """How long it is good, in seconds."""
    def expose(self) -> str:
        """The token itself, for the hosted page."""
    def to_dict(self) -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class AccessToken:
    """An access token and its end."""

    @property
    def expires_at(self) -> datetime:
        """When the platform ends it."""
    def expose(self) -> str:
        """The token itself."""
    def to_dict(self) -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

# --- stores ---

@final
class MemoryStore:
    """Tokens, attempts and webhooks in the memory of this process: for one that is the only one to work on its
    references."""

    def __new__(cls) -> Self: ...

@final
class FileStore:
    """Tokens, attempts and webhooks in a directory, for all processes of one user on one machine (Unix). Keep it."""

    def __new__(cls, directory: str | PathLike[str]) -> Self: ...

@final
class RedisStore:
    """Tokens, attempts and webhooks in Redis, version 5 or later, for any number of machines."""

    def __new__(cls, url: str, *, timeout: float = 1.0) -> Self: ...
    def __reduce__(self) -> NoReturn: ...

@final
class MemoryTokenStore:
    """An access token that the clients of one process share, and nothing else: see `MemoryStore`."""

    def __new__(cls) -> Self: ...

@final
class MemoryReplayStore:
    """Remembers the webhooks that one process accepted: `WebhookVerifier(..., store=store)`."""

    def __new__(cls, *, capacity: int = 100_000) -> Self: ...

_Store: TypeAlias = str | MemoryStore | FileStore | RedisStore | MemoryTokenStore | TokenStore | AttemptStore
_ReplayStore: TypeAlias = str | MemoryStore | FileStore | RedisStore | MemoryReplayStore | ReplayStore

# --- webhooks ---

@type_check_only
class _HasItems(Protocol):
    """A mapping of headers, or what a framework has instead."""

    def items(self) -> Iterable[tuple[str | bytes, _HeaderValue]]: ...

@final
class WebhookVerifier:
    """Verifies the platform's webhooks. It needs no client and is safe to share among threads.

    `store` rejects what was accepted before and keeps the decision on each purchase: `"memory"`,
    `"file:/var/lib/shop"`, `"redis://host"`, or an object of your own (see `keysecure.stores`). Share one among all
    workers. `replay_guard` is its old name.
    """

    def __new__(
        cls,
        app_id: str,
        secrets: str | Iterable[str],
        *,
        tolerance: float | timedelta = 300.0,
        store: _ReplayStore | None = None,
        replay_guard: _ReplayStore | bool | None = None,
        on_store_failure: Literal["reject", "accept"] = "reject",
        max_body: int = 65_536,
    ) -> Self: ...
    def ignore_timestamp(self) -> Self:
        """The same verifier, taking callbacks of any age: for looking at stored callbacks only."""
    def verify(self, headers: _Headers, body: _Body) -> VerifiedWebhook:
        """Verifies a callback and types what it says."""
    def verify_signature(self, headers: _Headers, body: _Body) -> SignatureMatch:
        """Verifies the signature and the age only: no look at the action, no typing, no replay guard."""
    def claim(self, headers: _Headers, body: _Body) -> Claim:
        """Verifies a callback and claims it, for a `with` block that handles it."""
    def reply_duplicate(self, body: _Body) -> bytes:
        """The exact body to answer a webhook with that was accepted before (`rejection` is `"replayed"`): a purchase
        gets its first reply again, everything else is accepted."""
    @staticmethod
    def parse_unverified(body: _Body) -> _Event:
        """Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it."""
    def sign_for_tests(self, timestamp: datetime, body: _Body) -> dict[str, str]:
        """The headers that the platform would send with this body, signed with the first secret: for tests."""
    @deprecated("use ignore_timestamp")
    def accepting_any_age(self) -> Self:
        """"""
    @deprecated("use reply_duplicate")
    def reply_again(self, body: _Body) -> bytes:
        """"""
    @property
    def _may_wait(self) -> bool: ...
    @property
    def _max_body(self) -> int: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Claim:
    """The right to handle a callback: `with verifier.claim(headers, body) as received: ...`."""

    @property
    def received(self) -> VerifiedWebhook:
        """The callback."""
    def finish(self) -> bool:
        """Remembers the callback as handled, and lets go. `False` when the store could not be reached."""
    def release(self) -> None:
        """Lets go without remembering it: the next delivery is new."""
    def __enter__(self) -> VerifiedWebhook: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        _exc_value: BaseException | None,
        _traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class VerifiedWebhook:
    """A callback whose signature is valid."""

    @property
    def id(self) -> str:
        """The platform's id of the callback. It is not signed: do not build on it alone."""
    @property
    def action(self) -> Literal["Auth", "Consumption", "Card_update"] | str:
        """The platform's name of the action, such as `"Consumption"`."""
    @property
    def event(self) -> _Event:
        """What it says."""
    @property
    def sent_at(self) -> datetime:
        """When the platform says that it sent it."""
    @property
    def received_at(self) -> datetime:
        """When it was verified."""
    @property
    def answer_before(self) -> float:
        """When the answer to an `Auth` callback must have left, on the scale of `time.monotonic()`."""
    @property
    def time_left(self) -> float:
        """Seconds left to answer an `Auth` callback; below zero when it is too late."""
    @property
    def secret_index(self) -> int:
        """"""
    @property
    @deprecated("use secret_index")
    def secret(self) -> int:
        """"""
    @property
    def form(self) -> str:
        """Which canonical form was signed, such as `"fastjson1/hash"`."""
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class SignatureMatch:
    """A proof that a signature is valid, without a look at what it says."""

    @property
    def secret_index(self) -> int:
        """"""
    @property
    @deprecated("use secret_index")
    def secret(self) -> int:
        """"""
    @property
    def form(self) -> str:
        """Which canonical form was signed."""
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class UnknownEvent:
    """An action, or a form of its data, that this version does not know. Its signature is valid all the same."""

    @property
    def action(self) -> str:
        """The platform's name of the action."""
    @property
    def data(self) -> Any:
        """Its data as a dict; numbers with a fraction as `Decimal`."""
    def to_dict(self) -> dict[str, Any]:
        """A dict with `action` and `data`."""
    def to_json(self) -> str:
        """Its data as JSON, exactly as it came."""
    @classmethod
    def from_json(cls, action: str, text: str) -> Self:
        """Makes one of an action and its data as JSON, such as `to_json` gives."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Responder:
    """Runs your decision on purchases, once for each, and answers in time, whatever the decision does.

    A purchase is decided once by its `consume_no`, and its first reply is repeated for 24 hours: among all workers
    that share the `store` of the verifier, else in this responder.
    """

    def __new__(
        cls,
        decide: Callable[[AuthEvent], bool | str],
        *,
        default: Literal["decline", "accept"] = "decline",
        budget: float = 0.6,
    ) -> Self: ...
    def respond(self, received: VerifiedWebhook) -> bytes:
        """The body to answer with. Anything but a purchase is accepted at once; a purchase of an unknown form gets the
        default."""
    def _respond(self, received: VerifiedWebhook, decide: Callable[[AuthEvent], bool | str] | None = None) -> bytes: ...

def reply_accept() -> bytes:
    """The exact body to answer a callback with."""

def reply_duplicate(body: _Body) -> bytes:
    """The exact body to answer a callback with that was handled before (`rejection` is `"replayed"`): it is accepted
    again. A purchase is declined, because nobody may decide on it twice, and least of all with yes."""

def reply_decline(message: str) -> bytes:
    """The exact body to decline with; the platform requires a message."""

# --- models ---

@type_check_only
class _Model:
    """The methods of every object of a response. It compares by value and cannot be changed."""

    @property
    def extra(self) -> dict[str, Any]:
        """Fields of the response that this version does not know."""
    def to_dict(self) -> dict[str, Any]:
        """The object as a dict of its attributes, `extra` included; objects inside become dicts too."""
    def to_json(self) -> str:
        """The object as JSON text in the platform's form: money as text, times in Unix milliseconds."""
    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads the object from JSON text in the platform's form, such as `to_json` writes."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

# --- models and constants: written by stubs.py from the core; do not edit ---

@final
class CardStatus:
    """Where a card stands in its life (platform constants 8.2)."""

    PENDING: Final = "Pending"
    """Applied for, not issued yet."""
    TO_ACTIVATE: Final = "ToActivate"
    """A physical card on its way, to be activated with its CVV."""
    ACTIVATED: Final = "Activated"
    """In use."""
    FAIL: Final = "Fail"
    """Could not be issued."""
    FROZEN: Final = "Frozen"
    """Stopped for a time."""
    DELETE: Final = "Delete"
    """Closed for good."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class CardType:
    """Virtual or physical (platform constants 8.3)."""

    VIRTUAL: Final = "Virtual"
    """A card number only."""
    PHYSICAL: Final = "Physical"
    """A plastic card, sent by mail."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class CardholderStatus:
    """Where a cardholder stands in the verification of identity (platform constants 8.8)."""

    PENDING: Final = "Pending"
    """Not looked at yet."""
    IN_PROGRESS: Final = "In_progress"
    """Being looked at."""
    APPROVED: Final = "Approved"
    """Verified: cards may be applied for."""
    REJECTED: Final = "Rejected"
    """Refused."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class ConsumptionType:
    """What a consumption is (platform constants 8.4)."""

    OPEN_CARD: Final = "Open_card"
    """The price of a new card."""
    CONSUMPTION: Final = "Consumption"
    """A purchase."""
    ATM: Final = "Atm"
    """Cash from a machine."""
    MANAGE_FEE: Final = "Manage_fee"
    """A management fee."""
    REVERSAL: Final = "Reversal"
    """An authorization given back before clearing."""
    REFUND: Final = "Refund"
    """A cleared purchase given back."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class FeeWaiver:
    """How long a fee is waived (platform constants 8.7)."""

    FOREVER: Final = "Forever"
    """For ever."""
    NONE: Final = "None"
    """Not at all."""
    DAY: Final = "Day"
    """For a number of days."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class FeeType:
    """What a fee is for (platform constants 8.5)."""

    CONSUME_FEE: Final = "Consume_fee"
    """A purchase."""
    APPLE_AUTH_FEE: Final = "Apple_auth_fee"
    """An Apple Pay authorization."""
    AUTH_FEE: Final = "Auth_fee"
    """An authorization."""
    ATM_FEE: Final = "Atm_fee"
    """Cash from a machine."""
    EXCHANGE_FEE: Final = "Exchange_fee"
    """Currency exchange."""
    DECLINE_FEE: Final = "Decline_fee"
    """A declined purchase."""
    SMALL_FEE: Final = "Small_fee"
    """A small purchase."""
    REFUND_FEE: Final = "Refund_fee"
    """A refund."""
    CANCEL_FEE: Final = "Cancel_fee"
    """A cancelled purchase."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class Status:
    """Where a consumption or a transfer stands (platform constants 8.1)."""

    PENDING: Final = "Pending"
    """Not decided yet."""
    SUCCESS: Final = "Success"
    """Done."""
    FAIL: Final = "Fail"
    """Refused or undone."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class TransferType:
    """The direction of a transfer (platform constants 8.9)."""

    IN: Final = "In"
    """To the cardholder."""
    OUT: Final = "Out"
    """Back from the cardholder."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""

@final
class Account(_Model):
    """One account of a cardholder."""

    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def symbol(self) -> str | None:
        """The currency."""
    @property
    def symbol_chain(self) -> str | None:
        """The currency with its chain."""
    @property
    def balance(self) -> Decimal | None:
        """The balance, in the currency."""
    @property
    def usd_balance(self) -> Decimal | None:
        """The balance in USD."""
    @property
    def bonus_balance(self) -> Decimal | None:
        """The bonus balance, in the currency."""
    @property
    def usd_bonus_balance(self) -> Decimal | None:
        """The bonus balance in USD."""

@final
class AccountInfo(_Model):
    """The accounts of a cardholder."""

    @property
    def list(self) -> list[Account]:
        """One entry for each currency."""

@final
class AuthEvent(_Model):
    """A purchase asks for approval (authorization mode). Answer within 800 ms."""

    @property
    def consume_no(self) -> str:
        """The platform's number of the consumption."""
    @property
    def card_no(self) -> str:
        """The card."""
    @property
    def cardholder_no(self) -> str | None:
        """Its cardholder."""
    @property
    def type(self) -> str | None:
        """What it is."""
    @property
    def amount(self) -> Decimal:
        """The amount, in the card's currency."""
    @property
    def local_amount(self) -> Decimal | None:
        """The amount in the merchant's currency."""
    @property
    def local_currency(self) -> str | None:
        """The currency of `local_amount`."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """The shop."""
    @property
    def status(self) -> str | None:
        """Always `Pending`."""
    @property
    def time(self) -> datetime | None:
        """When the platform sent it."""

@final
class Bin(_Model):
    """A BIN that cards are opened from in authorization mode."""

    @property
    def card_bin_no(self) -> str:
        """The platform's number."""
    @property
    def card_bin(self) -> str | None:
        """The first digits of its cards."""
    @property
    def organization(self) -> str | None:
        """The card scheme."""
    @property
    def support_physical(self) -> bool | None:
        """Whether physical cards can be opened."""
    @property
    def support_virtual(self) -> bool | None:
        """Whether virtual cards can be opened."""
    @property
    def currencies(self) -> list[str]:
        """The currencies of its cards."""
    @property
    def balance_limit(self) -> Limits | None:
        """Its limits."""

@final
class Card(_Model):
    """A card, as `list` and `get` give it."""

    @property
    def card_no(self) -> str:
        """The platform's number. It is not the PAN."""
    @property
    def card_unique_no(self) -> str | None:
        """The merchant's own number."""
    @property
    def cardholder_no(self) -> str | None:
        """Whose card it is."""
    @property
    def card_name(self) -> str | None:
        """Its alias; given by `get`."""
    @property
    def package_name_en(self) -> str | None:
        """The package in English; given by `get`."""
    @property
    def package_name_cn(self) -> str | None:
        """The package in Chinese; given by `get`."""
    @property
    def card_type(self) -> str | None:
        """Virtual or physical."""
    @property
    def organization(self) -> str | None:
        """The card scheme, such as `VISA`."""
    @property
    def card_last_no(self) -> str | None:
        """The last four digits of the PAN."""
    @property
    def status(self) -> str:
        """Where it stands in its life; `Unknown` without text when the platform does not say so."""
    @property
    def fee_detail(self) -> FeeSchedule | None:
        """What it costs; given by `get`."""
    @property
    def time(self) -> datetime | None:
        """When it was applied for."""

@final
class CardApplied(_Model):
    """The numbers of a card that was applied for. Whether it was issued is read by `get`, or told by a callback."""

    @property
    def card_no(self) -> str:
        """The platform's number."""
    @property
    def card_unique_no(self) -> str | None:
        """The merchant's own number."""

@final
class CardUpdateEvent(_Model):
    """A card changed its status."""

    @property
    def card_no(self) -> str:
        """The card."""
    @property
    def before_status(self) -> str | None:
        """What it was."""
    @property
    def after_status(self) -> str:
        """What it is now."""
    @property
    def reason(self) -> str | None:
        """Why."""
    @property
    def time(self) -> datetime | None:
        """When it changed."""

@final
class Cardholder(_Model):
    """A cardholder, as `list` and `get` give it."""

    @property
    def cardholder_no(self) -> str:
        """The platform's number."""
    @property
    def cardholder_unique_no(self) -> str | None:
        """The merchant's own number."""
    @property
    def email(self) -> str | None:
        """The cardholder's mail address."""
    @property
    def status(self) -> str:
        """Where the verification stands; `Unknown` without text when the platform does not say so."""
    @property
    def fail_reason(self) -> str | None:
        """Why the verification failed; given by `list`."""
    @property
    def total_balance(self) -> Decimal | None:
        """The balance of all accounts, in USD; given by `get`."""
    @property
    def card_list(self) -> list[CardholderCard]:
        """The cards issued; given by `get`."""
    @property
    def time(self) -> datetime | None:
        """When the cardholder was applied for."""

@final
class CardholderApplied(_Model):
    """The numbers of a cardholder that was applied for."""

    @property
    def cardholder_no(self) -> str:
        """The platform's number."""
    @property
    def cardholder_unique_no(self) -> str | None:
        """The merchant's own number."""

@final
class CardholderCard(_Model):
    """A card in a cardholder's list. Only its number is known to be there; the other fields are in `extra`."""

    @property
    def card_no(self) -> str:
        """The platform's number of the card."""
    @property
    def status(self) -> str | None:
        """Where the card stands."""

@final
class Consumption(_Model):
    """A consumption, as `list` and `get` give it. `list` gives the first few fields."""

    @property
    def consume_no(self) -> str:
        """The platform's number."""
    @property
    def consume_relate_no(self) -> str | None:
        """The consumption that this one reverses or refunds."""
    @property
    def card_no(self) -> str | None:
        """The card."""
    @property
    def cardholder_no(self) -> str | None:
        """Its cardholder."""
    @property
    def type(self) -> str | None:
        """What it is."""
    @property
    def status(self) -> str | None:
        """Where it stands."""
    @property
    def amount(self) -> Decimal | None:
        """The amount, in the card's currency."""
    @property
    def local_amount(self) -> Decimal | None:
        """The amount in the merchant's currency."""
    @property
    def local_currency(self) -> str | None:
        """The currency of `local_amount`."""
    @property
    def fee(self) -> Decimal | None:
        """The sum of `fee_list`."""
    @property
    def fee_list(self) -> list[Fee]:
        """The fees (inferred)."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """Where it was made (inferred)."""
    @property
    def remark(self) -> str | None:
        """A note of the platform's (inferred)."""
    @property
    def detail(self) -> str | None:
        """A description (inferred)."""
    @property
    def time(self) -> datetime | None:
        """Its time. In a webhook this is when the record was updated, which need not be when the
        purchase was made: see the `time` of `ConsumptionEvent`.
        """

@final
class ConsumptionEvent(_Model):
    """A consumption was created, changed its status, or its fees were completed: so several come
    for one `consume_no`.
    """

    @property
    def consume_no(self) -> str:
        """The platform's number of the consumption."""
    @property
    def consume_relate_no(self) -> str | None:
        """The consumption that this one reverses or refunds."""
    @property
    def card_no(self) -> str | None:
        """The card."""
    @property
    def cardholder_no(self) -> str | None:
        """Its cardholder."""
    @property
    def type(self) -> str | None:
        """What it is."""
    @property
    def status(self) -> str:
        """Where it stands."""
    @property
    def amount(self) -> Decimal | None:
        """The amount, in the card's currency."""
    @property
    def local_amount(self) -> Decimal | None:
        """The amount in the merchant's currency."""
    @property
    def local_currency(self) -> str | None:
        """The currency of `local_amount`."""
    @property
    def fee(self) -> Decimal | None:
        """The sum of `fee_detail`."""
    @property
    def fee_detail(self) -> list[Fee]:
        """The fees."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """The shop."""
    @property
    def remark(self) -> str | None:
        """A note of the platform's."""
    @property
    def detail(self) -> str | None:
        """A description."""
    @property
    def time(self) -> datetime | None:
        """When the record was updated, which is not when the purchase was made. Of two webhooks for
        one `consume_no`, the one with the larger time is the newer.
        """

@final
class Fee(_Model):
    """One fee of a consumption."""

    @property
    def fee_type(self) -> str | None:
        """What it is for."""
    @property
    def amount(self) -> Decimal | None:
        """How much."""

@final
class Limits(_Model):
    """How much a card may hold or give."""

    @property
    def limit_balance(self) -> Decimal | None:
        """Highest balance."""
    @property
    def limit_week_balance(self) -> Decimal | None:
        """Highest sum in a week."""
    @property
    def limit_atm_day_balance(self) -> Decimal | None:
        """Most cash in a day."""
    @property
    def limit_atm_month_balance(self) -> Decimal | None:
        """Most cash in a month."""

@final
class MerchantInfo(_Model):
    """The shop or machine of a purchase."""

    @property
    def merchant_name(self) -> str | None:
        """Its name."""
    @property
    def merchant_mcc(self) -> str | None:
        """Its category, four digits."""
    @property
    def city(self) -> str | None:
        """Its city."""
    @property
    def country(self) -> str | None:
        """Its country."""

@final
class Package(_Model):
    """A package that cards are opened from in credit mode."""

    @property
    def package_no(self) -> str:
        """The platform's number."""
    @property
    def package_en_name(self) -> str | None:
        """Name in English."""
    @property
    def package_cn_name(self) -> str | None:
        """Name in Chinese."""
    @property
    def card_bin(self) -> str | None:
        """The first digits of its cards."""
    @property
    def card_bin_no(self) -> str | None:
        """The platform's number of the BIN."""
    @property
    def organization(self) -> str | None:
        """The card scheme."""
    @property
    def package_type(self) -> str | None:
        """Virtual or physical."""
    @property
    def en_desc(self) -> str | None:
        """Description in English."""
    @property
    def cn_desc(self) -> str | None:
        """Description in Chinese."""
    @property
    def en_tag_list(self) -> list[str]:
        """Tags in English."""
    @property
    def cn_tag_list(self) -> list[str]:
        """Tags in Chinese."""
    @property
    def consumption_limit(self) -> Limits | None:
        """Its limits."""
    @property
    def fee_detail(self) -> FeeSchedule | None:
        """Its costs."""

@final
class SimulationResult(_Model):
    """The answer of a simulation call."""

    @property
    def consume_no(self) -> str | None:
        """The consumption that was made or changed."""

@final
class FeeSchedule(_Model):
    """What a card costs (platform documentation, `fee_detail` of card detail and package list). The
    platform gives no units; rates and amounts are as it writes them.
    """

    @property
    def consume_rate(self) -> Decimal | None:
        """Rate of a purchase."""
    @property
    def open_cost(self) -> Decimal | None:
        """Price of the card."""
    @property
    def cross_consume_rate(self) -> Decimal | None:
        """Rate of a purchase abroad."""
    @property
    def small_consume_threshold(self) -> Decimal | None:
        """Below this amount a purchase is small."""
    @property
    def small_consume_deduct(self) -> Decimal | None:
        """Fee of a small purchase."""
    @property
    def free_small_excuse_type(self) -> str | None:
        """How long small purchases are free."""
    @property
    def free_small_consume_count(self) -> int | None:
        """How many small purchases are free."""
    @property
    def free_small_excuse_days(self) -> int | None:
        """For how many days small purchases are free."""
    @property
    def refund_rate(self) -> Decimal | None:
        """Rate of a refund."""
    @property
    def consume_cancle_fee(self) -> Decimal | None:
        """Fee of a cancelled purchase, in the platform's spelling."""
    @property
    def consume_cancel_threshold(self) -> Decimal | None:
        """From this amount on a cancelled purchase costs."""
    @property
    def decline_fee(self) -> Decimal | None:
        """Fee of a declined purchase."""
    @property
    def decline_fee_free_type(self) -> str | None:
        """How long declined purchases are free."""
    @property
    def decline_fee_free_count(self) -> int | None:
        """How many declined purchases are free."""
    @property
    def decline_fee_free_days(self) -> int | None:
        """For how many days declined purchases are free."""
    @property
    def atm_rate(self) -> Decimal | None:
        """Rate of cash from a machine."""
    @property
    def atm_min_fee(self) -> Decimal | None:
        """Least fee of cash from a machine."""
    @property
    def apple_pay_fee(self) -> Decimal | None:
        """Fee of an Apple Pay authorization."""
    @property
    def manage_fee_type(self) -> str | None:
        """How the management fee is taken."""
    @property
    def manage_fee(self) -> Decimal | None:
        """The management fee."""
    @property
    def management_fee_free_type(self) -> str | None:
        """How long the management fee is waived."""
    @property
    def free_management_fee_threshold(self) -> Decimal | None:
        """From this amount on the management fee is waived."""

@final
class TransferRecord(_Model):
    """A transfer as the list gives it. The platform does not document these fields: all but the number are inferred."""

    @property
    def transfer_no(self) -> str:
        """The platform's number."""
    @property
    def transfer_unique_no(self) -> str | None:
        """The merchant's own number."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def type(self) -> str | None:
        """The direction."""
    @property
    def balance(self) -> Decimal | None:
        """How much, in TUSDT. The name on the wire is kept."""
    @property
    def before_balance(self) -> Decimal | None:
        """The cardholder's balance before."""
    @property
    def after_balance(self) -> Decimal | None:
        """The cardholder's balance after."""
    @property
    def status(self) -> str | None:
        """Where it stands."""
    @property
    def time(self) -> datetime | None:
        """When it was made."""

@final
class TransferResult(_Model):
    """A transfer that was made."""

    @property
    def transfer_no(self) -> str:
        """The platform's number."""
    @property
    def transfer_unique_no(self) -> str | None:
        """The merchant's own number."""
    @property
    def before_balance(self) -> Decimal | None:
        """The cardholder's balance before."""
    @property
    def after_balance(self) -> Decimal | None:
        """The cardholder's balance after."""

# --- end of models and constants ---

_HeaderValue: TypeAlias = str | bytes | list[str] | list[bytes] | tuple[str | bytes, ...] | None
_Headers: TypeAlias = _HasItems | Iterable[tuple[str | bytes, _HeaderValue]]
_Body: TypeAlias = bytes | bytearray | memoryview
_Event: TypeAlias = AuthEvent | ConsumptionEvent | CardUpdateEvent | UnknownEvent
