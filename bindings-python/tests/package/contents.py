"""Lists what a wheel holds and compares it with `contents.txt`. Argument: the wheel."""

import re
import sys
import zipfile
from pathlib import Path

names = sorted(
    re.sub(r"^keysecure-[^/]+\.dist-info", "dist-info", name) for name in zipfile.ZipFile(sys.argv[1]).namelist()
)
print("\n".join(names))
expected = Path(__file__).with_name("contents.txt").read_text().split()
if names != expected:
    sys.exit(f"missing: {sorted(set(expected) - set(names))}, not expected: {sorted(set(names) - set(expected))}")
print(f"{len(names)} files, all of them expected")
