"""Writes `literals.py`, `aio/_calls.pyi` and parts of `_native.pyi` and `__init__.py`; `--check` compares.

* `__init__.py` imports and lists the names of the native module and the classes of `_errors.py`: type checkers read
  only names that are written out.
* Docstrings of `_native.pyi` are those of the built module, so that an editor shows what `help()` shows. Signatures are
  written by hand, because the module has no types; `stubtest` compares their names and defaults with the module.
* Models and constants are read from their declarations in the core, because the built module has neither the types of
  fields nor the docs of constants: `model!`, `open_enum!` and `named_enum!` have one fixed form, which is all that is
  parsed here. A new field of a model is one edit in the core and one run of this program.
* `aio/_calls.pyi` are the calls of `_native.pyi`, awaited.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from keysecure import _errors, _native

HERE = Path(__file__).parent
CORE = HERE.parent / "core" / "src"
STUB = HERE / "python" / "keysecure" / "_native.pyi"
LITERALS = STUB.with_name("literals.py")
AIO = STUB.parent / "aio" / "_calls.pyi"
BEGIN = "# --- models and constants: written by stubs.py from the core; do not edit ---\n"
END = "# --- end of models and constants ---\n"
PACKAGE = STUB.with_name("__init__.py")
BEGIN_NAMES = "from ._deprecated import old_names\n"
END_NAMES = "# --- end of what stubs.py writes ---\n"
WIDTH = 120

PLAIN = {"String": "str", "bool": "bool", "i64": "int", "Decimal": "Decimal", "SystemTime": "datetime"}


def filled(text: str, width: int) -> str:
    """A paragraph on lines of that width; words with a hyphen stay whole."""
    return textwrap.fill(text, width, break_on_hyphens=False)


def docstring(text: str, indent: str) -> str:
    """A docstring on as many lines as it needs. Paragraphs are filled; one with indented lines stays as it is."""
    room = WIDTH - len(indent) - 3
    paragraphs = [
        part if re.search(r"^ ", part, re.MULTILINE) else filled(part, room)
        for part in re.split(r"\n\s*\n", inspect.cleandoc(text))
    ]
    if len(paragraphs) == 1 and room - 3 < len(paragraphs[0]) <= room:
        paragraphs = [filled(text, room - 3)]
    body = textwrap.indent("\n\n".join(paragraphs), indent).strip()
    end = f"\n{indent}" if len(paragraphs) > 1 else ""
    return f'{indent}"""{body}{end}"""\n'


# --- docstrings from the built module ---


def documented(tree: ast.Module, lines: int) -> Iterator[tuple[ast.ClassDef | ast.FunctionDef, str]]:
    """The public classes, methods and functions in the first lines, with the docs that they have at run time."""
    for node in tree.body:
        if node.lineno > lines or not isinstance(node, ast.ClassDef | ast.FunctionDef):
            continue
        if node.name in _native.__all__:
            found = getattr(_native, node.name)
            yield node, found.__doc__
        elif node.name == "_Model":
            # The methods of all models: any one has their docs.
            found = _native.Card
        else:
            continue
        for member in node.body:
            if isinstance(node, ast.ClassDef) and isinstance(member, ast.FunctionDef) and member.name[0] != "_":
                yield member, getattr(found, member.name).__doc__


def with_docs(text: str) -> str:
    """The hand-written part with the docstrings of the built module."""
    lines = text.splitlines(keepends=True)
    for node, doc in reversed(list(documented(ast.parse(text), len(lines)))):
        first = node.body[0]
        doc_lines = docstring(doc, " " * (node.col_offset + 4)).splitlines(keepends=True)
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            lines[first.lineno - 1 : first.end_lineno] = doc_lines
        else:
            # `def name() -> None: ...`, or a class without a docstring.
            above = first.lineno - 1
            if lines[above].endswith(": ...\n"):
                lines[above] = lines[above].removesuffix(" ...\n") + "\n"
                lines[above + 1 : above + 1] = doc_lines
            else:
                lines[node.lineno : node.lineno] = doc_lines
    return "".join(lines)


# --- models and constants from the core ---


def python_type(rust: str, enums: set[str]) -> str:
    """The Python type of a Rust one."""
    if inner := re.fullmatch(r"Option<(.+)>", rust):
        return f"{python_type(inner[1], enums)} | None"
    if inner := re.fullmatch(r"Vec<(.+)>", rust):
        return f"list[{python_type(inner[1], enums)}]"
    return "str" if rust in enums else PLAIN.get(rust, rust)


def doc_of(comments: str) -> str:
    """The text of `///` comments, without Rust's links."""
    lines = [line.strip() for line in comments.strip().splitlines()]
    text = "\n".join(line.removeprefix("///").removeprefix(" ") for line in lines if line.startswith("///"))
    text = re.sub(r"\s*See \[[^\]]*\](\([^)]*\))?\.", "", text)
    return re.sub(r"\[(`[^`]*`)\](\([^)]*\))?", r"\1", text).strip()


