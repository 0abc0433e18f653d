"""The command line in any terminal and pipe, and as an installed program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from cli_support import bare, run
from export_support import ARGUMENTS, DAY, START

from keysecure.cli.output import redacted, to_json
from keysecure.sandbox import Sandbox


class Chinese(BaseHTTPRequestHandler):
    """A platform that refuses everything in Chinese."""

    def do_GET(self) -> None:
        body = '{"code":1011,"msg":"密钥已过期"}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.mark.parametrize(
    ("encoding", "text"), [("cp1252", r"\u5bc6\u94a5"), ("ascii", r"\u5bc6\u94a5"), ("utf-8", "密钥已过期")]
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_text_that_the_encoding_does_not_hold_is_escaped(encoding: str, text: str, form: list[str]) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Chinese) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        settings = {"API_KEY": "key", "API_SECRET": "0123456789abcdef"}
        settings["BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
        variables = {f"KEYSECURE_{name}": value for name, value in settings.items()}
        result = subprocess.run(
            [sys.executable, "-m", "keysecure", "doctor", *form],
            env={**bare(), **variables, "PYTHONIOENCODING": encoding},
            capture_output=True,
            timeout=120,
            check=False,
        )
        server.shutdown()
        thread.join()
    assert (result.returncode, result.stderr) == (1, b"")
    assert text in result.stdout.decode(encoding)


def test_json_stays_json_in_every_encoding(variables: dict[str, str]) -> None:
    # The names of packages are Chinese too.
    plain = run("call", "POST", "/v1/card/package/list", "{}", PYTHONIOENCODING="utf-8", **variables)
    packages = json.loads(plain.stdout)
    assert any(not name.isascii() for name in map(str, packages["list"]))
    for encoding in ("cp1252", "ascii"):
        other = run("call", "POST", "/v1/card/package/list", "{}", PYTHONIOENCODING=encoding, **variables)
        assert (other.returncode, json.loads(other.stdout)) == (0, packages)


@pytest.mark.parametrize(
    "arguments",
    [["export", "transfers", *ARGUMENTS, "--out", "-"], ["demo"], ["doctor"], ["completion", "bash"]],
    ids=["export", "demo", "doctor", "completion"],
)
def test_a_reader_that_leaves_ends_the_command_quietly(
    sandbox: Sandbox, variables: dict[str, str], cardholder_no: str, arguments: list[str]
) -> None:
    sandbox.seed_transfers(cardholder_no, [START + DAY * place / 24 for place in range(500)])
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "keysecure", *arguments]
    # Nobody reads from the start: each write fails.
    os.close(ours)
    with subprocess.Popen(command, env={**bare(), **variables}, stdout=theirs, stderr=subprocess.PIPE) as program:
        os.close(theirs)
        errors = program.communicate(timeout=120)[1]
    assert (program.returncode, errors) == (141, b"")


def test_a_program_may_read_only_the_start(sandbox: Sandbox, variables: dict[str, str], cardholder_no: str) -> None:
    sandbox.seed_transfers(cardholder_no, [START + DAY * place / 24 for place in range(1400)])
    command = [sys.executable, "-m", "keysecure", "export", "transfers", *ARGUMENTS, "--out", "-"]
    with subprocess.Popen(
        command, env={**bare(), **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().startswith(b"transfer_no,")
        program.stdout.close()
        assert (program.stderr.read(), program.wait(timeout=120)) == (b"", 141)


def test_the_package_installs_a_program() -> None:
    declared = Path(__file__).parents[1].joinpath("pyproject.toml").read_text("utf-8")
    assert 'keysecure = "keysecure.cli:main"' in declared
    # Where the wheel is installed.
    for script in entry_points(group="console_scripts", name="keysecure"):
        assert script.value == "keysecure.cli:main"
    # As the script of pip does it.
    program = "import sys; sys.argv[0] = 'bin/keysecure'; from keysecure.cli import main; sys.exit(main())"
    result = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.startswith("usage: keysecure doctor")


def test_what_is_printed_holds_no_secret() -> None:
    data = {
        "pan": "4111111111111111",
        "cvv": "123",
        "access_token": "abc",
        "remark": "card 4111 1111 1111 1111, order 1234567890123",
        "card_no": "4111111111111111",
        "list": [{"pin": "739251", "detail": 4111111111111111}],
        "amount": 5,
    }
    assert redacted(data) == {
        "pan": "***",
        "cvv": "***",
        "access_token": "***",
        "remark": "card 411111******1111, order 1234567890123",
        "card_no": "4111111111111111",
        "list": [{"pin": "***", "detail": "411111******1111"}],
        "amount": 5,
    }


def test_json_is_written_with_all_digits() -> None:
    value = {"a": [Decimal("1.50"), 10**30, True, None, "é"], "b": {}, "c": Decimal("1E+9999999")}
    text = '{"a":[1.50,1000000000000000000000000000000,true,null,"é"],"b":{},"c":1E+9999999}'
    assert to_json(value) == text
    assert to_json({"a": [1, {"b": "é"}]}, indent=2, ascii_only=True) == json.dumps({"a": [1, {"b": "é"}]}, indent=2)


def test_numbers_of_cards_are_masked_in_names_too() -> None:
    assert redacted({"seen": {"4111111111111111": 1, "order": 2}}) == {"seen": {"411111******1111": 1, "order": 2}}
