"""The commands. Each takes its options and returns its exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from datetime import timedelta

from .. import Client, KeySecureError
from .demo import walk_through
from .export import Export, Span
from .files import ExportError
from .times import instant


def failed(error: object, code: int) -> int:
    """Prints an error and returns the exit code."""
    print(f"keysecure: {error}", file=sys.stderr)
    return code


def client_of(given: argparse.Namespace, **more: str) -> Client:
    """Creates a client from the environment and the options."""
    names = ["environment", "base_url", "aes", "timeout"]
    settings = {name: value for name in names if (value := getattr(given, name)) is not None}
    return Client.from_env(**settings, **more)


def run_demo(given: argparse.Namespace) -> int:
    """`demo`."""
    from ..sandbox import Sandbox

    try:
        sandbox = Sandbox(seed=given.seed)
    except ValueError as error:
        return failed(error, 2)
    with sandbox, sandbox.client() as client:
        print(f"An offline sandbox of the platform listens on {sandbox.base_url}.")
        walk_through(client, sandbox)
    return 0


def run_doctor(given: argparse.Namespace) -> int:
    """`doctor`."""
    with client_of(given) as client:
        report = client.doctor(given.card_no)
    print(report.to_json() if given.json else report)
    return 0 if report.is_healthy else 1


def run_sandbox(given: argparse.Namespace) -> int:
    """`sandbox`."""
    from ..sandbox import Sandbox

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
            webhook_url=given.webhook_url,
        )
    except ValueError as error:
        return failed(error, 2)
    with sandbox:
        print(json.dumps(sandbox.control("GET", "/info")), flush=True)
        if given.exit_with_stdin:
            # The data does not matter, only its end.
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
            return failed(f"interrupted. {export}.\nRun the same command again to continue.", 130)
        except (KeySecureError, OSError) as error:
            return failed(f"{error}\n{export}. Run the same command again to continue.", 1)
    if export.left_out:
        return failed(f"{given.out} is written, but {export.left_out} warnings name rows that are not in it.", 3)
    return 0


def merchant_of(given: argparse.Namespace) -> str:
    """Names the merchant and the platform of the rows: a key may be valid at more than one platform."""
    settings = os.environ.get
    environment = given.environment or settings("KEYSECURE_ENVIRONMENT") or "sandbox"
    base_url = given.base_url or settings("KEYSECURE_BASE_URL", "")
    return json.dumps([settings("KEYSECURE_API_KEY"), environment, base_url])
