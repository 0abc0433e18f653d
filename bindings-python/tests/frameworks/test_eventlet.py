"""eventlet: no call and no purchase stops the other greenlets, and decisions are greenlets."""

from __future__ import annotations

from pathlib import Path

import pytest
from greenlet_support import CASES, run_case
from served_shop import check_purchases, serving


@pytest.mark.parametrize("case", CASES)
def test_a_patched_program_continues_while_one_greenlet_waits(case: str) -> None:
    run_case("eventlet", case)


def test_the_wsgi_server_of_eventlet_approves_every_purchase_in_time(tmp_path: Path) -> None:
    with serving(tmp_path, "shop_on_greenlets.py") as port:
        check_purchases(port)
