"""The command line: ``python -m keysecure --help``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from . import Client, ConfigError, KeySecureError, __version__

CREDENTIALS = """\
credentials are read from the environment, never from the command line:
  KEYSECURE_API_KEY, KEYSECURE_API_SECRET"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit code: 0 done, 1 failed, 2 not begun, 130 interrupted."""
    # A service manager's way to end it is as good as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except ConfigError as error:
        return failed(error, 2)
    except (KeySecureError, OSError) as error:
        return failed(error, 1)
    except KeyboardInterrupt:
        return 130


def failed(error: object, code: int) -> int:
    """Says what was wrong."""
    print(f"keysecure: {error}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="python -m keysecure", description="Tools for the KeySecure merchant card API.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"keysecure {__version__}")
    commands = top.add_subparsers(metavar="command", required=True)

    def command(name: str, run: Any, summary: str, more: str = "", epilog: str | None = None) -> argparse.ArgumentParser:
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

    demo = command("demo", run_demo, "A card's whole life on an offline sandbox: no account, no network.")
    demo.add_argument("--seed", type=int, default=1, help="what all numbers are made from, default 1")

    doctor = command(
        "doctor",
        run_doctor,
        "Tells what is wrong with an integration, and what to do about it.",
        "It looks at the clock, the network, the Api-Key, the IP whitelist, the token, the mode, PCI and (given a card)\n"
        "the AES scheme. It changes nothing. Exit code 1: something is bad.",
        CREDENTIALS,
    )
    doctor.add_argument("--card-no", metavar="NO", help="an activated card, to look at PCI and AES")
    doctor.add_argument("--json", action="store_true", help="prints the report as JSON, for programs")
    add_settings(doctor)

    sandbox = command(
        "sandbox",
        run_sandbox,
        "Serves the platform on 127.0.0.1 for programs in any language.",
        "Prints one JSON line with base_url, control_url, api_key and api_secret, then serves until it is ended.",
    )
    add_sandbox_options(sandbox)

    export = command(
        "export",
        run_export,
        "Writes a list into a file, whatever its length.",
        "It works window by window in constant memory, with a progress line on a terminal. When it is interrupted, the\n"
        "file holds whole windows only, and the same command goes on where it stopped. In a CSV file, text that a\n"
        "spreadsheet would take for a formula gets a ' in front; a JSONL file has everything as the platform sent it.",
        CREDENTIALS,
    )
    add_export_options(export)
    return top


def add_settings(command: argparse.ArgumentParser) -> None:
    """The settings of the client, apart from the secrets."""
    group = command.add_argument_group("client", "each may stand in the environment instead, except --aes and --timeout")
    group.add_argument("--environment", choices=["sandbox", "production"], help="KEYSECURE_ENVIRONMENT, default sandbox")
    group.add_argument("--base-url", metavar="URL", help="KEYSECURE_BASE_URL")
    group.add_argument("--aes", metavar="SCHEME", help="utf8 (default), hex, base64, md5, md5hex, sha256, sha1prng; /cbc")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="for each call, default 30")


def client_of(given: argparse.Namespace, **more: str) -> Client:
    """A client from the environment and the options."""
    names = ["environment", "base_url", "aes", "timeout"]
    settings = {name: value for name in names if (value := getattr(given, name)) is not None}
    return Client.from_env(**settings, **more)


def add_sandbox_options(sandbox: argparse.ArgumentParser) -> None:
    """The options of the program keysecure-sandbox."""
    add = sandbox.add_argument
    add("--port", type=int, default=0, help="port of the platform, default 0: any free one")
    add("--mode", choices=["credit", "authorization"], default="credit", help="default credit")
    add("--seed", type=int, default=1, help="what numbers, tokens and cards are made from, default 1")
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
    add("--manual-cards", action="store_true", help="cards stay Pending until the control call /cards/issue or /cards/fail")
    add("--callback-url", metavar="URL", help="where callbacks go: http on loopback, default nowhere")
    add("--exit-with-stdin", action="store_true", help="stop when standard input ends: no sandbox outlives its parent")


