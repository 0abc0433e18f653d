"""Prints the public interface of the Python packages, one item a line, from their sources and stubs.

`cargo xtask api` writes it to `api/python.txt`, and `cargo xtask check api` compares the two.
"""

import ast
import itertools
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
SOURCES = {"keysecure": ROOT / "python/keysecure", "keysecure_sandbox": ROOT / "sandbox/python/keysecure_sandbox"}

# Programs, not modules to import.
PROGRAMS = {"keysecure.cli", "keysecure.__main__"}

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign


class Module:
    """What a module defines, and what it imports from where."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self.defined: dict[str, list[Definition]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self.stars: list[str] = []
        package = name if file.stem == "__init__" else name.rpartition(".")[0]
        for node in statements(ast.parse(file.read_text()).body):
            if isinstance(node, ast.ImportFrom):
                parts = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
                source = ".".join([*parts, *([node.module] if node.module else [])])
                for alias in node.names:
                    if alias.name == "*":
                        self.stars.append(source)
                    else:
                        self.imported[alias.asname or alias.name] = (source, alias.name)
            elif isinstance(node, Definition):
                for defined in names(node):
                    self.defined.setdefault(defined, []).append(node)

    def public(self) -> list[str]:
        """The names in `__all__`, or those that the module defines."""
        if "__all__" in self.imported:
            source = load(self.imported["__all__"][0])
            return source.public() if source else []
        if "__all__" in self.defined and isinstance(listed := self.defined["__all__"][0], ast.Assign):
            return sorted(ast.literal_eval(listed.value))
        return sorted(name for name in self.defined if not name.startswith("_"))

    def find(self, name: str) -> tuple[str, str, list[Definition]] | None:
        """The module that defines a name, its name there, and its definitions."""
        if name in self.defined:
            return self.name, name, self.defined[name]
        sources = [self.imported[name]] if name in self.imported else [(star, name) for star in self.stars]
        for source, original in sources:
            if (module := load(source)) and (found := module.find(original)):
                return found
        return None


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those in `try` and `if` included."""
    for node in body:
        yield node
        if isinstance(node, ast.Try | ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)


def names(node: Definition) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    return [node.name]


@cache
def load(name: str) -> Module | None:
    package, _, rest = name.partition(".")
    if package not in SOURCES:
        return None
    base = SOURCES[package].joinpath(*rest.split(".")) if rest else SOURCES[package]
    files = [base.with_suffix(".pyi"), base.with_suffix(".py"), base / "__init__.py"]
    return next((Module(name, file) for file in files if file.is_file()), None)


def modules() -> Iterator[str]:
    """The public modules."""
    for package, folder in SOURCES.items():
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            name = ".".join([package, *(part for part in parts if part != "__init__")])
            hidden = any(part.startswith("_") and part != "__init__" for part in parts)
            if not hidden and not any(name == program or name.startswith(program + ".") for program in PROGRAMS):
                yield name


def is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__") and name != "__slots__")


def lines(path: str, node: Definition) -> Iterator[str]:
    """An item and, of a class, its members."""
    if isinstance(node, ast.Assign):
        yield path
    elif isinstance(node, ast.AnnAssign):
        yield f"{path}: {ast.unparse(node.annotation)}"
    elif isinstance(node, ast.ClassDef):
        bases = ", ".join(map(ast.unparse, [*node.bases, *node.keywords]))
        yield f"{path}: {decorators(node)}class({bases})"
        for member in statements(node.body):
            if isinstance(member, Definition):
                for name in filter(is_public, names(member)):
                    yield from lines(f"{path}.{name}", member)
    else:
        returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        yield f"{path}: {decorators(node)}{word}({ast.unparse(node.args)}){returned}"


def decorators(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    # Of a deprecated item not the text, which is documentation.
    texts = [ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list]
    return "".join(f"@{text} " for text in texts)


def bases(module: str, node: Definition) -> Iterator[tuple[str, str, list[Definition]]]:
    """The classes of the packages that a class extends and that no module exports: their members are its own."""
    for base in node.bases if isinstance(node, ast.ClassDef) else []:
        text = ast.unparse(base).partition("[")[0]
        loaded = load(module)
        if text.startswith("_") and loaded and (found := loaded.find(text)):
            yield found
            yield from itertools.chain.from_iterable(bases(found[0], one) for one in found[2])


def interface() -> list[str]:
    found: set[str] = set()
    paths: dict[tuple[str, str], str] = {}
    for module_name in modules():
        if not (module := load(module_name)):
            continue
        found.add(f"module {module_name}")
        for name in module.public():
            path = f"{module_name}.{name}"
            if not (defined := module.find(name)):
                found.add(path)
                continue
            source, original, nodes = defined
            first = paths.setdefault((source, original), path)
            if first != path:
                found.add(f"{path} = {first}")
                continue
            for node in nodes:
                found.update(lines(path, node))
                for base_module, base_name, base_nodes in bases(source, node):
                    for base in base_nodes:
                        found.update(lines(f"{base_module}.{base_name}", base))
    return sorted(found)


if __name__ == "__main__":
    print("\n".join(interface()))
