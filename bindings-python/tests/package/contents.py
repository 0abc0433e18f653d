"""Lists what wheels hold and compares it with `contents.txt`. Arguments: the wheels."""

import re
import sys
import zipfile
from pathlib import Path


def contents(wheel: str) -> list[str]:
    """The names of its files, without the version."""
    names = zipfile.ZipFile(wheel).namelist()
    return [re.sub(r"^(\w+)-[^/]+\.dist-info", r"\1.dist-info", name) for name in names]


found = sorted(name for wheel in sys.argv[1:] for name in contents(wheel))
print("\n".join(found))
expected = Path(__file__).with_name("contents.txt").read_text().split()
if found != expected:
    sys.exit(f"missing: {sorted(set(expected) - set(found))}, not expected: {sorted(set(found) - set(expected))}")
print(f"{len(found)} files, all of them expected")
