"""The command line: ``python -m keysecure --help``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import Client, ConfigError, InvalidInputError, KeySecureError, Package, __version__
from ._export import Export, ExportError, Span, instant

if TYPE_CHECKING:
    from .sandbox import Sandbox

# --- commands and their options ---

CREDENTIALS = """\
credentials are read from the environment, never from the command line:
  KEYSECURE_API_KEY, KEYSECURE_API_SECRET
also read: KEYSECURE_PROXY, KEYSECURE_CA_PEM (a PEM text or a file's path), KEYSECURE_STORE, KEYSECURE_APP_ID"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit code: 0 done, 1 failed, 2 not begun, 3 written but not all, 130 interrupted."""
    if threading.current_thread() is threading.main_thread():
        # A service manager's way to end it is as good as Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (ConfigError, ImportError) as error:
        # The sandbox may not be installed.
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

    demo = command("demo", run_demo, "A card's whole life on an offline sandbox: no account, no network.")
    demo.add_argument("--seed", type=int, default=1, help="what all numbers are made from, default 1")

    doctor = command(
        "doctor",
        run_doctor,
        "Tells what is wrong with an integration, and what to do about it.",
        "It looks at the clock, the network, the Api-Key, the IP whitelist, the token, the mode, PCI and, given a\n"
        "card, the AES scheme. It changes nothing. Exit code 1: something is bad.",
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
        "Writes a list into a file, newest first, whatever its length.",
        "It works window by window in constant memory, with a progress line on a terminal. When it is interrupted,\n"
        "the file holds whole windows only, and the same command goes on where it stopped. In a CSV file, text that\n"
        "a spreadsheet would take for a formula gets a ' in front; a JSONL file has every text as it is. Exit code 3:\n"
        "written, but rows without a number, or rows that the platform counts and does not give, were left out.",
        CREDENTIALS,
    )
    add_export_options(export)
    return top


def add_settings(command: argparse.ArgumentParser) -> None:
    """The settings of the client, apart from the secrets."""
    group = command.add_argument_group(
        "client", "each may stand in the environment instead, except --aes and --timeout"
    )
    group.add_argument(
        "--environment", choices=["sandbox", "production"], help="KEYSECURE_ENVIRONMENT, default sandbox"
    )
    group.add_argument("--base-url", metavar="URL", help="KEYSECURE_BASE_URL")
    group.add_argument(
        "--aes", metavar="SCHEME", help="utf8 (default), hex, base64, md5, md5hex, sha256, sha1prng; /cbc"
    )
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
    add("--timezone", metavar="ZONE", help="where the days begin, such as UTC-3; KEYSECURE_TIMEZONE, default UTC+8")
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


def run_demo(given: argparse.Namespace) -> int:
    """`demo`."""
    from .sandbox import Sandbox

    try:
        sandbox = Sandbox(seed=given.seed)
    except ValueError as error:
        return failed(error, 2)
    with sandbox, sandbox.client() as client:
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
            http_statuses=given.http_status,
            tariffs=given.tariffs,
            lists={"page_cap": given.page_cap, "total": given.list_total},
            webhook_url=given.callback_url,
        )
    except ValueError as error:
        return failed(error, 2)
    with sandbox:
        print(json.dumps(sandbox.control("GET", "/info")), flush=True)
        if given.exit_with_stdin:
            # What comes in does not matter, only that it ends.
            while sys.stdin.buffer.read(1):
                pass
        else:
            threading.Event().wait()
    return 0


def run_export(given: argparse.Namespace) -> int:
    """`export`."""
    filters = {name: value for name in ("cardholder_no", "card_no") if (value := getattr(given, name)) is not None}
    if given.what == "transfers" and "card_no" in filters:
        return failed("a transfer has no card: --card-no is for consumptions and cards", 2)
    zone = given.timezone or os.environ.get("KEYSECURE_TIMEZONE") or "UTC+8"
    try:
        start = instant(given.start, zone, end=False)
        end = instant(given.end, zone, end=True)
        span = Span(start, end, timedelta(days=given.window_days))
    except ExportError as error:
        return failed(error, 2)
    with client_of(given, timezone=zone) as client:
        try:
            export = Export(client, given.what, span, filters, given.out, merchant=merchant_of(given))
        except ExportError as error:
            return failed(error, 2)
        try:
            export.run(sys.stderr)
        except ExportError as error:
            return failed(error, 2)
        except KeyboardInterrupt:
            return failed(f"interrupted. {export}.\nRun the same command again to go on.", 130)
        except (KeySecureError, OSError) as error:
            return failed(f"{error}\n{export}. Run the same command again to go on.", 1)
    if export.left_out:
        return failed(f"{given.out} is written, but {export.left_out} warnings name rows that are not in it.", 3)
    return 0


def merchant_of(given: argparse.Namespace) -> str:
    """Whose rows they are, and on which platform: a key may be known to more than one."""
    settings = os.environ.get
    environment = given.environment or settings("KEYSECURE_ENVIRONMENT") or "sandbox"
    base_url = given.base_url or settings("KEYSECURE_BASE_URL", "")
    return json.dumps([settings("KEYSECURE_API_KEY"), environment, base_url])


# --- demo: from a cardholder to a refund, making every call on the way ---

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone_code": "44",
    "phone": "2079460123",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "state": "London",
    "city": "London",
    "address_line1": "12 St James's Square",
}


