"""The fixtures that a user's tests get, run by a pytest of their own as a user runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def passes(pytester: pytest.Pytester, count: int) -> None:
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers")
    result.assert_outcomes(passed=count)


def test_a_test_has_a_sandbox_and_a_client_without_any_set_up(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(keysecure_sandbox, keysecure_client):
            cardholder_no = keysecure_sandbox.seed_approved_cardholder()
            assert keysecure_client.cardholders.get(cardholder_no).status == "Approved"
        """
    )
    passes(pytester, 1)


def test_every_test_has_a_fresh_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("again", [1, 2])
        def test_it(keysecure_sandbox, again):
            assert keysecure_sandbox.state().cardholders == []
            keysecure_sandbox.seed_approved_cardholder()
        """
    )
    passes(pytester, 2)


def test_the_marker_sets_options_and_that_of_a_test_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.keysecure(mode="authorization", seed=7)

        def test_of_the_module(keysecure_sandbox):
            assert keysecure_sandbox.mode == "authorization"

        @pytest.mark.keysecure(mode="credit")
        def test_of_its_own(keysecure_sandbox, keysecure_client):
            assert keysecure_sandbox.mode == "credit"
            assert list(keysecure_client.cards.packages())
        """
    )
    passes(pytester, 2)


def test_code_that_reads_the_environment_finds_the_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        from keysecure import Client

        def test_it(keysecure_env):
            with Client.from_env() as client:
                client.access_token()
            assert keysecure_env.count("token") == 1

        def test_afterwards_the_environment_is_as_before():
            assert "KEYSECURE_API_KEY" not in os.environ
        """
    )
    passes(pytester, 2)


def test_a_module_and_a_session_can_share_a_sandbox(pytester: pytest.Pytester) -> None:
    module = """
        import pytest

        pytestmark = [pytest.mark.keysecure(mode="authorization"), pytest.mark.keysecure_client(timeout=5)]

        @pytest.fixture(scope="module")
        def cardholder_no(keysecure_sandbox_module):
            return keysecure_sandbox_module.seed_approved_cardholder()

        @pytest.mark.parametrize("again", [1, 2])
        def test_module(keysecure_sandbox_module, keysecure_client_module, cardholder_no, again):
            assert keysecure_sandbox_module.mode == "authorization"
            assert keysecure_client_module.cardholders.get(cardholder_no).status == "Approved"
            assert len(keysecure_sandbox_module.state().cardholders) == 1

        def test_session(keysecure_sandbox_session, keysecure_client_session):
            assert keysecure_sandbox_session.mode == "credit"
            assert list(keysecure_client_session.cards.packages())
            seen = len(keysecure_sandbox_session.state().cardholders)
            assert seen == (1 if "two" in __name__ else 0)
            keysecure_sandbox_session.seed_approved_cardholder()
        """
    pytester.makepyfile(test_one=module, test_two=module)
    passes(pytester, 6)


def test_the_client_takes_settings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from keysecure import ConfigError, TimeoutError
        from keysecure.sandbox import Fault

        @pytest.mark.keysecure_client(timeout=0.2, max_retries=0)
        def test_timeout(keysecure_sandbox, keysecure_client):
            keysecure_sandbox.fault("cards.packages", Fault.stall(2000))
            with pytest.raises(TimeoutError):
                list(keysecure_client.cards.packages())

        @pytest.mark.keysecure_client(store=None)
        def test_no_store(keysecure_sandbox, keysecure_client):
            with pytest.raises(ConfigError, match="store"):
                keysecure_client.accounts.ensure_transfer(
                    cardholder_no="1", transfer_unique_no="order-7", type="In", amount="25.00"
                )
        """
    )
    passes(pytester, 2)


def test_exactly_once_calls_do_not_wait_on_a_new_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import time
        from keysecure import Client

        def pay(client, cardholder_no):
            before = time.monotonic()
            paid = client.accounts.ensure_transfer(
                cardholder_no=cardholder_no, transfer_unique_no="order-7", type="In", amount="25.00"
            )
            # It would wait for 10 seconds.
            assert time.monotonic() - before < 8
            return paid.created

        def test_by_the_fixture(keysecure_sandbox, keysecure_client):
            cardholder_no = keysecure_sandbox.seed_approved_cardholder()
            assert [pay(keysecure_client, cardholder_no) for _ in range(2)] == [True, False]

        def test_by_the_environment(keysecure_env):
            cardholder_no = keysecure_env.seed_approved_cardholder()
            for created in (True, False):
                with Client.from_env() as client:
                    assert pay(client, cardholder_no) is created
        """
    )
    passes(pytester, 2)


def test_a_misspelt_option_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.keysecure(moode="credit")
        def test_it(keysecure_sandbox): ...

        @pytest.mark.keysecure("credit")
        def test_positional(keysecure_sandbox): ...
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*moode*", "*takes options by name*"])


def test_the_readmes_example_works(pytester: pytest.Pytester) -> None:
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    section = readme.partition("## Test your own code offline")[2]
    [example] = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    pytester.makepyfile(example)
    passes(pytester, 2)
