"""The code of the guide "Errors and outcomes"."""

from __future__ import annotations

import logging

import pytest

from keysecure import Client, InvalidInputError, KeySecureError, NotFoundError, StateError, TransportError
from keysecure.sandbox import Sandbox


def test_an_outcome_says_what_to_do(
    sandbox: Sandbox, client: Client, cardholder_no: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.fault("accounts.transfer", "drop_after_commit")
    # --8<-- [start:outcome]
    try:
        done = client.accounts.transfer(
            cardholder_no=cardholder_no, transfer_unique_no="order-7-topup", type="In", amount="25.00"
        )
        print("balance is now", done.after_balance)
    except KeySecureError as error:
        match error.outcome:
            case "not_sent":  # no whole request can have reached the platform: send it again
                print("not sent:", error)
            case "rejected":  # the platform says that it did not do it
                print("refused:", error.code, error.msg, error.field)
            case "unknown":  # it may have been done: look it up by its reference, or use ensure_transfer
                print("unknown:", error)
    # --8<-- [end:outcome]
    assert capsys.readouterr().out.startswith("unknown:")


@pytest.mark.parametrize(("number", "logged"), [("nobody", "no such cardholder"), ("", "check the argument")])
def test_a_kind_is_a_class(client: Client, caplog: pytest.LogCaptureFixture, number: str, logged: str) -> None:
    logger = logging.getLogger("shop")
    # --8<-- [start:kinds]
    try:
        client.cardholders.get(number)
    except NotFoundError:
        logger.warning("no such cardholder")
    except InvalidInputError as error:
        logger.error("check the argument %s", error.field)
    except StateError as error:
        logger.warning("not in this state: %s", error.code)
    except TransportError as error:  # the network; TimeoutError is one of them
        logger.warning("try again later: %s", error.transport_fault)
    except KeySecureError as error:
        logger.error("failed: %s (%s)", error, error.outcome)
    # --8<-- [end:kinds]
    assert logged in caplog.text
