"""Tables for people: with `rich` on a terminal, as plain text elsewhere and without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from .. import CheckResult, Report
from .output import optional

COLOURS = {"pass": "green", "warn": "yellow", "fail": "bold red", "unfinished": "magenta", "skipped": "dim"}


def print_report(out: IO[str], report: Report, advice_on: Callable[[CheckResult], str]) -> None:
    """Prints the report of the doctor: what was examined, a row and the advice for each check, and a summary."""
    head = [("Environment", report.environment), ("Address", report.base_url), ("Api-Key", report.api_key)]
    if out.isatty() and print_with_rich(out, report, head, advice_on):
        return
    lines = [f"{name:<12} {text}" for name, text in head]
    lines.append("")
    for result in report.findings:
        lines.append(f"{result.status:<10}  {result.check:<12}  {result.found}")
        if advice := advice_on(result):
            lines.append(f"{'':<24}  -> {advice}")
    lines += ["", report.summary]
    print("\n".join(lines), file=out)


def print_with_rich(
    out: IO[str], report: Report, head: list[tuple[str, str]], advice_on: Callable[[CheckResult], str]
) -> bool:
    """Prints the report with colours, its lines wrapped within their column. Returns whether `rich` is installed."""
    try:
        rich, text_of = optional("rich.console"), optional("rich.text").Text
        table = optional("rich.table").Table(box=None, pad_edge=False, show_header=False)
    except ImportError:
        return False
    console = rich.Console(file=out, highlight=False)
    for name, text in head:
        console.print(text_of(f"{name:<12} {text}"))
    for result in report.findings:
        advice = advice_on(result)
        found = text_of(result.found)
        if advice:
            found.append(f"\n-> {advice}", style="bold")
        table.add_row(text_of(result.status, style=COLOURS.get(result.status, "")), text_of(result.check), found)
    console.print(table)
    console.print(text_of(report.summary, style="bold"))
    return True
