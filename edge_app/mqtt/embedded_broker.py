"""A port → an MQTT broker inside this process, for trying things out."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import importlib
import logging
import socket
import threading
from typing import Any, Self

from edge_app.closing import Closing
from edge_app.extras import how_to_add
from edge_app.mqtt.address import DEFAULT_PORT, BrokerAddress
from edge_app.mqtt.connection import BrokerError

_HOST = "127.0.0.1"

#: How long a client may take for the first bytes of its CONNECT, and amqtt for its start.
_PATIENCE_S = 5.0

#: amqtt acknowledges a message first and passes it on afterwards: time for the last ones.
_LAST_DELIVERY_S = 0.2

#: A CONNACK of MQTT 3.1.1: unacceptable protocol version.
_WRONG_VERSION = b"\x20\x02\x00\x01"

_MQTT_3_1_1 = b"\x00\x04MQTT\x04"

_CONFIGURATION = {
    # `external`: the port is opened and the connections are taken here.
    "listeners": {"default": {"type": "external"}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}

_LOG = logging.getLogger(__name__)


class EmbeddedBrokerError(BrokerError):
    """The embedded broker cannot start: on which port, why, and what to do."""


class EmbeddedBroker(Closing):
    """amqtt 0.12 in a thread and an event loop of its own, for clients on this machine only.

    It does retained messages, quality of service 0 to 2, wildcards and the last will. It does not:

    - speak MQTT 5. A CONNECT of MQTT 5 with a last will even leaves it waiting for ever; the
      connection is therefore looked at here first, and answered as 3.1.1 asks for;
    - watch the keep-alive: a client that vanishes without closing its connection stays `online`;
    - lower the quality of service to the publisher's: a subscriber gets what it asked for, also
      for a message that was published with 0;
    - keep to a subscriber's filters: who connects may be sent retained messages that only others
      asked for, and the same one twice;
    - keep anything, retained messages included, past its end;
    - ask anyone for a password.

    port: None or 0 for a free one.

    Raises:
        EmbeddedBrokerError: amqtt is not installed.
    """

    def __init__(self, port: int | None = DEFAULT_PORT) -> None:
        # Imported here, since clients of other brokers have no use for it.
        try:
            self._broker_module: Any = importlib.import_module("amqtt.broker")
            self._adapters: Any = importlib.import_module("amqtt.adapters")
        except ImportError as error:
            raise EmbeddedBrokerError(
                f"the embedded broker is not installed ({error}); {how_to_add('embedded-broker')}"
            ) from error
        for name in ("amqtt", "transitions"):
            logger = logging.getLogger(name)
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
        self._port = port or 0
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._broker: Any = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> BrokerAddress:
        """Where it listens; the port is known once it has started."""
        return BrokerAddress(_HOST, self._port)

    def start(self) -> None:
        """Open the port and serve; once.

        Raises:
            EmbeddedBrokerError: the port is in use or forbidden, or amqtt fails.
        """
        listening = _listen(self._port)
        self._port = listening.getsockname()[1]
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="mien-embedded-broker", daemon=True
        )
        self._thread.start()
        try:
            self._started.result(_PATIENCE_S)
        except Exception as error:
            self.close()
            raise EmbeddedBrokerError(f"the embedded broker does not start: {error!r}") from error

    def close(self) -> None:
        """Close the port and all connections, and end the thread. Again: does nothing."""
        if self._loop is not None and self._end is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the end has come
                self._loop.call_soon_threadsafe(self._end.set)
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def _run(self, listening: socket.socket) -> None:
        try:
            with listening:
                asyncio.run(self._serve(listening))
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits, or logged
            if self._started.done():
                _LOG.exception("the embedded broker failed")
            else:
                self._started.set_exception(error)

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self._broker = self._broker_module.Broker(_CONFIGURATION)
        await self._broker.start()
        accepting = asyncio.create_task(self._accept(listening))
        self._started.set_result(None)
        await self._end.wait()
        # This ends the accepting; to cancel it could lose a connection that was just taken.
        listening.shutdown(socket.SHUT_RDWR)
        await accepting
        await asyncio.sleep(_LAST_DELIVERY_S)
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations)
        await self._broker.shutdown()

    async def _accept(self, listening: socket.socket) -> None:
        """Take connections here: asyncio's own server trips over those that come at its end."""
        assert self._loop is not None  # noqa: S101 - for the type checker
        assert self._end is not None  # noqa: S101 - for the type checker
        while not self._end.is_set():
            try:
                connection, _ = await self._loop.sock_accept(listening)
            except OSError as error:
                if not self._end.is_set():
                    _LOG.warning("embedded broker: %s", error)
                    await asyncio.sleep(1.0)
                continue
            conversation = asyncio.create_task(self._converse(connection))
            self._conversations.add(conversation)
            conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            first = await asyncio.wait_for(_read_first_bytes(reader), _PATIENCE_S)
            if first.endswith(_MQTT_3_1_1):
                await self._broker.external_connected(
                    _Replay(first, reader), self._adapters.StreamWriterAdapter(writer), "default"
                )
            elif first:
                writer.write(_WRONG_VERSION)
                await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            # Whoever only knocks at the port, or leaves early, is worth no line.
            pass
        finally:
            writer.close()


class _Replay:
    """Gives amqtt the bytes that were already read, then the rest of the stream."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._first = first
        self._reader = reader

    async def read(self, count: int = -1) -> bytes:
        if count < 0:
            count = len(self._first) or count
        head, self._first = self._first[:count], self._first[count:]
        if len(head) == count:
            return head
        if count < 0:
            return await self._reader.read()
        return head + await self._reader.readexactly(count - len(head))

    def feed_eof(self) -> None:
        self._reader.feed_eof()


async def _read_first_bytes(reader: asyncio.StreamReader) -> bytes:
    """A CONNECT up to its protocol version; empty for anything else."""
    head = await reader.readexactly(2)
    if head[0] != 0x10:
        return b""
    while head[-1] & 0x80 and len(head) < 5:
        head += await reader.readexactly(1)
    return head + await reader.readexactly(len(_MQTT_3_1_1))


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise EmbeddedBrokerError(f"embedded broker: port {port}: a port is at most 65535")
    try:
        listening = socket.create_server((_HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise EmbeddedBrokerError(
                f"embedded broker: port {port}: {error.strerror}; choose another port"
            ) from error
        raise EmbeddedBrokerError(
            f"embedded broker: port {port} is in use, perhaps by another broker;"
            f" use that one (mqtt://{_HOST}:{port}) or choose another port"
        ) from error
    listening.settimeout(0)
    return listening
