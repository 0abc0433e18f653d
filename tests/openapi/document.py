"""The document in the strict reading of the tests."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATH = Path(os.environ.get("KEYSECURE_OPENAPI", Path(__file__).parents[2] / "docs" / "openapi.json"))
DOCUMENT: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

INVENTED_CODES = (3001, 4006)
"""Codes of the sandbox for refusals whose codes the platform does not document."""


def resolved(schema: Any) -> Any:
    """A schema behind its reference."""
    while "$ref" in schema:
        value: Any = DOCUMENT
        for name in schema["$ref"].removeprefix("#/").split("/"):
            value = value[name]
        schema = value
    return schema


def response_components() -> set[str]:
    """The names of the schemas that responses refer to."""
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            place = value.get("$ref", "")
            name = place.rsplit("/", 1)[-1]
            if place.startswith("#/components/schemas/") and name not in found:
                found.add(name)
                visit(resolved(value))
            for inner in value.values():
                visit(inner)
        elif isinstance(value, list):
            for inner in value:
                visit(inner)

    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            visit(operation["responses"])
    visit(DOCUMENT["components"]["responses"])
    return found


def strict_document() -> dict[str, Any]:
    """The document without what it leaves open: responses have only listed fields, values and codes."""
    document = copy.deepcopy(DOCUMENT)
    known = [{"const": code} for code in INVENTED_CODES]
    document["components"]["schemas"]["ErrorCode"]["anyOf"] += known
    for name in response_components():
        tighten(document["components"]["schemas"][name])
    for path in document["paths"].values():
        for operation in path.values():
            tighten(operation["responses"])
    return document


def tighten(value: Any) -> None:
    """Closes objects, enums and lists of codes, in place."""
    if isinstance(value, list):
        for inner in value:
            tighten(inner)
    elif isinstance(value, dict):
        if "anyOf" in value:
            value["anyOf"] = [choice for choice in value["anyOf"] if not choice.get("x-open")]
        if isinstance(value.get("properties"), dict) and "x-unlisted" not in value:
            value["additionalProperties"] = False
        for inner in value.values():
            tighten(inner)


def fields(schema: Any, data: Any, component: str = "") -> Iterator[tuple[str, str]]:
    """The fields of the schemas of responses that a response has, each with the name of its schema."""
    if "$ref" in schema:
        component = schema["$ref"].rsplit("/", 1)[-1]
        schema = resolved(schema)
    if isinstance(data, dict):
        for name, value in data.items():
            if name in schema.get("properties", {}):
                if component:
                    yield component, name
                yield from fields(schema["properties"][name], value)
    elif isinstance(data, list):
        for value in data:
            yield from fields(schema.get("items", {}), value)


def declared_fields() -> set[tuple[str, str]]:
    """All fields of the schemas of responses."""
    names = response_components()
    return {(name, field) for name in names for field in DOCUMENT["components"]["schemas"][name].get("properties", {})}
