"""`keysecure call` and `keysecure trigger`."""

from __future__ import annotations

import json

import pytest
from cli_support import run

from keysecure import Client
from keysecure.sandbox import Sandbox

GONE = "redis://127.0.0.1:9/"
"""A store that cannot be reached."""


def test_a_call_prints_the_data_with_all_digits(
    sandbox: Sandbox, variables: dict[str, str], cardholder_no: str
) -> None:
    body = {"cardholder_no": cardholder_no, "transfer_unique_no": "书-1", "type": "In", "balance": "12.50"}
    result = run("call", "post", "/v1/account/transfer", json.dumps(body), PYTHONIOENCODING="utf-8", **variables)
    assert (result.returncode, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    assert (data["before_balance"], data["after_balance"]) == ("0.00", "12.50")
    assert data["transfer_unique_no"] == "书-1"
    result = run("call", "GET", f"/v1/account/{cardholder_no}/info", **variables)
    assert json.loads(result.stdout)["list"][0]["balance"] == "12.50"
    # Digits that a float does not have.
    exact = '{"page":0,"size":1,"n":12345678901234567890.10}'
    run("call", "POST", "/v1/card/package/list", exact, **variables)
    assert '"n":"12345678901234567890.10"' in str(sandbox.requests()[-1].body)


def test_the_body_may_come_from_standard_input(variables: dict[str, str]) -> None:
    result = run("call", "POST", "/v1/card/package/list", "-", stdin='\ufeff{"page": 0, "size": 1}', **variables)
    assert (result.returncode, len(json.loads(result.stdout)["list"])) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["GET", "/v1/card/7/detail"], 1, "code 1004"),
        (["POST", "/v1/card/list", "{"], 2, "the body is not JSON"),
        (["POST", "/v1/card/list", "[NaN]"], 2, "NaN is no number"),
        (["GET", "/v1/card/7/detail", "{}"], 2, "body"),
        (["GET", "/v1/card/../x"], 2, "path"),
        (["PUT", "/v1/card/7/detail"], 2, "invalid choice"),
    ],
)
def test_a_wrong_call_is_reported(variables: dict[str, str], arguments: list[str], code: int, message: str) -> None:
    result = run("call", *arguments, **variables)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_events_are_triggered_one_after_another(
    client: Client, variables: dict[str, str], cardholder_no: str, card_no: str
) -> None:
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="in", type="In", amount=100)

    def trigger(*arguments: str) -> str:
        result = run("trigger", *arguments, **variables)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.strip()

    merchant = ["--merchant-name", "Corner Books", "--merchant-mcc", "5942"]
    bought = trigger("purchase", "--card-no", card_no, "--amount", "40.00", *merchant)
    purchase = client.consumptions.get(bought)
    assert purchase.merchant_info is not None
    assert (purchase.status, purchase.cardholder_no, purchase.merchant_info.merchant_name) == (
        "Pending",
        cardholder_no,
        "Corner Books",
    )
    trigger("clear", bought)
    assert client.consumptions.get(bought).status == "Success"
    refunded = trigger("refund", bought, "--amount", "2.50")
    assert str(client.consumptions.get(refunded).amount) == "2.50"
    reversed_no = trigger("purchase", "--card-no", card_no, "--amount", "5")
    reversal = trigger("reversal", reversed_no)
    assert client.consumptions.get(reversal).type == "Reversal"
    failed = trigger("purchase", "--card-no", card_no, "--amount", "5")
    assert json.loads(trigger("fail", failed, "--json"))["consume_no"] == failed
    assert client.consumptions.get(failed).status == "Fail"


@pytest.mark.parametrize("event", [["purchase", "--card-no", "7", "--amount", "1"], ["clear", "7"]])
def test_no_event_is_triggered_in_production(sandbox: Sandbox, variables: dict[str, str], event: list[str]) -> None:
    by_option = run("trigger", *event, "--environment", "production", **variables)
    by_variable = run("trigger", *event, **variables, KEYSECURE_ENVIRONMENT="production")
    for result in (by_option, by_variable):
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == "keysecure: trigger is refused in production: it simulates in the platform's sandbox\n"
    assert sandbox.requests() == []
    overridden = run("trigger", *event, "--environment", "sandbox", **variables, KEYSECURE_ENVIRONMENT="production")
    assert overridden.returncode == 1
    assert sandbox.requests() != []


def test_a_failure_is_one_line_on_standard_error(variables: dict[str, str]) -> None:
    result = run("call", "GET", "/v1/card/404/detail", **variables)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("keysecure: ")


def test_a_warning_that_no_exception_repeats_is_printed(variables: dict[str, str]) -> None:
    result = run("call", "POST", "/v1/card/package/list", '{"page": 0, "size": 1}', **variables, KEYSECURE_STORE=GONE)
    assert result.returncode == 0
    [line] = result.stderr.splitlines()
    assert line.startswith("keysecure: the token store cannot be reached")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["purchase", "--card-no", "7"], 2, "--amount"),
        (["purchase", "--card-no", "7", "--amount", "1.005", "--cardholder-no", "7"], 2, "amount"),
        (["purchase", "--card-no", "7", "--amount", "1"], 1, "code 1004"),
        (["clear", "7"], 1, "simulation.consumption_clear"),
        (["clear", "7", "--environment", "production"], 2, "production"),
        ([], 2, "event"),
    ],
)
def test_a_wrong_event_is_reported(variables: dict[str, str], arguments: list[str], code: int, message: str) -> None:
    result = run("trigger", *arguments, **variables)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
