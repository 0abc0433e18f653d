"""The code of the guide "Several workers"."""

from __future__ import annotations

from pathlib import Path

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_workers_share_a_store(keysecure_env: Sandbox, tmp_path: Path) -> None:
    directory = str(tmp_path)
    # --8<-- [start:shared]
    store = f"file:{directory}"  # or "redis://10.0.0.5/"; KEYSECURE_STORE
    client = Client.from_env(store=store)
    verifier = client.webhook_verifier(store=store)
    # --8<-- [end:shared]
    assert verifier
    client.access_token()
    with Client.from_env(store=store) as other:
        other.access_token()
    client.close()
    assert keysecure_env.count("token") == 1
