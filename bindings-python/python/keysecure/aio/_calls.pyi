"""Types of the calls. Written by `stubs.py` from `_native.pyi`."""

# pyright: reportPrivateUsage=false

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from os import PathLike
from typing import Any, Literal

from typing_extensions import Self, Unpack

from .._native import (
    AccessToken,
    AccountInfo,
    Address,
    Bin,
    Card,
    CardApplied,
    Cardholder,
    CardholderApplied,
    CardSecrets,
    Client,
    ClientToken,
    Consumption,
    Ensured,
    MerchantInfo,
    Package,
    Page,
    ProbeReport,
    Report,
    SimulationResult,
    TransferRecord,
    TransferResult,
    WebhookVerifier,
    _CardStatus,
    _CardType,
    _Clock,
    _ConsumptionType,
    _Money,
    _ReplayStore,
    _Session,
    _Store,
    _TransferType,
    _WindowBound,
)
from .._settings import ClientFromEnv
from ._call import OnCancelled
from ._pager import Pager
from ._threads import Threads

class ClientCalls:
    """The part of the client that makes calls."""

    _blocking: Client
    _threads: Threads

    def _set_up(self, blocking: Client, max_threads: int, on_cancelled: OnCancelled | None) -> None: ...
    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        max_threads: int = 16,
        on_cancelled: OnCancelled | None = None,
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
    ) -> None: ...
    @classmethod
    def relay(
        cls,
        url: str,
        session: _Session,
        *,
        max_threads: int = 16,
        on_cancelled: OnCancelled | None = None,
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
    def from_env(
        cls, *, max_threads: int = 16, on_cancelled: OnCancelled | None = None, **settings: Unpack[ClientFromEnv]
    ) -> Self:
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

    async def access_token(self) -> AccessToken:
        """Returns the access token in use, for diagnosis; one is fetched only when there is none. All calls manage the
        token themselves."""

    async def doctor(self, card_no: str | None = None) -> Report:
        """Checks an integration: clock, reachability, Api-Key, IP whitelist, token, mode and, with the number of an
        activated card, PCI display and the AES scheme. Nothing is changed at the platform. `print()` the report."""

    async def probe(
        self, card_no: str | None = None, *, webhook: tuple[dict[str, str], bytes] | None = None, simulate: bool = False
    ) -> ProbeReport:
        """Examines what the platform's documentation leaves open, in the platform's sandbox environment. `print()` the
        report.

        It reads, looks up random references and makes requests that are refused before acting. With the number of an
        activated card it finds the AES scheme; with `webhook`, the headers and the body of a webhook as it was
        received, how webhooks are signed. `simulate=True` also simulates a purchase with the card. New access tokens
        are fetched, which may invalidate those of other processes. Refused in production.
        """

    async def call(self, method: Literal["GET", "POST"], path: str, body: object = None) -> Any:
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
        max_body: int = 65536,
        clock: _Clock | None = None,
    ) -> WebhookVerifier:
        """Creates a verifier of this merchant's webhooks, with the `app_id` (else the Api-Key) and the apiSecret of the
        client. Keyword arguments are those of `WebhookVerifier`, such as `secrets=[current, previous]`. Without
        `clock` it uses the platform's clock as this client learns it from responses, at most two seconds behind, and
        this machine's clock before the first response."""

class Resource:
    """Calls of a client."""

    def __init__(self, client: ClientCalls, blocking: Any) -> None: ...

