"""What an error says about a response that is missing, cut or not the platform's."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

import keysecure
from keysecure import Client, KeySecureError

Exchange = Callable[[socket.socket, bytes], object]


@contextmanager
def raw_server(exchange: Exchange) -> Iterator[str]:
    """A server on this machine that gives a token, and leaves every other request to `exchange`. It closes the
    connection after one that returns nothing."""
    token = json.dumps(
        {"code": 0, "msg": "", "data": {"access_token": "t", "expired_time": int(time.time() + 3600) * 1000}}
    )

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while first := stream.readline():
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                if b"/merchant/token" in first:
                    connection.sendall(response("200 OK", token.encode()))
                elif not exchange(connection, first):
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Windows refuses it for a socket that only listens.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def response(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def sends(content: bytes, *, then_continues: bool = False) -> Exchange:
    """After a complete response, which `then_continues`, the client uses the connection again."""
    return lambda connection, _: connection.sendall(content) or then_continues


HTML = b"<!DOCTYPE html><html><body>Sign in to the guest network</body></html>"

RESPONSES: list[tuple[Exchange, str, str | None, type[KeySecureError]]] = [
    (sends(b""), "the connection broke", "closed", keysecure.TransportError),
    (
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"),
        "the connection broke after 1 of 400 bytes of the response",
        "closed",
        keysecure.TransportError,
    ),
    (
        sends(
            response("301 Moved Permanently", b"", "Location: https://user:key@login.example/sso?key=secret"),
            then_continues=True,
        ),
        "the response is a redirect (HTTP 301) to login.example, which is never followed",
        None,
        keysecure.InvalidResponseError,
    ),
    (
        sends(response("200 OK", HTML, "Content-Type: text/html; charset=utf-8"), then_continues=True),
        "the response is an HTML page, probably of a proxy or gateway (text/html)",
        None,
        keysecure.InvalidResponseError,
    ),
    (
        # A complete response: the client uses its connection again.
        lambda connection, _: (
            connection.sendall(response("504 Gateway Timeout", b"", "Content-Type: text/plain")) or True
        ),
        "the response is empty (text/plain)",
        None,
        keysecure.InvalidResponseError,
    ),
    (sends(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "the response is not HTTP", "protocol", keysecure.InvalidResponseError),
    (lambda *_: time.sleep(2), "time ran out", "timeout", keysecure.TimeoutError),
    (
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b" " * 9_000_000),
        "the response is too large",
        "too_large",
        keysecure.InvalidResponseError,
    ),
]


@pytest.mark.parametrize(("exchange", "text", "fault", "cls"), RESPONSES)
def test_an_error_says_what_came_instead_of_a_response(
    exchange: Exchange, text: str, fault: str | None, cls: type[KeySecureError], transfer: dict[str, object]
) -> None:
    with (
        raw_server(exchange) as url,
        Client("key", "0123456789abcdef", base_url=url, timeout=1.5, max_retries=0) as client,
    ):
        with pytest.raises(KeySecureError) as caught:
            client.cards.get("17")
        error = caught.value
        assert type(error) is cls
        assert (error.transport_fault, error.outcome, error.attempts) == (fault, "unknown", 1)
        assert str(error).startswith(f"cards.get: {text}")
        assert ("calling again is safe" in str(error)) is (fault is not None)
        # It was a read.
        assert "may have been carried out" not in str(error)

        with pytest.raises(KeySecureError) as caught:
            client.accounts.transfer(**transfer)
        error = caught.value
        assert (error.transport_fault, error.outcome) == (fault, "unknown")
        assert str(error).startswith(f"accounts.transfer: {text}")
        assert ("may have been carried out" in str(error)) is (fault is not None)
        for secret in ("secret", "guest", "user:key"):
            assert secret not in str(error)


def test_a_server_that_is_not_there_is_named(transfer: dict[str, object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for base_url, text, fault in [
        (
            f"http://127.0.0.1:{port}/path",
            rf"the connection to 127\.0\.0\.1:{port} could not be made: it was refused",
            "connect",
        ),
        ("https://no-such-host.invalid/path", r"the host no-such-host\.invalid was not found \(DNS\)", "dns"),
    ]:
        with Client("key", "0123456789abcdef", base_url=base_url, max_retries=0) as client:
            for call in (lambda: client.cards.get("17"), lambda: client.accounts.transfer(**transfer)):
                with pytest.raises(keysecure.TransportError, match=text) as caught:
                    call()
                assert (caught.value.transport_fault, caught.value.outcome) == (fault, "not_sent")
                assert "no access token" in str(caught.value)
                assert "the request was not sent (not_sent" in str(caught.value)
                assert "may have been carried out" not in str(caught.value)
                assert "/path" not in str(caught.value)


def test_a_server_that_does_not_speak_tls_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(1)

        threading.Thread(target=speak, daemon=True).start()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with (
            Client("key", "0123456789abcdef", base_url=f"https://{host}", max_retries=0) as client,
            pytest.raises(keysecure.TransportError, match=f"the TLS handshake with {host} failed") as caught,
        ):
            client.cards.get("17")
    assert (caught.value.transport_fault, caught.value.outcome) == ("tls", "not_sent")


def test_a_token_that_another_process_invalidates_names_the_store() -> None:
    refusal = response("200 OK", b'{"code":1007,"msg":"Access-Token is invalid or expired"}')

    def refuse(connection: socket.socket, _: bytes) -> None:
        connection.sendall(refusal)

    with (
        raw_server(refuse) as url,
        Client("key", "0123456789abcdef", base_url=url) as client,
        pytest.raises(keysecure.AuthenticationError, match="probably another process fetched one") as caught,
    ):
        client.cards.get("17")
    error = caught.value
    assert (error.code, error.outcome, error.attempts) == (1007, "rejected", 2)
    assert "the same store" in str(error)
    assert error.msg == "Access-Token is invalid or expired"
