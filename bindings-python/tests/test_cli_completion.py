"""`keysecure completion`: the functions work in the shells."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from cli_support import COMMANDS, run

CASES = [
    ([""], COMMANDS),
    (["do"], ["doctor"]),
    (["doctor", "--env"], ["--environment"]),
    (["doctor", "--environment", ""], ["sandbox", "production"]),
    (["trigger", ""], ["purchase", "clear", "fail", "reversal", "refund"]),
    (["trigger", "purchase", "--amo"], ["--amount"]),
    (["export", "c"], ["consumptions", "cards", "cardholders"]),
    (["export", "consumptions", "--det"], ["--details"]),
    (["sandbox", "--aes", "md5h"], ["md5hex", "md5hex/cbc"]),
    # A value that cannot be known.
    (["doctor", "--card-no", ""], []),
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(("words", "offered"), CASES)
def test_bash_completes_commands_options_and_values(words: list[str], offered: list[str]) -> None:
    line = " ".join(shlex.quote(word) for word in ["keysecure", *words])
    script = f'COMP_WORDS=({line}); COMP_CWORD={len(words)}; _keysecure; printf "%s\\n" "${{COMPREPLY[@]}}"'
    function = run("completion", "bash").stdout
    # As in ~/.bashrc, where unset variables may be errors.
    result = subprocess.run(
        ["bash", "-uc", f"{function}\n{script}"], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stderr == ""
    assert [word for word in result.stdout.split() if offered or word][: len(offered)] == offered


def test_old_names_of_options_are_not_offered() -> None:
    for shell in ("bash", "zsh", "fish"):
        text = run("completion", shell).stdout
        assert "http-status" in text
        assert "aes-mode" not in text
        assert "callback-url" not in text


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("words", "offered"), CASES[:-1])
def test_fish_completes_commands_options_and_values(words: list[str], offered: list[str]) -> None:
    line = shlex.quote("keysecure " + " ".join(words))
    script = f"{run('completion', 'fish').stdout}\ncomplete -C {line}"
    result = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert {row.split("\t")[0] for row in result.stdout.splitlines()} >= set(offered)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_accepts_the_function() -> None:
    script = f"{run('completion', 'zsh').stdout}\nprint -r -- $_comps[keysecure]"
    result = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == ""
    assert "_keysecure" in result.stdout
