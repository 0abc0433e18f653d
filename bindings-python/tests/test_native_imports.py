"""What the native modules import: bundlers cannot see it there, so Python lists it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import keysecure

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "bindings-python" / "src", ROOT / "bindings-python" / "sandbox" / "src", ROOT / "core" / "src"]
# `py.import("json")`, and `LOCK.import(py, "json", "loads")`.
IMPORT = re.compile(r'\bimport\(\s*(?:[\w.()]+,\s*)?"([\w.]+)"')


def test_python_lists_all_that_the_native_modules_import() -> None:
    texts = [path.read_text(encoding="utf-8") for folder in SOURCES for path in sorted(folder.rglob("*.rs"))]
    calls = sum(len(re.findall(r"\.import(?:_bound)?\(", text)) for text in texts)
    found = [name for text in texts for name in IMPORT.findall(text)]
    assert len(found) == calls > 10, "an import by a name that is not written out"
    tree = ast.parse(Path(keysecure.__file__).with_name("_native_imports.py").read_text(encoding="utf-8"))
    listed = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert sorted(listed) == sorted(set(found))
