"""The example of a service on FastAPI with `keysecure.aio`."""

from __future__ import annotations

from pathlib import Path

from examples_support import run


def test_fastapi_service_tops_up_once_and_maps_errors_to_statuses(tmp_path: Path) -> None:
    assert run("fastapi_service.py", cwd=tmp_path) == [
        "order-7: paid now, 25.00",
        "order-7: was paid, 25.00",
        "order-7: HTTP 409, not_sent, None",
        "order-8: HTTP 422, not_sent, amount",
    ]
