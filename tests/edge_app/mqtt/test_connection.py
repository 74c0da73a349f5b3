from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler
from edge_app.mqtt.link_client import LARGEST_PACKET
from tests.brokers import HOST, Mosquitto, free_port, wait_until
from tests.edge_app.mqtt.scripted_broker import (
    MakeBroker,
    accept,
    accept_in,
    close,
    publication,
    refuse_in_3_1_1,
    refuse_in_5,
    reset,
    say_nonsense,
    say_nothing,
    throw_out,
)

PASSWORD = "correct horse"  # noqa: S105


class Recorder(ConnectionHandler):
    def __init__(self) -> None:
        self.connections = 0
        self.disconnections = 0

    def connected(self, client: mqtt.Client) -> None:
        assert client.is_connected()
        assert threading.current_thread().name == "mien-mqtt"
        self.connections += 1

    def disconnected(self) -> None:
        self.disconnections += 1


def connect(
    address: BrokerAddress,
    *,
    password_file: Path | None = None,
    timeout_s: float = 5.0,
    backoff: Backoff | None = None,
) -> Recorder:
    """Connect and close; the error if there is one."""
    recorder = Recorder()
    connection = Connection(
        address,
        recorder,
        client_id="mien-test",
        availability="mien/test/availability",
        credentials=Credentials(password_file=password_file),
        backoff=backoff,
    )
    try:
        connection.start(timeout_s)
    finally:
        connection.close()
        wait_until(lambda: "mien-mqtt" not in [thread.name for thread in threading.enumerate()])
    return recorder


def impatient(address: BrokerAddress, handler: ConnectionHandler) -> Connection:
    """Comes back at once."""
    backoff = Backoff(first_s=0.001, longest_s=0.001)
    return Connection(address, handler, client_id="mien-test", backoff=backoff)


def connected_again(address: BrokerAddress, *, times: int) -> Recorder:
    """Stay until there were so many connections, and close."""
    recorder = Recorder()
    connection = impatient(address, recorder)
    connection.start()
    wait_until(lambda: recorder.connections == times)
    connection.close()
    return recorder


