"""Docstrings speak Python, although many are written in Rust's sources."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import keysecure
from keysecure import aio, webhooks
from keysecure.sandbox import Fault, WebhookFault
from keysecure.stores import Leased, PastAttempt

ROOT = Path(__file__).parents[2]
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


def test_the_client_for_tasks_has_the_docs_of_the_blocking_one() -> None:
    names = [name for name in dir(keysecure.Client) if name[0] != "_" and name != "close"]
    assert {"from_env", "webhook_verifier", "cards", "call"} <= set(names)
    for name in names:
        text = inspect.getdoc(getattr(keysecure.Client, name))
        assert text
        assert inspect.getdoc(getattr(aio.Client, name)) == text, name


@pytest.mark.parametrize("kinds", [Fault, WebhookFault])
def test_the_docstring_of_faults_names_every_kind(kinds: type[Fault | WebhookFault]) -> None:
    with_value = [name for name, member in vars(kinds).items() if isinstance(member, staticmethod) and name[0] != "_"]
    assert with_value
    table = re.findall(r"^``(\w+)(?:\(\w+\))?`` {2,}\S", inspect.getdoc(kinds) or "", re.MULTILINE)
    assert table == [*(kind.name for kind in kinds), *with_value]
    assert all(kind.value == kind.name.lower() for kind in kinds)


@pytest.mark.parametrize("record", [Leased, PastAttempt])
def test_the_docstring_of_a_store_s_record_names_every_field(record: type[Leased | PastAttempt]) -> None:
    described = re.findall(r"^``(\w+)``: ", inspect.getdoc(record) or "", re.MULTILINE)
    assert described == [field.name for field in fields(record)]


def stub_docs(stub: str) -> Iterator[tuple[list[str], str]]:
    """The docstrings of a stub, by the names of a class and its member, or of a function."""
    for node in ast.parse((Path(keysecure.__file__).parent / stub).read_text("utf-8")).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name == "_HasItems":
            continue
        # The methods of all models are those of any one.
        names = ["Card" if node.name == "_Model" else node.name]
        if node.name != "_Model":
            yield names, ast.get_docstring(node) or ""
        for member in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and member.name[0] != "_":
                yield [*names, member.name], ast.get_docstring(member) or ""


@pytest.mark.parametrize(("stub", "module"), [("_native.pyi", "_native"), ("aio/_calls.pyi", "aio._calls")])
def test_editors_show_the_text_that_help_shows(stub: str, module: str) -> None:
    shown = list(stub_docs(stub))
    assert len(shown) > 50
    for names, text in shown:
        item: Any = import_module(f"keysecure.{module}")
        for name in names:
            item = getattr(item, name)
        assert text.split() == (inspect.getdoc(item) or "").split(), names


def reasons_of_the_core() -> set[str]:
    """What the core passes as the field `reason` of a purchase."""
    source = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "core/src/webhook").rglob("*.rs")))
    method = re.findall(r"fn reason\(self\).*?\n    \}", source, re.DOTALL)
    assert len(method) == 1
    named = set(re.findall(r"explain\(([A-Z_]+)\)", source))
    constants = re.findall(r"const (\w+): &str = \"([^\"]+)\"", source)
    assert named <= {name for name, _ in constants}
    found = [*re.findall(r'=> "([^"]+)"', method[0]), *(text for name, text in constants if name in named)]
    found += re.findall(r'explain\("([^"]+)"\)', source)
    found += re.findall(r'log_reply\(.*?Some\(&format!\("([^"]+)"', source)
    found += re.findall(r'\("reason", reason\.unwrap_or\("([^"]+)"', source)
    return {text.replace("{millis}", "N") for text in found}


def test_the_reasons_of_replies_to_purchases_are_the_documented_ones() -> None:
    page = (ROOT / "docs/logging-python.md").read_text("utf-8")
    section = page.partition("## Reasons")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
    assert documented[0] == "reason"
    assert set(documented[1:]) == reasons_of_the_core()
    [named] = re.findall(r"The ``reason`` is (.*?), or one of", inspect.getdoc(webhooks) or "", re.DOTALL)
    assert {" ".join(text.split()) for text in re.findall(r"``(.+?)``", named, re.DOTALL)} < reasons_of_the_core()


@pytest.mark.parametrize("text", ["See [`Responder`](crate::Responder).", "`Some` value", "an `Option<i64>`", "a u32"])
def test_the_search_finds_what_it_should(text: str) -> None:
    assert RUST.search(text)
