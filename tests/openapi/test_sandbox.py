"""Every call of the OpenAPI document against the sandbox, with data that schemathesis generates from the document."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from conftest import Platform
from document import DOCUMENT, declared_fields, fields, strict_document
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SCHEMA = schemathesis.openapi.from_dict(strict_document())
OPERATIONS = {result.ok().definition.raw["operationId"]: result.ok() for result in SCHEMA.get_all_operations()}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

BOUNDED = settings(
    max_examples=15,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TODAY = datetime.now(timezone.utc).date()
WINDOW = (str(TODAY - timedelta(days=40)), str(TODAY + timedelta(days=40)))

SUCCESSES: Counter[str] = Counter()
SEEN: set[tuple[str, str]] = set()

NEEDS_A_BROWSER_OR_A_CIPHERTEXT = {"pci.card_detail", "cards.activate", "cards.set_pin"}
"""Calls that succeed only with values that no schema describes: a token of the page, a ciphertext."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_valid_requests_get_responses_of_their_schema(name: str, credit: Platform, authorization: Platform) -> None:
    operation = OPERATIONS[name]
    raw = operation.definition.raw
    platform = authorization if raw["x-mode"] == "AUTHORIZATION" else credit
    number = random.Random(name)

    @BOUNDED
    @given(case=operation.as_strategy(GenerationMode.POSITIVE))
    def run(case: Case) -> None:
        platform.restore()
        use_known_numbers(case, platform, number)
        envelope = checked(case, platform)
        if envelope["code"] == 0:
            SUCCESSES[name] += 1
            SEEN.update(fields(data_schema(raw), envelope.get("data")))

    run()
    assert SUCCESSES[name] or name in NEEDS_A_BROWSER_OR_A_CIPHERTEXT, "no call succeeded"


@pytest.mark.parametrize("name", OPERATIONS)
def test_invalid_requests_are_refused(name: str, strict: Platform) -> None:
    operation = OPERATIONS[name]
    raw = operation.definition.raw
    validator = body_validator(raw)
    number = random.Random(name)

    @BOUNDED
    @given(case=operation.as_strategy(GenerationMode.NEGATIVE))
    def run(case: Case) -> None:
        strict.restore()
        invalid = validator is not None and not is_valid(validator, case.body)
        if not invalid:
            use_known_numbers(case, strict, number)
        envelope = checked(case, strict)
        if invalid:
            assert envelope["code"] != 0, f"the sandbox accepts {case.body!r}"

    run()


HEADERS = [
    ("Api-Key", None, 1002),
    ("Api-Key", "of-nobody", 1008),
    ("Timestamp", None, 1005),
    ("Timestamp", "1700000000000", 1005),
    ("Timestamp", "soon", 1005),
    ("Access-Token", None, 1006),
    ("Access-Token", "of-nobody", 1007),
    ("Content-Type", "text/plain", 1004),
]


@pytest.mark.parametrize(("header", "value", "code"), HEADERS)
def test_a_wrong_header_is_refused_by_every_call_that_needs_it(
    header: str, value: str | None, code: int, credit: Platform
) -> None:
    credit.restore()
    needs = {"Api-Key": "ApiKey", "Access-Token": "AccessToken"}.get(header, "ApiKey")
    called = 0
    for operation in OPERATIONS.values():
        if not any(needs in choice for choice in operation.definition.raw["security"]):
            continue
        if operation.definition.raw["x-mode"] == "AUTHORIZATION":
            continue
        names = credit.known
        case = operation.Case(
            path_parameters={name: values[0] for name, values in names.items() if f"{{{name}}}" in operation.path},
            body={} if operation.method == "post" else schemathesis.core.NOT_SET,
            media_type="application/json" if operation.method == "post" else None,
        )
        headers: dict[str, Any] = {"Content-Type": "application/json", **credit.headers(), header: value}
        kept = {name: text for name, text in headers.items() if text is not None}
        response = case.call(base_url=f"{credit.base_url}/open-api", headers=kept)
        case.validate_response(response, checks=CHECKS)
        assert response.json()["code"] == code, operation.label
        called += 1
    assert called >= 17


