"""Standard output and standard error: any encoding, closed pipes, exact JSON, text without secrets."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from typing import Any, cast

from .._native import _masked  # pyright: ignore[reportPrivateUsage]

INTERRUPTED = 130
READER_GONE = 141
"""The exit code of a program that SIGPIPE ends, as shells report it."""

SECRET = re.compile(r"^(?:pan|cvv2?|cvc|pin|.*(?:secret|token|password|signature|private).*)$", re.IGNORECASE)


def optional(module: str) -> Any:
    """Imports a module of an extra. Type checkers need not have it."""
    return import_module(module)


def survive_any_encoding() -> None:
    """Lets the streams escape what their encoding cannot hold, such as Chinese on a Windows console."""
    for stream in (sys.stdout, sys.stderr):
        # Python has no streams in a program without a console, and tests replace them.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def flush() -> None:
    """Writes what is buffered, so that a closed pipe is an error here and not at the exit of Python."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:  # pyright: ignore[reportUnnecessaryComparison]
            stream.flush()


def is_reader_gone(error: BaseException) -> bool:
    """Whether the program that reads the output has ended. Windows has another error for it."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and getattr(error, "errno", None) == errno.EINVAL)


def drop_output() -> None:
    """Sends what is still buffered nowhere: Python would complain about it at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def logged_warnings() -> Generator[None, None, None]:
    """Prints warnings of the logger that the output does not repeat, unless somebody has configured the logger."""
    logger = logging.getLogger("keysecure")
    if logger.hasHandlers():
        yield
        return
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("keysecure: %(message)s"))
    handler.addFilter(lambda record: not (hasattr(record, "error") or hasattr(record, "rejection")))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def failed(error: object, code: int) -> int:
    """Prints an error and returns the exit code."""
    print(f"keysecure: {error}", file=sys.stderr)
    return code


def print_json(value: object, *, indent: int | None = None) -> None:
    """Prints a value as JSON. What the encoding of the output may not hold is escaped as JSON does it."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    print(to_json(value, indent=indent, ascii_only=encoding != "utf8"), flush=True)


def to_json(value: object, *, indent: int | None = None, ascii_only: bool = False, level: int = 0) -> str:
    """Returns a value as JSON, with all digits of a `Decimal`."""
    if isinstance(value, Decimal):
        # Plain digits, unless they would fill the screen.
        return format(value, "f") if abs(value.adjusted()) < 50 else str(value)
    if not isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=ascii_only)

    def inner(item: object) -> str:
        return to_json(item, indent=indent, ascii_only=ascii_only, level=level + 1)

    if isinstance(value, dict):
        fields = cast("dict[object, object]", value).items()
        colon = ":" if indent is None else ": "
        items = [f"{json.dumps(str(name), ensure_ascii=ascii_only)}{colon}{inner(item)}" for name, item in fields]
        opening, closing = "{", "}"
    else:
        items = [inner(item) for item in cast("list[object]", value)]
        opening, closing = "[", "]"
    if indent is None or not items:
        return f"{opening}{','.join(items)}{closing}"
    line = "\n" + " " * indent * (level + 1)
    return f"{opening}{line}{f',{line}'.join(items)}{line[:-indent]}{closing}"


def redacted(value: Any, name: str = "") -> Any:
    """Returns JSON-like data without secrets: values of secret names, and numbers of cards in free text.

    Identifiers of the platform, whose names end in `_no` or `id`, stay as they are.
    """
    if SECRET.match(name):
        return "***"
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {_masked(key): redacted(item, key) for key, item in items}
    if isinstance(value, list):
        return [redacted(item, name) for item in cast("Iterable[Any]", value)]
    if name.endswith(("_no", "id")) or not isinstance(value, (str, int)) or isinstance(value, bool):
        return value
    masked = _masked(str(value))
    return value if masked == str(value) else masked
