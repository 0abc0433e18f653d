"""`keysecure export`: its options, and the export to standard output."""

from __future__ import annotations

import argparse
import io
import json
import sys
from datetime import timedelta, tzinfo
from pathlib import Path
from time import monotonic

from .. import Client, KeySecureError
from .export import Export
from .files import ExportError, Format
from .lists import KINDS
from .options import client_from, variable
from .output import INTERRUPTED, failed, is_reader_gone
from .progress import progress_on
from .source import Source, Span
from .times import check_begun, instant, offset, warning_of_end

STANDARD_OUTPUT = Path("-")


def run_export(given: argparse.Namespace) -> int:
    """Exports a list."""
    zone_name = given.timezone or variable("TIMEZONE") or "UTC+8"
    try:
        check(given)
        zone = offset(zone_name)
        start = instant(given.start, zone_name, end=False)
        end = instant(given.end, zone_name, end=True)
        span = Span(start, end, timedelta(days=given.window_days))
        check_begun(given.start, start, zone_name)
    except ExportError as error:
        return failed(error, 2)
    if warning := warning_of_end(given.end, end, zone_name):
        print(f"keysecure: warning: {warning}", file=sys.stderr)
    given.timezone = zone_name
    with client_from(given) as client:
        if given.out == STANDARD_OUTPUT:
            return export_to_stdout(given, client, span, zone)
        return export_to_file(given, client, span, zone)


def check(given: argparse.Namespace) -> None:
    """Refuses options that do not fit each other."""
    kind = KINDS[given.what]
    problem = None
    for name in ("cardholder_no", "card_no"):
        if getattr(given, name) is not None and name not in kind.filters:
            problem = f"{given.what} cannot be filtered by --{name.replace('_', '-')}"
    if given.details and kind.detail is None:
        problem = f"{given.what} have no --details: the list has all fields"
    is_csv = (given.format or "csv") == "csv" if given.out == STANDARD_OUTPUT else given.out.suffix == ".csv"
    if given.excel and not is_csv:
        problem = "--excel is for CSV"
    if given.format is not None and given.out != STANDARD_OUTPUT:
        problem = "--format is for --out -: the end of a file's name says its format"
    if problem is not None:
        raise ExportError(problem)
    if given.out.suffix == ".parquet":
        from .parquet import require

        require()


def filters_of(given: argparse.Namespace) -> dict[str, str]:
    """The filters of the list."""
    return {name: value for name in ("cardholder_no", "card_no") if (value := getattr(given, name)) is not None}


def export_to_file(given: argparse.Namespace, client: Client, span: Span, zone: tzinfo) -> int:
    """Exports into a file, or continues."""
    started = monotonic()
    try:
        export = Export(
            client,
            given.what,
            span,
            filters_of(given),
            given.out,
            merchant=merchant_of(given),
            zone=zone,
            parallel=given.parallel if given.details else 0,
            excel=given.excel,
        )
    except ExportError as error:
        return failed(error, 2)
    try:
        export.run(sys.stderr)
    except ExportError as error:
        return failed(error, 2)
    except KeyboardInterrupt:
        return failed(f"interrupted. {export}.\nRun the same command again to continue.", INTERRUPTED)
    except (KeySecureError, OSError) as error:
        return failed(f"{error}\n{export}. Run the same command again to continue.", 1)
    summarize(str(given.out), export.rows, span, started)
    return incomplete(str(given.out), export.left_out)


def export_to_stdout(given: argparse.Namespace, client: Client, span: Span, zone: tzinfo) -> int:
    """Exports to standard output. There is no progress line on a terminal that shows the rows."""
    started = monotonic()
    columns = KINDS[given.what].columns(details=given.details)
    table = Format(columns, zone, given.format != "jsonl", given.excel).writer(sys.stdout.buffer.write)
    source = Source(client, given.what, filters_of(given), given.parallel if given.details else 0)
    windows = span.windows()
    progress = progress_on(io.StringIO() if sys.stdout.isatty() else sys.stderr, len(windows), 0, 0)
    seam: set[str] = set()
    left_out = 0
    try:
        table.head()
        for window in windows:
            written = source.write(window, seam, table, progress)
            seam = written.seam
            left_out += written.left_out
            sys.stdout.buffer.flush()
            progress.window()
    except KeyboardInterrupt:
        return failed(f"interrupted after {progress.rows:,} rows", INTERRUPTED)
    except (KeySecureError, OSError) as error:
        if is_reader_gone(error):
            raise
        return failed(f"{error}\nThe output ends after {progress.rows:,} rows.", 1)
    finally:
        progress.end()
    summarize("standard output", progress.rows, span, started)
    return incomplete("the output", left_out)


def summarize(out: str, rows: int, span: Span, started: float) -> None:
    """Prints what was exported, on a terminal and without one."""
    windows = len(span.windows())
    print(
        f"{out}: {rows:,} {'row' if rows == 1 else 'rows'}, {windows} {'window' if windows == 1 else 'windows'} "
        f"from {span.start.isoformat()} to {span.end.isoformat()}, {monotonic() - started:.1f} s",
        file=sys.stderr,
    )


def incomplete(out: str, left_out: int) -> int:
    """The exit code of an export that came to its end."""
    if left_out:
        warnings = "1 warning names" if left_out == 1 else f"{left_out} warnings name"
        return failed(f"{out} is written, but {warnings} what is not in it.", 3)
    return 0


def merchant_of(given: argparse.Namespace) -> str:
    """Names the merchant and the platform of the rows: a key may be valid at more than one platform."""
    environment = given.environment or variable("ENVIRONMENT") or "sandbox"
    base_url = given.base_url or variable("BASE_URL") or ""
    return json.dumps([variable("API_KEY"), environment, base_url])
