"""Interpreters that are refused with words: sub-interpreters, as of mod_wsgi, and those without the GIL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keysecure_sandbox
import pytest
from keysecure_sandbox import _sandbox

import keysecure

RUN = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        sys.exit(5)

def run(isolated, code):
    if sys.version_info >= (3, 13):
        failure = interpreters.exec(interpreters.create("isolated" if isolated else "legacy"), code)
        assert failure is None, failure
    elif sys.version_info >= (3, 12):
        interpreters.run_string(interpreters.create(isolated=isolated), code)
    elif isolated:
        # Before 3.12 it differs in no way that matters here.
        interpreters.run_string(interpreters.create(isolated=True), code)
    else:
        try:
            from _testcapi import run_in_subinterp
        except ImportError:
            sys.exit(5)
        assert run_in_subinterp(code) == 0
"""

# The second module is loaded alone: its package imports the first one.
REFUSED = """
import importlib.util, sys
sys.path[:0] = {path!r}
# What it prints must not wait until the interpreter is deleted, which is later in newer versions.
sys.stdout.reconfigure(line_buffering=True)
try:
    import keysecure
except ImportError as error:
    print(error)
else:
    print("imported")
spec = importlib.util.spec_from_file_location("keysecure_sandbox._sandbox", {sandbox!r})
try:
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
except ImportError as error:
    print(error)
else:
    print("imported")
"""

MOD_WSGI = "WSGIApplicationGroup %{GLOBAL}"


@pytest.mark.parametrize("isolated", [False, True], ids=["legacy", "isolated"])
@pytest.mark.parametrize("first", ["import keysecure.sandbox", ""], ids=["second", "only"])
def test_a_sub_interpreter_is_refused_with_words(isolated: bool, first: str) -> None:
    folders = [str(Path(str(module.__file__)).parents[1]) for module in (keysecure, keysecure_sandbox)]
    inner = REFUSED.format(path=folders, sandbox=_sandbox.__file__)
    # The main interpreter continues, with its own objects.
    last = "from decimal import Decimal\nkeysecure.reply_accept()" if first else ""
    outer = f"import sys\nsys.path[:0] = {folders!r}\n{first}\n{RUN}\nrun({isolated}, {inner!r})\n{last}\nprint('end')"
    done = subprocess.run([sys.executable, "-c", outer], capture_output=True, text=True, timeout=60)
    if done.returncode == 5:
        pytest.skip("this Python has no module that creates sub-interpreters")
    *refusals, end = done.stdout.splitlines()
    assert (done.returncode, end, len(refusals)) == (0, "end", 2), done.stdout + done.stderr
    ours = [MOD_WSGI in refusals[0], "main interpreter" in refusals[1]]
    pythons_own = ["not support loading in subinterpreters" in refusal for refusal in refusals]
    assert all(ours) or (isolated and all(pythons_own)), refusals


def test_an_interpreter_without_the_gil_is_refused() -> None:
    # As a free-threaded interpreter with PYTHON_GIL=0 says it.
    code = f"""
import sys
sys.path[:0] = {[str(Path(str(keysecure.__file__)).parents[1])]!r}
sys._is_gil_enabled = lambda: False
try:
    import keysecure
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "PYTHON_GIL=0" in done.stdout, done.stderr
