"""The base of everything that makes control calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class ControlCalls(ABC):
    """Makes control calls."""

    @abstractmethod
    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Makes the control call of that method and path."""


def present(values: Mapping[str, object]) -> dict[str, object]:
    """The values that are not ``None``."""
    return {name: value for name, value in values.items() if value is not None}
