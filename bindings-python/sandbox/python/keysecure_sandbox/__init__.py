"""The sandbox of `keysecure`: use it through `keysecure.sandbox`, which offers the same."""

from ._platform import *  # noqa: F403
from ._platform import __all__ as __all__
