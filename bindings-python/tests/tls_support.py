"""TLS in front of the sandbox, with a certificate that only the root of these tests trusts. All three are for tests."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUZfwKqITC4j2WJXNdR+aW3gyUuzkwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPa2V5c2VjdXJlIHRlc3RzMCAXDTI2MTEyNjA5MzMwMFoYDzIx
MjYxMTAyMDkzMzAwWjAaMRgwFgYDVQQDDA9rZXlzZWN1cmUgdGVzdHMwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARgz5/qP0U/xw3aFKElJg7SietA9libEOZey4r9
+dwXr9sHuW0l/1T3926kESGOW2xOwNC9nhzcJIXxPNh0JfF1o2MwYTAdBgNVHQ4E
FgQUcUgMgurOAnQxEXWUbudqD4wK00kwHwYDVR0jBBgwFoAUcUgMgurOAnQxEXWU
budqD4wK00kwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZI
zj0EAwIDSAAwRQIgXpdH2sqYaHHCf1UWrmYu1sNm/CwaAzja4b5o9r2PU3kCIQDA
4hnbL/TRvdFCnNbuwbcSujIV9B3vnVAmUB4TCblbKQ==
-----END CERTIFICATE-----
"""

CERTIFICATE_AND_KEY = """\
-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUQr5mIBCuUzCeTL7a+dxI8n5QXEowCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPa2V5c2VjdXJlIHRlc3RzMCAXDTI2MTEyNjA5MzMwMFoYDzIx
MjYxMTAyMDkzMzAwWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAATgkP9+SbKcWOTNl2mr+nN6hTo8YgriloHQDS/B1QAYPZxl
Bp40r/c5/oZ+T8GqlLjnzEgA/JolpJSDsErDt2qco3MwcTAPBgNVHREECDAGhwR/
AAABMAkGA1UdEwQCMAAwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFEN/
OPWunyPlb1EcweEWKTj6gTnIMB8GA1UdIwQYMBaAFHFIDILqzgJ0MRF1lG7nag+M
CtNJMAoGCCqGSM49BAMCA0gAMEUCIERBCPFQbsRg8HVIQO9TqWAbEhAZHMzR2PKJ
tlNY8eGBAiEAkog2AurYNAjRDs6WBmenQW8GAt/csPiK/r2iv07vbUg=
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgh90RrKDRCq2Jwhyd
w3+7HnkUz10rmCN0t+FVYETeQkahRANCAATgkP9+SbKcWOTNl2mr+nN6hTo8Ygri
loHQDS/B1QAYPZxlBp40r/c5/oZ+T8GqlLjnzEgA/JolpJSDsErDt2qc
-----END PRIVATE KEY-----
"""


@contextlib.contextmanager
def with_tls(base_url: str, folder: Path) -> Iterator[str]:
    """Serves an address over TLS, one connection after another, and gives the new address."""
    target = urlsplit(base_url)
    (folder / "server.pem").write_text(CERTIFICATE_AND_KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain = server.accept()[0]
                except OSError:
                    return  # closed
                threading.Thread(target=relay, args=(plain,), daemon=True).start()

        def relay(plain: socket.socket) -> None:
            with (
                plain,
                contextlib.suppress(OSError),
                context.wrap_socket(plain, server_side=True) as one,
                socket.create_connection((str(target.hostname), target.port or 80)) as other,
            ):
                back = threading.Thread(target=copy, args=(other, one), daemon=True)
                back.start()
                copy(one, other)
                back.join()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{server.getsockname()[1]}"
        finally:
            # Windows refuses it for a socket that only listens.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copies what comes until the end."""
    with contextlib.suppress(OSError):
        while part := source.recv(65_536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
