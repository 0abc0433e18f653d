"""Errors across task queues: Celery with JSON and pickled results, RQ."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from fakeredis import FakeStrictRedis
from rq import Queue, SimpleWorker

import keysecure
from keysecure import Client, KeySecureError

ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    "transport": ("TransportError", {"outcome": "unknown", "operation": "accounts.transfer", "attempts": 1}),
    "timeout": ("TimeoutError", {"outcome": "unknown", "transport_fault": "timeout", "attempts": 2}),
    "not found": ("NotFoundError", {"outcome": "rejected", "code": 2002, "msg": "no cardholder", "http_status": 200}),
    "input": ("InvalidInputError", {"outcome": "not_sent", "field": "amount"}),
    "rate": ("RateLimitError", {"outcome": "rejected", "code": 1009, "retry_after": 2.5}),
    "webhook": ("WebhookError", {"outcome": "rejected", "rejection": "too_old"}),
}


def fail(name: str) -> None:
    """Raises one of the errors."""
    kind, fields = ERRORS[name]
    raise getattr(keysecure, kind)(f"it failed: {name}", **fields)


def fail_for_real() -> None:
    """Raises an error of the native module."""
    Client("key", "0123456789abcdef").cards.get("")


def check(error: BaseException | None, name: str) -> None:
    kind, fields = ERRORS[name]
    assert type(error) is getattr(keysecure, kind)
    assert str(error) == f"it failed: {name}"
    assert {field: getattr(error, field) for field in fields} == fields


@pytest.fixture(params=["json", "pickle"])
def app(request: pytest.FixtureRequest) -> Iterator[Celery]:
    """An application with a broker in memory, a worker, and results in one format."""
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.update(
        result_serializer=request.param,
        accept_content=["json", "pickle"],
        result_accept_content=["json", "pickle"],
        worker_hijack_root_logger=False,
    )
    app.task(fail, name="fail")
    app.task(fail_for_real, name="fail_for_real")
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    try:
        with start_worker(app, perform_ping_check=False, pool="solo"):
            yield app
    finally:
        # The worker sets up the logging of the whole process.
        root.setLevel(level)
        root.handlers[:] = handlers


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_errors_come_out_of_celery_with_all_their_fields(app: Celery) -> None:
    results = {name: app.send_task("fail", [name]) for name in ERRORS}
    for name, result in results.items():
        with pytest.raises(KeySecureError) as caught:
            result.get(timeout=60)
        check(caught.value, name)
    with pytest.raises(keysecure.InvalidInputError) as caught:
        app.send_task("fail_for_real").get(timeout=60)
    assert (caught.value.outcome, caught.value.field) == ("not_sent", "card_no")


def test_an_error_without_its_fields_never_says_that_nothing_was_sent() -> None:
    for kind, _ in ERRORS.values():
        error = getattr(keysecure, kind)("text", "{'outcome': 'not_sent'}")
        assert error.outcome == "unknown"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_errors_in_rq_keep_their_fields() -> None:
    caught: list[BaseException] = []

    def keep(job: object, kind: object, error: BaseException, *_: object) -> bool:
        caught.append(pickle.loads(pickle.dumps(error)))
        return False

    redis = FakeStrictRedis()
    queue = Queue(connection=redis)
    jobs = {name: queue.enqueue(fail, name) for name in ERRORS}
    worker = SimpleWorker([queue], connection=redis, exception_handlers=[keep])
    worker.work(burst=True, with_scheduler=False)
    for error, (name, job) in zip(caught, jobs.items(), strict=True):
        check(error, name)
        result = job.latest_result()
        assert result is not None
        assert f"{ERRORS[name][0]}: it failed: {name}" in str(result.exc_string)
