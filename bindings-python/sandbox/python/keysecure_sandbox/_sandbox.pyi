from typing import final

__all__ = ["Sandbox"]

@final
class Sandbox:
    """A running sandbox: where it is, and one entry for all its control calls."""

    @staticmethod
    def start(options: str) -> Sandbox:
        """Starts a sandbox with options given as a JSON object."""
    def control(self, method: str, path: str, body: str) -> tuple[int, str]:
        """Makes a control call. Gives the HTTP status that it would have and its JSON, or the text of the error."""
    def close(self) -> None:
        """Stops the servers and waits for their threads. Doing it twice is fine."""
    @property
    def closed(self) -> bool: ...
    @property
    def base_url(self) -> str: ...
    @property
    def control_url(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def api_secret(self) -> str: ...