def test_the_sandbox_has_sent_every_field_that_the_document_lists(credit: Platform) -> None:
    if set(OPERATIONS) - set(SUCCESSES) - NEEDS_A_BROWSER_OR_A_CIPHERTEXT:
        pytest.fail("only after test_valid_requests_get_responses_of_their_schema for all calls")
    data = {row for row in declared_fields() if row[0] not in ("Refusal", "CardSecrets")}
    assert data - SEEN == set()


def wrong_type(schemas: dict[str, Any]) -> None:
    schemas["Card"]["properties"]["card_no"]["type"] = "integer"


def missing_field(schemas: dict[str, Any]) -> None:
    del schemas["Card"]["properties"]["organization"]


def missing_value(schemas: dict[str, Any]) -> None:
    values = schemas["CardStatus"]["anyOf"]
    schemas["CardStatus"]["anyOf"] = [value for value in values if value.get("const") != "Activated"]


def other_name(schemas: dict[str, Any]) -> None:
    schemas["Card"]["required"] = ["card_number"]


@pytest.mark.parametrize("mutate", [wrong_type, missing_field, missing_value, other_name])
def test_a_wrong_schema_is_noticed(mutate: Callable[[dict[str, Any]], None], credit: Platform) -> None:
    credit.restore()

    def check(document: dict[str, Any]) -> None:
        operation = schemathesis.openapi.from_dict(document)["/v1/card/{card_no}/detail"]["GET"]
        checked(operation.Case(path_parameters={"card_no": credit.known["card_no"][0]}), credit)

    document = strict_document()
    check(document)
    mutate(document["components"]["schemas"])
    with pytest.raises(FailureGroup, match="violates schema"):
        check(document)


def test_the_sandbox_serves_the_document(credit: Platform) -> None:
    assert credit.control("/openapi.json") == DOCUMENT


def checked(case: Case, platform: Platform) -> Any:
    """Makes the call, checks the response and returns the envelope."""
    for name, value in platform.headers().items():
        case.headers[name] = value
    case.headers["Content-Type"] = "application/json"
    response = case.call(base_url=f"{platform.base_url}/open-api")
    case.validate_response(response, checks=CHECKS)
    return response.json()


def use_known_numbers(case: Case, platform: Platform, number: random.Random) -> None:
    """Replaces most invented values by such as exist, so that calls succeed."""
    for values in (case.path_parameters, case.body):
        if not isinstance(values, dict):
            continue
        for name, known in platform.known.items():
            if name in values and number.random() < 0.8:
                values[name] = number.choice(known)
        if case.operation.definition.raw["operationId"] == "simulation.auth" and number.random() < 0.8:
            # A new number, and a type of purchase.
            values.pop("consume_no", None)
            values.pop("type", None)
        if isinstance(values.get("start_time"), str) and number.random() < 0.8:
            values["start_time"], values["end_time"] = WINDOW


def data_schema(raw: dict[str, Any]) -> Any:
    """The schema of the data of a success."""
    content = raw["responses"]["200"]["content"]["application/json"]
    return content["schema"]["oneOf"][0]["properties"]["data"]


def body_validator(raw: dict[str, Any]) -> jsonschema_rs.Validator | None:
    """Validates a body against the document."""
    if "requestBody" not in raw:
        return None
    schema = raw["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def is_valid(validator: jsonschema_rs.Validator, body: Any) -> bool:
    """Whether a body matches its schema. One that is missing or is no JSON does not."""
    try:
        return validator.is_valid(without_absent(body))
    except ValueError:
        return False


def without_absent(body: Any) -> Any:
    """A body without null and empty fields, which the sandbox takes for absent ones."""
    if not isinstance(body, dict):
        return body
    return {name: without_absent(value) for name, value in body.items() if value is not None and value != ""}
