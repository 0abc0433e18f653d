"""`keysecure doctor`: the report in terms of the command's own options."""

from __future__ import annotations

import argparse
import json
import sys

from .. import CheckResult, Report
from .options import client_from
from .output import print_json
from .tables import print_report

OPTIONS = {
    "api_key": "KEYSECURE_API_KEY",
    "api_secret": "KEYSECURE_API_SECRET",
    "environment": "--environment",
    "base_url": "--base-url URL",
    "proxy": "--proxy URL",
    "ca_pem": "--ca-pem FILE",
    "timeout": "--timeout SECONDS",
    "aes": "--aes SCHEME",
    "store": "KEYSECURE_STORE",
}
"""The option or variable for each setting that an advice may name."""


def run_doctor(given: argparse.Namespace) -> int:
    """Runs the checks and prints the report."""
    with client_from(given) as client:
        report = client.doctor(given.card_no)
    if given.json:
        print_json(json.loads(report.to_json()))
    else:
        print_report(sys.stdout, report, advice_on)
    return exit_code(report)


def exit_code(report: Report) -> int:
    """1: a check failed; 3: a check could not be made. One that was not asked for does not count."""
    if any(result.status == "fail" for result in report.findings):
        return 1
    return 0 if report.is_complete else 3


def advice_on(result: CheckResult) -> str:
    """The next step after a check, or an empty text."""
    if result.status == "skipped":
        return "to check it: --card-no NO"
    options = [OPTIONS.get(setting, setting) for setting in result.settings]
    if options and result.value:
        options[0] = f"{options[0].split()[0]} {result.value}"
    return f"{result.advice} ({', '.join(options)})" if options else result.advice
