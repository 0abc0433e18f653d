"""The paths that a receiver serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .._errors import ConfigError
from ._response import HEALTHY, NOT_FOUND, POST_ONLY, READ_ONLY, Refusal, Response, refused

_READS: Final = ("GET", "HEAD")


class Routes:
    """Chooses what a request gets before its body is read."""

    __slots__ = ("_health_path", "_path")

    def __init__(self, path: str | None, health_path: str | None) -> None:
        self._path = _checked("path", path)
        self._health_path = _checked("health_path", health_path)
        if self._path is not None and self._path == self._health_path:
            raise ConfigError("health_path must not be the path of the webhooks", outcome="not_sent")

    def refuse(self, method: str, mount: str, path: str) -> Response | Refusal | None:
        """The response to a request that is no webhook, otherwise ``None``.

        ``mount`` is where the application is mounted (``SCRIPT_NAME``, ``root_path``), ``path`` the path below it.
        Servers and frameworks differ: ``path`` may also begin with the mount, or with its last segments.
        """
        if self._health_path is not None and _matches(self._health_path, mount, path):
            if method in _READS:
                return HEALTHY
            return refused(READ_ONLY, "neither GET nor HEAD of the health", method, _whole(mount, path))
        if self._path is not None and not _matches(self._path, mount, path):
            return refused(NOT_FOUND, "another path", method, _whole(mount, path))
        return None if method == "POST" else refused(POST_ONLY, "no POST", method, _whole(mount, path))


def _checked(name: str, path: object) -> str | None:
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigError(f"{name} must begin with a slash, such as '/webhooks'", outcome="not_sent")
    return _shortened(path)


def _shortened(path: str) -> str:
    """A path without one slash at its end."""
    return path.removesuffix("/")


def _whole(mount: str, path: str) -> str:
    """The path for the log: from the outside, as far as the server says it."""
    return path if path.startswith(mount) else mount + path


def _matches(wanted: str, mount: str, path: str) -> bool:
    """Whether a path is the wanted one, counted from any of the applications around this one."""
    bare = _shortened(mount)
    return any(
        wanted.endswith(rest) and bare.endswith(wanted[: len(wanted) - len(rest)])
        for rest in _rests({mount, bare}, _shortened(path))
    )


def _rests(mounts: Iterable[str], path: str) -> Iterator[str]:
    """The possible paths below a mount: the whole path, and what follows the mount, or its last segments, in it."""
    yield path
    for mount in mounts:
        start = mount.find("/")
        while start >= 0:
            segments = mount[start:]
            if path == segments or path.startswith(segments + "/"):
                yield path[len(segments) :]
            start = mount.find("/", start + 1)
