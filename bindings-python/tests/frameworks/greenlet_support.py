"""Runs the cases of `greenlet_cases.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CASES = [
    "a_call",
    "a_pager",
    "doctor",
    "an_ensured_transfer",
    "many_calls",
    "an_error",
    "a_timeout_of_the_program",
    "a_call_that_waits_for_a_thread",
    "ctrl_c",
    "the_log",
    "a_forked_child",
    "the_end_of_the_program",
    "purchases",
    "a_server_in_this_process",
    "threads_of_the_hub",
    "a_late_decision",
    "a_decision_that_raises",
    "purchases_beside_slow_calls",
    "a_store_of_the_program",
    "a_timeout_within_a_store",
    "a_session_of_the_program",
    "nothing_is_left_behind",
]


def run_case(kind: str, case: str) -> None:
    """Runs a case in a process of its own, because patches are for good."""
    program = Path(__file__).with_name("greenlet_cases.py")
    done = subprocess.run([sys.executable, program, kind, case], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stdout + done.stderr
