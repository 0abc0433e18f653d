"""The command line: ``keysecure --help``, or ``python -m keysecure --help``.

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 incomplete, 130 interrupted, 141 the reader of the output
is gone.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

from .. import ConfigError, InvalidInputError, KeySecureError
from .output import (
    INTERRUPTED,
    READER_GONE,
    drop_output,
    failed,
    flush,
    is_reader_gone,
    logged_warnings,
    survive_any_encoding,
)
from .parser import parser

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    if threading.current_thread() is not threading.main_thread():
        return _run(arguments)
    # Service managers end a program by SIGTERM: it is handled as Ctrl-C is. A caller in Python gets its handler back.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(arguments)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _run(arguments: Sequence[str] | None) -> int:
    survive_any_encoding()
    with logged_warnings():
        return _done(arguments)


def _done(arguments: Sequence[str] | None) -> int:
    try:
        try:
            given = parser().parse_args(arguments)
            return int(given.run(given))
        finally:
            flush()
    except (ConfigError, InvalidInputError, ImportError) as error:
        # A package of an extra may not be installed.
        return failed(error, 2)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (KeySecureError, OSError) as error:
        if is_reader_gone(error):
            drop_output()
            return READER_GONE
        return failed(error, 1)
