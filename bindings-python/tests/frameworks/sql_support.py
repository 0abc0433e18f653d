"""A user's project with the stores of the cookbook as copied files, and the workers that run in it."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from examples_support import EXAMPLES
from postgres_support import ROLE, Postgres

from keysecure.sandbox import Sandbox

KINDS = ("sqlalchemy", "django")

SETTINGS = """
import os

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["SHOP_HOST"],
        "USER": os.environ["SHOP_ROLE"],
        "NAME": "shop_django",
    }
}
DATABASES["keysecure"] = {
    **DATABASES["default"],
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": 60,
    "OPTIONS": {**DATABASES["default"].get("OPTIONS", {}), "connect_timeout": 2, "tcp_user_timeout": 2000},
    "TEST": {"MIRROR": "default"},
}
INSTALLED_APPS = ["shop"]
SECRET_KEY = "for tests"
USE_TZ = True
"""

MODELS = """
from django.db import models

from .django_store import KeySecureAttempt, KeySecureToken, KeySecureWebhook


class Order(models.Model):
    number = models.TextField()
"""

STORES = """
import os

def sqlalchemy():
    import sqlalchemy as sa
    from sqlalchemy_store import SqlStore, create_tables

    engine = sa.create_engine(
        f"postgresql+psycopg://{os.environ['SHOP_ROLE']}@/shop_sqlalchemy?host={os.environ['SHOP_HOST']}",
        pool_timeout=1,
        hide_parameters=True,
        connect_args={"connect_timeout": 2, "tcp_user_timeout": 2000},
    )
    create_tables(engine)
    return SqlStore(engine)


def django():
    import django

    django.setup()
    from shop.django_store import DjangoStore

    return DjangoStore()
"""

PAYER = """
import json, sys, time
from keysecure import Client, KeySecureError
import stores

kind, url, key, secret, holder, count, start = sys.argv[1:]
client = Client(key, secret, base_url=url, store=getattr(stores, kind)())


def pay(number):
    try:
        done = client.accounts.ensure_transfer(
            cardholder_no=holder, transfer_unique_no=number, type="In", amount="25.00", settle=0.5, deadline=6
        )
        result = {"number": number, "created": done.created}
    except KeySecureError as error:
        result = {"number": number, "outcome": error.outcome, "fault": error.transport_fault}
    print(json.dumps(result), flush=True)
    return "created" in result


numbers = [f"order-{number}" for number in range(int(count))]
# Each payment has its moment, at which all workers that are free begin it.
for at, number in enumerate(numbers):
    early = float(start) + at * 0.3 - time.time()
    if early > 0:
        time.sleep(early)
        pay(number)
# What was missed or failed.
for number in numbers:
    while not pay(number):
        time.sleep(0.05)
"""

DECIDER = """
import json, sys
from keysecure import WebhookVerifier
from webhook_support import APP_ID, SECRET, Wsgi, wsgi
import stores

def decide(event):
    print("decided", flush=True)
    return True

verifier = WebhookVerifier(APP_ID, SECRET, store=getattr(stores, sys.argv[1])())
app = Wsgi(wsgi(verifier, print, decide=decide))
for line in sys.stdin:
    headers, body = json.loads(line)
    print(app.post(headers, body.encode())[1].decode(), flush=True)
"""


def make_project(folder: Path, postgres: Postgres, modules: dict[str, str]) -> None:
    """Writes the project with copies of the modules in its folders, and creates its databases."""
    (folder / "shop").mkdir()
    for name, to in modules.items():
        shutil.copy(EXAMPLES / name, folder / to)
    files = {"settings.py": SETTINGS, "shop/__init__.py": "", "shop/models.py": MODELS, "stores.py": STORES}
    for name, text in {**files, "payer.py": PAYER, "decider.py": DECIDER}.items():
        (folder / name).write_text(text, "utf-8")
    for kind in KINDS:
        postgres.create_database(f"shop_{kind}")


@contextmanager
def entered(folder: Path, postgres: Postgres) -> Iterator[None]:
    """With the environment and the path of modules that the project needs."""
    environment = {"SHOP_HOST": str(postgres.folder), "SHOP_ROLE": ROLE, "DJANGO_SETTINGS_MODULE": "settings"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.syspath_prepend(folder)
        yield


class Worker:
    """A process of the project, and the lines that it has printed so far."""

    def __init__(self, folder: Path, program: str, *arguments: str, stdin: str | None = None) -> None:
        tests = Path(__file__).parents[1]
        path = os.pathsep.join([str(folder), str(tests), *(entry for entry in sys.path if entry)])
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", folder / program, *arguments],
            cwd=folder,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.lines: list[str] = []
        self.log = ""
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_log)]
        for thread in self.threads:
            thread.start()
        if stdin is not None and self.process.stdin is not None:
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.lines.extend(line.rstrip("\n") for line in lines)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.log = "".join(lines)

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in list(self.lines)]

    def failures(self) -> list[dict[str, Any]]:
        return [result for result in self.results() if "created" not in result]

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        """Waits for the end of the process."""
        code = self.process.wait(300)
        for thread in self.threads:
            thread.join()
        return code


class Payers:
    """Workers that make the same payments at the same moments."""

    def __init__(self, folder: Path, kind: str, sandbox: Sandbox, holder: str, payments: int, workers: int) -> None:
        settings = [kind, sandbox.base_url, sandbox.api_key, sandbox.api_secret, holder, str(payments)]
        # Some seconds from now, when they have started.
        self.arguments = [*settings, str(time.time() + 4)]
        self.folder = folder
        self.workers = [self.new() for _ in range(workers)]
        self.killed: list[Worker] = []

    def __enter__(self) -> Payers:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()

    def new(self) -> Worker:
        return Worker(self.folder, "payer.py", *self.arguments)

    def replace(self, at: int) -> None:
        """Kills a worker and starts another one."""
        self.workers[at].kill()
        self.killed.append(self.workers[at])
        self.workers[at] = self.new()


def until(condition: Any, what: str) -> None:
    """Waits for a condition, at most two minutes."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def new_store(sql: str) -> Any:
    return getattr(importlib.import_module("stores"), sql)()


def table(sql: str, rows: str) -> str:
    """The name of the table of attempts, tokens or webhooks."""
    return f"keysecure_{rows}s" if sql == "sqlalchemy" else f"shop_keysecure{rows}"


@contextmanager
def session(postgres: Postgres, sql: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of somebody else on the database of the store. Its locks end, lest a broken store waits for ever."""
    limit = "-c idle_in_transaction_session_timeout=20s"
    with psycopg.connect(postgres.dsn(f"shop_{sql}"), options=limit) as connection:
        yield connection


def engine_url(postgres: Postgres) -> str:
    return f"postgresql+psycopg://{ROLE}@/shop_sqlalchemy?host={postgres.folder}"
