"""`keysecure completion`: shell functions that complete commands, options and their values."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

PROGRAM = "keysecure"

BASH = """\
_keysecure() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command={program} word
    for word in "${{COMP_WORDS[@]:1:$((COMP_CWORD - 1))}}"; do
        case "$command $word" in
            {commands}) command="$command $word" ;;
        esac
    done
    COMPREPLY=()
    case "$command:$before" in
{values}
        *) case "$command" in
{words}
        esac ;;
    esac
}}
complete -o default -F _keysecure {program}
"""

# zsh runs functions of bash.
ZSH = "autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n"


@dataclass
class Option:
    """An option with its values: choices, a file, or text that cannot be completed."""

    names: list[str]
    help: str
    choices: list[str]
    is_file: bool
    takes_value: bool


@dataclass
class Command:
    """A command: its words, as typed, its options, and what may stand for its arguments."""

    path: str
    help: str
    options: list[Option] = field(default_factory=lambda: list[Option]())
    words: list[str] = field(default_factory=lambda: list[str]())


def run_completion(given: argparse.Namespace) -> int:
    """Prints the function for a shell."""
    from .parser import parser

    commands = list(commands_of(parser(PROGRAM), PROGRAM, ""))
    print(fish(commands) if given.shell == "fish" else (ZSH * (given.shell == "zsh")) + bash(commands), end="")
    return 0


def commands_of(parser: argparse.ArgumentParser, path: str, summary: str) -> Iterator[Command]:
    """The command of a parser, and all commands below it."""
    command = Command(path, summary)
    below: list[tuple[str, str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            helps = {choice.dest: choice.help or "" for choice in action._get_subactions()}  # pyright: ignore
            parsers = cast("dict[str, argparse.ArgumentParser]", action.choices)  # pyright: ignore
            below = [(name, helps.get(name, ""), one) for name, one in parsers.items()]
            command.words += [name for name, _, _ in below]
        elif action.option_strings:
            choices = [str(choice) for choice in action.choices or ()]
            is_file = action.type is Path
            command.options.append(
                Option(list(action.option_strings), action.help or "", choices, is_file, action.nargs != 0)
            )
        else:
            command.words += [str(choice) for choice in action.choices or ()]
    yield command
    for name, text, one in below:
        yield from commands_of(one, f"{path} {name}", text)


def bash(commands: list[Command]) -> str:
    """The function for bash."""
    values: list[str] = []
    words: list[str] = []
    for command in commands:
        with_value = [option for option in command.options if option.takes_value]
        # Without words the shell completes names of files. A case without patterns is an error.
        for options in [[one] for one in with_value if one.choices] + [[one for one in with_value if not one.choices]]:
            if names := [name for option in options for name in option.names]:
                pattern = "|".join(shlex.quote(f"{command.path}:{name}") for name in names)
                values.append(f"        {pattern}) {reply(options[0].choices)} ;;")
        names = [*command.words, *(name for option in command.options for name in option.names)]
        words.append(f"            {shlex.quote(command.path)}) {reply(names)} ;;")
    known = "|".join(shlex.quote(command.path) for command in commands[1:])
    return BASH.format(program=PROGRAM, commands=known, values="\n".join(values), words="\n".join(words))


def reply(words: list[str]) -> str:
    """The statement that offers words. It also works in bash 3.2, which macOS has."""
    return f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(words))} -- "$current"))'


def fish(commands: list[Command]) -> str:
    """The lines for fish."""
    lines = [f"complete -c {PROGRAM} -f"]
    for command in commands:
        names = command.path.split()[1:]
        below = [other.path.split()[-1] for other in commands if other.path.rpartition(" ")[0] == command.path]
        conditions = [f"__fish_seen_subcommand_from {name}" for name in names]
        if below:
            conditions.append(f"not __fish_seen_subcommand_from {' '.join(below)}")
        head = f"complete -c {PROGRAM} -n {shlex.quote('; and '.join(conditions) or 'true')}"
        helps = {other.path.split()[-1]: other.help for other in commands if other.path.startswith(f"{command.path} ")}
        lines += [f"{head} -a {shlex.quote(word)} -d {shlex.quote(helps.get(word, ''))}" for word in command.words]
        for option in command.options:
            spelt = " ".join(f"-{'l' if name.startswith('--') else 's'} {name.lstrip('-')}" for name in option.names)
            value = ""
            if option.takes_value:
                value = " -r -F" if option.is_file else f" -x -a {shlex.quote(' '.join(option.choices))}"
            lines.append(f"{head} {spelt}{value} -d {shlex.quote(option.help)}")
    return "\n".join(lines) + "\n"
