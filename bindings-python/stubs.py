"""Writes the part of `_native.pyi` that follows from the core's declarations: models and open enums.

`python stubs.py` writes it, `python stubs.py --check` says whether it is up to date. So a new field of a model is one
edit in the core and one run of this program.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORE = HERE.parent / "core" / "src"
STUB = HERE / "python" / "keysecure" / "_native.pyi"
BEGIN = "# --- models and constants: written by stubs.py from the core; do not edit ---\n"
END = "# --- end of models and constants ---\n"

PLAIN = {"String": "str", "bool": "bool", "i64": "int", "Decimal": "Decimal", "SystemTime": "datetime"}


def python_type(rust: str, enums: set[str]) -> str:
    """The Python type of a Rust one."""
    if inner := re.fullmatch(r"Option<(.+)>", rust):
        return f"{python_type(inner[1], enums)} | None"
    if inner := re.fullmatch(r"Vec<(.+)>", rust):
        return f"list[{python_type(inner[1], enums)}]"
    return "str" if rust in enums else PLAIN.get(rust, rust)


def doc_of(comments: str) -> str:
    """The text of `///` comments, without Rust's links."""
    text = " ".join(line.strip().removeprefix("///").strip() for line in comments.strip().splitlines())
    text = re.sub(r"\s*See \[[^\]]*\](\([^)]*\))?\.", "", text)
    return re.sub(r"\[(`[^`]*`)\](\([^)]*\))?", r"\1", text).strip()


def in_capitals(variant: str) -> str:
    """`ToActivate` as `TO_ACTIVATE`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", variant).upper()


def docstring(text: str, indent: str) -> str:
    """A docstring on as many lines as it needs."""
    if len(indent) + len(text) + 6 <= 120:
        return f'{indent}"""{text}"""\n'
    lines, line = [], ""
    for word in text.split():
        if len(indent) + len(line) + len(word) + 4 > 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    lines.append(line)
    return f'{indent}"""' + f"\n{indent}".join(lines) + f'\n{indent}"""\n'


def declarations() -> str:
    """The stub of every model and every open enum of the core."""
    sources = "\n".join(path.read_text() for path in sorted(CORE.rglob("*.rs")))
    enum_blocks = re.findall(
        r"^open_enum! \{\n((?: *///[^\n]*\n)*) *pub enum (\w+) \{\n(.*?)\n    \}\n\}", sources, re.DOTALL | re.MULTILINE
    )
    enums = {name for _, name, _ in enum_blocks}
    out = []
    for doc, name, body in sorted(enum_blocks, key=lambda block: block[1]):
        out.append(f"\n@final\nclass {name}:\n{docstring(doc_of(doc), '    ')}\n")
        for comments, variant, text in re.findall(r"((?: *///[^\n]*\n)+) *(\w+) = \"(\w+)\",", body):
            out.append(f'    {in_capitals(variant)}: Final = "{text}"\n{docstring(doc_of(comments), "    ")}')
        out.append("    KNOWN: Final[tuple[str, ...]]\n")
        out.append('    """All values that this version knows."""\n')
    models = re.findall(
        r"^model! \{\n((?: *///[^\n]*\n)*) *pub struct (\w+) \{\n(.*?)\n    \}\n\}", sources, re.DOTALL | re.MULTILINE
    )
    for doc, name, body in sorted(models, key=lambda block: block[1]):
        out.append(f"\n@final\nclass {name}(_Model):\n{docstring(doc_of(doc), '    ')}\n")
        for comments, field, rust in re.findall(
            r"((?: *///[^\n]*\n)+) *pub (?:r#)?(\w+): (.+?)(?: \[or \w+\])?(?: = [^,]+)?,\n", body + "\n"
        ):
            out.append(f"    @property\n    def {field}(self) -> {python_type(rust, enums)}:\n")
            out.append(docstring(doc_of(comments), "        "))
    return "".join(out)


def main() -> int:
    """Writes or checks."""
    text = STUB.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}{declarations()}\n{END}{after}"
    if "--check" in sys.argv:
        if made != text:
            print("_native.pyi is not what the core declares: run `python stubs.py`", file=sys.stderr)
            return 1
        return 0
    STUB.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
