from typing import final

__all__ = ["Sandbox"]

@final
class Sandbox:
    """A running sandbox: its addresses and credentials, and a method for all control calls."""

    @staticmethod
    def start(options: str) -> Sandbox:
        """Starts a sandbox with the options in a JSON object."""
    def control(self, method: str, path: str, body: str) -> tuple[int, str]:
        """Makes a control call. Returns its HTTP status, and its JSON or the text of the error."""
    def close(self) -> None:
        """Stops the servers and joins their threads. Closing twice is allowed."""
    @property
    def closed(self) -> bool: ...
    @property
    def base_url(self) -> str: ...
    @property
    def control_url(self) -> str: ...
    @property
    def console_url(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def api_secret(self) -> str: ...
