"""The sandbox of `keysecure`: use it through `keysecure.sandbox`, which offers the same."""

from ._platform import (
    CardholderRecord,
    CardRecord,
    CardSecretsForTests,
    ClientSettings,
    Clock,
    ConsumptionRecord,
    DeliveryRecord,
    Fault,
    FiredFault,
    Ledger,
    Posting,
    RequestRecord,
    Sandbox,
    SandboxError,
    State,
    TransferRecord,
)

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
    "Posting",
    "RequestRecord",
    "Sandbox",
    "SandboxError",
    "State",
    "TransferRecord",
]
