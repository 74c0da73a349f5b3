"""A name with several addresses, some of which never answer."""

from __future__ import annotations

import contextlib
import functools
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.subscriber import Subscriber
from edge_app.tcp import connect
from tests.brokers import HOST, Mosquitto
from tests.edge_app.names import NAME, SILENT, resolve_to, silent

OTHER = "127.0.0.3"
NO_FAMILY = 255

Resolve = Callable[..., None]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Give the name these addresses, by family."""
    return functools.partial(resolve_to, monkeypatch)


@contextlib.contextmanager
def answering(host: str, port: int) -> Iterator[None]:
    with socket.create_server((host, port)):
        yield


def test_the_first_address_wins_where_it_answers(resolve: Resolve) -> None:
    resolve(OTHER, HOST)
    with silent() as port, answering(HOST, port), answering(OTHER, port):
        connection = connect(NAME, port, 5.0)
        with connection:
            assert connection.getpeername() == (OTHER, port)
            assert connection.gettimeout() == 5.0


@pytest.mark.parametrize("hosts", [(SILENT, HOST), (SILENT, SILENT, OTHER, HOST)])
def test_one_that_never_answers_holds_up_little(resolve: Resolve, hosts: tuple[str, ...]) -> None:
    resolve(*hosts)
    began = time.monotonic()
    with silent() as port, answering(HOST, port), connect(NAME, port, 30.0) as connection:
        assert connection.getpeername() == (HOST, port)
    assert time.monotonic() - began < 15


def test_the_time_is_shared_by_all_addresses(resolve: Resolve) -> None:
    resolve(*[SILENT] * 20)
    with silent() as port:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connect(NAME, port, 0.6)
        assert 0.5 < time.monotonic() - began < 10


def test_a_refusal_says_more_than_silence(resolve: Resolve) -> None:
    resolve(OTHER, SILENT)
    with silent() as port, pytest.raises(ConnectionRefusedError):
        connect(NAME, port, 0.6)


def test_a_family_that_the_machine_does_not_have_is_passed_over(resolve: Resolve) -> None:
    resolve(SILENT, HOST, family=NO_FAMILY)
    with silent() as port, answering(HOST, port), connect(NAME, port, 5.0) as connection:
        assert connection.getpeername() == (HOST, port)
    resolve(SILENT, family=NO_FAMILY)
    with pytest.raises(OSError, match="not supported"):
        connect(NAME, port, 5.0)


def test_none_that_lost_stays_open(resolve: Resolve) -> None:
    """Warnings about sockets that nobody closed are errors in these tests."""
    resolve(SILENT, SILENT, HOST)
    with silent() as port, answering(HOST, port):
        connect(NAME, port, 5.0).close()


def test_a_broker_behind_an_address_that_never_answers(
    resolve: Resolve, mosquitto: Mosquitto
) -> None:
    resolve(SILENT, HOST)
    with silent(mosquitto.port), Subscriber(BrokerAddress(NAME, mosquitto.port), ["mien/#"]) as it:
        assert it.connection == 1
