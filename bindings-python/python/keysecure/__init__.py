"""Client for the KeySecure merchant card API, with an offline sandbox of the whole platform.

    from keysecure import Client

    with Client(api_key, api_secret, store="file:/var/lib/shop") as client:
        paid = client.accounts.ensure_transfer(
            cardholder_no="1001", transfer_unique_no="order-7", type="In", amount="25.00"
        )

Every call

* blocks, at most for the client's ``timeout`` (``ensure_*``: for its ``deadline``), without the GIL, and stops for
  Ctrl-C; in gevent and eventlet it blocks only its greenlet;
* raises a :class:`KeySecureError` whose ``outcome`` says whether the target was changed: ``"not_sent"``,
  ``"rejected"`` or ``"unknown"``;
* is never sent again, if it changes something, while its outcome is unknown. The ``ensure_*`` calls finish such calls:
  use them for transfers, cards and cardholders. They need a ``store``, in which all workers record what they send
  (:mod:`keysecure.stores`): with it a payment is made once, whatever fails, and however often it is called;
* prints no secret: not by ``repr``, not in errors, not in logs.

The client logs to the logger ``keysecure``: attempts at DEBUG, calls at INFO, warnings at WARNING. The offline platform
is :mod:`keysecure.sandbox`, webhooks are in :mod:`keysecure.webhooks`.
"""

from __future__ import annotations

from ._deprecated import old_names
from ._errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    ConflictError,
    DecryptError,
    InternalError,
    InvalidInputError,
    InvalidResponseError,
    KeySecureError,
    NotFoundError,
    PermissionError,
    RateLimitError,
    StateError,
    TimeoutError,
    TransportError,
    WebhookError,
)
from ._native import (
    AccessToken,
    Account,
    AccountInfo,
    Accounts,
    Address,
    AuthEvent,
    Bin,
    Card,
    CardApplied,
    Cardholder,
    CardholderApplied,
    CardholderCard,
    Cardholders,
    CardholderStatus,
    Cards,
    CardSecrets,
    CardStatus,
    CardType,
    CardUpdateEvent,
    CheckResult,
    Claim,
    Client,
    ClientToken,
    Consumption,
    ConsumptionEvent,
    Consumptions,
    ConsumptionType,
    Ensured,
    EventStream,
    Fee,
    FeeSchedule,
    FeeType,
    FeeWaiver,
    FileStore,
    Limits,
    MemoryReplayStore,
    MemoryStore,
    MemoryTokenStore,
    MerchantInfo,
    Package,
    Page,
    Pager,
    Pci,
    ProbeFinding,
    ProbeReport,
    RedisStore,
    Relay,
    Report,
    Responder,
    Scope,
    SignatureMatch,
    Simulation,
    SimulationResult,
    Status,
    TransferRecord,
    TransferResult,
    TransferType,
    UnknownEvent,
    VerifiedWebhook,
    WebhookVerifier,
    __version__,
    reply_accept,
    reply_decline,
    reply_duplicate,
)

__all__ = [
    "AccessToken",
    "Account",
    "AccountInfo",
    "Accounts",
    "Address",
    "ApiError",
    "AuthEvent",
    "AuthenticationError",
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
    "ConfigError",
    "ConflictError",
    "Consumption",
    "ConsumptionEvent",
    "ConsumptionType",
    "Consumptions",
    "DecryptError",
    "Ensured",
    "EventStream",
    "Fee",
    "FeeSchedule",
    "FeeType",
    "FeeWaiver",
    "FileStore",
    "InternalError",
    "InvalidInputError",
    "InvalidResponseError",
    "KeySecureError",
    "Limits",
    "MemoryReplayStore",
    "MemoryStore",
    "MemoryTokenStore",
    "MerchantInfo",
    "NotFoundError",
    "Package",
    "Page",
    "Pager",
    "Pci",
    "PermissionError",
    "ProbeFinding",
    "ProbeReport",
    "RateLimitError",
    "RedisStore",
    "Relay",
    "Report",
    "Responder",
    "Scope",
    "SignatureMatch",
    "Simulation",
    "SimulationResult",
    "StateError",
    "Status",
    "TimeoutError",
    "TransferRecord",
    "TransferResult",
    "TransferType",
    "TransportError",
    "UnknownEvent",
    "VerifiedWebhook",
    "WebhookError",
    "WebhookVerifier",
    "__version__",
    "reply_accept",
    "reply_decline",
    "reply_duplicate",
]
# --- end of what stubs.py writes ---

TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)


def __dir__() -> list[str]:
    """Without the names that only this file needs."""
    return [name for name in globals() if name not in ("TYPE_CHECKING", "annotations", "old_names")]


def _imports_of_the_native_module() -> object:  # pyright: ignore[reportUnusedFunction]
    """Never called. Bundlers such as PyInstaller read only Python, and find here what the native module imports."""
    from . import _native_imports

    return _native_imports
