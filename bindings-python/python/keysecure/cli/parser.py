"""The commands with their options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from .. import __version__
from .commands import run_call, run_demo, run_sandbox, run_trigger
from .options import AES, EXIT_CODES, SCHEMES, SETTINGS, add_settings

if TYPE_CHECKING:
    # Private in argparse, and the type of what `add_subparsers` returns.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]

Run = Callable[[argparse.Namespace], int]


def parser(program: str | None = None) -> argparse.ArgumentParser:
    """All commands with their options."""
    if program is None:
        program = "keysecure" if PurePath(sys.argv[0]).stem == "keysecure" else "python -m keysecure"
    top = argparse.ArgumentParser(
        prog=program,
        description="Tools for the KeySecure merchant card API.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"keysecure {__version__}")
    commands = top.add_subparsers(metavar="command", required=True)
    add_demo(commands)
    add_doctor(commands)
    add_probe(commands)
    add_call(commands)
    add_export(commands)
    add_listen(commands)
    add_trigger(commands)
    add_sandbox(commands)
    add_completion(commands)
    return top


def command(
    commands: Commands, name: str, run: Run, summary: str, more: str = "", epilog: str = EXIT_CODES
) -> argparse.ArgumentParser:
    """Adds a command."""
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


def later(module: str, function: str) -> Run:
    """The function of a command whose module is imported when it runs."""

    def run(given: argparse.Namespace) -> int:
        from importlib import import_module

        return int(getattr(import_module(f"keysecure.cli.{module}"), function)(given))

    return run


def add_demo(commands: Commands) -> None:
    """Adds `demo`."""
    demo = command(commands, "demo", run_demo, "Walks through the life cycle of a card on an offline sandbox.")
    demo.add_argument("--seed", type=int, default=1, help="the seed of all numbers, default 1")


def add_doctor(commands: Commands) -> None:
    """Adds `doctor`."""
    doctor = command(
        commands,
        "doctor",
        later("doctor", "run_doctor"),
        "Checks an integration and says what to do about each failure.",
        "It checks the clock, the network, the Api-Key, the IP whitelist, the token, the mode and, with a card\n"
        "number, PCI and the AES scheme. It changes nothing. Requests are not signed, so only the AES check uses\n"
        "the apiSecret. Exit code 1: a check failed. 3: none failed, but one could not be made, for example because\n"
        "the platform was busy. A check that was not asked for, without --card-no, does not count.",
        f"{SETTINGS}\n\n{EXIT_CODES}",
    )
    doctor.add_argument("--card-no", metavar="NO", help="an activated card, to check PCI and AES")
    doctor.add_argument("--json", action="store_true", help="prints the report as JSON, for programs")
    add_settings(doctor)


def add_probe(commands: Commands) -> None:
    """Adds `probe`."""
    probe = command(
        commands,
        "probe",
        later("probe", "run_probe"),
        "Examines what the platform's documentation leaves open, in its sandbox environment.",
        "It reads, looks up random references and makes requests that are refused before acting, and prints what\n"
        "is as inferred, what is not, and the settings to use. Refused in production. New access tokens are fetched,\n"
        "which may invalidate those of other processes. The report holds no value of a person or a card, no key\n"
        "and no token, and can be sent to the maintainers:\n\n"
        "  keysecure probe --card-no NO --webhook captured.txt --json > report.json",
        f"{SETTINGS}\n\n{EXIT_CODES}",
    )
    add = probe.add_argument
    add("--card-no", metavar="NO", help="an activated card, to find the AES scheme")
    add(
        "--webhook",
        metavar="FILE",
        type=Path,
        help="a webhook as it was received, to find how webhooks are signed: headers, an empty line, the body",
    )
    add("--simulate", action="store_true", help="simulates a purchase of 1.00 with the card too, and its failure")
    add("--json", action="store_true", help="prints the report with its recording as JSON, for programs")
    add_settings(probe)


def add_call(commands: Commands) -> None:
    """Adds `call`."""
    call = command(
        commands,
        "call",
        run_call,
        "Makes any call of the platform and prints the data of its response as JSON.",
        "The client adds the headers, the token and its retry rules. Numbers keep all their digits. A number with a\n"
        "fraction in the body is sent as text, as the platform writes money.\n\n"
        '  keysecure call POST /v1/card/package/list \'{"page": 0, "size": 10}\'',
        f"{SETTINGS}\n\n{EXIT_CODES}",
    )
    call.add_argument("method", type=str.upper, choices=["GET", "POST"], metavar="METHOD", help="GET or POST")
    call.add_argument("path", metavar="PATH", help="the path behind /open-api, such as /v1/card/list")
    call.add_argument("body", nargs="?", metavar="JSON", help="the body; - reads it from standard input")
    add_settings(call)


def add_listen(commands: Commands) -> None:
    """Adds `listen`."""
    listen = command(
        commands,
        "listen",
        later("listen", "run_listen"),
        "Receives webhooks, verifies them and prints a line for each.",
        "For development. Point the webhook URL of the merchant console, or a tunnel, at it. It uses no store: a\n"
        "webhook that comes again is shown again. With --forward the verified body and its headers go to your own\n"
        "server as they came, and its response goes back to the platform. Numbers of cards in free text are masked.\n"
        "It ends with Ctrl-C (exit code 130).",
        "credentials are read from the environment, never from the command line:\n"
        f"  KEYSECURE_APP_ID, else KEYSECURE_API_KEY; KEYSECURE_API_SECRET\n\n{EXIT_CODES}",
    )
    add = listen.add_argument
    add("--port", type=port, default=8000, help="default 8000; 0: any free one")
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="default 127.0.0.1; 0.0.0.0: all interfaces")
    add("--path", type=url_path, help="the only path to serve, such as /webhooks; default: all")
    add("--json", action="store_true", help="prints each webhook as one line of JSON")
    add("--decide", choices=["accept", "decline"], default="decline", help="the reply to purchases, default decline")
    add("--forward", metavar="URL", help="your own server, such as http://127.0.0.1:8080/webhooks; it replies instead")
    add("--timeout", type=float, default=10.0, metavar="SECONDS", help="for the server of --forward, default 10")
    add(
        "--tolerance",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="how far the signed time may be from this machine's clock, default 300",
    )


def add_trigger(commands: Commands) -> None:
    """Adds `trigger` with its events."""
    trigger = command(
        commands,
        "trigger",
        run_trigger,
        "Simulates a purchase and what follows it, in the platform's sandbox.",
        "The platform then sends the webhooks. Prints the number of the consumption.\n\n"
        '  no=$(keysecure trigger purchase --card-no "$CARD" --amount 12.50)\n'
        '  keysecure trigger clear "$no"\n'
        '  keysecure trigger refund "$no" --amount 2.50',
        f"{SETTINGS}\n\n{EXIT_CODES}",
    )
    events = trigger.add_subparsers(metavar="event", dest="event", required=True)

    def event(name: str, summary: str) -> argparse.ArgumentParser:
        one = command(events, name, run_trigger, summary, epilog=f"{SETTINGS}\n\n{EXIT_CODES}")
        one.add_argument("--json", action="store_true", help="prints the result as JSON")
        return one

    purchase = event("purchase", "Simulates a purchase that asks for approval.")
    add = purchase.add_argument
    add("--card-no", required=True, metavar="NO", help="the card")
    add("--amount", required=True, help="such as 12.50, in the currency of the card")
    add("--cardholder-no", metavar="NO", help="default: the holder of the card, who is looked up")
    add("--consume-no", metavar="NO", help="the number of the purchase, default: the platform's choice")
    add("--type", default="Consumption", help="default Consumption; Atm for example")
    add("--local-amount", metavar="AMOUNT", help="in the currency of the purchase, default: --amount")
    add("--local-currency", default="USD", metavar="CURRENCY", help="the currency of the purchase, default USD")
    add("--merchant-name", metavar="TEXT", help="the merchant's name")
    add("--merchant-mcc", metavar="MCC", help="the merchant's category, such as 5942")
    add_settings(purchase)
    for name, summary, amount in [
        ("clear", "Clears a purchase: Pending becomes Success.", "default: the amount of the purchase"),
        ("fail", "Fails a purchase: Pending becomes Fail.", None),
        ("reversal", "Reverses a purchase that was not cleared.", "default: the whole amount"),
        ("refund", "Refunds a cleared purchase.", "default: the whole amount"),
    ]:
        one = event(name, summary)
        one.add_argument("consume_no", metavar="NO", help="the number of the purchase")
        if amount is not None:
            one.add_argument("--amount", help=amount)
        add_settings(one)


def add_sandbox(commands: Commands) -> None:
    """Adds `sandbox` with the options of the program keysecure-sandbox."""
    sandbox = command(
        commands,
        "sandbox",
        run_sandbox,
        "Serves the platform on this machine for programs in any language.",
        "Prints one JSON line with base_url, control_url, console_url, api_key and api_secret, then serves until it is "
        "terminated.",
    )
    add = sandbox.add_argument
    add("--port", type=int, default=0, help="port of the platform, default 0: any free one")
    add(
        "--host",
        choices=["127.0.0.1", "0.0.0.0"],  # noqa: S104
        default="127.0.0.1",
        help="default 127.0.0.1; 0.0.0.0: all interfaces, as in Docker; the relay prints this machine's address. "
        "The control URL stays on this machine",
    )
    add("--mode", choices=["credit", "authorization"], default="credit", help="default credit")
    add("--seed", type=int, default=1, help="the seed of numbers, tokens and cards, default 1")
    add("--api-key", metavar="TEXT", help="default: made from the seed")
    add("--api-secret", metavar="TEXT", help="of this sandbox only, never a real one; default: made from the seed")
    add(
        "--aes",
        choices=AES,
        metavar="SCHEME",
        help=f"{', '.join(SCHEMES)}; /cbc behind it for CBC; default utf8",
    )
    # The old names.
    add("--aes-key", choices=SCHEMES, help=argparse.SUPPRESS)
    add("--aes-mode", choices=["ecb", "cbc"], help=argparse.SUPPRESS)
    add(
        "--repeated-numbers",
        choices=["execute", "refuse", "return_first"],
        default="execute",
        metavar="WHAT",
        help="what a merchant reference does that was used before: execute (default), refuse or return_first",
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
    add("--tariffs", action="store_true", help="purchases cost what the package's fee schedule says, within its limits")
    add("--page-cap", type=cap, default=0, metavar="N", help="list pages have N rows at most, whatever is asked for")
    add("--list-total", action="store_true", help="list responses have a total")
    add("--webhook-url", metavar="URL", help="the receiver of webhooks: http on loopback, default none")
    add("--callback-url", dest="webhook_url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # the old name
    add("--relay", action="store_true", help="serves a relay too, with two test sessions, for the tests of an app")
    add("--relay-port", type=port, default=0, metavar="N", help="the port of the relay, default a free one")
    add("--exit-with-stdin", action="store_true", help="stop when standard input ends: no sandbox outlives its parent")


def add_export(commands: Commands) -> None:
    """Adds `export`."""
    export = command(
        commands,
        "export",
        later("export_command", "run_export"),
        "Writes a list into a file, newest first, whatever its length.",
        "It works window by window in constant memory. When it is interrupted, the file holds whole windows only, and\n"
        "the same command continues where it stopped. The columns are the fields that the platform documents for the\n"
        "list; what else a row has is in the column extra. Times are ISO 8601 with the offset of --timezone. In CSV,\n"
        "text that a spreadsheet would take for a formula gets a ' in front. Exit code 3: written, but rows without a\n"
        "number, or rows that the platform counts and does not send, were left out.",
        f"{SETTINGS}\n\n{EXIT_CODES}",
    )
    add = export.add_argument
    add("what", choices=["consumptions", "cards", "cardholders", "transfers"], help="the list")
    when = "2026-03-01 (the whole day) or 2026-03-01T08:00:00+08:00"
    add("--from", dest="start", required=True, metavar="WHEN", help=when)
    add("--to", dest="end", required=True, metavar="WHEN", help="the same; both ends are included")
    add(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="FILE.csv, FILE.jsonl or FILE.parquet (keysecure[parquet]), which must not exist yet; - writes to "
        "standard output and cannot be continued",
    )
    add("--format", choices=["csv", "jsonl"], help="for --out -, default csv")
    add(
        "--details",
        action="store_true",
        help="one more call for each row: fees and merchant of consumptions, fees of cards, balance of cardholders",
    )
    add("--parallel", type=parallel, default=4, metavar="N", help="calls of --details at once, 1 to 16, default 4")
    add("--excel", action="store_true", help="CSV for Excel: a byte order mark, and text with digits stays text")
    add("--cardholder-no", metavar="NO", help="of one cardholder only")
    add("--card-no", metavar="NO", help="of one card only; for consumptions and cards")
    add("--window-days", type=window, default=7, metavar="N", help="days in a window, 1 to 90, default 7")
    add_settings(export)


def add_completion(commands: Commands) -> None:
    """Adds `completion`."""
    completion = command(
        commands,
        "completion",
        later("completion", "run_completion"),
        "Prints a function that completes commands and options of keysecure in a shell.",
        'bash, in ~/.bashrc:  eval "$(keysecure completion bash)"\n'
        'zsh, in ~/.zshrc:    eval "$(keysecure completion zsh)"\n'
        "fish, once:          keysecure completion fish > ~/.config/fish/completions/keysecure.fish",
    )
    completion.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell")


def url_path(text: str) -> str:
    """Reads `--path`."""
    if not text.startswith("/"):
        message = "must begin with a slash, such as /webhooks"
        raise argparse.ArgumentTypeError(message)
    return text


def number(smallest: int, largest: int) -> Callable[[str], int]:
    """A whole number in a range."""

    def read(text: str) -> int:
        # More digits than any range has, which `int` may refuse to read.
        found = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
        if not smallest <= found <= largest:
            message = f"must be {smallest} to {largest}"
            raise argparse.ArgumentTypeError(message)
        return found

    return read


window, cap, parallel, port = number(1, 90), number(1, 100), number(1, 16), number(0, 65_535)
