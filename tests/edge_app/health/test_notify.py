"""Datagrams on a real socket, as systemd would read them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.health.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def test_each_message_is_one_datagram(manager: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"}
    with Notifier.from_environment(environment) as notifier:
        assert notifier.watchdog_s == 30.0
        notifier.ready()
        notifier.feed()
        notifier.begins_within(161.25)
        notifier.say("two\nlines " + "x" * 300)
        notifier.stopping()
    heard = [manager.recv(1000).decode() for _ in range(5)]
    assert heard[:2] == ["READY=1", "WATCHDOG=1"]
    assert heard.pop(2) == "EXTEND_TIMEOUT_USEC=161250000"
    assert heard[2].startswith("STATUS=two lines x")
    assert "\n" not in heard[2]
    assert len(heard[2]) < 250
    assert heard[3] == "STOPPING=1"


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel gives it an abstract name
        listening.settimeout(10)
        name = listening.getsockname()
        assert name[:1] == b"\0"
        with Notifier("@" + name[1:].decode()) as notifier:
            notifier.ready()
        assert listening.recv(100) == b"READY=1"


def test_without_a_manager_nothing_is_said() -> None:
    with Notifier.from_environment({}) as notifier:
        assert notifier.watchdog_s is None
        assert notifier.ready()


def test_a_manager_that_does_not_listen_stops_nobody(
    manager: socket.socket, tmp_path: Path
) -> None:
    with Notifier(manager.getsockname()) as notifier:
        took = [notifier.feed() for _ in range(2000)]  # more than its socket takes
        assert (took[0], took[-1]) == (True, False)
        assert not notifier.ready()
        for _ in range(sum(took)):
            assert manager.recv(100) == b"WATCHDOG=1"
        assert notifier.ready()
        assert manager.recv(100) == b"READY=1"
    with Notifier(str(tmp_path / "nobody")) as notifier:
        assert not notifier.feed()
    notifier.feed()  # closed


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [
        ("20000000", "7", 20.0),
        ("20000000", "8", None),
        ("", "7", None),
        ("0", "7", None),
        ("soon", "7", None),
    ],
)
def test_the_watchdog_is_ours_only_if_it_is_meant_for_us(
    usec: str, pid: str, expected: float | None
) -> None:
    environment = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    assert Notifier.from_environment(environment, pid=7).watchdog_s == expected
