"""Types of the native module. Use it through `keysecure`."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
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
    SupportsIndex,
    TypeAlias,
    TypeVar,
    final,
    type_check_only,
)

from typing_extensions import Self, Unpack, deprecated

from ._settings import ClientFromEnv, VerifierFromEnv
from .literals import Check, CheckStatus, Environment, Grant, Setting
from .relay._messages import AuditRecord, RelayRequest, RelayResponse
from .relay._watch import Watch
from .stores import AttemptStore, ReplayStore, TokenStore
from .webhooks._asgi import AsgiApp
from .webhooks._wsgi import WsgiApp

__version__: str
_NAMES: Final[dict[str, list[str]]]

def _masked(text: str) -> str:
    """Masks digits that may be the number of a card, except its first six and its last four."""

_T_co = TypeVar("_T_co", covariant=True)

_Money: TypeAlias = Decimal | SupportsIndex | str
_WindowBound: TypeAlias = datetime | date
_DictMode: TypeAlias = Literal["python", "json"]
_Clock: TypeAlias = Callable[[], float]
_Session: TypeAlias = Callable[[bool], str | None] | str

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
    "EventStream",
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
    "ProbeFinding",
    "ProbeReport",
    "RedisStore",
    "Relay",
    "Report",
    "Responder",
    "Scope",
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
    """A client of the platform: `Client(api_key, api_secret)`, for use in a `with` block or until `close()`.

    Keep one client and share it among threads. It fetches and renews the access token, learns the platform's clock,
    and sends a request again only when that cannot do it twice. After `os.fork()` a child uses connections of its
    own.

    `environment`: `"sandbox"` or `"production"`. `base_url`: another address than the environment's. `app_id`: the
    app id that signs webhooks, when it is not the Api-Key. `aes`: how the apiSecret becomes the AES key, one of
    `utf8`, `hex`, `base64`, `md5`, `md5hex`, `sha256`, `sha1prng`, with `/cbc` behind it for CBC. `timeout`: the
    most seconds that one call takes, with all its attempts (30). `connect_timeout`: the most seconds for making one
    connection (5). `max_retries`: how often a call is sent again where that cannot do it twice (2). `language`: of
    the platform's messages, `en_US` or `zh_CN`. `timezone`: the zone in which dates begin and end, by default
    `UTC+8`, see below. `proxy`: the URL of an http or https proxy; none is taken from the environment. `ca_pem`: the
    root certificates to trust instead of the built-in ones: PEM as bytes or text (with `-----BEGIN`), or the path of
    a file, as text or as a path object, which is read now; a `ConfigError` if it cannot be. `allow_plain_http`:
    names of hosts other than this machine to which plain http may go (`["sandbox"]` in Docker Compose); refused in
    production.

    `timezone` gives dates their meaning: `date(2026, 11, 26)` is the whole day in this zone. `date.today()` is the
    day in the zone of the machine, which is another one for some hours of each day unless both zones agree. On a
    machine in UTC from 16:00 on, `end=date.today()` is a day that is over in UTC+8: the list lacks the rows since,
    and a WARNING says so. On a machine east of UTC+8 shortly after midnight, `start=date.today()` has not begun: an
    `InvalidInputError`. So set `timezone="UTC"` on such a machine, or give datetimes with a time zone, which mean
    the same everywhere. Accepted are offsets such as `"UTC+8"`, `"UTC"`, `"+05:30"`, `timezone.utc` and other
    objects of `datetime.timezone`, and a `ZoneInfo` or its name such as `"Asia/Shanghai"`; a zone whose offset
    changes during the year (or did in the last five years) is a `ConfigError`, because the platform takes one offset
    for a whole list.

    `store`: what this client shares with other workers: the access token, and the record of its attempts on merchant
    references, which the `ensure_*` calls need. `"memory"`, when this process is the only one that works on its
    references; `"file:/var/lib/shop"` for all processes of one user on one machine; `"redis://host"` for many
    machines; or a `MemoryStore`, a `FileStore`, a `RedisStore`, or an object of your own (see `keysecure.stores`).
    `token_store` is its deprecated name and shares the token only.

    `clock`, for tests: a function like `time.time`, which returns Unix seconds and is called as each call begins.
    Pass `clock=lambda: time.time()` with freezegun or time-machine: `time.time` itself may be the real one, looked
    up before the time was frozen. It is used until the platform's clock is learned from the first response;
    time-outs and waits are not affected.
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
        timezone: str | tzinfo = "UTC+8",
        proxy: str | None = None,
        ca_pem: str | bytes | PathLike[str] | None = None,
        allow_plain_http: Iterable[str] = (),
        store: _Store | None = None,
        token_store: _Store | None = None,
        clock: _Clock | None = None,
    ) -> Self: ...
    @classmethod
    def relay(
        cls,
        url: str,
        session: _Session,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        max_retries: int = 2,
        language: Literal["en_US", "zh_CN"] | str = "en_US",
        timezone: str | tzinfo = "UTC+8",
        proxy: str | None = None,
        ca_pem: str | bytes | PathLike[str] | None = None,
        allow_plain_http: Iterable[str] = (),
        clock: _Clock | None = None,
    ) -> Self:
        """Creates a client that calls through the merchant's own relay (`keysecure.relay`), as an app on a customer's
        phone does: it holds no apiSecret. The resources, models and errors are the same; `access_token`, `call`,
        `webhook_verifier`, `simulation` and applying for a cardholder are a `ConfigError`. The `ensure_*` calls need
        no store, the relay has one.

        `url`: the address of the relay, `https`, or `http` to this machine. `session`: a function that returns the
        token of the user's session with that server, a `str` of printable ASCII, or `None` when nobody is signed in,
        which is an `AuthenticationError` with outcome `not_sent`. It is called before each request, on the thread of
        the call, with `False`; with `True` when the relay refused the token before, once a call. So it should return
        a token that it keeps, and fetch another one for `True`. An exception in it is the cause of the
        `AuthenticationError`, and is logged by type and place. It must not be `async`. A token that never changes
        may be passed as a `str`.

        The other settings are those of `Client`.
        """
    @classmethod
    def from_env(cls, **settings: Unpack[ClientFromEnv]) -> Self:
        """Creates a client from the environment variables `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set,
        `KEYSECURE_ENVIRONMENT`, `KEYSECURE_BASE_URL`, `KEYSECURE_APP_ID`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (a
        PEM text or a file's path), `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE`, read now. Keyword arguments are those
        of `Client`; one that is not `None` overrides the environment."""
    @property
    def cardholders(self) -> Cardholders:
        """The calls on cardholders and their verification."""
    @property
    def cards(self) -> Cards:
        """The calls on cards, packages and BINs."""
    @property
    def consumptions(self) -> Consumptions:
        """The calls on consumptions: purchases, fees, reversals and refunds."""
    @property
    def accounts(self) -> Accounts:
        """The calls on balances and transfers (credit mode)."""
    @property
    def pci(self) -> Pci:
        """The calls of the hosted card page."""
    @property
    def simulation(self) -> Simulation:
        """The simulation calls; refused in production."""
    def access_token(self) -> AccessToken:
        """Returns the access token in use, for diagnosis; one is fetched only when there is none. All calls manage the
        token themselves."""
    def doctor(self, card_no: str | None = None) -> Report:
        """Checks an integration: clock, reachability, Api-Key, IP whitelist, token, mode and, with the number of an
        activated card, PCI display and the AES scheme. Nothing is changed at the platform. `print()` the report."""
    def probe(
        self,
        card_no: str | None = None,
        *,
        webhook: tuple[dict[str, str], bytes] | None = None,
        simulate: bool = False,
    ) -> ProbeReport:
        """Examines what the platform's documentation leaves open, in the platform's sandbox environment. `print()` the
        report.

        It reads, looks up random references and makes requests that are refused before acting. With the number of an
        activated card it finds the AES scheme; with `webhook`, the headers and the body of a webhook as it was
        received, how webhooks are signed. `simulate=True` also simulates a purchase with the card. New access tokens
        are fetched, which may invalidate those of other processes. Refused in production.
        """
    def call(self, method: Literal["GET", "POST"], path: str, body: object = None) -> Any:
        """Makes any call of the platform, with its headers, rules and errors. Takes JSON-like values and returns the
        `data` of the response, numbers with a fraction as `Decimal`.

        The `body` is sent exactly: an int with all its digits, a `Decimal` as text of plain digits (`"100"`, never
        `"1E+2"`), as the platform writes money. A float anywhere in it is refused, because it is not exact.

        `method` is `"GET"` or `"POST"`; `path` starts behind `/open-api`, such as `"/v1/card/list"`. A POST on a
        path that this version does not know is treated as a mutation: it is not sent again when its outcome is
        unknown.
        """
    def webhook_verifier(
        self,
        *,
        app_id: str = ...,
        secrets: str | Iterable[str] = ...,
        tolerance: float | timedelta = 300.0,
        store: _ReplayStore | None = None,
        replay_guard: _ReplayStore | bool | None = None,
        on_store_failure: Literal["reject", "accept"] = "reject",
        max_body: int = 65_536,
        clock: _Clock | None = None,
    ) -> WebhookVerifier:
        """Creates a verifier of this merchant's webhooks, with the `app_id` (else the Api-Key) and the apiSecret of the
        client. Keyword arguments are those of `WebhookVerifier`, such as `secrets=[current, previous]`. Without
        `clock` it uses the platform's clock as this client learns it from responses, at most two seconds behind, and
        this machine's clock before the first response."""
    def close(self) -> None:
        """Closes the client and its connections. Every later call is a `ConfigError`. Calls in progress are aborted; a
        mutation among them has outcome `unknown`."""
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
        """Applies for a cardholder, or updates the one with `cardholder_no`.

        `cardholder_unique_no` is the merchant reference, `sumsub_share_token` the token of the identity check.
        Codes: 2001 exists already, 2003 verified already, 2006 no KYC information, 2011 the merchant reference does
        not match.
        """
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
        """Applies for a cardholder exactly once, whatever happened before. The merchant reference is
        `cardholder_unique_no`.

        The client needs a `store`, which records each attempt before it is sent and leases the reference to one
        worker; without one this is a `ConfigError`. A reference that was never sent is sent at once. One that may
        have been sent is looked up first, and sent only when it is provably absent. Call it again after any error:
        that is safe.

        `settle`: seconds after the last attempt before "not found" counts as absence (default 10, or 120 over a
        proxy). `deadline`: the most seconds that the call takes, more than `settle`; an `InvalidInputError`
        otherwise (default 60, or 180 over a proxy). `since`: the earliest time at which the reference may have been
        sent, a datetime with a time zone or a date, which begins in the client's `timezone` (default: 90 days ago);
        not in the future. `first_attempt=True` states that the reference was never sent before (default `False`).
        `on_store_failure`, when the store cannot be reached: `"reject"` (default) fails with outcome `not_sent`;
        `"accept"` continues with the memory of this process alone, while another worker may do the same.
        """
    def list(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        cardholder_unique_no: str | None = None,
    ) -> Pager[Cardholder]:
        """Iterates over all cardholders of a time window of any length (by application time), newest first, page by
        page.

        `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the
        client's `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before
        you use `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
        """
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
        """Returns one page of the cardholders of a window of at most 90 days.

        `page` counts from 0; `size` is at most 100 rows.
        """
    def get(self, cardholder_no: str) -> Cardholder:
        """Returns one cardholder, with balance and cards. Code 2002: does not exist."""

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
        """Applies for a card. The response confirms the application, not that the card is issued.

        `card_unique_no` is the merchant reference, `card_type` `"Virtual"` or `"Physical"`. Credit mode needs
        `package_no`, authorization mode `card_bin_no`. A physical card needs `address_info`, an `Address` or a dict.
        """
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
        """Applies for a card exactly once, whatever happened before. The merchant reference is `card_unique_no`.

        The client needs a `store`, which records each attempt before it is sent and leases the reference to one
        worker; without one this is a `ConfigError`. A reference that was never sent is sent at once. One that may
        have been sent is looked up first, and sent only when it is provably absent. Call it again after any error:
        that is safe.

        `settle`: seconds after the last attempt before "not found" counts as absence (default 10, or 120 over a
        proxy). `deadline`: the most seconds that the call takes, more than `settle`; an `InvalidInputError`
        otherwise (default 60, or 180 over a proxy). `since`: the earliest time at which the reference may have been
        sent, a datetime with a time zone or a date, which begins in the client's `timezone` (default: 90 days ago);
        not in the future. `first_attempt=True` states that the reference was never sent before (default `False`).
        `on_store_failure`, when the store cannot be reached: `"reject"` (default) fails with outcome `not_sent`;
        `"accept"` continues with the memory of this process alone, while another worker may do the same.
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
        """Iterates over all cards of a time window of any length (by application time), newest first, page by page.

        `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the
        client's `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before
        you use `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
        """
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
        """Returns one page of the cards of a window of at most 90 days.

        `page` counts from 0; `size` is at most 100 rows.
        """
    def get(self, card_no: str) -> Card:
        """Returns one card, with its fees and limits."""
    def private_info(self, card_no: str) -> CardSecrets:
        """Returns the PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the
        merchant."""
    def activate(
        self, *, card_no: str, cardholder_no: str, cvv: str, card_last_no: str, tap: str | None = None
    ) -> None:
        """Activates a physical card in status `ToActivate`.

        `cvv` is the plain CVV, three digits; it is encrypted before it is sent. `card_last_no` are the last four
        digits of the PAN.

        `tap`: one action of the user of an app; see `freeze`.
        """
    def update_status(self, *, card_no: str, status: _CardStatus, tap: str | None = None) -> None:
        """Sets the status of a card to `"Frozen"`, `"Activated"` or `"Delete"`. Code 4005: the present status does not
        allow it.

        `tap`: one action of the user of an app; see `freeze`.
        """
    def freeze(self, card_no: str, *, tap: str | None = None) -> None:
        """Freezes an activated card; `unfreeze` activates it again.

        `tap`: one action of the user of an app, which a relay carries out once, however often it is sent. 1 to 64
        characters of printable ASCII without spaces, chosen when the user acts and kept until the result is known.
        Without it each call makes one. For a client of a relay only. A `ConflictError`: the tap belongs to another
        request, or what became of it is not known. The `outcome` of an error is that of this call, not of an earlier
        one with the tap.
        """
    def unfreeze(self, card_no: str, *, tap: str | None = None) -> None:
        """Activates a frozen card again.

        `tap`: one action of the user of an app; see `freeze`.
        """
    def delete(self, card_no: str, *, tap: str | None = None) -> None:
        """Deletes a card. This cannot be undone.

        `tap`: one action of the user of an app; see `freeze`.
        """
    def set_pin(self, *, card_no: str, cardholder_no: str, pin: str, tap: str | None = None) -> None:
        """Sets the PIN of a physical, activated card.

        `pin` is the plain PIN, six digits, no three neighbours identical, rising or falling by one; it is encrypted
        before it is sent.

        `tap`: one action of the user of an app; see `freeze`.
        """
    def packages(self, *, type: _CardType | None = None, package_no: str | None = None) -> Pager[Package]:
        """Iterates over the packages from which cards are opened in credit mode, page by page.

        `type` is `"Virtual"` or `"Physical"`.
        """
    def packages_page(
        self, *, page: int, size: int, type: _CardType | None = None, package_no: str | None = None
    ) -> Page[Package]:
        """Returns one page of the packages.

        `page` counts from 0; `size` is at most 100 rows.
        """
    def bins(self, card_bin_no: str | None = None) -> Pager[Bin]:
        """Iterates over the BINs from which cards are opened in authorization mode, page by page."""
    def bins_page(self, *, page: int, size: int, card_bin_no: str | None = None) -> Page[Bin]:
        """Returns one page of the BINs.

        `page` counts from 0; `size` is at most 100 rows.
        """

@final
class Consumptions:
    """The calls on consumptions: `client.consumptions`."""

    def get(self, consume_no: str) -> Consumption:
        """Returns one consumption, with its fees."""
    def list(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        card_no: str | None = None,
        consume_no: str | None = None,
    ) -> Pager[Consumption]:
        """Iterates over all consumptions of a time window of any length, newest first, page by page.

        `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the
        client's `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before
        you use `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
        """
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
        """Returns one page of the consumptions of a window of at most 90 days.

        `page` counts from 0; `size` is at most 100 rows.
        """

@final
class Accounts:
    """The calls on accounts: `client.accounts`."""

    def transfer(
        self, *, cardholder_no: str, transfer_unique_no: str, type: _TransferType, amount: _Money
    ) -> TransferResult:
        """Transfers money between the merchant and a cardholder.

        `type` is `"In"` (to the cardholder) or `"Out"` (back to the merchant). `amount` is in TUSDT: a `Decimal`, an
        int or a str, positive, at most 2 decimals; a float is refused. The call is never sent again while its
        outcome is unknown: use `ensure_transfer`, which is safe to call again.
        """
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
        """Makes a transfer exactly once, whatever happened before. Its merchant reference is `transfer_unique_no`.

        A transfer with the same reference but another cardholder, type or amount is a `ConflictError`.

        The client needs a `store`, which records each attempt before it is sent and leases the reference to one
        worker; without one this is a `ConfigError`. A reference that was never sent is sent at once. One that may
        have been sent is looked up first, and sent only when it is provably absent. Call it again after any error:
        that is safe.

        `settle`: seconds after the last attempt before "not found" counts as absence (default 10, or 120 over a
        proxy). `deadline`: the most seconds that the call takes, more than `settle`; an `InvalidInputError`
        otherwise (default 60, or 180 over a proxy). `since`: the earliest time at which the reference may have been
        sent, a datetime with a time zone or a date, which begins in the client's `timezone` (default: 90 days ago);
        not in the future. `first_attempt=True` states that the reference was never sent before (default `False`).
        `on_store_failure`, when the store cannot be reached: `"reject"` (default) fails with outcome `not_sent`;
        `"accept"` continues with the memory of this process alone, while another worker may do the same.
        """
    def get(self, cardholder_no: str) -> AccountInfo:
        """Returns the balances of a cardholder."""
    def transfers(
        self,
        *,
        start: _WindowBound,
        end: _WindowBound,
        cardholder_no: str | None = None,
        transfer_no: str | None = None,
        transfer_unique_no: str | None = None,
    ) -> Pager[TransferRecord]:
        """Iterates over all transfers of a time window of any length, newest first, page by page.

        `start` and `end`, both included, are datetimes with a time zone, or dates. A date is the whole day in the
        client's `timezone` (UTC+8 unless it is set), whatever the time zone of this machine is: see `Client` before
        you use `date.today()`. A `start` that has not begun there is an `InvalidInputError`.
        """
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
        """Returns one page of the transfers of a window of at most 90 days.

        `page` counts from 0; `size` is at most 100 rows.
        """

@final
class Pci:
    """The calls for the hosted card page: `client.pci`."""

    def client_token(self, card_no: str) -> ClientToken:
        """Returns a token for the hosted card page. Code 1013: PCI display is not enabled for the merchant."""
    def card_detail(
        self,
        *,
        client_access_token: str,
        origin: str,
        nonce: str,
        parent_origin: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> CardSecrets:
        """Makes the call of the hosted card page itself (inferred); a merchant's server does not need it.

        `origin` is that of the hosted page, `parent_origin` that of the merchant's page around it, `nonce` text that
        was never used before, `extra` a dict of further fields of the body.
        """

@final
class Simulation:
    """The simulation calls: `client.simulation`. Refused in production.

    All take the same keywords; each call names those that it needs. Their bodies are inferred: they have the fields
    of the webhook's data. Amounts are positive, with at most 2 decimals; `merchant_info` is a `MerchantInfo` or a
    dict, `fee_detail` an iterable of dicts with `fee_type` and `amount`, `time` a datetime with a time zone, `extra`
    a dict of further fields.
    """

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
        """Simulates a purchase that asks for approval. Needs `card_no` and `amount`."""
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
        """Clears a purchase: `Pending` becomes `Success`. Needs `consume_no`; `amount` may differ from the
        purchase's."""
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
        """Fails a purchase: `Pending` becomes `Fail`. Needs `consume_no`."""
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
        """Reverses an authorization. Needs `consume_relate_no`; without `amount` the whole amount."""
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
        """Refunds a cleared purchase. Needs `consume_relate_no`; without `amount` the whole amount."""

# --- results of calls ---

@final
class Pager(Generic[_T_co]):
    """An iterator over the rows of a list, newest first, which are fetched page by page. It is single-pass: a second
    loop continues where the first one ended.

    A failed request ends it: `failed` is then true, and every further `next()` raises. After two other errors, both
    an `InvalidResponseError`, it continues: a row without its number (the text names page and index), and a window
    of which rows may be missing. So a plain `for` loop never takes an incomplete list for a complete one. To read
    all other rows, continue:

        while True:
            try:
                row = next(rows, None)
            except InvalidResponseError as error:
                if rows.failed:
                    raise
                print(error)
                continue
            if row is None:
                break
            ...
    """

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def failed(self) -> bool:
        """Whether a request failed, which ended the iteration. After every other error it continues."""
    def __iter__(self) -> Iterator[_T_co]: ...
    def __next__(self) -> _T_co: ...
    def _next_page(self) -> list[_T_co]: ...

@final
class Page(Generic[_T_co]):
    """One page of a list."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def list(self) -> list[_T_co]:
        """The rows, newest first, at most `size` of them. Fewer usually mean that this is the last page; only an empty
        page is certain to be."""
    @property
    def extra(self) -> dict[str, Any]:
        """Further fields of the response, such as a `total`, if the platform sends any."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, Any]:
        """Returns a dict with `list`, whose rows are dicts too, and `extra`. `mode="json"` is for `json.dumps`."""
    def to_json(self) -> str:
        """Returns the page as JSON text in the platform's form, each row as its own `to_json` writes it."""
    def __iter__(self) -> Iterator[_T_co]: ...
    def __len__(self) -> int: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Ensured(Generic[_T_co]):
    """The result of an `ensure_*` call: a target that exists exactly once."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def value(self) -> _T_co:
        """The target: a transfer, a card or a cardholder. With `created=True` and a response to the request, it holds
        what the request and that response say: a transfer then has no status and no time, and a card or a cardholder
        is Pending. Otherwise, also when the response was lost, it is the row of the platform's list."""
    @property
    def created(self) -> bool:
        """Whether this call created the target, also when the response to its request was lost; otherwise it was
        found."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, Any]:
        """Returns a dict with `value`, which is a dict too, and `created`. `mode="json"` is for `json.dumps`."""
    def to_json(self) -> str:
        """Returns `value` and `created` as JSON text, `value` as its own `to_json` writes it."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class CheckResult:
    """The result of one check of the doctor."""

    @property
    def check(self) -> Check:
        """The name of the check, such as `"ip_whitelist"`."""
    @property
    def status(self) -> CheckStatus:
        """The status: `"pass"`; `"warn"`: passed, with advice; `"fail"`; `"unfinished"`: could not be made, because an
        earlier check failed or the platform was busy; `"skipped"`: not asked for, it needs a card number."""
    @property
    @deprecated("use status, one of pass, warn, fail, unfinished, skipped")
    def health(self) -> Literal["good", "warning", "bad", "skipped"]:
        """Deprecated: use `status`. The values are those of earlier versions: `"good"`, `"warning"`, `"bad"`,
        `"skipped"`."""
    @property
    def found(self) -> str:
        """The observation, in words."""
    @property
    def advice(self) -> str:
        """The next step; empty when there is none."""
    @property
    def settings(self) -> list[Setting]:
        """The keyword arguments of `Client` that the advice concerns, the likeliest first, such as `["ca_pem"]`."""
    @property
    def value(self) -> str | None:
        """The value to give the first of `settings`, when it is known, such as `"md5/cbc"` for `aes`."""
    @property
    def code(self) -> int | None:
        """The code in the platform's response, when there was one."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, Any]:
        """Returns the result as a dict of its fields, which are the same in either mode."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Report:
    """The results of all checks, in order. `print(report)` shows them as a table."""

    @property
    def environment(self) -> Environment:
        """The environment that was examined: `"sandbox"` or `"production"`."""
    @property
    def base_url(self) -> str:
        """The address that was examined."""
    @property
    def api_key(self) -> str:
        """The Api-Key that was examined, masked: at most its first and its last four characters."""
    @property
    def findings(self) -> list[CheckResult]:
        """The results, one for each check."""
    @property
    def is_healthy(self) -> bool:
        """Whether every check that was asked for was made, and none failed. Warnings do not count."""
    @property
    def is_complete(self) -> bool:
        """Whether every check that was asked for was made: none is `"unfinished"`."""
    @property
    def summary(self) -> str:
        """The result of all checks in one sentence."""
    def of(self, check: Check) -> CheckResult | None:
        """Returns the result of one check, such as `"clock"`; `None` for an unknown check."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, Any]:
        """Returns the report as a dict of its fields, with `findings` as a list of dicts. It is the same in either
        mode."""
    def to_json(self) -> str:
        """Returns the report as a JSON object, with the fields of `to_dict`."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ProbeFinding:
    """What the probe found about one inference."""
    @property
    def inference(self) -> str:
        """The name of the inference, such as `"aes_key"`. `docs/inferred.md` of the project describes them."""
    @property
    def verdict(self) -> Literal["confirmed", "refuted", "not_seen"]:
        """`"confirmed"`, `"refuted"` or `"not_seen"`."""
    @property
    def found(self) -> str:
        """What was seen, in words. It holds no value of the platform."""
    @property
    def setting(self) -> str | None:
        """The keyword argument of `Client` that follows from it, such as `"aes"`."""
    @property
    def value(self) -> str | None:
        """The value of `setting`, such as `"md5/cbc"`."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ProbeReport:
    """The findings of the probe, one for each inference, and a recording without values. `print(report)` shows it as
    text."""
    @property
    def environment(self) -> Environment:
        """The environment that was examined: `"sandbox"`."""
    @property
    def findings(self) -> list[ProbeFinding]:
        """The findings, in a fixed order."""
    @property
    def settings(self) -> dict[str, str]:
        """The keyword arguments of `Client` that follow from the findings, as a dict of texts. Empty: the defaults are
        right."""
    @property
    def recording(self) -> str:
        """The exchanges as JSON text: names of keys and kinds of values, codes and HTTP statuses."""
    def of(self, inference: str) -> ProbeFinding | None:
        """Returns the finding on an inference, such as `"page_cap"`; `None` for an unknown one."""
    def to_json(self) -> str:
        """Returns the report as a JSON object with `version`, `environment`, `findings`, `settings` and `recording`."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Address:
    """The address of a cardholder, in English letters.

    A physical card needs every field but `address_line2`. A virtual card needs `postal_code`, `country`, `state`,
    `city` and `address_line1` only.
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
    def postal_code(self) -> str:
        """Postal code, in the form of the country."""
    @property
    def country(self) -> str:
        """Country code of two letters."""
    @property
    def state(self) -> str:
        """State or province."""
    @property
    def city(self) -> str:
        """City."""
    @property
    def address_line1(self) -> str:
        """Street and number."""
    @property
    def first_name(self) -> str | None:
        """Given name; needed for a physical card."""
    @property
    def last_name(self) -> str | None:
        """Family name; needed for a physical card."""
    @property
    def phone_code(self) -> str | None:
        """Country code of the phone number, digits without `+`; needed for a physical card."""
    @property
    def phone(self) -> str | None:
        """Phone number without its country code; needed for a physical card."""
    @property
    def address_line2(self) -> str | None:
        """Second address line."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, str | None]:
        """Returns the address as a dict of its attributes. All of them are text in either mode."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

# --- secrets ---

@final
class CardSecrets:
    """The PAN, CVV and expiry of a card. The PAN prints masked, the CVV is hidden."""

    @property
    def card_no(self) -> str:
        """The platform's number of the card (not its PAN)."""
    @property
    def card_unique_no(self) -> str | None:
        """The merchant reference of the card."""
    @property
    def masked_pan(self) -> str:
        """The PAN with at most its first six and last four digits."""
    @property
    def exp_month(self) -> str:
        """The expiry month, two digits: `01` to `12`."""
    @property
    def exp_year(self) -> str:
        """The expiry year, four digits, such as `2028`."""
    def expose_pan(self) -> str:
        """Returns the whole PAN. Keep the str out of logs and storage: Python does not wipe it from memory."""
    def expose_cvv(self) -> str:
        """Returns the CVV, three digits. Keep the str out of logs and storage: Python does not wipe it from memory."""
    def to_dict(self, *, mode: _DictMode = "python") -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> NoReturn: ...
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class ClientToken:
    """A token with which the hosted card page shows one card, once."""

    @property
    def expires_in(self) -> int:
        """The lifetime, in seconds."""
    def expose(self) -> str:
        """Returns the token itself, for the hosted page."""
    def to_dict(self, *, mode: _DictMode = "python") -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> NoReturn: ...
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class AccessToken:
    """An access token and its expiry."""

    @property
    def expires_at(self) -> datetime:
        """The time at which the platform ends it."""
    def expose(self) -> str:
        """Returns the token itself."""
    def to_dict(self, *, mode: _DictMode = "python") -> NoReturn:
        """Refused: a dict would carry the secret."""
    def to_json(self) -> NoReturn:
        """Refused: JSON would carry the secret."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> NoReturn: ...
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

# --- stores ---

@final
class MemoryStore:
    """Tokens, attempts and webhooks in the memory of this process: `Client(..., store="memory")`.

    Use it when this process is the only one that works on its merchant references: it knows nothing of other
    processes, nor of an earlier run. So the `ensure_*` calls wait `settle` for each reference without
    `first_attempt=True`. A forked child starts with an empty store. `MemoryStore()` creates a separate store; the
    text `"memory"` names one that the whole process shares.
    """

    def __new__(cls) -> Self: ...

@final
class FileStore:
    """Tokens, attempts and webhooks in a directory, for all processes of one user on one machine.

    The directory is created when it is missing. It must belong to the user alone (mode 0700) and be on a local file
    system. Windows: nothing checks the permissions, which the directory inherits; choose one that other users cannot
    read, such as one below `%LOCALAPPDATA%`. Pass the store to `Client(store=...)` and to
    `WebhookVerifier(store=...)`. Keep the directory: a reference that was paid long ago must not look new.
    """

    def __new__(cls, directory: str | PathLike[str]) -> Self: ...

@final
class RedisStore:
    """Tokens, attempts and webhooks in Redis, version 5 or later, for any number of machines.

    `url` is `redis://:password@host:6379/0` or `redis+unix:///run/redis.sock`; there is no TLS: use a private
    network. The constructor sends nothing. `timeout` is the most seconds that one operation takes (1.0). The record
    of attempts is as durable as that Redis: use `appendonly yes`, `appendfsync always` and `maxmemory-policy
    noeviction`.
    """

    def __new__(cls, url: str, *, timeout: float = 1.0) -> Self: ...
    def __reduce__(self) -> NoReturn: ...

@final
class MemoryTokenStore:
    """An access token that the clients of one process share: `Client(..., store=store)`.

    It keeps clients of one merchant in one process from invalidating each other's token, and nothing else: see
    `MemoryStore`.
    """

    def __new__(cls) -> Self: ...

@final
class MemoryReplayStore:
    """A record of the webhooks that one process accepted: `WebhookVerifier(..., store=store)`.

    It holds at most `capacity` webhooks; a full store forgets the oldest, which are the next to be refused by their
    age.
    """

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

    `app_id` is the Api-Key and the current one of `secrets` the apiSecret (both inferred); pass several secrets, as
    a list, while one is replaced. `tolerance` is how far the timestamp may be from this machine's clock, either way:
    seconds (300) or a timedelta; zero means exact. `max_body` is the largest body that is read, in bytes (64 KiB, at
    most 1 MiB). `clock` replaces this machine's clock: a function like `time.time`, which returns Unix seconds and
    is called for each webhook; pass `clock=lambda: time.time()` with freezegun or time-machine.
    `Client.webhook_verifier()` makes a verifier with the clock of the platform, as the client learned it.

    `store` rejects webhooks that were accepted before and keeps the decision on each purchase: `"memory"`,
    `"file:/var/lib/shop"`, `"redis://host"`, a `MemoryStore`, a `FileStore`, a `RedisStore`, a `MemoryReplayStore`,
    or an object of your own with the methods of `keysecure.stores.ReplayStore`. Share one among all workers: the one
    of the client. The exceptions of an object of your own are logged, by type and place, and count as an outage.

    `on_store_failure`, when the store cannot be reached: `"reject"` (default) rejects the webhook, so that it comes
    again; `"accept"` accepts it without the check. Deprecated names: `when_unavailable` of `on_store_failure`,
    `replay_guard` of `store` (`True` there means the memory of this process).
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
        clock: _Clock | None = None,
    ) -> Self: ...
    @classmethod
    def from_env(cls, **settings: Unpack[VerifierFromEnv]) -> Self:
        """Creates a verifier from the environment variables `KEYSECURE_APP_ID` (else `KEYSECURE_API_KEY`),
        `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_STORE`, read now: the same ones as those of
        `Client.from_env`. Keyword arguments are those of `WebhookVerifier`; one that is not `None` overrides the
        environment, such as `secrets=[current, previous]`."""
    def ignore_timestamp(self) -> Self:
        """Returns the same verifier without the check of the timestamp. It accepts old webhooks again: use it to verify
        stored webhooks only."""
    def verify(self, headers: _Headers, body: _Body) -> VerifiedWebhook:
        """Verifies a webhook and types its data.

        `headers` is a mapping or an iterable of pairs, names and values as str or bytes (a list for a header that
        was sent several times); names are compared without regard to case. `body` is the raw body as bytes, before
        any parsing. Any input that a sender can make ends in a `VerifiedWebhook` or a `WebhookError`.
        """
    def verify_signature(self, headers: _Headers, body: _Body) -> SignatureMatch:
        """Verifies the signature and the age only: the data is not typed, and the store is not used."""
    def claim(self, headers: _Headers, body: _Body) -> Claim:
        """Verifies a webhook as `verify` does and claims it: returns a `Claim`, for a `with` block that handles it. The
        same request, with the same timestamp and signature, is handled once, and again when it could not be handled.
        A redelivery with a new timestamp and signature is another request and is handled again: check the number and
        the status in the event.

        A `WebhookError` with `rejection` `"replayed"` means that the same request was handled before: reply with
        `verifier.reply_duplicate(body)`. `"in_progress"` means that another worker handles it now: respond with an
        HTTP error, so that it is delivered again. Without a store every webhook is new.
        """
    def reply_duplicate(self, body: _Body) -> bytes:
        """Returns the exact body for a webhook that was accepted before (`rejection` is `"replayed"`): a purchase gets
        its first reply again, everything else is accepted.

        While another worker makes that reply, this waits for it, 0.6 seconds at most. A purchase without a reply is
        declined.
        """
    @staticmethod
    def parse_unverified(body: _Body) -> _Event:
        """Types the data of a webhook **without verifying it**: for stored webhooks and tests. Anybody may have sent
        it."""
    def sign_for_tests(self, timestamp: datetime, body: _Body) -> dict[str, str]:
        """Returns the headers that the platform would send with this body, signed with the first secret: for tests.
        `timestamp` is a datetime with a time zone."""
    @deprecated("use ignore_timestamp")
    def accepting_any_age(self) -> Self:
        """Deprecated: use `ignore_timestamp`."""
    @deprecated("use reply_duplicate")
    def reply_again(self, body: _Body) -> bytes:
        """Deprecated: use `reply_duplicate`."""
    def _claim(self, headers: _Headers, body: _Body, waited: float) -> Claim: ...
    @property
    def _may_wait(self) -> bool: ...
    @property
    def _max_body(self) -> int: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Claim:
    """The exclusive right to handle a webhook, from `WebhookVerifier.claim`:

        with verifier.claim(headers, body) as received:
            handle(received.event)

    When the block ends without an exception the webhook is recorded as handled; when it raises, the claim is
    released and the next delivery is new. So a webhook is handled at least once; handlers should be harmless when
    run twice. The claims of a worker that is killed end after a minute (in a `FileStore` after up to two). `Auth`
    webhooks are recorded at once: the platform does not wait for a second reply to a purchase.
    """

    @property
    def received(self) -> VerifiedWebhook:
        """The verified webhook."""
    def finish(self) -> bool:
        """Records the webhook as handled and ends the claim. Returns `False` when the store could not be reached: the
        webhook was handled, so accept it; a replay of it would be handled again."""
    def release(self) -> None:
        """Ends the claim without recording the webhook: the next delivery is new. An exception in the `with` block does
        the same."""
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
    """A webhook whose signature is valid."""

    @property
    def id(self) -> str:
        """The platform's id of the webhook. It is not signed: do not rely on it alone."""
    @property
    def action(self) -> Literal["Auth", "Consumption", "Card_update"] | str:
        """The platform's name of the action, such as `"Consumption"`. It is not signed, but the data is checked against
        it."""
    @property
    def event(self) -> _Event:
        """The typed data: an `AuthEvent`, a `ConsumptionEvent`, a `CardUpdateEvent` or an `UnknownEvent`."""
    @property
    def sent_at(self) -> datetime:
        """The time of sending, from the signed timestamp."""
    @property
    def received_at(self) -> datetime:
        """The time of verification, by the clock of the verifier."""
    @property
    def reply_before(self) -> float:
        """The deadline of the reply to an `Auth` webhook, on the scale of `time.monotonic()`."""
    @property
    @deprecated("use reply_before")
    def answer_before(self) -> float:
        """Deprecated: use `reply_before`."""
    @property
    def time_left(self) -> float:
        """Seconds left to reply to an `Auth` webhook, by the clock of this machine; below zero when it is too late."""
    @property
    def secret_index(self) -> int:
        """The index of the verifier's secret that signed it, from 0."""
    @property
    @deprecated("use secret_index")
    def secret(self) -> int:
        """Deprecated: use `secret_index`."""
    @property
    def form(self) -> str:
        """The canonical form that was signed, such as `"fastjson1/hash"`."""
    def __reduce__(self) -> NoReturn: ...
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class SignatureMatch:
    """Proof that a signature is valid; the data is not typed."""

    @property
    def secret_index(self) -> int:
        """The index of the verifier's secret that signed it, from 0."""
    @property
    @deprecated("use secret_index")
    def secret(self) -> int:
        """Deprecated: use `secret_index`."""
    @property
    def form(self) -> str:
        """The canonical form that was signed, such as `"fastjson1/hash"`."""
    def __eq__(self, value: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class UnknownEvent:
    """A webhook with an action, or a form of its data, that this version does not know. Its signature is valid."""

    @property
    def action(self) -> str:
        """The platform's name of the action."""
    @property
    def data(self) -> Any:
        """The data as a dict, numbers with a fraction as `Decimal`. A value that Python cannot hold, such as a number
        with an exponent of a billion, is a `WebhookError`; `to_json()` returns it."""
    def to_dict(self, *, mode: _DictMode = "python") -> dict[str, Any]:
        """Returns a dict with `action` and `data`. `mode="json"` is for `json.dumps`: a `Decimal` becomes text."""
    def to_json(self) -> str:
        """Returns the data as JSON text, exactly as it was received."""
    @classmethod
    def from_json(cls, action: str, text: str) -> Self:
        """Creates an event from an action and its data as JSON text, such as `to_json` returns."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Responder:
    """Runs your decision on purchases, once for each, and replies in time, whatever the decision does.

    `decide(event)` gets an `AuthEvent` and returns `True` to approve, or `False` or a message to decline.
    `numpy.bool_` and the integers 1 and 0 are decisions too; anything else is an error that names its type. It runs
    on a separate thread, which is a greenlet where gevent or eventlet has patched threads. The platform waits 800
    ms; when `budget` seconds (0.6, at most 0.8) after the verification there is no decision, or it raised, the reply
    is `default`: `"decline"` (default) or `"accept"`. A late decision is not stopped; its result is dropped. A reply
    that would leave more than 800 ms after the webhook arrived declines, whatever was decided.

    A purchase is decided once by its `consume_no`, and its first reply is repeated for 24 hours, whatever the
    signature: among all workers that share the `store` of the verifier, else in this responder. When the store
    cannot be reached the purchase is declined, or with the verifier's `on_store_failure="accept"` decided by this
    responder alone.

    The logger `keysecure` gets each approval at INFO, each decline and late decision at WARNING with its reason, and
    each decision that failed at ERROR, with the type and the place of its exception; all with the `consume_no` and
    the milliseconds since the webhook arrived. `on_error` gets the exception itself, such as
    `sentry_sdk.capture_exception`, and an `InvalidInputError` for a value that is no decision; what it raises is
    logged and changes no reply.
    """

    def __new__(
        cls,
        decide: Callable[[AuthEvent], bool | str],
        *,
        default: Literal["decline", "accept"] = "decline",
        budget: float = 0.6,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Self: ...
    @staticmethod
    def _undecided(
        *, default: Literal["decline", "accept"] | None = None, budget: float | None = None
    ) -> Responder: ...
    def respond(self, received: VerifiedWebhook) -> bytes:
        """Returns the body of the reply. Anything but a purchase is accepted at once; a purchase of an unknown form
        gets the default."""
    def _respond(self, received: VerifiedWebhook, decide: Callable[[AuthEvent], bool | str] | None = None) -> bytes: ...

def reply_accept() -> bytes:
    """Returns the exact body that accepts a webhook: `{"code":0,"message":""}`."""

def reply_duplicate(body: _Body) -> bytes:
    """Returns the exact body for a webhook that was handled before (`rejection` is `"replayed"`): it is accepted again.
    A purchase is declined, because it may be decided only once; `WebhookVerifier.reply_duplicate` repeats the first
    reply instead."""

def reply_decline(message: str) -> bytes:
    """Returns the exact body that declines; the platform requires a message."""

# --- the relay ---

@final
class Relay:
    """Serves apps that hold no secret, with the merchant's client: `Relay(client, authorize)`. See `keysecure.relay`.

    `client` is a `keysecure.Client` with a `store`. `authorize(request)` is the merchant's own code: it reads the
    session of a request (`request.bearer`, a cookie in `request.headers`, a client certificate in `request.context`)
    and returns the `Scope` of the session, or `None` to refuse the request. An exception in it refuses the request
    too and is logged by type and place. It is called for every request, on the thread of the request, so it should
    be fast. With `relay.asgi` it may be `async`.

    `mount`: the path under which the server passes requests on, such as `"/relay"` for `/relay/v1/cards.get`; the
    root unless set. `audit`: a plain function that gets an `AuditRecord` of each request, also of those that are
    refused; it should return soon, and its exceptions are logged by type and place. `max_request_bytes`: the largest
    body of a request, at most 1 MiB. `requests_per_second`: how many requests a session may make each second on
    average, in each process; at once it may make twice as many. `concurrent_requests`: how many requests of a
    session are served at the same time. All sessions of a cardholder together have three times these limits.
    `events`: where the events of cardholders are kept for apps that connect again, `"memory"` (default) or, when
    several processes serve the relay, a `RedisStore` or its URL (`"redis://host"`): each app then gets what any of
    them publishes. `events_kept`: how many events of each cardholder are kept, for one hour. `stream_lasts`: seconds
    after which a stream of events ends, so that its session is authorized again.

    A relay works in forked children too; each process has rate limits of its own, and events of its own unless they
    are in Redis.
    """

    def __new__(
        cls,
        client: Client,
        authorize: Callable[[RelayRequest], Scope | None] | Callable[[RelayRequest], Awaitable[Scope | None]],
        *,
        mount: str = "",
        audit: Callable[[AuditRecord], object] | None = None,
        max_request_bytes: int = 16384,
        requests_per_second: int = 20,
        concurrent_requests: int = 16,
        events: Literal["memory"] | str | RedisStore = "memory",
        events_kept: int = 100,
        stream_lasts: float = 300.0,
    ) -> Self: ...
    def handle(
        self, method: str, path: str, headers: _Headers, body: _Body = b"", *, context: object = None
    ) -> RelayResponse:
        """Serves a request without a framework and returns the `RelayResponse`. It never raises for what an app sent.

        `method` in capital letters; `path` as it was received, not decoded, with its query if there is one;
        `headers`: all of them, as a mapping or as pairs; `body`: the raw bytes, of which no more than one byte more
        than `max_request_bytes` need to be read. `context` is passed on to `authorize` as `request.context`.

        It blocks for as long as its call takes, at most for the client's timeout, or the deadline of an exactly-once
        call (180 s).
        """
    def is_events(self, method: str, path: str) -> bool:
        """Whether a request is for the stream of events: a `GET` of exactly its path."""
    def events(self, path: str, headers: _Headers, *, context: object = None) -> EventStream | RelayResponse:
        """Opens the stream of a session's events: the webhooks that `publish` received for its cardholder. Returns an
        `EventStream`, or the `RelayResponse` when the request is refused."""
    def publish(self, webhook: VerifiedWebhook | _Event) -> None:
        """Passes a webhook on to the apps of its cardholder: a `VerifiedWebhook`, or the event in it. Call it from the
        handler of verified webhooks. Without `events` in Redis only streams of this process get it.

        A webhook that does not say whose it is is looked up by its card, which may take up to 5 seconds if the card
        was not used within the last minute: reply to purchases first. One whose cardholder cannot be found, and one
        of an unknown action, is dropped with a record in the log.
        """
    @property
    def max_request_bytes(self) -> int:
        """The largest body of a request, in bytes."""
    @property
    def wsgi(self) -> WsgiApp:
        """A WSGI application that serves this relay: mount it in Flask or Django, or pass it to any WSGI server."""
    @property
    def asgi(self) -> AsgiApp:
        """An ASGI application (on asyncio) that serves this relay: mount it in `FastAPI` or Starlette, or pass it to
        any ASGI server. Calls run in threads of their own; streams of events need none."""
    @property
    def _watch(self) -> Watch: ...
    @property
    def _mount(self) -> str: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Scope:
    """What a session may do: one cardholder, and the operations that are granted for it. Nothing is granted by default.

    `cardholder_no`: the platform's number of the cardholder. `grants`: names of operations, such as `"cards.get"`;
    `keysecure.literals.Grant` lists them. An unknown name is a `ConfigError`. `read_only=True` grants the reads that
    show no secret of a card, and the events: not `cards.private_info`, not `pci.client_token`. `max_transfer` and
    `max_per_day`: the largest amount of one transfer, and the largest sum of the cardholder's transfers in one day
    (UTC+8), in TUSDT, as `Decimal`, int or text; without both of them no transfer is granted. `max_cards_per_day`:
    how many cards the cardholder may apply for in one day, if `cards.apply` is granted. `session`: the name of the
    session for the rate limit and the audit records, which must not be the token of the session; the cardholder's
    number unless set.
    """

    def __new__(
        cls,
        cardholder_no: str,
        *,
        grants: Iterable[Grant] = (),
        read_only: bool = False,
        max_transfer: _Money | None = None,
        max_per_day: _Money | None = None,
        max_cards_per_day: int = 10,
        session: str | None = None,
    ) -> Self: ...
    @property
    def cardholder_no(self) -> str:
        """The cardholder's number."""
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class EventStream:
    """The webhooks of a session's cardholder as server-sent events, of `Relay.events`.

    Respond with status 200 and its `headers`, and send each chunk as it comes, without a `Content-Length`. Iterating
    waits for the next chunk, at most 15 seconds (then a comment comes), and ends when the session is due to be
    authorized again: the app then connects again. Close it when the app has gone.
    """

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of the response, as pairs of name and value."""
    def poll(self) -> bytes | None:
        """Returns the next chunk if there is one now, otherwise `b""`; `None` when the stream has ended. It never
        waits."""
    def close(self) -> None:
        """Ends the stream."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

# --- models ---

@type_check_only
class _Model:
    """The methods of every object of a response. It compares by value and cannot be changed."""

    @property
    def extra(self) -> dict[str, Any]:
        """Fields of the response that this version does not know, as a dict."""
    def to_dict(self, *, mode: _DictMode = "python", extra: bool = True) -> dict[str, Any]:
        """The object as a dict of its attributes; objects inside become dicts too. With `mode="json"` for `json.dumps`:
        an amount is text, a time is text in ISO 8601. With `extra=False` neither it nor an object inside has the
        field `extra`: for tables, such as Parquet's, which take no empty object."""
    def to_json(self) -> str:
        """The object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
        `extra`."""
    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads the object from JSON text in the platform's form, such as `to_json` writes."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

# --- models and constants: written by stubs.py from the core; do not edit ---

_CardStatus: TypeAlias = Literal["Pending", "ToActivate", "Activated", "Fail", "Frozen", "Delete"] | str

@final
class CardStatus:
    """Lifecycle status of a card (platform documentation, constants 8.2). The platform may add values: each is a plain
    str."""

    PENDING: Final = "Pending"
    """Applied for or in production; not issued yet."""
    TO_ACTIVATE: Final = "ToActivate"
    """Physical card that must be activated with its CVV."""
    ACTIVATED: Final = "Activated"
    """In use."""
    FAIL: Final = "Fail"
    """The platform could not issue the card."""
    FROZEN: Final = "Frozen"
    """Frozen. It can be unfrozen."""
    DELETE: Final = "Delete"
    """Cancelled. This status is final."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

_CardType: TypeAlias = Literal["Virtual", "Physical"] | str

@final
class CardType:
    """Type of a card: virtual or physical (platform documentation, constants 8.3). The platform may add values: each is
    a plain str."""

    VIRTUAL: Final = "Virtual"
    """Card number without a plastic card."""
    PHYSICAL: Final = "Physical"
    """Plastic card, sent by mail."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

@final
class CardholderStatus:
    """Status of a cardholder's identity verification (platform documentation, constants 8.8). The platform may add
    values: each is a plain str."""

    PENDING: Final = "Pending"
    """The review has not started."""
    IN_PROGRESS: Final = "In_progress"
    """Under review."""
    APPROVED: Final = "Approved"
    """Verified: cards can be applied for."""
    REJECTED: Final = "Rejected"
    """The verification failed."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

_ConsumptionType: TypeAlias = Literal["Open_card", "Consumption", "Atm", "Manage_fee", "Reversal", "Refund"] | str

@final
class ConsumptionType:
    """Type of a consumption (platform documentation, constants 8.4). The platform may add values: each is a plain
    str."""

    OPEN_CARD: Final = "Open_card"
    """Fee for opening a card."""
    CONSUMPTION: Final = "Consumption"
    """Purchase."""
    ATM: Final = "Atm"
    """ATM withdrawal."""
    MANAGE_FEE: Final = "Manage_fee"
    """Management fee."""
    REVERSAL: Final = "Reversal"
    """Reversal of an authorization before clearing, or a chargeback."""
    REFUND: Final = "Refund"
    """Refund of a cleared purchase."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

@final
class FeeType:
    """Type of a fee (platform documentation, constants 8.5). The platform may add values: each is a plain str."""

    CONSUME_FEE: Final = "Consume_fee"
    """Fee of a purchase."""
    APPLE_AUTH_FEE: Final = "Apple_auth_fee"
    """Fee of an Apple Pay authorization."""
    AUTH_FEE: Final = "Auth_fee"
    """Fee of an authorization."""
    ATM_FEE: Final = "Atm_fee"
    """Fee of an ATM withdrawal."""
    EXCHANGE_FEE: Final = "Exchange_fee"
    """Currency exchange fee."""
    DECLINE_FEE: Final = "Decline_fee"
    """Fee of a declined purchase."""
    SMALL_FEE: Final = "Small_fee"
    """Fee of a small purchase."""
    REFUND_FEE: Final = "Refund_fee"
    """Fee of a refund."""
    CANCEL_FEE: Final = "Cancel_fee"
    """Fee of a cancelled purchase."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

@final
class FeeWaiver:
    """Type of a fee waiver (platform documentation, constants 8.7). The platform may add values: each is a plain
    str."""

    FOREVER: Final = "Forever"
    """The fee is never charged."""
    NONE: Final = "None"
    """The fee is not waived."""
    DAY: Final = "Day"
    """The fee is waived for a number of days."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

@final
class Status:
    """Status of a consumption or a transfer (platform documentation, constants 8.1). The platform may add values: each
    is a plain str."""

    PENDING: Final = "Pending"
    """Not final yet."""
    SUCCESS: Final = "Success"
    """Successful."""
    FAIL: Final = "Fail"
    """Failed."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

_TransferType: TypeAlias = Literal["In", "Out"] | str

@final
class TransferType:
    """Direction of a transfer (platform documentation, constants 8.9). The platform may add values: each is a plain
    str."""

    IN: Final = "In"
    """From the merchant to the cardholder."""
    OUT: Final = "Out"
    """From the cardholder back to the merchant."""
    KNOWN: Final[tuple[str, ...]]
    """All values that this version knows."""
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...

@final
class Account(_Model):
    """Account of a cardholder in one currency."""

    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def symbol(self) -> str | None:
        """Currency."""
    @property
    def symbol_chain(self) -> str | None:
        """Currency with its blockchain."""
    @property
    def balance(self) -> Decimal | None:
        """Balance in the currency of the account."""
    @property
    def usd_balance(self) -> Decimal | None:
        """Balance in USD."""
    @property
    def bonus_balance(self) -> Decimal | None:
        """Bonus balance in the currency of the account."""
    @property
    def usd_bonus_balance(self) -> Decimal | None:
        """Bonus balance in USD."""

@final
class AccountInfo(_Model):
    """Accounts of a cardholder (platform documentation, account)."""

    @property
    def list(self) -> list[Account]:
        """One account for each currency."""

@final
class AuthEvent(_Model):
    """Request to approve a purchase (action `Auth`, authorization mode). The platform waits 800 ms for the reply."""

    @property
    def consume_no(self) -> str:
        """Consumption number assigned by the platform."""
    @property
    def card_no(self) -> str:
        """Number of the card."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def type(self) -> str | None:
        """Type of the consumption."""
    @property
    def amount(self) -> Decimal:
        """Amount in the currency of the card."""
    @property
    def local_amount(self) -> Decimal | None:
        """Amount in the currency of the purchase, `local_currency`."""
    @property
    def local_currency(self) -> str | None:
        """Currency of `local_amount`."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """The merchant where the card is used."""
    @property
    def status(self) -> str | None:
        """Always `Pending`."""
    @property
    def time(self) -> datetime | None:
        """Time of sending."""

@final
class Bin(_Model):
    """BIN that cards are opened from in authorization mode (platform documentation, supported BINs)."""

    @property
    def card_bin_no(self) -> str:
        """Number of the BIN assigned by the platform."""
    @property
    def card_bin(self) -> str | None:
        """First digits of the PAN of its cards."""
    @property
    def organization(self) -> str | None:
        """Card scheme, such as `VISA`."""
    @property
    def support_physical(self) -> bool | None:
        """Whether physical cards can be opened from it."""
    @property
    def support_virtual(self) -> bool | None:
        """Whether virtual cards can be opened from it."""
    @property
    def currencies(self) -> list[str]:
        """Currencies of its cards."""
    @property
    def balance_limit(self) -> Limits | None:
        """Limits of its cards."""

@final
class Card(_Model):
    """Card as returned by the card list and by card detail (platform documentation, card)."""

    @property
    def card_no(self) -> str:
        """Card number assigned by the platform. It is not the PAN."""
    @property
    def card_unique_no(self) -> str | None:
        """Merchant reference of the card."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def card_name(self) -> str | None:
        """Alias of the card. Returned by card detail only."""
    @property
    def package_name_en(self) -> str | None:
        """English name of the package. Returned by card detail only."""
    @property
    def package_name_cn(self) -> str | None:
        """Chinese name of the package. Returned by card detail only."""
    @property
    def card_type(self) -> str | None:
        """Virtual or physical."""
    @property
    def organization(self) -> str | None:
        """Card scheme, such as `VISA`."""
    @property
    def card_last_no(self) -> str | None:
        """Last four digits of the PAN."""
    @property
    def status(self) -> str:
        """Lifecycle status. `Unknown` with an empty text if the response has none."""
    @property
    def fee_detail(self) -> FeeSchedule | None:
        """Fees of the card. Returned by card detail only."""
    @property
    def time(self) -> datetime | None:
        """Time of the application."""

@final
class CardApplied(_Model):
    """Response to an application for a card. Card detail and the `Card_update` webhook show whether the card was
    issued."""

    @property
    def card_no(self) -> str:
        """Card number assigned by the platform. It is not the PAN."""
    @property
    def card_unique_no(self) -> str | None:
        """Merchant reference of the card, as echoed by the platform."""

@final
class CardUpdateEvent(_Model):
    """Change of a card's lifecycle status (action `Card_update`). The platform may also send it on its own initiative,
    for example when it cancels a card whose management fee cannot be charged."""

    @property
    def card_no(self) -> str:
        """Number of the card."""
    @property
    def before_status(self) -> str | None:
        """Lifecycle status before the change."""
    @property
    def after_status(self) -> str:
        """Lifecycle status after the change."""
    @property
    def reason(self) -> str | None:
        """Reason of the change."""
    @property
    def time(self) -> datetime | None:
        """Time of the change."""

@final
class Cardholder(_Model):
    """Cardholder as returned by the cardholder list and by cardholder detail (platform documentation, cardholder)."""

    @property
    def cardholder_no(self) -> str:
        """Cardholder number assigned by the platform."""
    @property
    def cardholder_unique_no(self) -> str | None:
        """Merchant reference of the cardholder."""
    @property
    def email(self) -> str | None:
        """Email address."""
    @property
    def status(self) -> str:
        """Status of the identity verification. `Unknown` with an empty text if the response has none."""
    @property
    def fail_reason(self) -> str | None:
        """Reason for a failed verification. Returned by the list only."""
    @property
    def total_balance(self) -> Decimal | None:
        """Total balance of all accounts in USD. Returned by cardholder detail only."""
    @property
    def card_list(self) -> list[CardholderCard]:
        """Issued cards. Returned by cardholder detail only."""
    @property
    def time(self) -> datetime | None:
        """Time of the application."""

@final
class CardholderApplied(_Model):
    """Response to an application for a cardholder."""

    @property
    def cardholder_no(self) -> str:
        """Cardholder number assigned by the platform."""
    @property
    def cardholder_unique_no(self) -> str | None:
        """Merchant reference of the cardholder, as echoed by the platform."""

@final
class CardholderCard(_Model):
    """Card in the card list of a cardholder. The platform documents its number only; other fields are in `extra`."""

    @property
    def card_no(self) -> str:
        """Card number assigned by the platform. It is not the PAN."""
    @property
    def status(self) -> str | None:
        """Lifecycle status of the card (inferred)."""

@final
class Consumption(_Model):
    """Consumption as returned by the consumption list and by consumption detail (platform documentation, consumption).
    The list returns some of the fields only."""

    @property
    def consume_no(self) -> str:
        """Consumption number assigned by the platform."""
    @property
    def consume_relate_no(self) -> str | None:
        """Number of the consumption that this one reverses or refunds."""
    @property
    def card_no(self) -> str | None:
        """Number of the card."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def type(self) -> str | None:
        """Type of the consumption."""
    @property
    def status(self) -> str | None:
        """Status of the consumption."""
    @property
    def amount(self) -> Decimal | None:
        """Amount in the currency of the card."""
    @property
    def local_amount(self) -> Decimal | None:
        """Amount in the currency of the purchase, `local_currency`."""
    @property
    def local_currency(self) -> str | None:
        """Currency of `local_amount`."""
    @property
    def fee(self) -> Decimal | None:
        """Total of the fees in `fee_list`."""
    @property
    def fee_list(self) -> list[Fee]:
        """Fees of the consumption. The fields of a fee are inferred from the `Consumption` webhook."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """The merchant where the card was used (inferred)."""
    @property
    def remark(self) -> str | None:
        """Remark by the platform (inferred)."""
    @property
    def detail(self) -> str | None:
        """Description (inferred)."""
    @property
    def time(self) -> datetime | None:
        """Time of the consumption. In a webhook the field of the same name is the time of the record's last update."""

@final
class ConsumptionEvent(_Model):
    """Creation or change of a consumption (action `Consumption`): of its status or its fees. The platform sends several
    for one consumption."""

    @property
    def consume_no(self) -> str:
        """Consumption number assigned by the platform."""
    @property
    def consume_relate_no(self) -> str | None:
        """Number of the consumption that this one reverses or refunds."""
    @property
    def card_no(self) -> str | None:
        """Number of the card."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder."""
    @property
    def type(self) -> str | None:
        """Type of the consumption."""
    @property
    def status(self) -> str:
        """Status of the consumption."""
    @property
    def amount(self) -> Decimal | None:
        """Amount in the currency of the card."""
    @property
    def local_amount(self) -> Decimal | None:
        """Amount in the currency of the purchase, `local_currency`."""
    @property
    def local_currency(self) -> str | None:
        """Currency of `local_amount`."""
    @property
    def fee(self) -> Decimal | None:
        """Total of the fees in `fee_detail`."""
    @property
    def fee_detail(self) -> list[Fee]:
        """Fees of the consumption."""
    @property
    def merchant_info(self) -> MerchantInfo | None:
        """The merchant where the card was used. It may be absent in the first webhook of a consumption."""
    @property
    def remark(self) -> str | None:
        """Remark by the platform."""
    @property
    def detail(self) -> str | None:
        """Description."""
    @property
    def time(self) -> datetime | None:
        """Time of the record's last update, not of the purchase. Of two webhooks for one consumption the one with the
        larger time is newer."""

@final
class Fee(_Model):
    """Fee of a consumption."""

    @property
    def fee_type(self) -> str | None:
        """Type of the fee."""
    @property
    def amount(self) -> Decimal | None:
        """Amount of the fee."""

@final
class FeeSchedule(_Model):
    """Fees of a card or package (platform documentation, card detail and package list). The platform documents no
    units; rates and amounts are given as it sends them."""

    @property
    def consume_rate(self) -> Decimal | None:
        """Fee rate of a domestic purchase."""
    @property
    def open_cost(self) -> Decimal | None:
        """Fee for opening the card."""
    @property
    def cross_consume_rate(self) -> Decimal | None:
        """Fee rate of a purchase in any currency but USD."""
    @property
    def small_consume_threshold(self) -> Decimal | None:
        """Amount below which a purchase counts as small."""
    @property
    def small_consume_deduct(self) -> Decimal | None:
        """Fee of a small purchase."""
    @property
    def free_small_excuse_type(self) -> str | None:
        """Waiver of the fee of small purchases."""
    @property
    def free_small_consume_count(self) -> int | None:
        """Number of small purchases without a fee."""
    @property
    def free_small_excuse_days(self) -> int | None:
        """Number of days without a fee of small purchases."""
    @property
    def refund_rate(self) -> Decimal | None:
        """Fee rate of a refund."""
    @property
    def consume_cancle_fee(self) -> Decimal | None:
        """Fee of a cancelled purchase. The field name is the platform's spelling on the wire."""
    @property
    def consume_cancel_threshold(self) -> Decimal | None:
        """Amount from which a cancelled purchase is charged."""
    @property
    def decline_fee(self) -> Decimal | None:
        """Fee of a declined purchase."""
    @property
    def decline_fee_free_type(self) -> str | None:
        """Waiver of the fee of declined purchases."""
    @property
    def decline_fee_free_count(self) -> int | None:
        """Number of declined purchases without a fee."""
    @property
    def decline_fee_free_days(self) -> int | None:
        """Number of days without a fee of declined purchases."""
    @property
    def atm_rate(self) -> Decimal | None:
        """Fee rate of an ATM withdrawal."""
    @property
    def atm_min_fee(self) -> Decimal | None:
        """Minimum fee of an ATM withdrawal."""
    @property
    def apple_pay_fee(self) -> Decimal | None:
        """Fee of an Apple Pay authorization."""
    @property
    def manage_fee_type(self) -> str | None:
        """Charging method of the management fee."""
    @property
    def manage_fee(self) -> Decimal | None:
        """Management fee."""
    @property
    def management_fee_free_type(self) -> str | None:
        """Waiver of the management fee."""
    @property
    def free_management_fee_threshold(self) -> Decimal | None:
        """Amount from which the management fee is waived."""

@final
class Limits(_Model):
    """Limits of the cards of a package or BIN (platform documentation, card). The platform documents no units."""

    @property
    def limit_balance(self) -> Decimal | None:
        """Maximum balance."""
    @property
    def limit_week_balance(self) -> Decimal | None:
        """Maximum amount per week."""
    @property
    def limit_atm_day_balance(self) -> Decimal | None:
        """Maximum ATM withdrawals per day."""
    @property
    def limit_atm_month_balance(self) -> Decimal | None:
        """Maximum ATM withdrawals per month."""

@final
class MerchantInfo(_Model):
    """The merchant or ATM where the card was used."""

    @property
    def merchant_name(self) -> str | None:
        """Name."""
    @property
    def merchant_mcc(self) -> str | None:
        """Merchant category code (MCC), four digits."""
    @property
    def city(self) -> str | None:
        """City."""
    @property
    def country(self) -> str | None:
        """Country."""

@final
class Package(_Model):
    """Package that cards are opened from in credit mode (platform documentation, package list)."""

    @property
    def package_no(self) -> str:
        """Package number assigned by the platform."""
    @property
    def package_en_name(self) -> str | None:
        """English name."""
    @property
    def package_cn_name(self) -> str | None:
        """Chinese name."""
    @property
    def card_bin(self) -> str | None:
        """First digits of the PAN of its cards."""
    @property
    def card_bin_no(self) -> str | None:
        """Number of the BIN assigned by the platform."""
    @property
    def organization(self) -> str | None:
        """Card scheme, such as `VISA`."""
    @property
    def package_type(self) -> str | None:
        """Type of its cards."""
    @property
    def en_desc(self) -> str | None:
        """English description."""
    @property
    def cn_desc(self) -> str | None:
        """Chinese description."""
    @property
    def en_tag_list(self) -> list[str]:
        """English tags."""
    @property
    def cn_tag_list(self) -> list[str]:
        """Chinese tags."""
    @property
    def consumption_limit(self) -> Limits | None:
        """Limits of its cards."""
    @property
    def fee_detail(self) -> FeeSchedule | None:
        """Fees of its cards."""

@final
class SimulationResult(_Model):
    """Response to a simulation call (inferred)."""

    @property
    def consume_no(self) -> str | None:
        """Number of the consumption that was created or changed."""

@final
class TransferRecord(_Model):
    """Transfer as returned by the transfer list. The platform documents none of its fields."""

    @property
    def transfer_no(self) -> str:
        """Transfer number assigned by the platform."""
    @property
    def transfer_unique_no(self) -> str | None:
        """Merchant reference of the transfer (inferred)."""
    @property
    def cardholder_no(self) -> str | None:
        """The cardholder (inferred)."""
    @property
    def type(self) -> str | None:
        """Direction of the transfer (inferred)."""
    @property
    def amount(self) -> Decimal | None:
        """Amount in TUSDT (inferred). Its name in JSON is `balance`, as in the request body."""
    @property
    @deprecated("use amount")
    def balance(self) -> Decimal | None:
        """Deprecated: use `amount`."""
    @property
    def before_balance(self) -> Decimal | None:
        """Balance of the cardholder before the transfer, in TUSDT (inferred)."""
    @property
    def after_balance(self) -> Decimal | None:
        """Balance of the cardholder after the transfer, in TUSDT (inferred)."""
    @property
    def status(self) -> str | None:
        """Status of the transfer."""
    @property
    def time(self) -> datetime | None:
        """Time of the transfer (inferred)."""

@final
class TransferResult(_Model):
    """Response to a transfer (platform documentation, account)."""

    @property
    def transfer_no(self) -> str:
        """Transfer number assigned by the platform."""
    @property
    def transfer_unique_no(self) -> str | None:
        """Merchant reference of the transfer, as echoed by the platform."""
    @property
    def before_balance(self) -> Decimal | None:
        """Balance of the cardholder before the transfer, in TUSDT."""
    @property
    def after_balance(self) -> Decimal | None:
        """Balance of the cardholder after the transfer, in TUSDT."""

# --- end of models and constants ---

_HeaderValue: TypeAlias = str | bytes | list[str] | list[bytes] | tuple[str | bytes, ...] | None
_Headers: TypeAlias = _HasItems | Iterable[tuple[str | bytes, _HeaderValue]]
_Body: TypeAlias = bytes | bytearray | memoryview
_Event: TypeAlias = AuthEvent | ConsumptionEvent | CardUpdateEvent | UnknownEvent