def add_export_options(export: argparse.ArgumentParser) -> None:
    """What to export, and where to."""
    add = export.add_argument
    add("what", choices=["consumptions", "cards", "transfers"], help="the list")
    when = "2026-03-01 (the whole day) or 2026-03-01T08:00:00+08:00"
    add("--from", dest="start", required=True, metavar="WHEN", help=when)
    add("--to", dest="end", required=True, metavar="WHEN", help="the same; both ends are included")
    add("--out", required=True, type=Path, metavar="FILE", help="FILE.csv or FILE.jsonl; it must not be there yet")
    add("--cardholder-no", metavar="NO", help="of one cardholder only")
    add("--card-no", metavar="NO", help="of one card only; not for transfers")
    add("--timezone", default="UTC+8", metavar="ZONE", help="where the days begin, such as UTC-3; default UTC+8")
    add("--window-days", type=window, default=7, metavar="N", help="days in a window, 1 to 90, default 7")
    add_settings(export)


def window(text: str) -> int:
    """The days of a window."""
    days = int(text)
    if not 1 <= days <= 90:
        raise argparse.ArgumentTypeError("must be 1 to 90")
    return days


def run_demo(given: argparse.Namespace) -> int:
    """`demo`."""
    from ._demo import tell
    from .sandbox import Sandbox

    with Sandbox(seed=given.seed) as sandbox, sandbox.client() as client:
        print(f"An offline sandbox of the platform listens on {sandbox.base_url}.")
        tell(client, sandbox)
    return 0


def run_doctor(given: argparse.Namespace) -> int:
    """`doctor`."""
    with client_of(given) as client:
        report = client.doctor(given.card_no)
    print(report.to_json() if given.json else report)
    return 0 if report.is_healthy else 1


def run_sandbox(given: argparse.Namespace) -> int:
    """`sandbox`."""
    import json
    from threading import Event

    from .sandbox import Sandbox

    try:
        sandbox = Sandbox(
            given.mode,
            given.seed,
            port=given.port,
            api_key=given.api_key,
            api_secret=given.api_secret,
            aes=f"{given.aes_key}/{given.aes_mode}",
            repeated_numbers=given.repeated_numbers,
            manual_cards=given.manual_cards,
            callback_url=given.callback_url,
        )
    except ValueError as error:
        return failed(error, 2)
    with sandbox:
        print(json.dumps(sandbox.control("GET", "/info")), flush=True)
        if given.exit_with_stdin:
            while sys.stdin.buffer.read1():
                pass
        else:
            Event().wait()
    return 0


def run_export(given: argparse.Namespace) -> int:
    """`export`."""
    from ._export import Export, ExportError, Span, instant

    filters = {name: value for name in ("cardholder_no", "card_no") if (value := getattr(given, name)) is not None}
    if given.what == "transfers" and "card_no" in filters:
        return failed("a transfer has no card: --card-no is for consumptions and cards", 2)
    merchant = f"{os.environ.get('KEYSECURE_API_KEY')} {given.base_url or os.environ.get('KEYSECURE_BASE_URL')}"
    with client_of(given, timezone=given.timezone) as client:
        try:
            start = instant(given.start, given.timezone, end=False)
            end = instant(given.end, given.timezone, end=True)
            span = Span(start, end, timedelta(days=given.window_days))
            export = Export(client, given.what, span, filters, given.out, merchant=merchant)
        except ExportError as error:
            return failed(error, 2)
        try:
            export.run()
        except ExportError as error:
            return failed(error, 2)
        except KeyboardInterrupt:
            return failed(f"interrupted. {export}.\nRun the same command again to go on.", 130)
        except (KeySecureError, OSError) as error:
            return failed(f"{error}\n{export}. Run the same command again to go on.", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
