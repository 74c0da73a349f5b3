"""One port in front of several brokers, as a load balancer or a floating address is for a fleet."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from tests.brokers import HOST, Broker


class Balancer(Closing):
    """Passes each connection to the first broker that takes it."""

    def __init__(self, brokers: Sequence[Broker]) -> None:
        self._brokers = brokers
        #: Of each connection, in order.
        self.taken_by: list[Broker] = []
        self._listening = socket.create_server((HOST, 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve, name="balancer")]
        self.address = BrokerAddress(HOST, self._listening.getsockname()[1])
        self._threads[0].start()

    def close(self) -> None:
        """End every connection."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        self._listening.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(10)
        for each in self._open:
            each.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._open.append(client)
                server = self._reach()
                if server is None:
                    client.shutdown(socket.SHUT_RDWR)
                    continue
                self._open.append(server)
                for source, target in ((client, server), (server, client)):
                    thread = threading.Thread(target=_pass_on, args=(source, target))
                    self._threads.append(thread)
                    thread.start()

    def _reach(self) -> socket.socket | None:
        for broker in self._brokers:
            with contextlib.suppress(OSError):
                connection = socket.create_connection((HOST, broker.port), timeout=5)
                self.taken_by.append(broker)
                return connection
        return None


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Until either side ends; then the other one ends as well."""
    with contextlib.suppress(OSError):
        source.settimeout(None)
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