def in_capitals(variant: str) -> str:
    """`ToActivate` as `TO_ACTIVATE`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", variant).upper()


def literal(name: str, values: list[str], *, is_open: bool) -> str:
    """An alias of a `Literal` type, in the form of `ruff format`; an open one takes any other text too."""
    texts = [f'"{value}"' for value in values]
    inner, any_text = f"Literal[{', '.join(texts)}]", " | str" if is_open else ""
    if len(line := f"{name}: TypeAlias = {inner}{any_text}\n") <= WIDTH:
        return line
    if len(inner + any_text) + 4 <= WIDTH:
        return f"{name}: TypeAlias = (\n    {inner}{any_text}\n)\n"
    lines = "".join(f"        {text},\n" for text in texts)
    return f"{name}: TypeAlias = (\n    Literal[\n{lines}    ]\n    | str\n)\n"


def core_sources() -> str:
    """All sources of the core."""
    return "\n".join(path.read_text() for path in sorted(CORE.rglob("*.rs")))


def declared(macro: str, kind: str, sources: str) -> list[tuple[str, str, str]]:
    """The declarations of a macro by name: comments, name and body."""
    form = rf"^{macro}! \{{\n((?: *(?:///|#)[^\n]*\n)*) *pub {kind} (\w+) \{{\n(.*?)\n    \}}\n\}}"
    found: list[tuple[str, str, str]] = re.findall(form, sources, re.DOTALL | re.MULTILINE)
    return sorted(found, key=lambda one: one[1])


def declarations(used: str) -> str:
    """The stub of every model and every open enum of the core, and the types of enums that are used as arguments."""
    sources = core_sources()
    open_enums = declared("open_enum", "enum", sources)
    enums = {name for _, name, _ in open_enums}
    out: list[str] = []
    for _, name, body in open_enums:
        values: list[tuple[str, str, str]] = re.findall(r'((?: *///[^\n]*\n)+) *(\w+) = "(\w+)",', body)
        if re.search(rf"\b_{name}\b", used):
            out.append("\n" + literal(f"_{name}", [text for _, _, text in values], is_open=True))
        out.append(f"\n@final\nclass {name}:\n{docstring(getattr(_native, name).__doc__, '    ')}\n")
        for comments, variant, text in values:
            out.append(f'    {in_capitals(variant)}: Final = "{text}"\n{docstring(doc_of(comments), "    ")}')
        out.append("    KNOWN: Final[tuple[str, ...]]\n")
        out.append('    """All values that this version knows."""\n')
        out.append("    @classmethod\n")
        out.append("    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...\n")
    for doc, name, body in declared("model", "struct", sources):
        out.append(f"\n@final\nclass {name}(_Model):\n{docstring(doc_of(doc), '    ')}\n")
        fields: list[tuple[str, str, str, str]] = re.findall(
            r"((?: *///[^\n]*\n)+) *pub (?:r#)?(\w+): (.+?)(?: as (\w+))?(?: \[or \w+\])?(?: = [^,]+)?,\n", body + "\n"
        )
        for comments, field, rust, former in fields:
            result = python_type(rust, enums)
            out.append(f"    @property\n    def {field}(self) -> {result}:\n")
            out.append(docstring(doc_of(comments), "        "))
            if former:
                out.append(f'    @property\n    @deprecated("use {field}")\n    def {former}(self) -> {result}:\n')
                out.append(docstring(f"Deprecated: use `{field}`.", "        "))
    return "".join(out)


# --- public names ---


def name_list(start: str, names: list[str], end: str, quote: str = "") -> str:
    """A list of names, one a line."""
    return start + "".join(f"    {quote}{name}{quote},\n" for name in names) + end


def all_of(names: list[str]) -> str:
    """`__all__`, in the order of ruff."""
    return name_list("__all__ = [\n", sorted(names, key=lambda name: (not name[0].isupper(), name)), "]\n", '"')


def public_names() -> str:
    """The imports of `__init__.py` and its `__all__`."""
    errors = ["KeySecureError", *(cls.__name__ for cls in _errors.BY_KIND.values())]
    native = list(_native.__all__)
    out = ""
    for module, names in (("_errors", errors), ("_native", native)):
        in_order = sorted(names, key=lambda name: (not name[0].isupper(), name.lower()))
        out += name_list(f"from .{module} import (\n", in_order, ")\n")
    return f"{out}\n{all_of(errors + native)}"


def between(text: str, begin: str, end: str, made: str) -> str:
    """The text with what is between two lines replaced."""
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{made}{end}{rest.partition(end)[2]}"


HEAD = '''\
"""Types of values that are text, for annotations and for the completion of editors.

Where a later version may add values, any other text is accepted too. Written by `stubs.py` from the core.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

