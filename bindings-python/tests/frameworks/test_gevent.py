"""gevent: no call and no purchase stops the other greenlets, and decisions are greenlets."""

from __future__ import annotations

from pathlib import Path

import pytest
from greenlet_support import CASES, run_case
from served_shop import check_purchases, serving

pytest.importorskip("gevent")


@pytest.mark.parametrize("case", [*CASES, "no_hub_at_all"])
def test_a_patched_program_continues_while_one_greenlet_waits(case: str) -> None:
    run_case("gevent", case)


@pytest.mark.parametrize("case", ["a_call", "a_pager", "many_calls", "a_late_decision", "a_hub_without_patches"])
def test_a_program_with_a_hub_and_without_patches_continues_too(case: str) -> None:
    run_case("gevent-unpatched", case)


@pytest.mark.parametrize("workers", [1, 2])
def test_gunicorn_with_gevent_approves_every_purchase_in_time(tmp_path: Path, workers: int) -> None:
    pytest.importorskip("gunicorn")
    command = f"-m gunicorn -k gevent -w {workers} -b 127.0.0.1:{{port}} shop_on_greenlets:app"
    with serving(tmp_path, *command.split()) as port:
        check_purchases(port)
