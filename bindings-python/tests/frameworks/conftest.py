"""Fixtures of the tests of the cookbook's stores: a PostgreSQL server, and a project that has the stores."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from postgres_support import Postgres


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Keeps the tests of one module, or of one server in it, in one process."""
    for item in items:
        kind = item.callspec.params.get("server") if hasattr(item, "callspec") else None
        item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__} {getattr(kind, 'name', '')}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    from postgres_support import Postgres

    with closing(Postgres()) as postgres:
        yield postgres


@pytest.fixture(scope="session")
def new_project(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes the project, and sets Django up for it, which works once in a process."""
    from django.conf import settings
    from sql_support import entered, make_project

    assert not settings.configured, "another test configured Django in this process: it needs a process of its own"
    folder = tmp_path_factory.mktemp("project")
    make_project(folder, postgres, {"sqlalchemy_store.py": ".", "django_store.py": "shop"})
    with entered(folder, postgres):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("makemigrations", "shop", verbosity=0)
        call_command("migrate", verbosity=0)
    return folder


@pytest.fixture(scope="module")
def project(new_project: Path, postgres: Postgres) -> Iterator[Path]:
    from django.db import connections
    from sql_support import entered

    with entered(new_project, postgres):
        # Another module may have restarted the server.
        connections.close_all()
        yield new_project


@pytest.fixture(params=["sqlalchemy", "django"])
def sql(request: pytest.FixtureRequest, project: Path) -> str:
    """The kind of store: the name of its function in the project."""
    return str(request.param)


@pytest.fixture
def module(sql: str, project: Path) -> ModuleType:
    """The module of the cookbook."""
    return importlib.import_module({"sqlalchemy": "sqlalchemy_store", "django": "shop.django_store"}[sql])


@pytest.fixture
def store(sql: str, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from sql_support import new_store
    from store_contract import WITHIN

    # A busy machine may take longer than a purchase can wait.
    monkeypatch.setattr(module, "WEBHOOK_WITHIN", WITHIN)
    store = new_store(sql)
    yield store
    if sql == "sqlalchemy":
        store._engine.dispose()
