"""Types of the settings that are keyword arguments, for type checkers and the completion of editors."""

# pyright: reportPrivateUsage=false
# The types of stores and clocks are in the stub of the native module.

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from ._native import _Clock, _ReplayStore, _Store


class ClientSettings(TypedDict, total=False):
    """The settings of :class:`keysecure.Client` without the credentials. One that is ``None`` counts as left out."""

    environment: Literal["sandbox", "production"] | str | None
    base_url: str | None
    app_id: str | None
    aes: Literal["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"] | str | None
    timeout: float | None
    connect_timeout: float | None
    max_retries: int | None
    language: Literal["en_US", "zh_CN"] | str | None
    timezone: str | tzinfo | None
    proxy: str | None
    ca_pem: str | bytes | None
    allow_plain_http: Iterable[str] | None
    store: _Store | None
    token_store: _Store | None
    clock: _Clock | None


class ClientFromEnv(ClientSettings, total=False):
    """The settings of :meth:`keysecure.Client.from_env`."""

    api_key: str | None
    api_secret: str | None


class VerifierFromEnv(TypedDict, total=False):
    """The settings of :meth:`keysecure.WebhookVerifier.from_env`."""

    app_id: str | None
    secrets: str | Iterable[str] | None
    tolerance: float | timedelta | None
    store: _ReplayStore | None
    replay_guard: _ReplayStore | bool | None
    on_store_failure: Literal["reject", "accept"] | None
    max_body: int | None
    clock: _Clock | None