class Cardholders(Resource):
    """The calls on cardholders: `client.cardholders`."""

    async def apply(
        self, *, cardholder_unique_no: str, sumsub_share_token: str, cardholder_no: str | None = None
    ) -> CardholderApplied:
        """Applies for a cardholder, or updates the one with `cardholder_no`.

        `cardholder_unique_no` is the merchant reference, `sumsub_share_token` the token of the identity check.
        Codes: 2001 exists already, 2003 verified already, 2006 no KYC information, 2011 the merchant reference does
        not match.
        """

    async def ensure_cardholder(
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

    async def list_page(
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

    async def get(self, cardholder_no: str) -> Cardholder:
        """Returns one cardholder, with balance and cards. Code 2002: does not exist."""

class Cards(Resource):
    """The calls on cards: `client.cards`."""

    async def apply(
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

    async def ensure_card(
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

    async def list_page(
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

    async def get(self, card_no: str) -> Card:
        """Returns one card, with its fees and limits."""

    async def private_info(self, card_no: str) -> CardSecrets:
        """Returns the PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the
        merchant."""

    async def activate(
        self, *, card_no: str, cardholder_no: str, cvv: str, card_last_no: str, tap: str | None = None
    ) -> None:
        """Activates a physical card in status `ToActivate`.

        `cvv` is the plain CVV, three digits; it is encrypted before it is sent. `card_last_no` are the last four
        digits of the PAN.

        `tap`: one action of the user of an app; see `freeze`.
        """

    async def update_status(self, *, card_no: str, status: _CardStatus, tap: str | None = None) -> None:
        """Sets the status of a card to `"Frozen"`, `"Activated"` or `"Delete"`. Code 4005: the present status does not
        allow it.

        `tap`: one action of the user of an app; see `freeze`.
        """

    async def freeze(self, card_no: str, *, tap: str | None = None) -> None:
        """Freezes an activated card; `unfreeze` activates it again.

        `tap`: one action of the user of an app, which a relay carries out once, however often it is sent. 1 to 64
        characters of printable ASCII without spaces, chosen when the user acts and kept until the result is known.
        Without it each call makes one. For a client of a relay only. A `ConflictError`: the tap belongs to another
        request, or what became of it is not known. The `outcome` of an error is that of this call, not of an earlier
        one with the tap.
        """

    async def unfreeze(self, card_no: str, *, tap: str | None = None) -> None:
        """Activates a frozen card again.

        `tap`: one action of the user of an app; see `freeze`.
        """

    async def delete(self, card_no: str, *, tap: str | None = None) -> None:
        """Deletes a card. This cannot be undone.

        `tap`: one action of the user of an app; see `freeze`.
        """

    async def set_pin(self, *, card_no: str, cardholder_no: str, pin: str, tap: str | None = None) -> None:
        """Sets the PIN of a physical, activated card.

        `pin` is the plain PIN, six digits, no three neighbours identical, rising or falling by one; it is encrypted
        before it is sent.

        `tap`: one action of the user of an app; see `freeze`.
        """

    def packages(self, *, type: _CardType | None = None, package_no: str | None = None) -> Pager[Package]:
        """Iterates over the packages from which cards are opened in credit mode, page by page.

        `type` is `"Virtual"` or `"Physical"`.
        """

    async def packages_page(
        self, *, page: int, size: int, type: _CardType | None = None, package_no: str | None = None
    ) -> Page[Package]:
        """Returns one page of the packages.

        `page` counts from 0; `size` is at most 100 rows.
        """

    def bins(self, card_bin_no: str | None = None) -> Pager[Bin]:
        """Iterates over the BINs from which cards are opened in authorization mode, page by page."""

    async def bins_page(self, *, page: int, size: int, card_bin_no: str | None = None) -> Page[Bin]:
        """Returns one page of the BINs.

        `page` counts from 0; `size` is at most 100 rows.
        """

class Consumptions(Resource):
    """The calls on consumptions: `client.consumptions`."""

    async def get(self, consume_no: str) -> Consumption:
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

    async def list_page(
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

class Accounts(Resource):
    """The calls on accounts: `client.accounts`."""

    async def transfer(
        self, *, cardholder_no: str, transfer_unique_no: str, type: _TransferType, amount: _Money
    ) -> TransferResult:
        """Transfers money between the merchant and a cardholder.

        `type` is `"In"` (to the cardholder) or `"Out"` (back to the merchant). `amount` is in TUSDT: a `Decimal`, an
        int or a str, positive, at most 2 decimals; a float is refused. The call is never sent again while its
        outcome is unknown: use `ensure_transfer`, which is safe to call again.
        """

    async def ensure_transfer(
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

    async def get(self, cardholder_no: str) -> AccountInfo:
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

    async def transfers_page(
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

class Pci(Resource):
    """The calls for the hosted card page: `client.pci`."""

    async def client_token(self, card_no: str) -> ClientToken:
        """Returns a token for the hosted card page. Code 1013: PCI display is not enabled for the merchant."""

    async def card_detail(
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

class Simulation(Resource):
    """The simulation calls: `client.simulation`. Refused in production.

    All take the same keywords; each call names those that it needs. Their bodies are inferred: they have the fields
    of the webhook's data. Amounts are positive, with at most 2 decimals; `merchant_info` is a `MerchantInfo` or a
    dict, `fee_detail` an iterable of dicts with `fee_type` and `amount`, `time` a datetime with a time zone, `extra`
    a dict of further fields.
    """

    async def auth(
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

    async def consumption_clear(
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

    async def consumption_fail(
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

    async def reversal(
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

    async def refund(
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
