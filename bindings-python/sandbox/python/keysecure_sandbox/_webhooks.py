"""Settings, faults and deliveries of webhooks."""

from __future__ import annotations

import time

from keysecure._hub import here

from ._checks import check_type
from ._control import ControlCalls, present
from ._deprecated import renamed_arguments, warn_renamed
from ._faults import FaultWithValue, WebhookFault, fault_body
from ._records import DeliveryRecord, read_record


class WebhookCalls(ControlCalls):
    """Settings, faults and deliveries of webhooks."""

    def webhooks_to(
        self,
        url: str | None,
        *,
        secret: str | None = None,
        rotated_secret: str | None = None,
        app_id: str | None = None,
        sign_style: str | None = None,
        nulls: str | None = None,
    ) -> None:
        """Sets the URL that webhooks are sent to, and the given settings; the others stay.

        :param url: ``http`` on loopback; ``None``: no webhooks are created.
        :param secret: the secret that signs webhooks; initially the apiSecret.
        :param rotated_secret: the secret that signs from now on; the one before is kept for the fault ``"old_secret"``.
        :param app_id: the ``appId`` of signatures; initially the Api-Key.
        :param sign_style: the form of the signed text: ``java_hash_map``, ``java_sorted`` or ``as_sent``.
        :param nulls: whether fields without a value are ``left_out`` or ``sent`` as null.
        """
        values = {
            "secret": secret,
            "rotated_secret": rotated_secret,
            "app_id": app_id,
            "sign_style": sign_style,
            "nulls": nulls,
        }
        self.control("POST", "/callbacks/settings", {"url": "" if url is None else url, **present(values)})

    def webhook_fault(self, kind: WebhookFault | str | FaultWithValue, action: str | None = None) -> None:
        """Plans a fault for the next webhook.

        :param kind: a :class:`WebhookFault`, or the same as text or dict: ``"drop"``, ``{"delay": 5000}``.
        :param action: ``"Auth"``, ``"Consumption"`` or ``"Card_update"``; ``None`` for any.
        :raises ValueError: there is no such fault, or its value does not fit.
        """
        if action not in (None, "Auth", "Consumption", "Card_update"):
            raise ValueError(f"action must be one of Auth, Consumption, Card_update, not {action!r}")
        body = {"action": action, "kind": fault_body(WebhookFault, kind)}
        self.control("POST", "/callbacks/faults", body)

    @renamed_arguments(callback_id="webhook_id")
    def redeliver(self, webhook_id: str) -> None:
        """Sends a webhook again."""
        check_type("webhook_id", webhook_id, str)
        self.control("POST", "/callbacks/redeliver", {"id": webhook_id})

    def settle_webhooks(self, timeout: float = 10.0) -> bool:
        """Waits until no webhook is due or being sent.

        :param timeout: the longest wait in seconds, in real time.
        :return: ``False`` on timeout.
        """
        end = time.monotonic() + timeout
        while True:
            # In short waits, so that Ctrl-C takes effect; and in none where it would stop the greenlet that receives.
            has_greenlets = here(False) is not None
            left = 0.0 if has_greenlets else max(0.0, min(0.1, end - time.monotonic()))
            if self.control("POST", "/callbacks/settle", {"ms": int(left * 1000)})["settled"]:
                return True
            if time.monotonic() >= end:
                return False
            if has_greenlets:
                time.sleep(0.01)

    def deliveries(self) -> list[DeliveryRecord]:
        """All recorded attempts to deliver a webhook, oldest first."""
        return [read_record(DeliveryRecord, row) for row in self.control("GET", "/callbacks/deliveries")["deliveries"]]

    def callbacks_to(
        self,
        url: str | None,
        *,
        secret: str | None = None,
        rotated_secret: str | None = None,
        app_id: str | None = None,
        sign_style: str | None = None,
        nulls: str | None = None,
    ) -> None:
        """Deprecated: use :meth:`webhooks_to`."""
        warn_renamed("callbacks_to", "webhooks_to")
        self.webhooks_to(
            url, secret=secret, rotated_secret=rotated_secret, app_id=app_id, sign_style=sign_style, nulls=nulls
        )

    def callback_fault(self, kind: WebhookFault | str | FaultWithValue, action: str | None = None) -> None:
        """Deprecated: use :meth:`webhook_fault`."""
        warn_renamed("callback_fault", "webhook_fault")
        self.webhook_fault(kind, action)

    def settle_callbacks(self, timeout: float = 10.0) -> bool:
        """Deprecated: use :meth:`settle_webhooks`."""
        warn_renamed("settle_callbacks", "settle_webhooks")
        return self.settle_webhooks(timeout)
