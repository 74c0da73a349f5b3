"""A name with several addresses, and an address that never answers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

NAME = "several.home"
SILENT = "127.0.0.2"


def resolve_to(monkeypatch: pytest.MonkeyPatch, *hosts: str, family: int = socket.AF_INET) -> None:
    """Give the name these addresses; family: of the first one."""
    real = socket.getaddrinfo

    def answer(host: str, port: int, *rest: object, **named: object) -> object:
        if host != NAME:
            return real(host, port, *rest, **named)  # type: ignore[arg-type]
        families = [family, *[socket.AF_INET] * (len(hosts) - 1)]
        return [
            (each, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (place, port))
            for each, place in zip(families, hosts, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@contextlib.contextmanager
def silent(port: int = 0) -> Iterator[int]:
    """Listens on `SILENT` with no room for another connection: the system answers to none."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind((SILENT, port))
        listening.listen(0)
        for _ in range(3):
            filling = stack.enter_context(socket.socket())
            filling.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                filling.connect(listening.getsockname())
        yield listening.getsockname()[1]
