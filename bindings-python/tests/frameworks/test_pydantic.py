"""The package's classes as fields of pydantic models, and as requests and responses of FastAPI."""

import asyncio
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Optional

import pytest
from fastapi import Body, FastAPI
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

import keysecure
from keysecure.sandbox import Sandbox

CARD = """{"card_no":"17","status":"Brand_new","time":1763800000123,"fee_detail":{"open_cost":"10.50","rebate":10},
           "colour":"red","limits":["1.50",{"a":null}]}"""

MODELS = [
    cls
    for cls in (getattr(keysecure, name) for name in keysecure.__all__)
    if isinstance(cls, type) and hasattr(cls, "from_json") and cls is not keysecure.UnknownEvent
]


class Issued(BaseModel):
    card: keysecure.Card
    status: keysecure.CardStatus
    address: Optional[keysecure.Address] = None  # noqa: UP045
    events: list[keysecure.AuthEvent] = []


def card() -> keysecure.Card:
    return keysecure.Card.from_json(CARD)


def test_a_field_takes_an_object_and_its_dict_in_either_mode() -> None:
    made = card()
    for value in [made, made.to_dict(), made.to_dict(mode="json"), json.loads(made.to_json())]:
        assert Issued(card=value, status="Frozen").card == made
    again = Issued.model_validate_json(Issued(card=made, status="Frozen").model_dump_json())
    assert again.card == made
    assert again.card.extra["colour"] == "red"


def test_a_model_dumps_as_to_dict_does() -> None:
    issued = Issued(card=card(), status="Frozen")
    assert issued.model_dump()["card"] == card().to_dict()
    assert issued.model_dump(mode="json")["card"] == card().to_dict(mode="json")
    assert json.loads(issued.model_dump_json())["card"]["time"] == "2025-11-22T08:26:40.123+00:00"
    assert json.loads(issued.model_dump_json())["card"]["fee_detail"]["open_cost"] == "10.50"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (17, "must be a Card or its dict"),
        ({}, "card_no: is missing"),
        ({"card_no": "1", "status": "Fail", "time": "yesterday"}, "Invalid isoformat"),
        ({"card_no": "1", "status": "Fail", "time": datetime(2026, 1, 1)}, "must have a time zone"),
        ({"card_no": "1", "status": "Fail", "fee_detail": {"open_cost": "a lot"}}, "open_cost has another type"),
        ({"card_no": ["1"], "status": "Fail"}, "card_no"),
    ],
)
def test_other_values_are_validation_errors(value: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Issued(card=value, status="Frozen")


def test_times_and_amounts_are_read_exactly() -> None:
    zone = timezone(timedelta(hours=8))
    for at in [
        datetime(2026, 1, 1, 8, tzinfo=zone),
        "2026-01-01T00:00:00Z",
        "2026-01-01T08:00:00+08:00",
        1767225600000,
    ]:
        made = TypeAdapter(keysecure.Card).validate_python({"card_no": "1", "status": "Fail", "time": at})
        assert made.time == datetime(2026, 1, 1, tzinfo=timezone.utc)
    before = TypeAdapter(keysecure.Card).validate_python(
        {"card_no": "1", "status": "Fail", "time": "1969-12-31T23:59:59.999Z"}
    )
    assert before.time == datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc)
    row = TypeAdapter(keysecure.Consumption).validate_json('{"consume_no":"1","amount":25.1}')
    assert row.amount == Decimal("25.1")


@pytest.mark.parametrize("cls", MODELS)
def test_every_model_has_a_json_schema_with_its_attributes(cls: Any) -> None:
    schema = TypeAdapter(cls).json_schema()
    attributes = [
        name
        for name, value in vars(cls).items()
        if not name.startswith("_") and not callable(value) and not (value.__doc__ or "").startswith("Deprecated")
    ]
    assert sorted(schema["properties"]) == sorted(name for name in attributes if not name.endswith("_json"))
    assert schema["title"] == cls.__name__
    assert all(part["description"] for part in schema["properties"].values())


def test_a_renamed_field_has_the_name_of_its_attribute() -> None:
    adapter = TypeAdapter(keysecure.TransferRecord)
    row = keysecure.TransferRecord.from_json('{"transfer_no":"1","balance":"25.00","new":1}')
    assert "renamed" not in adapter.json_schema()
    for dumped in [row.to_dict(), row.to_dict(mode="json"), json.loads(row.to_json())]:
        assert adapter.validate_python(dumped) == row
    assert adapter.validate_json(adapter.dump_json(row)) == row
    with pytest.raises(ValidationError, match=r"amount has another type than TransferRecord\.amount"):
        adapter.validate_python({"transfer_no": "1", "amount": True})


