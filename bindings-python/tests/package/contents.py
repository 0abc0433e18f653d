"""Lists what wheels hold and compares it with `contents.txt`.

Arguments: the wheels; `--released` before those of a release, which also have the licences of the crates in them.
"""

import re
import sys
import zipfile
from pathlib import Path


def contents(wheel: str) -> list[str]:
    """The names of its files, without the version."""
    names = zipfile.ZipFile(wheel).namelist()
    return [re.sub(r"^(\w+)-[^/]+\.dist-info", r"\1.dist-info", name) for name in names]


wheels = [argument for argument in sys.argv[1:] if argument != "--released"]
found = sorted(name for wheel in wheels for name in contents(wheel))
print("\n".join(found))
expected = Path(__file__).with_name("contents.txt").read_text().split()
if "--released" in sys.argv:
    folders = sorted({name.partition("/")[0] for name in expected if name.endswith("/METADATA")})
    expected += [
        f"{folder}/licenses/{file}" for folder in folders for file in ("LICENSE-RUST.html", "LICENSE-THIRD-PARTY.txt")
    ]
    expected.sort()
if found != expected:
    sys.exit(f"missing: {sorted(set(expected) - set(found))}, not expected: {sorted(set(found) - set(expected))}")
print(f"{len(found)} files, all of them expected")
