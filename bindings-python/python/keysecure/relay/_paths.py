"""The path of a request, as a relay compares it."""

from __future__ import annotations


def path_of(mount: str, root: str, path: str, raw: str, query: str) -> str:
    """The path below the application, with its query.

    ``mount`` is the relay's, ``root`` where the application is mounted (``SCRIPT_NAME``, ``root_path``), which may
    contain the relay's mount. ``raw`` is the path as it was received, if the server keeps it: a path with encoded
    characters is passed on like this, because no operation has any, and what a proxy in front did not recognize must
    not be served. Only the path of an application around the relay may have some.
    """
    own = 2 + mount.count("/")
    if any("%" in segment for segment in raw.partition("?")[0].split("/")[-own:]):
        return raw
    if mount and not path.startswith(f"{mount}/") and root.removesuffix("/").endswith(mount):
        path = mount + path
    return f"{path}?{query}" if query else path


def below(root: str, path: str) -> str:
    """The path without that of the mount.

    Servers and frameworks differ: it may begin with the whole mount, or with its last segments, or have none of it.
    """
    root = root.removesuffix("/")
    start = root.find("/")
    while start >= 0:
        if path.startswith(f"{root[start:]}/"):
            return path[len(root) - start :]
        start = root.find("/", start + 1)
    return path
