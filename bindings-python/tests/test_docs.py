"""Docstrings speak Python, although many are written in Rust's sources."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import keysecure

MODULES = ["", ".aio", ".literals", ".sandbox", ".stores", ".webhooks", ".pytest_plugin", ".cli"]
RUST = re.compile(
    r"\w::\w|::<|\bcrate\b|\bSome\b|\bOk\(|\bErr\(|\b(?:Option|Vec|Box|Arc|Result)<|\]\(|\[`|&str|&mut|\bfn\b|#\["
    r"|\b[iu](?:8|16|32|64|128)\b|\busize\b|\bSystemTime\b|`true`|`false`|\bpanics?\b|\btraits?\b"
)


def docs(module: str) -> Iterator[tuple[str, str]]:
    """The docstrings of a module, its public names and their members."""
    found = import_module(f"keysecure{module}")
    yield found.__name__, inspect.getdoc(found) or ""
    for name in getattr(found, "__all__", []):
        item = getattr(found, name)
        if not isinstance(item, str | tuple):
            yield name, inspect.getdoc(item) or ""
        for member, value in vars(item).items() if inspect.isclass(item) else []:
            if not isinstance(value, str | tuple):
                yield f"{name}.{member}", inspect.getdoc(value) or ""


@pytest.mark.parametrize("module", MODULES)
def test_no_docstring_speaks_rust(module: str) -> None:
    assert [(name, RUST.findall(doc)) for name, doc in docs(module) if RUST.search(doc)] == []


def test_no_text_that_editors_show_speaks_rust() -> None:
    stub = Path(keysecure.__file__).with_name("_native.pyi").read_text(encoding="utf-8")
    texts = re.findall(r'"""(.*?)"""', stub, re.DOTALL)
    assert len(texts) > 300
    assert [text for text in texts if RUST.search(text)] == []


@pytest.mark.parametrize("text", ["See [`Responder`](crate::Responder).", "`Some` value", "an `Option<i64>`", "a u32"])
def test_the_search_finds_what_it_should(text: str) -> None:
    assert RUST.search(text)
