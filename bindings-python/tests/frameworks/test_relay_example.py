"""The example of a relay on FastAPI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from examples_support import EXAMPLES, environment


def test_relay_fastapi_serves_an_app_that_holds_no_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "relay_fastapi.py")]
    result = subprocess.run(
        command, env=environment(None), cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "The card is Activated.",
        "The app receives: Activated -> Frozen.",
        "25.00: paid now.",
        "25.00: was paid.",
        "500.00: PermissionError.",
        "The number of the card: PermissionError.",
        "The card of another: NotFoundError.",
    ]
