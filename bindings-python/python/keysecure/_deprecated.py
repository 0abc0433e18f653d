"""Names of earlier versions, which work for one more version with a :class:`DeprecationWarning`."""

from __future__ import annotations

import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_WEBHOOKS = {"Received": "VerifiedWebhook", "Verified": "SignatureMatch", "reply_again": "reply_duplicate"}

RENAMED: Mapping[str, Mapping[str, str]] = {
    "keysecure": {
        "Exemption": "FeeWaiver",
        "Finding": "CheckResult",
        "List": "Pager",
        "Tariff": "FeeSchedule",
        **_WEBHOOKS,
    },
    "keysecure.webhooks": _WEBHOOKS,
}
"""The old names of each module with the present ones. Old names of methods and arguments are in the native module."""


def old_names(module: str) -> Callable[[str], object]:
    """Returns the ``__getattr__`` of a module."""
    names = RENAMED[module]

    def getter(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warnings.warn(f"{module}.{name} is deprecated: use {names[name]}", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], names[name])

    return getter
