"""Short commands. Each takes its options and returns its exit code."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

from .. import ConfigError
from .demo import walk_through
from .options import client_from, variable
from .output import failed, print_json


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


def run_sandbox(given: argparse.Namespace) -> int:
    """`sandbox`."""
    from ..sandbox import Sandbox

    # Older names of --aes.
    old = f"{given.aes_key or 'utf8'}/{given.aes_mode or 'ecb'}"
    try:
        sandbox = Sandbox(
            given.mode,
            given.seed,
            port=given.port,
            api_key=given.api_key,
            api_secret=given.api_secret,
            aes=given.aes or old,
            repeated_numbers=given.repeated_numbers,
            manual_cards=given.manual_cards,
            http_statuses=given.http_status,
            tariffs=given.tariffs,
            lists={"page_cap": given.page_cap, "total": given.list_total},
            webhook_url=given.webhook_url,
            listen_on_all_interfaces=given.host == "0.0.0.0",  # noqa: S104
        )
    except ValueError as error:
        return failed(error, 2)
    with sandbox, ExitStack() as stack:
        info = sandbox.control("GET", "/info")
        if given.relay:
            from .relay import served_relay

            relay = served_relay(sandbox, given.host, given.relay_port, receives_webhooks=given.webhook_url is None)
            info["relay"] = stack.enter_context(relay)
        print(json.dumps(info), flush=True)
        # Programs read the line above. A person sees the address that matters to them.
        if sys.stderr.isatty():
            print(f"Console: {sandbox.console_url}", file=sys.stderr, flush=True)
        if given.exit_with_stdin:
            # The data does not matter, only its end.
            while sys.stdin.buffer.read(1):
                pass
        else:
            threading.Event().wait()
    return 0


def run_call(given: argparse.Namespace) -> int:
    """`call`."""
    body = given.body
    if body == "-":
        body = sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape")
    value = None if body is None else parse_json(body)
    with client_from(given) as client:
        data = client.call(given.method, given.path, value)
    print_json(data, indent=2)
    return 0


def parse_json(text: str) -> Any:
    """Reads JSON with all digits of its numbers."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=refuse)
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise ConfigError(message, outcome="not_sent") from None


def refuse(name: str) -> Any:
    """Refuses `NaN` and the like, which JSON does not have."""
    message = f"{name} is no number"
    raise ValueError(message)


def run_trigger(given: argparse.Namespace) -> int:
    """`trigger`."""
    # The client refuses the simulation itself, but not the lookup of the card before it.
    if (given.environment or variable("ENVIRONMENT")) == "production":
        message = "trigger is refused in production: it simulates in the platform's sandbox"
        raise ConfigError(message, outcome="not_sent")
    with client_from(given) as client:
        simulate = client.simulation
        if given.event == "purchase":
            # The platform wants the data of the webhook, assembled from the card.
            cardholder_no = given.cardholder_no or client.cards.get(given.card_no).cardholder_no
            merchant = {"merchant_name": given.merchant_name, "merchant_mcc": given.merchant_mcc}
            result = simulate.auth(
                consume_no=given.consume_no,
                card_no=given.card_no,
                cardholder_no=cardholder_no,
                type=given.type,
                amount=given.amount,
                local_amount=given.local_amount or given.amount,
                local_currency=given.local_currency,
                merchant_info={name: text for name, text in merchant.items() if text is not None} or None,
            )
        elif given.event == "clear":
            result = simulate.consumption_clear(consume_no=given.consume_no, amount=given.amount)
        elif given.event == "fail":
            result = simulate.consumption_fail(consume_no=given.consume_no)
        elif given.event == "reversal":
            result = simulate.reversal(consume_relate_no=given.consume_no, amount=given.amount)
        else:
            result = simulate.refund(consume_relate_no=given.consume_no, amount=given.amount)
    if given.json:
        print_json(json.loads(result.to_json(), parse_float=Decimal))
    else:
        print(result.consume_no or given.consume_no)
    return 0
