"""What a user's first minutes need, with nothing but the package installed: a sandbox, a call, the first program of the
README as it stands, the command line."""

import re
import shutil
import subprocess
import sys
import sysconfig
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
readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
program = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
if program is None:
    sys.exit("the README has no program")
subprocess.run([sys.executable, "-W", "error", "-c", program[1]], check=True)
# On Windows in another folder than the interpreter.
script = shutil.which("keysecure", path=sysconfig.get_path("scripts"))
if script is None:
    sys.exit("pip installed no program")
subprocess.run([script, "--help"], check=True, stdout=subprocess.DEVNULL)
print(f"keysecure {keysecure.__version__} works")
