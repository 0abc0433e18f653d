"""Every example, run as a user runs it: on its offline sandbox, and with the environment naming a platform."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from examples_support import EXAMPLES, check_receiver_listens, check_receiver_offline, environment, run

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_all_examples_are_run_by_these_tests() -> None:
    files = [file for name in ("test_*.py", "conftest.py") for file in Path(__file__).parent.rglob(name)]
    texts = [file.read_text("utf-8") for file in files]
    named = set(re.findall(r'"(\w+\.py)"', "".join(texts)))
    assert {file.name for file in EXAMPLES.glob("*.py")} - {"offline.py"} <= named


def test_issue_a_card_offline(tmp_path: Path) -> None:
    lines = run("issue_a_card.py", cwd=tmp_path)
    assert lines[0] == "Applied for customer-4711-online."
    assert lines[1].endswith("is Activated.")
    assert "******" in lines[2]


def test_issue_a_card_does_not_issue_it_again(
    tmp_path: Path, sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    package_no = next(iter(client.cards.packages(type="Virtual"))).package_no
    applied = client.cards.apply(
        cardholder_no=cardholder_no, card_unique_no="mine-1", card_type="Virtual", package_no=package_no
    )
    lines = run("issue_a_card.py", cardholder_no, "mine-1", cwd=tmp_path, sandbox=sandbox)
    assert lines[0] == "Found mine-1."
    assert applied.card_no in lines[1]
    assert len(sandbox.state().cards) == 1


@pytest.mark.parametrize(
    "name",
    [
        "issue_a_card.py",
        "freeze_lost_cards.py",
        "pay_in_exactly_once.py",
        "reconcile_a_month.py",
        "receive_webhooks.py",
    ],
)
def test_examples_with_credentials_need_the_client_only(name: str) -> None:
    # As where the package of the sandbox is not installed.
    program = """
import runpy, sys
sys.modules["keysecure_sandbox"] = None
sys.path.insert(0, sys.argv[1])
runpy.run_path(sys.argv[1] + "/" + sys.argv[2], run_name="imported")
"""
    command = [sys.executable, "-c", program, str(EXAMPLES), name]
    result = subprocess.run(command, env=environment(None), capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def test_freeze_lost_cards_offline(tmp_path: Path) -> None:
    lines = run("freeze_lost_cards.py", cwd=tmp_path, code=1)
    assert lines[0].endswith(": Frozen")
    assert lines[2].startswith("404: NOT FROZEN")
    assert lines[-1] == "2 of 3 cards cannot be used any more."


def test_freeze_lost_cards_continues_after_lost_responses(tmp_path: Path, sandbox: Sandbox, cardholder_no: str) -> None:
    cards = [sandbox.seed_virtual_card(cardholder_no) for _ in range(3)]
    sandbox.fault("cards.update_status", "drop_after_commit")
    lines = run("freeze_lost_cards.py", "-", cwd=tmp_path, sandbox=sandbox, given="\n".join(cards))
    assert lines == [f"{card}: Frozen" for card in cards] + ["3 of 3 cards cannot be used any more."]
    again = run("freeze_lost_cards.py", *cards, cwd=tmp_path, sandbox=sandbox)
    assert again == lines


def test_reconcile_a_month_offline(tmp_path: Path) -> None:
    lines = run("reconcile_a_month.py", cwd=tmp_path)
    assert lines[-1] == "All cards: -33.40. The consumptions are in consumptions.csv."
    with (tmp_path / "consumptions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["amount"] for row in rows) == ["1.00", "1.00", "1.00", "10.00", "40.00"]
    assert {row["fee"] for row in rows if row["amount"] == "40.00"} == {"0.40"}


def test_reconcile_a_month_takes_that_month_only(tmp_path: Path, sandbox: Sandbox, card_no: str) -> None:
    # The days of a month begin in UTC+8.
    texts = ["2026-02-28T15:59:59", "2026-02-28T16:00:00", "2026-03-31T15:59:59", "2026-03-31T16:00:00"]
    numbers = sandbox.seed_consumptions(
        card_no, [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in texts]
    )
    lines = run("reconcile_a_month.py", "2026-03", "march.csv", cwd=tmp_path, sandbox=sandbox)
    assert lines[-1] == "All cards: -2.00. The consumptions are in march.csv."
    with (tmp_path / "march.csv").open(encoding="utf-8", newline="") as file:
        assert {row["consume_no"] for row in csv.DictReader(file)} == set(numbers[1:3])


def test_pay_in_exactly_once_offline(tmp_path: Path) -> None:
    lines = run("pay_in_exactly_once.py", cwd=tmp_path)
    assert [line.split(" (")[0] for line in lines[:4]] == [
        "salary-2026-03-ada: paid now",
        "bonus-2026-03-ada: paid now",
        "salary-2026-03-ada: was paid",
        "bonus-2026-03-ada: was paid",
    ]
    assert lines[4] == "The ledger says 1300.00, by 2 requests to pay."


def test_pay_in_exactly_once_from_a_file(tmp_path: Path, sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="known", type="In", amount="1.00")
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="other", type="In", amount="2.00")
    rows = [f"known,{cardholder_no},1.00", f"other,{cardholder_no},3.00"]
    (tmp_path / "payments.csv").write_text("\n".join(["number,cardholder_no,amount", *rows]))
    lines = run("pay_in_exactly_once.py", "payments.csv", cwd=tmp_path, sandbox=sandbox, code=1)
    assert lines[0].startswith("known: was paid")
    assert lines[1].startswith("other: ANOTHER payment has this number")
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("3.00")


def test_pay_in_exactly_once_says_what_to_do(tmp_path: Path, sandbox: Sandbox, cardholder_no: str) -> None:
    rows = [f"one,{cardholder_no},x", "two,no-such-holder,1.00", f"three,{cardholder_no},1.00"]
    (tmp_path / "payments.csv").write_text("\n".join(["number,cardholder_no,amount", *rows]))
    lines = run("pay_in_exactly_once.py", "payments.csv", cwd=tmp_path, sandbox=sandbox, code=1)
    assert lines[0].startswith("one: not paid, correct it: ")
    assert lines[1].startswith("two: not paid, the platform refused it: ")
    assert lines[2].startswith("three: paid now")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("issue_a_card.py", []),
        ("issue_a_card.py", ["only-one"]),
        ("reconcile_a_month.py", []),
        ("reconcile_a_month.py", ["march", "out.csv"]),
        ("reconcile_a_month.py", ["2026-13", "out.csv"]),
        ("pay_in_exactly_once.py", []),
        ("pay_in_exactly_once.py", ["no-such-file.csv"]),
    ],
)
def test_wrong_arguments_of_an_example_are_reported(
    tmp_path: Path, sandbox: Sandbox, name: str, arguments: list[str]
) -> None:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    settings = {**environment(sandbox), "KEYSECURE_STORE": f"file:{tmp_path / 'store'}"}
    result = subprocess.run(
        command, env=settings, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"usage: python {name} ")


def test_a_receiver_offline(tmp_path: Path) -> None:
    check_receiver_offline("receive_webhooks.py", tmp_path)


def test_a_receiver_listens_for_a_platform_that_the_environment_names() -> None:
    check_receiver_listens("receive_webhooks.py", "/")


def test_your_own_code_is_tested_offline(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / "test_your_own_code.py")]
    result = subprocess.run(
        command, env=environment(None), cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "6 passed" in result.stdout
