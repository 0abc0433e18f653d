"""The commands with their options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import __version__
from .commands import run_demo, run_doctor, run_export, run_sandbox

CREDENTIALS = """\
credentials are read from the environment, never from the command line:
  KEYSECURE_API_KEY, KEYSECURE_API_SECRET
also read: KEYSECURE_PROXY, KEYSECURE_CA_PEM (a PEM text or a file's path), KEYSECURE_STORE, KEYSECURE_APP_ID"""


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="python -m keysecure", description="Tools for the KeySecure merchant card API.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"keysecure {__version__}")
    commands = top.add_subparsers(metavar="command", required=True)

    def command(
        name: str, run: Any, summary: str, more: str = "", epilog: str | None = None
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name,
            help=summary,
            description=f"{summary}\n\n{more}".strip(),
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        one.set_defaults(run=run)
        return one

    demo = command("demo", run_demo, "Walks through the life cycle of a card on an offline sandbox.")
    demo.add_argument("--seed", type=int, default=1, help="the seed of all numbers, default 1")

    doctor = command(
        "doctor",
        run_doctor,
        "Checks an integration and says what to do about each failure.",
        "It checks the clock, the network, the Api-Key, the IP whitelist, the token, the mode, PCI and, with a card\n"
        "number, the AES scheme. It changes nothing. Exit code 1: a check failed.",
        CREDENTIALS,
    )
    doctor.add_argument("--card-no", metavar="NO", help="an activated card, to check PCI and AES")
    doctor.add_argument("--json", action="store_true", help="prints the report as JSON, for programs")
    add_settings(doctor)

    sandbox = command(
        "sandbox",
        run_sandbox,
        "Serves the platform on 127.0.0.1 for programs in any language.",
        "Prints one JSON line with base_url, control_url, api_key and api_secret, then serves until it is terminated.",
    )
    add_sandbox_options(sandbox)

    export = command(
        "export",
        run_export,
        "Writes a list into a file, newest first, whatever its length.",
        "It works window by window in constant memory, with a progress line on a terminal. When it is interrupted,\n"
        "the file holds whole windows only, and the same command continues where it stopped. In a CSV file, text that\n"
        "a spreadsheet would take for a formula gets a ' in front; a JSONL file has every text as it is. Exit code 3:\n"
        "written, but rows without a number, or rows that the platform counts and does not send, were left out.",
        CREDENTIALS,
    )
    add_export_options(export)
    return top


def add_settings(command: argparse.ArgumentParser) -> None:
    """Adds the settings of the client, apart from the secrets."""
    group = command.add_argument_group(
        "client", "each can be set in the environment instead, except --aes and --timeout"
    )
    group.add_argument(
        "--environment", choices=["sandbox", "production"], help="KEYSECURE_ENVIRONMENT, default sandbox"
    )
    group.add_argument("--base-url", metavar="URL", help="KEYSECURE_BASE_URL")
    group.add_argument(
        "--aes", metavar="SCHEME", help="utf8 (default), hex, base64, md5, md5hex, sha256, sha1prng; /cbc"
    )
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="for each call, default 30")


def add_sandbox_options(sandbox: argparse.ArgumentParser) -> None:
    """Adds the options of the program keysecure-sandbox."""
    add = sandbox.add_argument
    add("--port", type=int, default=0, help="port of the platform, default 0: any free one")
    add("--mode", choices=["credit", "authorization"], default="credit", help="default credit")
    add("--seed", type=int, default=1, help="the seed of numbers, tokens and cards, default 1")
    add("--api-key", metavar="TEXT", help="default: made from the seed")
    add("--api-secret", metavar="TEXT", help="of this sandbox only, never a real one; default: made from the seed")
    schemes = ["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"]
    add("--aes-key", choices=schemes, default="utf8", metavar="SCHEME", help=f"{', '.join(schemes)}; default utf8")
    add("--aes-mode", choices=["ecb", "cbc"], default="ecb", help="default ecb")
    add(
        "--repeated-numbers",
        choices=["execute", "refuse", "return_first"],
        default="execute",
        metavar="WHAT",
        help="what a number that was used before does: execute (default), refuse or return_first",
    )
    add(
        "--manual-cards",
        action="store_true",
        help="cards stay Pending until the control call /cards/issue or /cards/fail",
    )
    add(
        "--http-status",
        choices=["ok", "strict", "strict_bare"],
        default="ok",
        metavar="WHICH",
        help="of refusals: ok (default: 200), strict, or strict_bare (without an envelope)",
    )
    add("--tariffs", action="store_true", help="purchases cost what the package's tariff says, within its limits")
    add("--page-cap", type=cap, default=0, metavar="N", help="list pages have N rows at most, whatever is asked for")
    add("--list-total", action="store_true", help="list responses have a total")
    add("--webhook-url", metavar="URL", help="the receiver of webhooks: http on loopback, default none")
    add("--callback-url", dest="webhook_url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # the old name
    add("--exit-with-stdin", action="store_true", help="stop when standard input ends: no sandbox outlives its parent")


def add_export_options(export: argparse.ArgumentParser) -> None:
    """Adds the options of an export."""
    add = export.add_argument
    add("what", choices=["consumptions", "cards", "transfers"], help="the list")
    when = "2026-03-01 (the whole day) or 2026-03-01T08:00:00+08:00"
    add("--from", dest="start", required=True, metavar="WHEN", help=when)
    add("--to", dest="end", required=True, metavar="WHEN", help="the same; both ends are included")
    add("--out", required=True, type=Path, metavar="FILE", help="FILE.csv or FILE.jsonl; it must not exist yet")
    add("--cardholder-no", metavar="NO", help="of one cardholder only")
    add("--card-no", metavar="NO", help="of one card only; not for transfers")
    add("--timezone", metavar="ZONE", help="the zone of bare dates, such as UTC-3; KEYSECURE_TIMEZONE, default UTC+8")
    add("--window-days", type=window, default=7, metavar="N", help="days in a window, 1 to 90, default 7")
    add_settings(export)


def window(text: str) -> int:
    """The days of a window."""
    days = int(text)
    if not 1 <= days <= 90:
        raise argparse.ArgumentTypeError("must be 1 to 90")
    return days


def cap(text: str) -> int:
    """The most rows of a page."""
    rows = int(text)
    if not 1 <= rows <= 100:
        raise argparse.ArgumentTypeError("must be 1 to 100")
    return rows
