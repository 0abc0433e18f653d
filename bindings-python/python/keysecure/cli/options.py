"""Options that several commands have, and the client that they describe."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from .. import Client, ConfigError

SCHEMES = ["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"]
AES = [*SCHEMES, *(f"{scheme}/cbc" for scheme in SCHEMES)]

SETTINGS = """\
credentials are read from the environment, never from the command line:
  KEYSECURE_API_KEY, KEYSECURE_API_SECRET
also read: KEYSECURE_ENVIRONMENT, KEYSECURE_BASE_URL, KEYSECURE_PROXY, KEYSECURE_TIMEZONE,
  KEYSECURE_CA_PEM (a file, or its text), KEYSECURE_STORE, KEYSECURE_APP_ID"""

EXIT_CODES = """\
exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 incomplete, 130 interrupted,
  141 the program that reads the output has ended"""


def add_settings(command: argparse.ArgumentParser) -> None:
    """Adds the settings of the client, apart from the secrets."""
    group = command.add_argument_group("client")
    add = group.add_argument
    add("--environment", choices=["sandbox", "production"], help="KEYSECURE_ENVIRONMENT, default sandbox")
    add("--base-url", metavar="URL", help="KEYSECURE_BASE_URL, default: the address of the environment")
    add("--proxy", metavar="URL", help="KEYSECURE_PROXY; no other variable is read, default none")
    add("--ca-pem", type=Path, metavar="FILE", help="root certificates to trust; KEYSECURE_CA_PEM")
    add(
        "--timezone",
        metavar="ZONE",
        help="of bare dates: UTC-3, Asia/Tokyo, ... (with =: --timezone=-03:30); KEYSECURE_TIMEZONE, default UTC+8",
    )
    add("--aes", metavar="SCHEME", help=f"{', '.join(SCHEMES)}; /cbc behind it for CBC; default utf8")
    add("--timeout", type=float, metavar="SECONDS", help="for each call, default 30")
    add(
        "--allow-plain-http",
        action="append",
        metavar="HOST",
        help="a host other than this machine that plain http may go to, such as sandbox in Docker Compose; repeatable",
    )


def client_from(given: argparse.Namespace) -> Client:
    """Creates a client from the environment and the options."""
    names = ["environment", "base_url", "proxy", "timezone", "aes", "timeout", "allow_plain_http"]
    settings: dict[str, Any] = {name: value for name in names if (value := getattr(given, name)) is not None}
    if given.ca_pem is not None:
        settings["ca_pem"] = read_ca(given.ca_pem)
    return Client.from_env(**settings)


def read_ca(path: Path) -> bytes:
    """Reads the file of `--ca-pem`."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"--ca-pem {path} cannot be read: {error.strerror}"
        raise ConfigError(message, outcome="not_sent") from None


def variable(name: str) -> str | None:
    """Reads an environment variable; an empty one counts as absent."""
    return os.environ.get(f"KEYSECURE_{name}") or None
