"""The examples of webhook receivers, run with the real frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples_support import check_receiver_listens, check_receiver_offline

RECEIVERS = ["flask_webhooks.py", "django_webhooks.py", "fastapi_webhooks.py"]


@pytest.mark.parametrize("name", RECEIVERS)
def test_receivers_offline(tmp_path: Path, name: str) -> None:
    check_receiver_offline(name, tmp_path)


@pytest.mark.parametrize("name", RECEIVERS)
def test_receivers_listen_for_a_platform_that_the_environment_names(name: str) -> None:
    check_receiver_listens(name, "/keysecure/webhooks")
