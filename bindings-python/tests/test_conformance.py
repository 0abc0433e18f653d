"""The conformance suite, which runs in all languages."""

import json
from pathlib import Path
from typing import Any

import conformance
import pytest

FILES = sorted((Path(__file__).parents[2] / "tests" / "conformance").glob("*.json"))


def test_there_are_scenarios() -> None:
    assert {file.stem for file in FILES} >= {
        "credit",
        "authorization",
        "errors",
        "faults",
        "clocks",
        "lists",
        "callbacks",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_python_reports_it(file: Path) -> None:
    conformance.run(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "expected",
    [
        {"a": {"$count": 3}},
        {"a": {"$first": 2}},
        {"a": [1]},
        {"a": [2, {}]},
        {"a": [True, {}]},
        {"c": "*"},
        {"d": 1},
        {"a": [1, {"b": {"$like": "****te"}}]},
        [],
    ],
    ids=json.dumps,
)
def test_what_differs_is_found(expected: Any) -> None:
    assert conformance.differs(expected, {"a": [1, {"b": "text"}], "c": None}, "") is not None


@pytest.mark.parametrize(
    "expected", [{}, {"a": {"$count": 2}}, {"a": [1, {"b": "*"}]}, {"a": [1, {"b": {"$like": "te****"}}]}]
)
def test_what_is_the_same_matches(expected: Any) -> None:
    assert conformance.differs(expected, {"a": [1, {"b": "text"}], "c": None}, "") is None