'''


def literals() -> str:
    """The module `literals`: the closed enums of the core whose values are text in Python."""
    found: dict[str, str] = {}
    for doc, name, body in declared("named_enum", "enum", core_sources()):
        if name != "ErrorKind":
            names: list[str] = re.findall(r'^ *\w+ = "([\w.]+)"', body, re.MULTILINE)
            alias = literal(name, names, is_open="#[non_exhaustive]" in doc)
            sentence = re.split(r"(?<=\.)\s", doc_of(doc))[0]
            found[name] = f"\n{alias}{docstring(sentence, '')}"
    return f"{HEAD}{all_of(list(found))}{''.join(found.values())}"


# --- the calls of `keysecure.aio` ---

AIO_HEAD = '''\
"""Types of the calls. Written by `stubs.py` from `_native.pyi`."""

# pyright: reportPrivateUsage=false

from ._call import OnCancelled
from ._pager import Pager
from ._threads import Threads
'''
AIO_BASES = '''
class ClientCalls:
    """The part of the client that makes calls."""

    _blocking: Client
    _threads: Threads
    def _set_up(self, blocking: Client, max_threads: int, on_cancelled: OnCancelled | None) -> None: ...

class Resource:
    """Calls of a client."""

    def __init__(self, client: ClientCalls, blocking: Any) -> None: ...
'''
MADE_BY = ("relay", "from_env")
AIO_SETTINGS = "def settings(*, max_threads: int = 16, on_cancelled: OnCancelled | None = None): ..."


def functions(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The functions of a class in a stub."""
    return (member for member in node.body if isinstance(member, ast.FunctionDef))


def awaited(function: ast.FunctionDef) -> ast.stmt:
    """The call as a task makes it: awaited, but for a list, whose rows are awaited, and what sends nothing."""
    if function.decorator_list or ast.unparse(function.returns or function).startswith(("Pager[", "WebhookVerifier")):
        return function
    return ast.AsyncFunctionDef(**dict(ast.iter_fields(function)))


def awaited_client(blocking: ast.ClassDef) -> Iterator[ast.stmt]:
    """The members of the client. `close` is written by hand."""
    for member in functions(blocking):
        if member.name in ("__new__", *MADE_BY):
            settings = next(node for node in ast.walk(ast.parse(AIO_SETTINGS)) if isinstance(node, ast.arguments))
            member.args.kwonlyargs[:0] = settings.kwonlyargs
            member.args.kw_defaults[:0] = settings.kw_defaults
        if member.name == "__new__":
            member.name, member.args.args[0].arg, member.returns = "__init__", "self", ast.Constant(None)
            yield member
        elif not member.name.startswith("_") and member.name != "close":
            yield awaited(member)


def aio_calls(native: ast.Module) -> str:
    """The stub of the calls of `keysecure.aio`."""
    made = ast.parse(AIO_BASES)
    classes = {node.name: node for node in ast.walk(native) if isinstance(node, ast.ClassDef)}
    properties = [one for one in functions(classes["Client"]) if one.decorator_list and one.name not in MADE_BY]
    for node in made.body:
        if isinstance(node, ast.ClassDef) and node.name == "ClientCalls":
            node.body += awaited_client(classes["Client"])
    for resource in (classes[ast.unparse(one.returns or one)] for one in properties):
        resource.bases, resource.decorator_list = [ast.Name("Resource")], []
        resource.body[1:] = map(awaited, functions(resource))
        made.body.append(resource)
    return formatted(f"{AIO_HEAD}{imports_for(made, native)}{ast.unparse(ast.fix_missing_locations(made))}", AIO)


def imports_for(made: ast.Module, native: ast.Module) -> str:
    """The imports of a stub: as in the native one, and from it."""
    own = {node.name for node in made.body if isinstance(node, ast.ClassDef)} | {"Pager"}
    used = {node.id for node in ast.walk(made) if isinstance(node, ast.Name)} - own
    out, there = "", set[str]()
    for node in native.body:
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names if name.name in used]
            dots = "." * (node.level and node.level + 1)
            out += f"from {dots}{node.module} import {', '.join(names)}\n" if names else ""
        elif isinstance(node, ast.ClassDef):
            there.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            there.add(ast.unparse(node.target))
    return f"{out}from .._native import {', '.join(sorted(there & used))}\n"


def formatted(source: str, path: Path) -> str:
    """Source in the form of ruff, with its imports in order."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format"]):
        done = subprocess.run(  # noqa: S603
            [*ruff, *command, "--stdin-filename", path, "-"], input=source, capture_output=True, text=True, check=True
        )
        source = done.stdout
    return source


def main() -> int:
    """Writes or checks."""
    text = STUB.read_text()
    before = re.sub(
        r"__all__ = \[.*?\]\n", lambda _: all_of(_native.__all__), text.partition(BEGIN)[0], flags=re.DOTALL
    )
    made = {
        STUB: between(with_docs(before) + BEGIN + text.partition(BEGIN)[2], BEGIN, END, f"{declarations(before)}\n"),
        PACKAGE: between(PACKAGE.read_text(), BEGIN_NAMES, END_NAMES, public_names()),
        LITERALS: literals(),
    }
    made[AIO] = aio_calls(ast.parse(made[STUB]))
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    if "--check" not in sys.argv:
        for path in stale:
            path.write_text(made[path])
        return 0
    for path in stale:
        print(f"{path.name} does not fit the module and the core: run `python stubs.py`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
