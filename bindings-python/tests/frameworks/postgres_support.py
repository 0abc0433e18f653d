"""A PostgreSQL server of the tests: in a folder of its own, reached by a Unix socket."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROLE = "shop"


def programs() -> Path:
    """The folder of the server's programs. Debian keeps that of each version apart."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    folders += [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if folders:
        return max(folders, key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))])
    message = "PostgreSQL is not installed (Debian's package `postgresql`)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class Postgres:
    """A server that runs until it is closed."""

    def __init__(self) -> None:
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="keysecure-pg-"))
        # The server refuses to run as root.
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            names = [entry.pw_name for entry in pwd.getpwall()]
            account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.process: subprocess.Popen[bytes] | None = None
        try:
            options = ["-D", self.folder / "data", "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
            command = [self.programs / "initdb", *options]
            subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=300, check=True, **self.user)
            self.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")

    def start(self) -> None:
        # Only the processes crash here, not the machine: what is written is there without being forced to the disk.
        settings = ["-c", "listen_addresses=", "-c", "fsync=off"]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self.user)
        end = time.monotonic() + 120
        while True:
            try:
                psycopg.connect(self.dsn("postgres")).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text("utf-8", "replace")
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.05)
            else:
                return

    def stop(self, *, immediately: bool = False) -> None:
        """Ends all sessions: in order, or as after a crash."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
            self.process.wait(120)
            self.process = None

    def dsn(self, database: str) -> str:
        return f"host={self.folder} user={ROLE} dbname={database}"
