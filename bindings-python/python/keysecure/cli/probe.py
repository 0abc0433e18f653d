"""`keysecure probe`: what the platform's documentation leaves open."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from .. import ConfigError
from .options import client_from
from .output import print_json


def run_probe(given: argparse.Namespace) -> int:
    """Runs the probe and prints the report."""
    webhook = None if given.webhook is None else captured(given.webhook)
    with client_from(given) as client:
        report = client.probe(given.card_no, webhook=webhook, simulate=given.simulate)
    if given.json:
        print_json(json.loads(report.to_json()), indent=2)
    else:
        print(report)
    return 0


def captured(file: Path) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a captured webhook. The line of an HTTP request may be in front."""
    parts = re.split(rb"(\r?\n\r?\n)", file.read_bytes(), maxsplit=1)
    head, end, body = parts if len(parts) == 3 else (parts[0], b"", b"")
    lines = [line.partition(":") for line in head.decode("utf-8", "replace").splitlines()]
    headers = {name.strip(): value.strip() for name, colon, value in lines if colon and " " not in name.strip()}
    names = {name.lower() for name in headers}
    if not end or not {"timestamp", "signature"} <= names:
        message = f"{file} holds no webhook: headers with Timestamp and Signature, an empty line, and the body"
        raise ConfigError(message, outcome="not_sent")
    return headers, body
