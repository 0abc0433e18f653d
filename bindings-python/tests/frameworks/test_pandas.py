"""Reports with pandas, and values of pandas and numpy as arguments."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keysecure import Client, Consumption, InvalidInputError
from keysecure.sandbox import Sandbox

UTC = timezone.utc
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def consumptions(sandbox: Sandbox, client: Client, card_no: str) -> list[Consumption]:
    """Four consumptions with all their details."""
    sandbox.seed_consumptions(card_no, [NOON + timedelta(hours=hour) for hour in range(4)])
    window = {"start": pd.Timestamp(NOON), "end": pd.Timestamp(NOON + timedelta(days=1))}
    return [client.consumptions.get(row.consume_no) for row in client.consumptions.list(**window)]


def test_a_report_has_exact_money_and_times_in_utc(consumptions: list[Consumption]) -> None:
    report = pd.DataFrame([row.to_dict() for row in consumptions])
    assert len(report) == 4
    assert str(report["time"].dtype) == "datetime64[us, UTC]"
    assert report["time"].is_monotonic_decreasing
    total = report.groupby("type")["amount"].sum()["Consumption"]
    assert isinstance(total, Decimal)
    assert total == sum((row.amount or Decimal(0)) for row in consumptions)
    by_day = report.set_index("time").resample("D")["amount"].count()
    assert by_day.to_dict() == {pd.Timestamp("2026-06-01", tz="UTC"): 4}


def test_rows_of_a_frame_are_arguments(
    sandbox: Sandbox, recording: Client, consumptions: list[Consumption], cardholder_no: str
) -> None:
    frame = pd.DataFrame(
        {
            "cardholder_no": [cardholder_no] * 2,
            "reference": np.array(["order-1", "order-2"]),
            "amount": [25, 30],
            "since": pd.to_datetime(["2026-01-01", "2026-02-01"], utc=True),
        }
    )
    for _, row in frame.iterrows():
        # Not a plain int: numpy.int64, numpy.str_ or str, and pandas.Timestamp.
        made = recording.accounts.ensure_transfer(
            cardholder_no=row["cardholder_no"],
            transfer_unique_no=row["reference"],
            type="In",
            amount=frame["amount"].iloc[0] if row["reference"] == "order-1" else row["amount"],
            since=row["since"],
            first_attempt=True,
        )
        assert made.created
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal(55)
    for whole in (np.int64(3), np.uint8(3), np.int32(3)):
        assert recording.call("POST", "/v1/card/package/list", {"page": np.int64(0), "size": whole})["list"]
        assert recording.cards.packages_page(page=np.int16(0), size=whole)
    with sandbox.client(
        timeout=np.float64(5.5), connect_timeout=np.float32(2), max_retries=np.int64(1), timezone="UTC"
    ) as other:
        assert other.cards.get(np.str_(consumptions[0].card_no)).card_no == consumptions[0].card_no


@pytest.mark.parametrize("amount", [np.float64(25), np.float32(25), np.float64("nan"), np.bool_(True), pd.NA, pd.NaT])
def test_money_that_is_not_exact_is_refused(client: Client, transfer: dict[str, object], amount: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^amount must be a Decimal, an int or a str") as caught:
        client.accounts.transfer(**{**transfer, "amount": amount})
    assert caught.value.field == "amount"
    if not isinstance(amount, np.bool_ | type(pd.NA)) and amount is not pd.NaT:
        assert "a float is not exact" in str(caught.value)
        with pytest.raises(InvalidInputError, match="must not hold a float"):
            client.call("POST", "/v1/card/package/list", {"size": amount})


def test_a_missing_time_is_refused_by_name(client: Client, recording: Client, transfer: dict[str, object]) -> None:
    for field, call in [
        ("start", lambda: client.cards.list(start=pd.NaT, end=NOON)),
        ("end", lambda: client.consumptions.list(start=NOON, end=pd.NaT)),
        ("start", lambda: client.cardholders.list_page(start=pd.NaT, end=NOON, page=0, size=1)),
        ("since", lambda: recording.accounts.ensure_transfer(**transfer, since=pd.NaT)),
        ("time", lambda: client.simulation.auth(card_no="1", time=pd.NaT)),
        ("timestamp", lambda: client.webhook_verifier().sign_for_tests(pd.NaT, b"{}")),
    ]:
        with pytest.raises(InvalidInputError, match=r"pandas\.NaT") as caught:
            call()
        assert caught.value.field == field
    with pytest.raises(InvalidInputError, match="must have a time zone"):
        client.cards.list(start=pd.Timestamp("2026-06-01"), end=NOON)


@pytest.mark.parametrize("number", [np.int64(17), np.float64("nan"), pd.NA])
def test_an_identifier_that_pandas_made_a_number_is_refused(client: Client, number: object) -> None:
    frame = pd.DataFrame({"card_no": ["0017", "18"]})
    assert client.call("POST", "/v1/card/list", {
        "card_no": frame["card_no"].iloc[0], "page": 0, "size": 1,
        "start_time": "2026-01-01", "end_time": "2026-01-02",
    })["list"] == []  # fmt: skip
    words = "an int would lose leading zeros; got numpy.int64" if isinstance(number, np.int64) else "must be a str; got"
    with pytest.raises(InvalidInputError, match=words) as caught:
        client.cards.get(number)
    assert caught.value.field == "card_no"


def test_a_report_becomes_a_parquet_file(consumptions: list[Consumption], tmp_path: Path) -> None:
    # Parquet takes no empty object, as `extra` usually is. Fees are a list of objects, the merchant is an object.
    fees = {"fee_list": [{"fee_type": "Atm_fee", "amount": "0.40"}]}
    with_fees = [Consumption.from_json(json.dumps({**json.loads(row.to_json()), **fees})) for row in consumptions]
    report = pd.DataFrame([row.to_dict(extra=False) for row in with_fees])
    file = tmp_path / "report.parquet"
    report.to_parquet(file)
    again = pd.read_parquet(file)
    assert list(again["amount"]) == [row.amount for row in consumptions]
    assert list(again["fee_list"].iloc[0]) == [{"fee_type": "Atm_fee", "amount": Decimal("0.40")}]
    assert set(again["merchant_info"].iloc[0]) == {"merchant_name", "merchant_mcc", "city", "country"}
    assert str(again["time"].dtype) == "datetime64[us, UTC]"
    flat = pd.json_normalize([row.to_dict(extra=False) for row in with_fees])
    assert "merchant_info.city" in flat
    assert not [column for column in flat if "extra" in column]
