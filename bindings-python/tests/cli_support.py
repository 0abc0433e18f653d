"""Helpers of the tests of the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

from keysecure.sandbox import Sandbox

COMMANDS = ["demo", "doctor", "probe", "call", "export", "listen", "trigger", "sandbox", "completion"]

INTERRUPTED = 1 if sys.platform == "win32" else 130
"""The exit code of a command after `interrupt`."""


def bare() -> dict[str, str]:
    """The environment without any setting of keysecure."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEYSECURE_")}


def run(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "keysecure", *arguments],
        env={**bare(), **environment},
        input=stdin,
        capture_output=True,
        encoding="utf-8",  # not that of the system
        timeout=120,
        check=False,
    )


def interrupt(program: subprocess.Popen[Any]) -> None:
    """Ends a program as Ctrl-C does, or where another program cannot send it, at once."""
    if sys.platform == "win32":
        program.terminate()
    else:
        program.send_signal(signal.SIGINT)


def variables_of(sandbox: Sandbox) -> dict[str, str]:
    """The settings of a sandbox as environment variables."""
    return {
        "KEYSECURE_BASE_URL": sandbox.base_url,
        "KEYSECURE_API_KEY": sandbox.api_key,
        "KEYSECURE_API_SECRET": sandbox.api_secret,
    }
