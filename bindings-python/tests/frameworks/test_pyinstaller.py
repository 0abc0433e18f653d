"""A program in one bundle, without Python: PyInstaller."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# It imports nothing but the package, so that the bundle holds what PyInstaller finds there.
PROGRAM = """
import keysecure

NOON = keysecure.Card.from_json('{"card_no":"1","status":"Fail","time":1780000000000}').time
AUTH = b'{"id":"1","action":"Auth","data":{"consume_no":"c1","card_no":"k1","amount":42.00,"status":"Pending"}}'
NEW = b'{"id":"2","action":"New","data":{"a":1.50}}'

verifier = keysecure.WebhookVerifier("app", "secret", clock=NOON.timestamp)
responder = keysecure.Responder(lambda event: event.amount < 100)
received = verifier.verify(verifier.sign_for_tests(NOON, AUTH), AUTH)
print(responder.respond(received).decode())
print(verifier.verify(verifier.sign_for_tests(NOON, NEW), NEW).event.data)
print(received.event.to_dict(mode="json")["amount"])
try:
    keysecure.Client("key", "0123456789abcdef", timezone="Asia/Shanghai").cards.get("")
except keysecure.InvalidInputError as error:
    print(error.field)


class Store:
    def insert(self, key, value, keep):
        raise LookupError

    get = remove = insert


broken = keysecure.WebhookVerifier("app", "secret", clock=NOON.timestamp, store=Store())
try:
    broken.verify(broken.sign_for_tests(NOON, NEW), NEW)
except keysecure.WebhookError as error:
    print(error.rejection)
"""
SAID = """\
{"code":0,"message":""}
{'a': Decimal('1.50')}
42.00
card_no
replay_store_unavailable
"""


@pytest.mark.slow
def test_a_bundled_program_has_all_that_the_native_module_imports(tmp_path: Path) -> None:
    program = tmp_path / "shop.py"
    program.write_text(PROGRAM)
    plain = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False, timeout=60)
    assert plain.stdout == SAID, plain.stderr
    build = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", str(program)]
    made = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert made.returncode == 0, made.stderr
    bundle = tmp_path / "dist" / "shop" / ("shop.exe" if os.name == "nt" else "shop")
    # Nothing of this environment: a bundle brings its own.
    bundled = subprocess.run([str(bundle)], env={}, capture_output=True, text=True, check=False, timeout=60)
    assert bundled.stdout == SAID, bundled.stderr
