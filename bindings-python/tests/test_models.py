"""What the platform's objects can do in Python: compare, hash, copy, pickle, become a dict or JSON."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

import keysecure
from keysecure import Card, Client, Consumption, Package
from keysecure.sandbox import Sandbox

CARD = """{"card_no":"17","status":"Brand_new","time":1763800000123,"fee_detail":{"open_cost":"10.50","rebate":0.10},
           "colour":"red","limits":[1.50,{"a":null}]}"""


def test_values_are_python_s_own() -> None:
    card = Card.from_json(CARD)
    assert card.time == datetime(2025, 11, 22, 8, 26, 40, 123000, tzinfo=timezone.utc)
    assert card.time is not None
    assert card.time.tzinfo is timezone.utc
    assert card.fee_detail is not None
    assert str(card.fee_detail.open_cost) == "10.50"  # the exact text, zero included
    assert card.card_name is None
    assert (card.status, type(card.status)) == ("Brand_new", str)  # a value that this version does not know


def test_fields_that_are_not_known_are_kept_exactly() -> None:
    card = Card.from_json(CARD)
    assert card.extra == {"colour": "red", "limits": [Decimal("1.50"), {"a": None}]}
    assert card.fee_detail is not None
    assert card.fee_detail.extra == {"rebate": Decimal("0.10")}
    assert json.loads(card.to_json())["colour"] == "red"
    assert '"limits":[1.50,{"a":null}]' in card.to_json()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1e400", Decimal("1e400")),
        ("1e99999999999999999999", "1e99999999999999999999"),
        (r'"\ud800"', "\ufffd"),
        ("[" * 128 + "]" * 128, None),
        ("[" * 129 + "]" * 129, "[" * 129 + "]" * 129),
        ("[" * 100_000 + "]" * 100_000, "[" * 100_000 + "]" * 100_000),
        (r'{"a":1,"a":2}', {"a": 2}),
        ("{}", {}),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_value_that_python_cannot_hold_leaves_the_other_fields(value: str, expected: object) -> None:
    card = Card.from_json(f'{{"card_no":"17","new":1,"new":{value},"other":1.50}}')
    assert sorted(card.extra) == ["new", "other"]
    assert card.extra["other"] == Decimal("1.50")
    if expected is None:
        assert isinstance(card.extra["new"], list)
    else:
        assert card.extra["new"] == expected
    json.dumps(card.to_dict(mode="json"))
    assert f'"new":{value}' in card.to_json().replace(r"\ufffd", r"\ud800")
    assert pickle.loads(pickle.dumps(card)) == card


def test_the_amount_of_a_transfer_has_the_platform_s_name_in_json_only() -> None:
    row = keysecure.TransferRecord.from_json('{"transfer_no":"1","balance":"25.00"}')
    assert row.amount == Decimal("25.00")
    assert row.to_json() == '{"transfer_no":"1","balance":"25.00"}'
    assert row.to_dict(mode="json")["amount"] == "25.00"
    assert "balance" not in row.to_dict()
    assert "amount=Decimal('25.00')" in repr(row)


def test_an_object_becomes_a_dict_with_all_its_attributes() -> None:
    fields = Card.from_json(CARD).to_dict()
    assert fields["card_no"] == "17"
    assert fields["card_name"] is None
    assert fields["fee_detail"]["open_cost"] == Decimal("10.50")
    assert fields["extra"]["colour"] == "red"
    info = keysecure.AccountInfo.from_json('{"list":[{"symbol":"TUSDT","balance":"1.00"}]}')
    assert info.to_dict()["list"][0]["balance"] == Decimal("1.00")


def test_objects_compare_hash_copy_and_pickle_by_value() -> None:
    card, same, other = Card.from_json(CARD), Card.from_json(CARD), Card.from_json('{"card_no":"1","status":"Fail"}')
    assert card == same != other
    assert hash(card) == hash(same)
    assert len({card, same, other}) == 2
    assert card != "17"
    for again in [copy.copy(card), copy.deepcopy(card), Card.from_json(card.to_json())]:
        assert again == card
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(card, protocol)) == card


def test_every_model_that_the_platform_sends_goes_through_a_pickle(
    client: Client, card_no: str, cardholder_no: str
) -> None:
    bought = client.simulation.auth(card_no=card_no, amount=1)
    assert bought.consume_no is not None
    for item in [
        client.cards.get(card_no),
        client.cardholders.get(cardholder_no),
        client.accounts.get(cardholder_no),
        client.consumptions.get(bought.consume_no),
        next(iter(client.cards.packages())),
        bought,
    ]:
        assert pickle.loads(pickle.dumps(item)) == item
        assert type(item).from_json(item.to_json()) == item
        assert repr(item).startswith(f"{type(item).__name__}(")


def test_what_calls_give_beside_models_can_do_the_same(
    sandbox: Sandbox, client: Client, recording: Client, card_no: str, transfer: dict[str, Any]
) -> None:
    made = recording.accounts.ensure_transfer(**transfer, first_attempt=True)
    page = client.accounts.transfers_page(start=sandbox.clock.now.date(), end=sandbox.clock.now, page=0, size=5)
    report = client.doctor(card_no)
    for item in [made, page, report, report.findings[0]]:
        for again in [copy.copy(item), *(pickle.loads(pickle.dumps(item, number)) for number in range(2, 6))]:
            assert again == item
            assert again.to_dict() == item.to_dict()
    assert hash(made) == hash(copy.copy(made))
    assert made != page
    assert made.to_dict() == {"value": made.value.to_dict(), "created": True}
    assert json.loads(made.to_json()) == {"value": json.loads(made.value.to_json()), "created": True}
    assert page.to_dict()["list"] == [row.to_dict() for row in page.list]
    assert json.loads(page.to_json())["list"] == [json.loads(row.to_json()) for row in page.list]


def test_an_object_cannot_be_changed() -> None:
    card = Card.from_json(CARD)
    with pytest.raises(AttributeError):
        card.status = "Frozen"
    with pytest.raises(AttributeError):
        card.new = 1
    card.extra["colour"] = "blue"
    assert card.extra["colour"] == "red"  # a separate dict each time


def test_a_repr_reads_like_python_and_leaves_out_what_is_absent() -> None:
    text = repr(
        Package.from_json('{"package_no":"9","en_tag_list":["a"],"consumption_limit":{"limit_balance":"5.00"}}')
    )
    assert text == (
        "Package(package_no='9', en_tag_list=['a'], cn_tag_list=[],"
        " consumption_limit=Limits(limit_balance=Decimal('5.00')))"
    )


def test_a_card_number_in_free_text_is_masked_in_the_repr() -> None:
    consumption = Consumption.from_json('{"consume_no":"1","remark":"paid with 4111111111111111","pin":"739251"}')
    assert "4111111111111111" not in repr(consumption)
    assert "411111******1111" in repr(consumption)
    assert "739251" not in repr(consumption)  # a field whose name says that it is secret


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"card_no":["1"],"status":"Fail"}', '{"card_no":null,"status":"Fail"}']
)
def test_what_is_no_such_object_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(keysecure.InvalidInputError) as caught:
        Card.from_json(text)
    assert (caught.value.outcome, caught.value.field) == ("not_sent", "text")


@pytest.mark.parametrize("millis", [-62_135_596_800_001, 253_402_300_800_000, 9_000_000_000_000_000])
def test_a_time_beyond_python_s_calendar_is_an_error_of_ours(millis: int) -> None:
    card = Card.from_json(f'{{"card_no":"1","status":"Fail","time":{millis}}}')
    with pytest.raises(keysecure.InvalidResponseError, match="years 1 to 9999"):
        _ = card.time
    assert pickle.loads(pickle.dumps(card)) == card


def test_a_time_before_1970_is_a_time() -> None:
    card = Card.from_json('{"card_no":"1","status":"Fail","time":-1}')
    assert card.time == datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc)


def test_an_address_compares_copies_and_does_not_print_whose_it_is() -> None:
    parts = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "phone_code": "44",
        "phone": "7700900123",
        "postal_code": "W1U 1AA",
        "country": "GB",
        "state": "England",
        "city": "London",
        "address_line1": "12 St James Square",
    }
    address = keysecure.Address(**parts)
    assert address == keysecure.Address(**parts, address_line2=None) == pickle.loads(pickle.dumps(address))
    assert address.to_dict() == {**parts, "address_line2": None}
    assert "Lovelace" not in repr(address)
    assert "7700900123" not in repr(address)


def test_a_dict_for_json_holds_text_for_times_and_amounts(client: Client, card_no: str) -> None:
    card = Card.from_json(CARD)
    assert card.to_dict(mode="json") == {
        **dict.fromkeys(card.to_dict()),
        "card_no": "17",
        "status": "Brand_new",
        "time": "2025-11-22T08:26:40.123+00:00",
        "fee_detail": {**dict.fromkeys(FEES), "open_cost": "10.50", "extra": {"rebate": "0.10"}},
        "extra": {"colour": "red", "limits": ["1.50", {"a": None}]},
    }
    assert card.to_dict(mode="python") == card.to_dict() == copy.copy(card).to_dict()
    huge = keysecure.AccountInfo.from_json('{"list":[{"symbol":"T","balance":"0.0000001"}]}')
    assert huge.to_dict(mode="json")["list"][0]["balance"] == "0.0000001"
    event = keysecure.UnknownEvent.from_json("New", '{"a":1.50}')
    assert event.to_dict(mode="json") == {"action": "New", "data": {"a": "1.50"}}
    page = client.cards.packages_page(page=0, size=2)
    address = keysecure.Address(postal_code="1", country="GB", state="E", city="L", address_line1="1")
    report = client.doctor(card_no)
    for item in [card, huge, event, page, address, report, report.findings[0], client.cards.get(card_no)]:
        assert json.loads(json.dumps(item.to_dict(mode="json"))) == item.to_dict(mode="json")


FEES = [
    name for name in vars(keysecure.FeeSchedule) if inspect.isgetsetdescriptor(getattr(keysecure.FeeSchedule, name))
]


@pytest.mark.parametrize("mode", ["JSON", "", None, 1])
def test_another_mode_of_a_dict_is_refused(mode: Any) -> None:
    item = keysecure.UnknownEvent.from_json("New", "{}")
    for each in [Card.from_json(CARD), item]:
        if mode is None:
            assert each.to_dict(mode=None) == each.to_dict()
        else:
            with pytest.raises(keysecure.InvalidInputError, match="mode must be python or json"):
                each.to_dict(mode=mode)


def test_a_dict_without_extra_has_none_inside_either() -> None:
    text = '{"consume_no":"1","new":1,"fee_list":[{"fee_type":"Atm_fee","x":1}],"merchant_info":{"city":"Bern","y":2}}'
    row = keysecure.Consumption.from_json(text)
    assert (row.to_dict()["extra"], row.to_dict(extra=True)) == ({"new": 1}, row.to_dict())
    without = row.to_dict(extra=False)
    assert without["fee_list"] == [{"fee_type": "Atm_fee", "amount": None}]
    assert without["merchant_info"]["city"] == "Bern"
    assert "extra" not in str(without)
    assert "extra" not in str(row.to_dict(mode="json", extra=False))
