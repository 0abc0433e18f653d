"""Callbacks that come again: replays, and claims of what could not be handled."""

from __future__ import annotations

import gc
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from webhook_support import (
    AUTH,
    BODY,
    CONSUMPTION,
    SECRET,
    DictStore,
    body_of,
    now,
    rejected,
    rejection_of,
    signed,
    verifier,
)

from keysecure import (
    ConfigError,
    FileStore,
    MemoryReplayStore,
    MemoryStore,
    MemoryTokenStore,
    VerifiedWebhook,
    WebhookError,
    WebhookVerifier,
    reply_accept,
    reply_decline,
    reply_duplicate,
)


def unclaimable(by: WebhookVerifier, headers: Any) -> str:
    return rejection_of(lambda: by.claim(headers, BODY))


def guards(tmp_path: Path) -> list[Any]:
    tmp_path.chmod(0o700)
    return [True, MemoryReplayStore(), MemoryReplayStore(capacity=5), MemoryStore(), FileStore(tmp_path), DictStore()]


def test_what_was_accepted_is_a_replay_whatever_its_id(tmp_path: Path) -> None:
    for guard in guards(tmp_path):
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        assert guarded.verify(headers, BODY)
        for again in (BODY, body_of("Consumption", CONSUMPTION, id="e-2")):
            assert rejected(headers, again, by=guarded) == "replayed"
        assert guarded.verify(signed(BODY, now() + timedelta(seconds=1)), BODY), "sent again with a new timestamp"


def test_without_a_store_nothing_is_recorded() -> None:
    headers = signed(BODY)
    for guard in (None, False):
        unguarded = verifier(replay_guard=guard)
        assert [unguarded.verify(headers, BODY).id for _ in range(2)] == ["e-1", "e-1"]


def test_a_rejected_webhook_is_not_recorded(tmp_path: Path) -> None:
    for guard in guards(tmp_path):
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        assert rejected(headers, BODY.replace(b"c-1", b"c-2"), by=guarded) == "wrong_signature"
        assert guarded.verify(headers, BODY)


def test_a_store_is_shared_by_verifiers_and_by_those_of_any_age(tmp_path: Path) -> None:
    for guard in guards(tmp_path)[1:]:
        headers = signed(BODY)
        assert verifier(replay_guard=guard).verify(headers, BODY)
        assert rejected(headers, by=verifier(replay_guard=guard)) == "replayed"
        assert rejected(headers, by=verifier(replay_guard=guard).ignore_timestamp()) == "replayed"


def test_of_many_threads_with_one_webhook_one_accepts_it(tmp_path: Path) -> None:
    for guard in guards(tmp_path)[:5]:
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        accepted: list[VerifiedWebhook] = []
        refused: list[Any] = []

        def accept(
            guarded: WebhookVerifier = guarded, headers: Any = headers, accepted: Any = accepted, refused: Any = refused
        ) -> None:
            try:
                accepted.append(guarded.verify(headers, BODY))
            except WebhookError as error:
                refused.append(error.rejection)

        threads = [threading.Thread(target=accept) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(accepted), refused) == (1, ["replayed"] * 7)


def test_a_store_of_ones_own_gets_a_key_and_a_time_to_keep_it() -> None:
    store, headers = DictStore(), signed(BODY)
    verifier(store=store).verify(headers, BODY)
    [(key, (value, keep))] = store.keys.items()
    assert (key, keep) == (headers["Signature"], 601.0)
    assert value, "a store that takes an empty text for none would let replays in"