def tell(client: Client, sandbox: Sandbox) -> None:
    """Tells it."""
    now = datetime.now(timezone.utc)
    start, end = now - timedelta(days=1), now + timedelta(days=1)

    chapter("Getting in")
    left = client.access_token().expires_at - now
    print(f"The platform gave an access token, good for {round(left / timedelta(hours=1))} h.")

    chapter("A cardholder")
    checked = "share-token-of-the-identity-check"
    holder = client.cardholders.apply(cardholder_unique_no="customer-4711", sumsub_share_token=checked).cardholder_no
    print(f"Applied for customer-4711; the platform calls them {holder}.")
    print(f"Verification stands at {client.cardholders.get(holder).status}.")
    sandbox.approve_cardholder(holder)
    print(f"The platform checked the identity: {client.cardholders.get(holder).status}.")

    chapter("Two cards")
    packages = list(client.cards.packages())
    for package in packages:
        print(f"Package {package.package_no}: {package.package_en_name}, {package.package_type}")
    online = apply(client, packages, holder, "Virtual", "customer-4711-online")
    plastic = apply(client, packages, holder, "Physical", "customer-4711-plastic")
    for card in map(client.cards.get, (online, plastic)):
        print(f"Card {card.card_no} ({card.card_type}, **** {card.card_last_no}) is {card.status}.")

    chapter("The plastic card arrives by mail")
    # The cardholder reads the CVV off the back of the card; here the sandbox does.
    cvv = sandbox.card_secrets_for_tests(plastic).cvv
    last = client.cards.get(plastic).card_last_no or ""
    client.cards.activate(card_no=plastic, cardholder_no=holder, cvv=cvv, card_last_no=last)
    print("Activated with its CVV, which left this program only encrypted.")
    client.cards.set_pin(card_no=plastic, cardholder_no=holder, pin="739251")
    try:
        client.cards.set_pin(card_no=plastic, cardholder_no=holder, pin="123456")
    except InvalidInputError as error:
        print(f"Set its PIN. A weak one never leaves: {error}")
    print(f"Its secrets, masked unless exposed on purpose: {client.cards.private_info(plastic)}")

    chapter("Lost, and found again")
    client.cards.freeze(plastic)
    print(f"Frozen: the card is {client.cards.get(plastic).status}.")
    client.cards.unfreeze(plastic)
    print(f"Unfrozen: the card is {client.cards.get(plastic).status}.")

    chapter("Money")
    moved = client.accounts.transfer(
        cardholder_no=holder, transfer_unique_no="topup-2026-0001", type="In", amount="250.00"
    )
    print(f"Moved 250.00 TUSDT in: balance {moved.before_balance} -> {moved.after_balance}.")
    shop(client, plastic, holder)
    for account in client.accounts.get(holder).list:
        print(f"Balance now: {account.balance} {account.symbol}.")

    chapter("The books")
    consumptions = [client.consumptions.get(one.consume_no) for one in client.consumptions.list(start=start, end=end)]
    for one in consumptions:
        print(f"{one.type:>12}  {one.amount:>8}  {one.status}")
    # A reversal gives back an authorization that was never settled.
    sign = {"Refund": -1, "Reversal": 0}
    settled = [one for one in consumptions if one.status == "Success"]
    spent = sum((sign.get(str(one.type), 1) * (one.amount or 0) for one in settled), Decimal(0))
    print(f"{len(consumptions)} consumptions; spent and settled: {spent}.")
    transfers = list(client.accounts.transfers(start=start, end=end))
    print(f"{len(transfers)} transfer; moved in all: {sum(one.balance or 0 for one in transfers)}.")
    print(f"{len(list(client.cards.list(start=start, end=end)))} cards were issued.")
    print(f"\nThat was {len(sandbox.requests())} requests to the sandbox; not one left this machine.")


def apply(client: Client, packages: list[Package], holder: str, card_type: str, unique_no: str) -> str:
    """Applies for a card of the first package of its type and gives its number."""
    package = next(package for package in packages if package.package_type == card_type)
    applied = client.cards.apply(
        cardholder_no=holder,
        card_unique_no=unique_no,
        card_type=card_type,
        package_no=package.package_no,
        address_info=ADDRESS if card_type == "Physical" else None,
    )
    print(f"Applied for {unique_no}: the platform calls it {applied.card_no}.")
    return applied.card_no


def shop(client: Client, card_no: str, holder: str) -> None:
    """A purchase that is cleared, one that is given back before clearing, a refund, and one that fails."""

    def buy(amount: str) -> str:
        purchase = client.simulation.auth(
            card_no=card_no,
            cardholder_no=holder,
            type="Consumption",
            amount=amount,
            local_amount=amount,
            local_currency="USD",
            merchant_info={"merchant_name": "Corner Books", "merchant_mcc": "5942"},
        )
        return purchase.consume_no or ""

    books = buy("40.00")
    print("Bought books for 40.00.")
    client.simulation.consumption_clear(consume_no=books)
    print("The shop cleared it.")
    client.simulation.reversal(consume_relate_no=buy("15.50"))
    print("Another purchase of 15.50 was reversed before clearing.")
    client.simulation.refund(consume_relate_no=books, amount="10.00")
    print("One book went back: 10.00 refunded.")
    client.simulation.consumption_fail(consume_no=buy("5.00"))
    print("A third purchase of 5.00 failed.")


def chapter(title: str) -> None:
    """The heading of a part of the story."""
    print(f"\n== {title} ==")


if __name__ == "__main__":
    sys.exit(main())
