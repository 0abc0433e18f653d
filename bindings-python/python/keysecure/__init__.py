"""Client for the KeySecure merchant card API, with an offline sandbox of the whole platform."""

from ._errors import *
from ._native import *


def _json_default(value):
    # Only a Decimal is let in: as text, the platform's way with money.
    if type(value).__name__ == "Decimal":
        return str(value)
    raise TypeError
