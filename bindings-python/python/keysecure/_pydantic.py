"""The classes of this package as types of fields in pydantic, and so of FastAPI's requests and responses.

Imported by the native module when pydantic asks one of the classes for its schema; nothing else needs pydantic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any, cast, get_args

from ._errors import KeySecureError

# Not by an `import` statement, for which a bundler would add pydantic to programs that do not use it.
pydantic: Any = import_module("pydantic")

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
ANY_OBJECT: Schema = {"type": "object"}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def text_schema(cls: Any, handler: Any) -> Any:
    """The schema of a class of constants: any text, because the platform may add values."""
    described = {**TEXT, "title": cls.__name__, "description": cls.__doc__, "examples": list(cls.KNOWN)}
    return handler.generate_schema(Annotated[str, pydantic.WithJsonSchema(described)])


def object_schema(cls: Any, source: Any, handler: Any, model: str) -> Any:
    """The schema of a class: an object of it, or the dict that ``to_dict`` makes of one.

    ``model`` is the JSON schema of a model's dict, without the descriptions; it is empty for the other classes.
    """
    if model:
        schema: Schema = json.loads(model)
        described = _described(cls, _published(schema))
        made: Callable[[Any], Any] = _Model(cls, schema)
    else:
        described, made = _OTHERS[cls.__name__](cls, *_row(source))

    def validate(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        try:
            return made(value)
        except KeySecureError as error:
            raise ValueError(str(error)) from None
        except (KeyError, TypeError, AttributeError):
            raise ValueError(f"must be a {cls.__name__} or its dict") from None

    def serialize(value: Any, info: Any) -> Any:
        return value.to_dict(mode="json" if info.mode == "json" else "python")

    return handler.generate_schema(
        Annotated[
            Any,
            pydantic.PlainValidator(validate),
            pydantic.PlainSerializer(serialize),
            pydantic.WithJsonSchema(described),
        ]
    )


def _published(schema: Any) -> Any:
    """A JSON schema without the platform's names of fields, which only `_on_the_wire` needs."""
    if isinstance(schema, dict):
        parts = cast("Schema", schema)
        return {name: _published(part) for name, part in parts.items() if name != "renamed"}
    return schema


def _described(cls: Any, schema: Schema) -> Schema:
    """A JSON schema with the documentation of the class and its attributes."""
    properties = {
        name: {**of_field, "description": getattr(cls, name).__doc__} for name, of_field in schema["properties"].items()
    }
    return {**schema, "description": cls.__doc__, "properties": properties}


class _Model:
    """Makes a model of its dict, in either mode, or in the platform's form."""

    def __init__(self, cls: Any, schema: Schema) -> None:
        self.cls = cls
        self.schema = schema

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError
        made = self.cls.from_json(_json(_on_the_wire(value, self.schema)))
        _check(made, self.schema)
        return made


def _json(value: Any) -> str:
    """JSON as the platform writes it, so that unknown fields compare equal."""
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def _on_the_wire(value: Any, schema: Schema) -> Any:
    """A value of a dict in the form that the platform sends."""
    schema = schema.get("anyOf", [schema])[0]
    if "properties" in schema and isinstance(value, Mapping):
        known, fields = schema["properties"], {**cast("Mapping[str, Any]", value)}
        extra: dict[str, Any] = fields.pop("extra", None) or {}
        renamed = schema.get("renamed", {})
        parts = {renamed.get(name, name): _on_the_wire(part, known.get(name, {})) for name, part in fields.items()}
        return {**extra, **parts}
    if "items" in schema and isinstance(value, list):
        items = cast("list[object]", value)
        return [_on_the_wire(item, schema["items"]) for item in items]
    if hasattr(value, "to_json"):
        return json.loads(value.to_json(), parse_float=Decimal)
    if schema.get("format") == "date-time" and value is not None:
        return _millis(value)
    if schema.get("format") == "decimal" and isinstance(value, float):
        return str(value)
    return value


