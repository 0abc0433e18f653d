"""The command line: ``python -m keysecure --help``."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

from .. import ConfigError, KeySecureError
from .commands import failed
from .parser import parser

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 done, 1 failed, 2 wrong arguments, 3 incomplete, 130 interrupted."""
    if threading.current_thread() is threading.main_thread():
        # Service managers end a program by SIGTERM: it is handled as Ctrl-C is.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (ConfigError, ImportError) as error:
        # The sandbox may not be installed.
        return failed(error, 2)
    except (KeySecureError, OSError) as error:
        return failed(error, 1)
    except KeyboardInterrupt:
        return 130
