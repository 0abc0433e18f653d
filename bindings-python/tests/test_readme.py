"""The README, which is the page on PyPI: its links, its programs and its table of commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keysecure
from keysecure.cli.parser import parser
from keysecure.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "bindings-python/README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PROGRAMS = [block for block in BLOCKS if "import pytest" not in block]
REPOSITORY = "https://github.com/keysecure/keysecure"


def run(program: str, cwd: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_first_program_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KEYSECURE_")]:
        monkeypatch.delenv(name)
    card, paid, balance = run(PROGRAMS[0], tmp_path).splitlines()
    assert card.startswith("card ")
    assert re.fullmatch(r"paid \w+ now", paid)
    assert balance == "balance 25.00"


@pytest.mark.parametrize("block", PROGRAMS[1:], ids=lambda _: "block")
def test_every_other_program_runs_with_the_environment(keysecure_env: Sandbox, tmp_path: Path, block: str) -> None:
    run(block, tmp_path)


def test_links_are_absolute_and_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) > 10
    for link in links:
        kind, _, path = link.removeprefix(REPOSITORY + "/").partition("/main/")
        assert link.startswith(REPOSITORY), link
        assert kind in ("blob", "tree"), link
        assert (ROOT / path).exists(), link


def test_the_commands_exist() -> None:
    commands = re.findall(r"^\| `keysecure (\w+)", README, re.MULTILINE)
    actions = parser()._subparsers._group_actions  # type: ignore[union-attr]
    assert sorted(commands) == sorted(actions[0].choices or ())


def test_the_variables_are_those_that_the_client_reads() -> None:
    documented = set(re.findall(r"`(KEYSECURE_\w+)`", README.partition("## Money")[0]))
    assert documented == set(re.findall(r"`(KEYSECURE_\w+)`", keysecure.Client.from_env.__doc__ or ""))


def test_every_example_of_the_cookbook_is_named() -> None:
    named = set(re.findall(r"`(\w+\.py)`", README.partition("## Cookbook")[2]))
    files = {file.name for file in (ROOT / "bindings-python/examples").glob("*.py")}
    assert named == files - {"offline.py"}