def _millis(value: Any) -> Any:
    """A time in Unix milliseconds, of a ``datetime`` or its text in ISO 8601."""
    if isinstance(value, str) and not value.isdecimal():
        # Before Python 3.11 `fromisoformat` does not read the letter.
        value = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a time must have a time zone")
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _check(made: Any, schema: Schema) -> None:
    """Refuses a field of another type, which the platform's objects keep in ``extra``."""
    for name, of_field in schema["properties"].items():
        if schema.get("renamed", {}).get(name, name) in made.extra:
            raise ValueError(f"{name} has another type than {type(made).__name__}.{name}")
        inner = of_field.get("anyOf", [of_field])[0]
        of_row = inner.get("items", inner)
        if "properties" in of_row:
            value: Any = getattr(made, name)
            parts: list[Any] = value if "items" in inner else [value]
            for part in parts:
                if part is not None:
                    _check(part, of_row)


def _row(source: Any) -> tuple[Schema, Callable[[Any], Any] | None]:
    """The JSON schema of the type parameter, and what makes a value of it; nothing without a parameter."""
    for inner in get_args(source):
        if hasattr(inner, "from_json"):
            adapter = pydantic.TypeAdapter(inner)
            return adapter.json_schema(), adapter.validate_python
    return ANY_OBJECT, None


Other = tuple[Schema, Callable[[Any], Any]]


def _object(cls: Any, **properties: Schema) -> Schema:
    return {
        "title": cls.__name__,
        "type": "object",
        "description": cls.__doc__,
        "properties": properties,
        "required": [name for name, schema in properties.items() if "anyOf" not in schema],
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _address(cls: Any, *_: Any) -> Other:
    names = ["postal_code", "country", "state", "city", "address_line1"]
    options = ["first_name", "last_name", "phone_code", "phone", "address_line2"]
    properties = {**dict.fromkeys(names, TEXT), **dict.fromkeys(options, _or_null(TEXT))}
    documented = {name: {**schema, "description": getattr(cls, name).__doc__} for name, schema in properties.items()}

    def made(value: Any) -> Any:
        return cls(**value)

    return _object(cls, **documented), made


def _check_result(cls: Any, *_: Any) -> Other:
    schema = _object(
        cls,
        **dict.fromkeys(["check", "status", "found", "advice"], TEXT),
        settings={"type": "array", "items": TEXT},
        value=_or_null(TEXT),
        code=_or_null({"type": "integer"}),
    )
    return schema, lambda value: cls._of(**value)


def _report(cls: Any, *_: Any) -> Other:
    from ._native import CheckResult

    of_result, made = _check_result(CheckResult)
    flag = {"type": "boolean"}
    schema = _object(
        cls,
        **dict.fromkeys(["environment", "base_url", "api_key"], TEXT),
        is_healthy=flag,
        is_complete=flag,
        findings={"type": "array", "items": of_result},
    )

    def report(value: Any) -> Any:
        findings = [made(result) for result in value["findings"]]
        return cls._of(value["environment"], value["base_url"], value["api_key"], findings)

    return schema, report


def _unknown_event(cls: Any, *_: Any) -> Other:
    schema = _object(cls, action=TEXT, data=ANY_OBJECT)
    return schema, lambda value: cls.from_json(value["action"], _json(value["data"]))


def _ensured(cls: Any, of_row: Schema, row: Callable[[Any], Any] | None) -> Other:
    schema = _object(cls, value=of_row, created={"type": "boolean"})
    return schema, lambda value: cls._of(_known(row)(value["value"]), value["created"])


def _page(cls: Any, of_row: Schema, row: Callable[[Any], Any] | None) -> Other:
    schema = _object(cls, list={"type": "array", "items": of_row}, extra=ANY_OBJECT)

    def made(value: Any) -> Any:
        rows = [_known(row)(each) for each in value["list"]]
        return cls._of(rows, _json(value.get("extra", {})))

    return schema, made


def _known(row: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if row is None:
        raise ValueError("a dict needs the type of its rows, as in Page[Card]")
    return row


_OTHERS: dict[str, Callable[..., Other]] = {
    "Address": _address,
    "CheckResult": _check_result,
    "Ensured": _ensured,
    "Page": _page,
    "Report": _report,
    "UnknownEvent": _unknown_event,
}