class Returning(DictStore):
    """A store that returns one value, or raises it."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value

    def insert(self, *_: object) -> Any:
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


def test_a_store_out_of_reach_rejects_unless_the_caller_chose_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    async def coroutine() -> None:
        return None

    for value in (OSError(SECRET), RuntimeError(), StopIteration(), True, False, 1):
        for call in (WebhookVerifier.verify, WebhookVerifier.claim):
            strict, lax = (verifier(store=Returning(value), on_store_failure=when) for when in ("reject", "accept"))
            assert rejection_of(lambda: call(strict, signed(BODY), BODY)) == "replay_store_unavailable"  # noqa: B023
            assert call(lax, signed(BODY), BODY)
    assert rejected(signed(BODY), by=verifier(store=Returning(coroutine()))) == "replay_store_unavailable"
    [place] = {message for message in caplog.messages if "OSError" in message}
    assert place.startswith("the method insert of the store raised OSError at ")
    assert "test_webhook_replays.py:" in place
    assert "the method insert of the store returned a wrong value, of type bool" in caplog.messages
    assert "the method insert of the store returned a wrong value, of type coroutine" in caplog.messages
    assert SECRET not in caplog.text


def test_what_a_store_returns_may_be_bytes() -> None:
    class Bytes(DictStore):
        def insert(self, *given: Any) -> Any:
            found = super().insert(*given)
            return found if found is None else found.encode()

    guarded, headers = verifier(store=Bytes()), signed(BODY)
    assert guarded.verify(headers, BODY)
    assert rejected(headers, by=guarded) == "replayed"


def test_a_store_that_cannot_serve_is_refused_when_the_verifier_is_made() -> None:
    class InsertOnly:
        def insert(self, key: str, value: str, keep: float) -> None: ...

    class Async(DictStore):
        async def get(self, key: str) -> str | None:  # type: ignore[override]
            return None

    for wrong, words in [
        (InsertOnly(), "insert, get, remove"),
        (5, "MemoryStore"),
        (Async(), "method get"),
        ("x", "file:"),
    ]:
        for name in ("store", "replay_guard"):
            with pytest.raises(ConfigError, match=words) as caught:
                verifier(**{name: wrong})
            assert str(caught.value).startswith(name)
    with pytest.raises(ConfigError, match="MemoryTokenStore"):
        verifier(store=MemoryTokenStore())
    with pytest.raises(ConfigError, match="old name"):
        verifier(store="memory", replay_guard=True)


def test_ctrl_c_in_a_store_is_no_outage() -> None:
    for when in ("reject", "accept"):
        stopped = verifier(store=Returning(KeyboardInterrupt()), on_store_failure=when)
        for call in (stopped.verify, stopped.claim):
            with pytest.raises(KeyboardInterrupt):
                call(signed(BODY), BODY)
        assert rejected({}, by=stopped) == "missing_header", "it was raised once"


def test_others_go_on_while_a_store_waits() -> None:
    waiting, go_on = threading.Event(), threading.Event()

    class Slow(DictStore):
        def insert(self, *given: Any) -> str | None:
            waiting.set()
            assert go_on.wait(30)
            return super().insert(*given)

    slow = verifier(store=Slow())
    accepted: list[VerifiedWebhook] = []
    thread = threading.Thread(target=lambda: accepted.append(slow.verify(signed(BODY), BODY)))
    thread.start()
    assert waiting.wait(30)
    assert verifier().verify(signed(BODY), BODY)
    assert not accepted
    go_on.set()
    thread.join(30)
    assert len(accepted) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_a_forked_child_verifies_and_does_not_let_go_of_its_parents_claims(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for guard in (True, FileStore(tmp_path)):
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        claim = guarded.claim(headers, BODY)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                claim.release()
                other = signed(BODY, now() + timedelta(seconds=1))
                status = 0 if guarded.verify(other, BODY).id == "e-1" else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert unclaimable(guarded, headers) == "in_progress"
        assert claim.finish()


# Claims.


def test_a_claimed_webhook_is_handled_once(tmp_path: Path) -> None:
    for guard in guards(tmp_path):
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        with guarded.claim(headers, BODY) as received:
            assert received.id == "e-1"
            assert unclaimable(guarded, headers) == "in_progress"
        assert unclaimable(guarded, headers) == "replayed"
        assert rejected(headers, by=guarded) == "replayed"


def test_a_webhook_that_could_not_be_handled_is_new_again(tmp_path: Path) -> None:
    for guard in guards(tmp_path):
        guarded, headers = verifier(replay_guard=guard), signed(BODY)
        with pytest.raises(LookupError), guarded.claim(headers, BODY):
            raise LookupError
        claim = guarded.claim(headers, BODY)
        claim.release()
        assert claim.finish(), "what was released is not remembered"
        claim = guarded.claim(headers, BODY)
        del claim
        gc.collect()
        with guarded.claim(headers, BODY):
            pass
        assert rejected(headers, by=guarded) == "replayed"


def test_a_purchase_is_remembered_at_once_and_no_replay_approves_it() -> None:
    body = body_of("Auth", AUTH)
    guarded, headers = verifier(replay_guard=True), signed(body)
    guarded.claim(headers, body).release()
    assert rejected(headers, body, by=guarded) == "replayed"
    assert reply_duplicate(body) == reply_decline("this purchase was requested before")
    assert guarded.reply_duplicate(body) == reply_decline("this purchase was requested before"), "nobody decided"
    assert guarded.reply_duplicate(BODY) == reply_accept()
    assert reply_duplicate(BODY) == reply_accept()


def test_without_a_guard_every_claim_is_new() -> None:
    headers = signed(BODY)
    for _ in range(2):
        with verifier().claim(headers, BODY) as received:
            assert received.action == "Consumption"


def test_a_store_that_fails_to_record_is_reported() -> None:
    store = DictStore()
    claim = verifier(replay_guard=store).claim(signed(BODY), BODY)
    store.insert = Returning(OSError()).insert  # type: ignore[method-assign]
    assert claim.finish() is False
    assert claim.finish() is True, "the second time there is nothing to do"
