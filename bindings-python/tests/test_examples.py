"""Every example, run as a user runs it: on its offline sandbox, and with the environment naming a platform."""

from __future__ import annotations

import csv
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from keysecure import Client
from keysecure.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[1] / "examples"
RECEIVERS = {
    "receive_webhooks.py": "/",
    "flask_webhooks.py": "/keysecure/webhooks",
    "django_webhooks.py": "/keysecure/webhooks",
    "fastapi_webhooks.py": "/keysecure/webhooks",
}


def environment(sandbox: Sandbox | None) -> dict[str, str]:
    """The environment without our settings, or with those of a platform that is there already."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KEYSECURE_")}
    if sandbox is None:
        return bare
    names = {"BASE_URL": sandbox.base_url, "API_KEY": sandbox.api_key, "API_SECRET": sandbox.api_secret}
    return {**bare, **{f"KEYSECURE_{name}": value for name, value in names.items()}}


def run(
    name: str, *arguments: str, cwd: Path, sandbox: Sandbox | None = None, code: int = 0, given: str = ""
) -> list[str]:
    """The lines that an example prints. Warnings are errors."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    result = subprocess.run(
        command,
        env={**environment(sandbox), "KEYSECURE_STORE": f"file:{cwd / 'store'}"},
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    # Warnings go there without settings of `logging`.
    logged = ("a purchase is declined: ", "a call failed")
    unexpected = [line for line in result.stderr.splitlines() if not line.startswith(logged)]
    assert (result.returncode, unexpected) == (code, []), result.stdout
    return result.stdout.splitlines()


def test_all_examples_are_run_by_these_tests() -> None:
    named = set(re.findall(r'"(\w+\.py)"', Path(__file__).read_text("utf-8")))
    assert {file.name for file in EXAMPLES.glob("*.py")} - {"offline.py"} == named - {"offline.py"}


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


def test_examples_with_credentials_need_the_client_only(tmp_path: Path) -> None:
    # As where only the client is installed.
    program = """
import runpy, sys
sys.modules["keysecure_sandbox"] = None
runpy.run_path(sys.argv[1], run_name="imported")
"""
    for example in EXAMPLES.glob("*.py"):
        if example.name == "test_your_own_code.py" or example.name in RECEIVERS:
            continue
        command = [sys.executable, "-c", program, str(example)]
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(EXAMPLES), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
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
    assert lines[4] == "The books say 1300.00, by 2 requests to pay."


def test_pay_in_exactly_once_from_a_file(tmp_path: Path, sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="known", type="In", amount="1.00")
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="other", type="In", amount="2.00")
    rows = [f"known,{cardholder_no},1.00", f"other,{cardholder_no},3.00"]
    (tmp_path / "payments.csv").write_text("\n".join(["number,cardholder_no,amount", *rows]))
    lines = run("pay_in_exactly_once.py", "payments.csv", cwd=tmp_path, sandbox=sandbox, code=1)
    assert lines[0].startswith("known: was paid")
    assert lines[1].startswith("other: ANOTHER payment has this number")
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("3.00")


@pytest.mark.parametrize("name", RECEIVERS)
def test_receivers_offline(tmp_path: Path, name: str) -> None:
    lines = run(name, cwd=tmp_path)
    assert "A purchase of 40.00 is Pending." in lines
    assert "A purchase of 400.00 is Fail." in lines
    assert any(re.fullmatch(r"Card \d+: Activated -> Frozen", line) for line in lines)
    assert lines[-1] == (
        "The sandbox sent 5 webhooks: Auth 200, Consumption 200, Auth 200, Consumption 200, Card_update 200."
    )


@pytest.mark.parametrize(("name", "path"), RECEIVERS.items())
def test_receivers_listen_for_a_platform_that_the_environment_names(name: str, path: str) -> None:
    with Sandbox("authorization") as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        port = free_port()
        command = [sys.executable, str(EXAMPLES / name), str(port)]
        with subprocess.Popen(command, env=environment(sandbox), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
            try:
                wait_until_it_listens(one, port)
                sandbox.webhooks_to(f"http://127.0.0.1:{port}{path}")
                bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="40.00").consume_no or ""
                assert sandbox.settle_webhooks(60)
                assert client.consumptions.get(bought).status == "Pending"
                assert [row.error for row in sandbox.deliveries()] == [None, None]
            finally:
                one.send_signal(signal.SIGINT)
                try:
                    one.communicate(timeout=60)
                except subprocess.TimeoutExpired:
                    one.kill()
                    raise


def free_port() -> int:
    """A port below those that a system assigns, which another test may get before the program listens."""
    for port in range(21_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


def wait_until_it_listens(program: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert program.poll() is None, program.communicate()
            assert time.monotonic() < end, "it does not listen"
            time.sleep(0.05)
        else:
            return


def test_your_own_code_is_tested_offline(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / "test_your_own_code.py")]
    result = subprocess.run(
        command, env=environment(None), cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "6 passed" in result.stdout