@pytest.mark.parametrize(
    "refuse", [refuse_in_3_1_1, refuse_in_5, close, reset, say_nothing, say_nonsense]
)
def test_falls_back_to_3_1_1(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch, refuse: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr("edge_app.mqtt.connection.FIRST_ANSWER_S", 1.0)
    broker = scripted(lambda each, version: accept(each) if version == 4 else refuse(each))
    assert connect(broker.address).connections == 1
    assert broker.versions == [5, 4]


class HearingAll(ConnectionHandler):
    """Keeps what comes, though it asks for nothing."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def wants(self, topic: str) -> bool:
        del topic
        return True

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))


def test_of_a_huge_message_only_the_beginning_is_kept(scripted: MakeBroker) -> None:
    """A broker that knows no MQTT 5 cannot be asked to keep it to itself."""
    size, answers = 100 * LARGEST_PACKET, list[bytes]()

    def answer(connection: socket.socket, version: int) -> None:
        if version == 5:
            refuse_in_5(connection)
            return
        accept(connection)
        connection.sendall(publication(b"mien/a", b"\0\7", b"x" * size))
        connection.sendall(publication(b"mien/b", b"\0\x08", b"next"))
        with connection.makefile("rb") as packets:
            answers.extend((packets.read(4), packets.read(4)))

    broker, hearing = scripted(answer), HearingAll()
    connection = Connection(broker.address, hearing, client_id="mien-test")
    connection.start()
    wait_until(lambda: len(answers) == 2)
    connection.close()
    assert [topic for topic, _ in hearing.heard] == ["mien/a", "mien/b"]
    # A few bytes more than that, since the pieces of the rest are told apart by one byte each.
    assert LARGEST_PACKET // 2 < len(hearing.heard[0][1]) < 2 * LARGEST_PACKET
    assert hearing.heard[1][1] == b"next"
    assert answers == [b"\x40\x02\0\x07", b"\x40\x02\0\x08"]


def test_remembers_the_version_that_worked(scripted: MakeBroker) -> None:
    def answer(connection: socket.socket, version: int) -> None:
        if version == 5:
            refuse_in_3_1_1(connection)
            return
        accept(connection)
        if len(broker.versions) < 4:
            reset(connection)

    broker = scripted(answer)
    recorder = connected_again(broker.address, times=3)
    assert broker.versions == [5, 4, 4, 4]
    assert recorder.disconnections == 3


def test_a_broker_that_closes_once_is_not_spoken_to_in_3_1_1_for_ever(
    scripted: MakeBroker,
) -> None:
    """A proxy in front of a broker that starts takes connections, and closes them."""

    def answer(connection: socket.socket, version: int) -> None:
        if len(broker.versions) == 1:
            close(connection)
            return
        accept_in(connection, version)
        if len(broker.versions) < 5:
            reset(connection)

    broker = scripted(answer)
    connected_again(broker.address, times=4)
    assert broker.versions == [5, 4, 5, 5, 5]


def test_a_broker_that_was_silent_in_mqtt_5_is_asked_once_more(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that takes its time at its start would be spoken to in 3.1.1 for weeks."""
    monkeypatch.setattr("edge_app.mqtt.connection.ASK_AGAIN_S", 0.0)
    monkeypatch.setattr("edge_app.mqtt.connection.FIRST_ANSWER_S", 0.2)

    left = b""

    def answer(connection: socket.socket, version: int) -> None:
        nonlocal left
        if len(broker.versions) > 1:
            accept_in(connection, version)
        if len(broker.versions) == 2:
            left = connection.recv(4096)

    broker = scripted(answer)
    connected_again(broker.address, times=2)
    assert broker.versions == [5, 4, 5]
    assert caplog.text == ""
    # Without a good-bye, so that the broker says the last will until it is back.
    assert left == b""


def test_a_broker_is_not_asked_once_more_while_it_owes_an_answer(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way would be sent twice."""
    monkeypatch.setattr("edge_app.mqtt.connection.ASK_AGAIN_S", 0.0)

    class Owed(Recorder):
        since_s: float | None = time.monotonic()
        turns = 0

        def unanswered_since(self) -> float | None:
            return self.since_s

        def proceed(self, client: mqtt.Client) -> None:
            del client
            self.turns += 1

    def answer(connection: socket.socket, version: int) -> None:
        if len(broker.versions) > 1:
            accept_in(connection, version)
        else:
            close(connection)

    broker, owed = scripted(answer), Owed()
    connection = impatient(broker.address, owed)
    with contextlib.closing(connection):
        connection.start()
        for turn in range(5):
            connection.wake()
            wait_until(lambda turn=turn: owed.turns > turn)
        assert broker.versions == [5, 4]
        owed.since_s = None
        wait_until(lambda: owed.connections == 2)
    assert broker.versions == [5, 4, 5]


@pytest.mark.parametrize("leave", [close, say_nothing])
def test_a_broker_that_never_answers_in_mqtt_5_is_asked_no_third_time(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch, leave: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr("edge_app.mqtt.connection.ASK_AGAIN_S", 0.0)
    monkeypatch.setattr("edge_app.mqtt.connection.FIRST_ANSWER_S", 0.2)

    def answer(connection: socket.socket, version: int) -> None:
        if version == 5:
            leave(connection)
            return
        accept(connection)
        if len(broker.versions) in {4, 5}:
            reset(connection)

    broker, recorder = scripted(answer), Recorder()
    connection = Connection(
        broker.address,
        recorder,
        client_id="mien-test",
        keep_alive_s=1,
        backoff=Backoff(first_s=0.001, longest_s=0.001),
    )
    connection.start()
    wait_until(lambda: recorder.connections == 4)
    connection.close()
    assert broker.versions == [5, 4, 5, 4, 4, 4]


def test_a_broker_that_took_mqtt_5_is_not_asked_in_3_1_1_while_it_starts(
    scripted: MakeBroker,
) -> None:
    def answer(connection: socket.socket, version: int) -> None:
        if len(broker.versions) in {1, 4}:
            accept_in(connection, version)
        if len(broker.versions) < 4:
            reset(connection)

    broker = scripted(answer)
    connected_again(broker.address, times=2)
    assert broker.versions == [5, 5, 5, 5]


def test_a_broker_in_whose_place_another_came_is_asked_in_3_1_1_after_a_while(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_app.mqtt.connection.FORGET_S", 0.0)

    def answer(connection: socket.socket, version: int) -> None:
        if len(broker.versions) == 1 or version == 4:
            accept_in(connection, version)
        if len(broker.versions) < 4:
            close(connection)

    broker = scripted(answer)
    connected_again(broker.address, times=2)
    assert broker.versions == [5, 5, 5, 4]


def test_a_broker_that_takes_its_time_is_waited_for_longer_each_time(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_app.mqtt.connection.FIRST_ANSWER_S", 0.05)

    def answer(connection: socket.socket, version: int) -> None:
        # While it waits, the others are queued: each gets its answer after so long.
        time.sleep(0.3)
        with contextlib.suppress(OSError):
            accept_in(connection, version)

    broker = scripted(answer)
    recorder = Recorder()
    connection = impatient(broker.address, recorder)
    connection.start(timeout_s=0.01, must_succeed=False)
    wait_until(lambda: recorder.connections == 1)
    connection.close()


def test_a_stop_ends_the_wait_for_the_first_connection(scripted: MakeBroker) -> None:
    broker = scripted(lambda each, _: say_nothing(each))
    connection = Connection(broker.address, Recorder(), client_id="mien-test")
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    connection.start(timeout_s=30, must_succeed=False, stop=stop)
    connection.close()
    assert time.monotonic() - began < 1.5


def test_a_broker_that_breaks_each_connection_is_not_hammered(scripted: MakeBroker) -> None:
    came_s: list[float] = []

    def answer(connection: socket.socket, version: int) -> None:
        came_s.append(time.monotonic())
        accept_in(connection, version)
        close(connection)

    connection = Connection(
        scripted(answer).address,
        Recorder(),
        client_id="mien-test",
        backoff=Backoff(first_s=0.3, longest_s=0.3),
    )
    with contextlib.closing(connection):
        connection.start()
        wait_until(lambda: len(came_s) >= 3)
    assert min(later - earlier for earlier, later in pairwise(came_s)) >= 0.3


@pytest.mark.parametrize(("keep_alive_s", "stood_s", "resets"), [(15, 0.0, 0), (1, 1.05, 1)])
def test_only_after_a_connection_that_stood_the_waits_begin_anew(
    scripted: MakeBroker, keep_alive_s: int, stood_s: float, resets: int
) -> None:
    """A broker that takes us in and throws us out again is asked ever more rarely."""

    class Counting(Backoff):
        resets = 0

        def reset(self) -> None:
            self.resets += 1
            super().reset()

    def answer(connection: socket.socket, version: int) -> None:
        accept_in(connection, version)
        if len(broker.versions) == 1:
            wait_until(lambda: recorder.connections)
            time.sleep(stood_s)
            close(connection)

    broker, recorder = scripted(answer), Recorder()
    backoff = Counting(first_s=0.01, longest_s=0.01)
    connection = Connection(
        broker.address,
        recorder,
        client_id="mien-test",
        keep_alive_s=keep_alive_s,
        backoff=backoff,
    )
    with contextlib.closing(connection):
        connection.start()
        wait_until(lambda: recorder.connections == 2)
        assert backoff.resets == resets


def test_after_a_brief_connection_messages_take_turns_for_a_while(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many at once, the answer that says which one a broker throws us out for would be lost."""
    clients: list[mqtt.Client] = []
    most: list[int] = []

    class Asks(ConnectionHandler):
        def connected(self, client: mqtt.Client) -> None:
            most.append(client.max_inflight_messages)
            clients.append(client)

    def answer(connection: socket.socket, version: int) -> None:
        accept_in(connection, version)
        if len(broker.versions) == 1:
            reset(connection)

    broker = scripted(answer)
    connection = impatient(broker.address, Asks())
    with contextlib.closing(connection):
        connection.start()
        wait_until(lambda: len(clients) == 2)
        assert most[1] == 1 < most[0]
        monkeypatch.setattr("edge_app.mqtt.connection.BRIEF_S", 0.0)  # it stands for long enough
        wait_until(lambda: clients[1].max_inflight_messages == most[0])


def test_a_broker_that_vanished_is_missed_though_nobody_says_anything(
    scripted: MakeBroker,
) -> None:
    """And one that is there keeps a quiet connection, since it hears pings."""
    heard: list[bytes] = []

    def answer(connection: socket.socket, version: int) -> None:
        accept_in(connection, version)
        if len(broker.versions) == 1:
            heard.append(connection.recv(4096))

    broker, recorder = scripted(answer), Recorder()
    connection = Connection(
        broker.address,
        recorder,
        client_id="mien-test",
        keep_alive_s=1,
        backoff=Backoff(first_s=0.01, longest_s=0.01),
    )
    with contextlib.closing(connection):
        connection.start()
        wait_until(lambda: recorder.connections == 2)
    assert heard == [b"\xc0\x00"]


def test_websockets_name_an_ipv6_address_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker behind a proxy would not be found, or refuse us as somebody else's page."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr("edge_app.mqtt.link.open_transport", lambda *_: ours)
    address = BrokerAddress("::1", 9001, None, "ws", "/mqtt")
    connection = Connection(address, Recorder(), client_id="mien-test")
    with contextlib.closing(connection), theirs:
        connection.start(timeout_s=0.0, must_succeed=False)
        request = theirs.recv(4096)
    for line in (b"GET /mqtt HTTP/1.1", b"Host: [::1]:9001", b"Origin: http://[::1]:9001"):
        assert b"%b\r\n" % line in request


@pytest.mark.parametrize("refuse", [refuse_in_3_1_1, close, reset, say_nonsense])
def test_neither_version(scripted: MakeBroker, refuse: Callable[[socket.socket], None]) -> None:
    broker = scripted(lambda each, _: refuse(each))
    with pytest.raises(BrokerError, match=f"broker {broker.address}: .*MQTT"):
        connect(broker.address)
    assert broker.versions == [5, 4]


def test_nobody_answers(scripted: MakeBroker) -> None:
    broker = scripted(lambda each, _: say_nothing(each))
    began = time.monotonic()
    with pytest.raises(BrokerError, match=r"no answer within 0\.2 s"):
        connect(broker.address, timeout_s=0.2)
    assert time.monotonic() - began < 2


def test_a_port_where_nobody_listens() -> None:
    address = BrokerAddress(HOST, free_port())
    with pytest.raises(BrokerError) as caught:
        connect(address)
    assert str(caught.value) == (
        f"broker {address}: connection refused;"
        " check that the broker runs and that the port is right"
    )


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(BrokerError, match=r"broker.invalid:1883: the name 'broker.invalid' is not"):
        connect(BrokerAddress("broker.invalid"))


def test_a_name_that_cannot_be() -> None:
    with pytest.raises(BrokerError, match="is not known"):
        connect(BrokerAddress("x" * 64))


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "guarded"
    folder.mkdir()
    broker = Mosquitto(folder, passwords={"mien": PASSWORD})
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return file


def test_the_right_password(
    guarded: Mosquitto, password_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = BrokerAddress(HOST, guarded.port, "mien")
    assert connect(address, password_file=password_file).connections == 1
    assert f"broker {address}: connected, MQTT 5" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_wrong_password(
    guarded: Mosquitto, password_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password_file.write_text("wrong horse", encoding="utf-8")
    address = BrokerAddress(HOST, guarded.port, "mien")
    with pytest.raises(BrokerError, match="user 'mien' is refused; check the user and the pass"):
        connect(address, password_file=password_file)
    assert "wrong horse" not in caplog.text


def test_a_user_is_wanted(guarded: Mosquitto) -> None:
    with pytest.raises(BrokerError, match=r"it wants a user; write mqtt://USER@HOST:PORT"):
        connect(guarded.address)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"\n", "its first line is empty"), (b"\xff\xfe", "not UTF-8 text")],
)
def test_a_password_file_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    advice = r"; check password_file in \[mqtt\], or --password-file"
    with pytest.raises(UsageError, match=f"password file {file}: {words}.*{advice}"):
        connect(BrokerAddress(HOST, 1, "mien"), password_file=file)


def test_a_password_that_everybody_may_read_is_warned_of(
    scripted: MakeBroker, password_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    password_file.chmod(0o644)
    place = scripted(accept_in).address
    connect(BrokerAddress(place.host, place.port, "mien"), password_file=password_file)
    assert f"{password_file}: every user can read it" in caplog.text


def test_a_password_without_a_user(password_file: Path) -> None:
    with pytest.raises(UsageError, match="a password file needs a user"):
        connect(BrokerAddress(HOST, 1), password_file=password_file)


def test_the_same_trouble_is_one_line(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = Connection(
        mosquitto.address,
        Recorder(),
        client_id="mien-test",
        backoff=Backoff(first_s=0.01, longest_s=0.01),
    )
    connection.start()
    mosquitto.stop()
    wait_until(lambda: caplog.text.count("connection refused") > 5)
    connection.close()
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len([each for each in warnings if "connection refused" in each.getMessage()]) == 1


def take_its_name(broker: Mosquitto) -> None:
    """Connect in MQTT 3.1.1 as another device of the same name."""
    with socket.create_connection((HOST, broker.port)) as other:
        other.sendall(b"\x10\x15\0\x04MQTT\x04\x02\0\x3c\0\x09mien-test")
        assert other.recv(4) == b"\x20\x02\0\0"


def test_each_trouble_and_its_end_are_told(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    def said() -> list[str]:
        return [each.getMessage() for each in caplog.records]

    connection = Connection(
        mosquitto.address,
        Recorder(),
        client_id="mien-test",
        keep_alive_s=2,
        backoff=Backoff(first_s=0.01, longest_s=0.01),
    )
    connection.start()
    assert said() == []
    for lines in (1, 3):
        take_its_name(mosquitto)
        wait_until(lambda: len(said()) == lines)  # noqa: B023
        assert said()[-1].endswith("; trying again")
        wait_until(lambda: len(said()) == lines + 1)  # noqa: B023
        assert said()[-1].endswith(": connected, MQTT 5")
    connection.close()


def test_of_a_connection_that_breaks_again_and_again_the_trouble_has_the_last_word(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(connection: socket.socket, version: int) -> None:
        accept_in(connection, version)
        if len(broker.versions) < 20:
            close(connection)

    broker = scripted(answer)
    connected_again(broker.address, times=20)
    assert [each.getMessage().split(": ")[-1] for each in caplog.records] == [
        "the connection broke; trying again"
    ]


def test_what_fails_in_an_unforeseen_way_again_and_again_is_one_traceback(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails(Recorder):
        def connected(self, client: mqtt.Client) -> None:
            super().connected(client)
            raise ZeroDivisionError

    recorder = Fails()
    connection = impatient(scripted(accept_in).address, recorder)
    connection.start(0.01, must_succeed=False)
    wait_until(lambda: recorder.connections >= 20)
    # One that fails while the connection is closed is told of as that.
    told = caplog.text
    connection.close()
    assert told.count("Traceback") == 1
    assert ": ZeroDivisionError; trying again" in told


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (b"\x8b", "the broker ended the connection: server shutting down; trying again"),
        (b"\x8e", "another client came with the same name; give each device a name of its own"),
    ],
)
def test_the_reason_of_a_broker_that_ends_it(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture, reason: bytes, words: str
) -> None:
    broker = scripted(lambda each, _: throw_out(each, reason))
    connection = Connection(broker.address, Recorder(), client_id="mien-test")
    connection.start()
    wait_until(lambda: "trying again" in caplog.text)
    connection.close()
    assert words in caplog.text


def test_a_message_of_quality_of_service_2_ends_the_connection(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """Each would stay in memory until the broker's second word on it, which need never come."""
    closed = threading.Event()

    def answer(connection: socket.socket, version: int) -> None:
        accept_in(connection, version)
        sent = bytearray(publication(b"mien/a", b"\0\7" + b"\0" * (version == 5), b"x"))
        sent[0] = 0x34
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            while connection.recv(4096):
                pass
        closed.set()

    hearing = HearingAll()
    connection = Connection(scripted(answer).address, hearing, client_id="mien-test")
    connection.start()
    assert closed.wait(20)
    wait_until(lambda: "trying again" in caplog.text)
    connection.close()
    assert "it sends a message of quality of service 2, where at most 1 was asked" in caplog.text
    assert hearing.heard == []


def test_no_more_is_under_way_than_the_broker_takes(tmp_path: Path) -> None:
    class Asks(ConnectionHandler):
        most: int | None = None

        def connected(self, client: mqtt.Client) -> None:
            self.most = client.max_inflight_messages

    broker = Mosquitto(tmp_path, lines=("max_inflight_messages 3",))
    broker.start()
    try:
        asks = Asks()
        connection = Connection(broker.address, asks, client_id="mien-three")
        connection.start()
        connection.close()
    finally:
        broker.stop()
    assert asks.most == 3


def test_a_broker_that_is_away_at_the_start_may_come_later(tmp_path: Path) -> None:
    connected = threading.Event()

    class Waits(ConnectionHandler):
        def connected(self, _client: mqtt.Client) -> None:
            connected.set()

    broker = Mosquitto(tmp_path)
    connection = Connection(
        broker.address,
        Waits(),
        client_id="mien-early",
        backoff=Backoff(first_s=0.05, longest_s=0.1),
    )
    connection.start(must_succeed=False)
    try:
        assert not connected.is_set()
        broker.start()
        assert connected.wait(20)
    finally:
        connection.close()
        broker.stop()
