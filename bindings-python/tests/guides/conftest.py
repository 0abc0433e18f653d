"""What the code of the guides uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from test_stores import OwnStore

from keysecure import Client
from keysecure.sandbox import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox) -> Iterator[Client]:
    """A client whose store is old enough to know that a reference is new."""
    with sandbox.client(store=OwnStore()) as client:
        yield client
