"""Packs wheels anew, as tightly as zip's own compression can. Arguments: the wheels. Takes a minute."""

import sys
import zipfile
from pathlib import Path

import zopfli


def pack(wheel: Path) -> None:
    """Replaces the wheel by one with the same files, in fewer bytes."""
    packed = wheel.with_suffix(".packed")
    with zipfile.ZipFile(wheel) as loose, zopfli.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as tight:
        for file in loose.infolist():
            tight.writestr(file, loose.read(file))
    packed.replace(wheel)


for name in sys.argv[1:]:
    pack(Path(name))
