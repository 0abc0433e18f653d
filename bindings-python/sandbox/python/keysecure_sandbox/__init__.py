"""The native half of `keysecure.sandbox`: use it through that."""

from ._sandbox import Sandbox

__all__ = ["Sandbox"]
