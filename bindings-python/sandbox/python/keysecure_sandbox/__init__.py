"""The sandbox of `keysecure`. Import it from `keysecure.sandbox`, which has the same names."""

from ._platform import *  # noqa: F403
from ._platform import __all__ as __all__