def test_a_text_enum_is_any_text_and_shows_its_values() -> None:
    assert TypeAdapter(keysecure.CardStatus).validate_python("Brand_new") == "Brand_new"
    with pytest.raises(ValidationError):
        TypeAdapter(keysecure.CardStatus).validate_python(7)
    assert TypeAdapter(keysecure.CardStatus).json_schema()["examples"] == list(keysecure.CardStatus.KNOWN)


ADDRESS = {"postal_code": "W1U 1AA", "country": "GB", "state": "England", "city": "London", "address_line1": "12 St"}


def test_objects_beside_models_go_through_json_too() -> None:
    event = keysecure.UnknownEvent.from_json("New", '{"amount":1.50,"a":[1,{"b":null}]}')
    found = keysecure.CheckResult._of("clock", "pass", "right", "", ["ca_pem"], None, 7)
    made: list[tuple[Any, Any]] = [
        (keysecure.Address, keysecure.Address(**ADDRESS)),
        (keysecure.CheckResult, found),
        (keysecure.Report, keysecure.Report._of("sandbox", "http://localhost", "ab***cd", [found])),
        (keysecure.Ensured[keysecure.Card], keysecure.Ensured._of(card(), True)),
        (keysecure.Page[keysecure.Card], keysecure.Page._of([card()], '{"total":120}')),
    ]
    for kind, value in made:
        adapter = TypeAdapter(kind)
        assert adapter.validate_python(value) is value
        assert adapter.validate_json(adapter.dump_json(value)) == value
        assert adapter.json_schema()["title"] == type(value).__name__
    adapter = TypeAdapter(keysecure.UnknownEvent)
    assert adapter.validate_json(adapter.dump_json(event)).data == {"amount": "1.50", "a": [1, {"b": None}]}


def test_a_wrong_address_or_a_page_without_its_type_is_a_validation_error() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(keysecure.Address).validate_python({**ADDRESS, "planet": "Earth"})
    with pytest.raises(ValidationError, match=r"Page\[Card\]"):
        TypeAdapter(keysecure.Page).validate_python({"list": [{}]})


@pytest.mark.parametrize("cls", [keysecure.CardSecrets, keysecure.ClientToken, keysecure.AccessToken])
def test_an_object_with_a_secret_is_refused_with_the_reason(cls: Any) -> None:
    for arbitrary in [False, True]:
        with pytest.raises(TypeError, match=f"{cls.__name__} holds a secret and does not become a field of pydantic"):
            type(
                "M",
                (BaseModel,),
                {"__annotations__": {"secret": cls}, "model_config": ConfigDict(arbitrary_types_allowed=arbitrary)},
            )
    with pytest.raises(TypeError, match="holds a secret"):
        FastAPI().get("/", response_model=cls)(lambda: None)


def asked(app: FastAPI, path: str, body: object = None) -> tuple[int, Any]:
    """Makes a request of an application and returns its status and body."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    method = "GET" if body is None else "POST"
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    text = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(text) if text.startswith((b"{", b"[", b'"')) else text


def test_fastapi_takes_and_returns_the_classes_and_documents_them() -> None:
    app = FastAPI()
    sandbox = Sandbox()
    client = sandbox.client()
    holder = sandbox.seed_approved_cardholder()
    number = sandbox.seed_virtual_card(holder)

    @app.get("/cards/{card_no}")
    def get_card(card_no: str) -> keysecure.Card:
        return client.cards.get(card_no)

    @app.get("/cards")
    def list_cards() -> list[keysecure.Card]:
        return list(client.cards.list(start=sandbox.clock.now - timedelta(days=1), end=sandbox.clock.now))

    @app.get("/page")
    def page() -> keysecure.Page[keysecure.Card]:
        now = sandbox.clock.now
        return client.cards.list_page(start=now - timedelta(days=1), end=now, page=0, size=5)

    @app.post("/address")
    def set_address(address: Annotated[keysecure.Address, Body()]) -> str:
        return address.city

    with sandbox, client:
        expected = client.cards.get(number).to_dict(mode="json")
        assert asked(app, f"/cards/{number}") == (200, expected)
        assert [row["card_no"] for row in asked(app, "/cards")[1]] == [number]
        assert asked(app, "/page")[1]["list"][0]["card_no"] == number
        assert asked(app, "/address", ADDRESS) == (200, "London")
        assert asked(app, "/address", {"city": "London"})[0] == 422
        openapi = asked(app, "/openapi.json")[1]
        assert asked(app, "/docs")[0] == 200
    response = openapi["paths"]["/cards/{card_no}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert response["properties"]["time"]["anyOf"][0] == {"type": "string", "format": "date-time"}


def test_the_package_does_not_import_pydantic_itself() -> None:
    program = "import sys, keysecure, keysecure.webhooks; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
