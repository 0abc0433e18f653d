"""What a user's first minutes need, with nothing but the package installed: a sandbox, a call, the command line."""

import subprocess
import sys
from pathlib import Path

import keysecure
from keysecure.sandbox import Sandbox

here = Path(keysecure.__file__).resolve()
if "site-packages" not in here.parts:
    sys.exit(f"the installed package is wanted, not {here}")
with Sandbox() as sandbox, sandbox.client() as client:
    bought = list(client.cards.packages())
    if not bought:
        sys.exit("the sandbox has no package")
    report = client.doctor()
    if not report.is_healthy:
        sys.exit(str(report))
subprocess.run([sys.executable, "-m", "keysecure", "--help"], check=True, stdout=subprocess.DEVNULL)
print(f"keysecure {keysecure.__version__} works")
