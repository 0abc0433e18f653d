"""The offline sandbox: the whole platform on this machine, without account and network, with fault injection.

>>> from keysecure.sandbox import Sandbox
>>> with Sandbox() as sandbox, sandbox.client() as client:
...     cardholder_no = sandbox.seed_approved_cardholder()
...     client.accounts.transfer(
...         cardholder_no=cardholder_no, transfer_unique_no="order-7", type="In", amount="25.00"
...     ).after_balance
Decimal('25.00')

A sandbox listens on 127.0.0.1 only. Its numbers come from its seed, so that each run of a test has the same ones.
All times are aware datetimes in UTC, all money is :class:`~decimal.Decimal`.

For tests with pytest there are ready fixtures: see :mod:`keysecure.pytest_plugin`.
"""

from __future__ import annotations

try:
    from keysecure_sandbox import (
        CardholderRecord,
        CardRecord,
        CardSecretsForTests,
        ClientSettings,
        Clock,
        ConsumptionRecord,
        DeliveryRecord,
        Fault,
        FaultWithValue,
        FiredFault,
        Ledger,
        ListRules,
        Posting,
        RequestRecord,
        Sandbox,
        SandboxError,
        State,
        TransferRecord,
        WebhookFault,
    )
except ModuleNotFoundError as _error:
    raise ImportError("the sandbox is a separate package: pip install 'keysecure[sandbox]'") from _error

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
