from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from benchmarks.loopback import accepts
from edge_app.errors import MienError, UsageError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.tls import TlsFiles, make_context
from tests.brokers import HOST, Mosquitto, free_port, wait_until
from tests.brokers_certificates import Authority, Certificate


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("strangers"), "stranger")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Certificate:
    return authority.issue("server", "IP:127.0.0.1,DNS:localhost")


def tls_lines(certificate: Certificate, *more: str) -> tuple[str, ...]:
    """For the default listener."""
    return (f"certfile {certificate.file}", f"keyfile {certificate.key}", *more)


@contextmanager
def running(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    place = folder / "tls-mosquitto"
    place.mkdir()
    broker = Mosquitto(place, lines=lines)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Echo(ConnectionHandler):
    """Hears what it says."""

    def __init__(self, payload: bytes = b"") -> None:
        self.connections = 0
        self.heard: list[bytes] = []
        self.acknowledged_ids: list[int] = []
        self._payload = payload

    @property
    def filters(self) -> Sequence[Filter]:
        return (Filter("mien/echo"),)

    def connected(self, client: mqtt.Client) -> None:
        self.connections += 1
        if self._payload:
            client.publish("mien/echo", self._payload, qos=1)

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        assert is_accepted
        self.acknowledged_ids.append(packet_id)

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append(bytes(message.payload))


def attempt(
    broker: Mosquitto,
    files: TlsFiles,
    *,
    scheme: str = "mqtts",
    host: str = HOST,
    port: int = 0,
    handler: ConnectionHandler | None = None,
    until: Callable[[], object] = lambda: True,
) -> None:
    """Connect, wait, close; the error if there is one."""
    connection = Connection(
        BrokerAddress(host, port or broker.port, scheme=scheme),
        handler or ConnectionHandler(),
        client_id="mien-test",
        credentials=Credentials(tls=files),
    )
    try:
        connection.start()
        wait_until(until)
    finally:
        connection.close()
        wait_until(lambda: "mien-mqtt" not in [thread.name for thread in threading.enumerate()])


@pytest.mark.parametrize("size", [10, 300, 20_000])
@pytest.mark.parametrize("scheme", ["mqtts", "ws", "wss"])
def test_messages_go_and_come(
    tmp_path: Path, authority: Authority, server: Certificate, scheme: str, size: int
) -> None:
    echo = Echo(bytes(range(250)) * (size // 250) or b"0123456789")
    # Mosquitto 2.0 does not start with websockets alone: they get a listener beside the plain one.
    port = free_port()
    lines = [f"listener {port} {HOST}"]
    if scheme != "mqtts":
        lines += ["protocol websockets", "socket_domain ipv4"]
    if scheme != "ws":
        lines += tls_lines(server)
    with running(tmp_path, *lines) as broker:
        wait_until(lambda: accepts(port))
        attempt(
            broker,
            TlsFiles() if scheme == "ws" else TlsFiles(authority.file),
            scheme=scheme,
            port=port,
            handler=echo,
            until=lambda: echo.heard and echo.acknowledged_ids,
        )
        assert "as mien-test (p5" in broker.log
    assert echo.heard == [echo._payload]


def test_no_websockets_there(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerError, match=r"takes no websockets at /mqtt.*check the port and the"):
        attempt(mosquitto, TlsFiles(), scheme="ws")


def test_a_name_instead_of_an_address(
    tmp_path: Path, authority: Authority, server: Certificate
) -> None:
    with running(tmp_path, *tls_lines(server)) as broker:
        attempt(broker, TlsFiles(authority.file), host="localhost")


def test_a_client_certificate(tmp_path: Path, authority: Authority, server: Certificate) -> None:
    device = authority.issue("kitchen")
    lines = tls_lines(server, f"cafile {authority.file}", "require_certificate true")
    with running(tmp_path, *lines) as broker:
        attempt(broker, TlsFiles(authority.file, device.file, device.key))
        wait_until(lambda: "as mien-test" in broker.log)
        # A broker that ends the connection may do so before its alert is read.
        with pytest.raises(BrokerError, match="client certificate"):
            attempt(broker, TlsFiles(authority.file))


def test_an_unknown_authority(tmp_path: Path, stranger: Authority, server: Certificate) -> None:
    with running(tmp_path, *tls_lines(server)) as broker:
        with pytest.raises(BrokerError, match=r"is not trusted .*; set ca_file to the CA that"):
            attempt(broker, TlsFiles(stranger.file))
        with pytest.raises(BrokerError, match=r"is not trusted .*; set ca_file to the CA that"):
            attempt(broker, TlsFiles())
        assert "as mien-test" not in broker.log


def test_another_name(tmp_path: Path, authority: Authority) -> None:
    other = authority.issue("other", "DNS:broker.lan")
    with running(tmp_path, *tls_lines(other)) as broker:
        for host in (HOST, "localhost"):
            with pytest.raises(BrokerError, match=f"is for another name than '{host}'; use the"):
                attempt(broker, TlsFiles(authority.file), host=host)


def test_an_expired_certificate(tmp_path: Path, authority: Authority) -> None:
    old = authority.issue("old", is_expired=True)
    with (
        running(tmp_path, *tls_lines(old)) as broker,
        pytest.raises(BrokerError, match="has expired; renew it, or check this device's clock"),
    ):
        attempt(broker, TlsFiles(authority.file))


def test_tls_to_a_port_without(mosquitto: Mosquitto, authority: Authority) -> None:
    with pytest.raises(BrokerError, match=r"speaks TLS there|speaks no TLS"):
        attempt(mosquitto, TlsFiles(authority.file))


def test_no_tls_to_a_port_with(tmp_path: Path, server: Certificate) -> None:
    with (
        running(tmp_path, *tls_lines(server)) as broker,
        pytest.raises(BrokerError, match=r"whether it wants TLS \(mqtts://\)"),
    ):
        attempt(broker, TlsFiles(), scheme="mqtt")


def test_a_ca_of_ones_own_may_be_as_plain_as_older_pythons_take_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_of_python_3_13(cafile: Path | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        assert cafile is None
        context.load_default_certs()
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_of_python_3_13)
    context = make_context(TlsFiles())
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_old_versions_are_refused(authority: Authority, server: Certificate) -> None:
    assert make_context(TlsFiles(authority.file)).minimum_version == ssl.TLSVersion.TLSv1_2
    assert make_context(TlsFiles(authority.file)).check_hostname
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(server.file, server.key)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_server((HOST, 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(ssl.SSLError):
                old.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=answer, name="old-tls")
        thread.start()
        connection = Connection(
            BrokerAddress(HOST, listening.getsockname()[1], scheme="mqtts"),
            ConnectionHandler(),
            client_id="mien-test",
            credentials=Credentials(tls=TlsFiles(authority.file)),
        )
        with pytest.raises(BrokerError, match=r"the broker needs TLS 1\.2 or newer"):
            connection.start()
        thread.join(10)


def test_messages_that_come_in_one_record_do_not_wait_for_one_another(
    authority: Authority, server: Certificate
) -> None:
    """TLS has decrypted them all, and the socket says that there is nothing to read."""
    echo, count = Echo(), 60
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.file, server.key)
    with socket.create_server((HOST, 0)) as listening:

        def answer() -> None:
            accepted, _ = listening.accept()
            with context.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(4096)
                message = b"\x30\x0d\x00\x09mien/echo\x00x"
                connection.sendall(b"\x20\x03\x00\x00\x00" + count * message)
                wait_until(lambda: len(echo.heard) == count)

        thread = threading.Thread(target=answer, name="one-record")
        thread.start()
        connection = Connection(
            BrokerAddress(HOST, listening.getsockname()[1], scheme="mqtts"),
            echo,
            client_id="mien-test",
            credentials=Credentials(tls=TlsFiles(authority.file)),
        )
        with closing(connection):
            connection.start()
            wait_until(lambda: len(echo.heard) == count, 20)  # instead of one a second
        thread.join(10)


def test_files_are_read_again_at_each_connection(
    tmp_path: Path, authority: Authority, stranger: Authority, server: Certificate
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(authority.file.read_bytes())
    renewed = stranger.issue("renewed")
    shown = Certificate(tmp_path / "server.pem", tmp_path / "server.key")
    for source, target in ((server.file, shown.file), (server.key, shown.key)):
        target.write_bytes(source.read_bytes())
    echo = Echo()
    with running(tmp_path, *tls_lines(shown)) as broker:
        connection = Connection(
            BrokerAddress(HOST, broker.port, scheme="mqtts"),
            echo,
            client_id="mien-test",
            credentials=Credentials(tls=TlsFiles(trusted)),
            backoff=Backoff(first_s=0.02, longest_s=0.02),
        )
        connection.start()
        broker.stop()
        shown.file.write_bytes(renewed.file.read_bytes())
        shown.key.write_bytes(renewed.key.read_bytes())
        trusted.write_bytes(stranger.file.read_bytes())
        broker.start()
        wait_until(lambda: echo.connections == 2)
        connection.close()


def test_key_files_that_cannot_be(
    tmp_path: Path, authority: Authority, server: Certificate
) -> None:
    other = authority.issue("another")
    text = tmp_path / "notes.txt"
    text.write_text("no certificate", encoding="utf-8")
    gone = tmp_path / "gone.pem"
    locked = authority.encrypt(other)
    broken = tmp_path / "broken.key"
    broken.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n", encoding="utf-8")
    for files, words in (
        (TlsFiles(gone), f"CA file {gone}: No such file"),
        (TlsFiles(text), f"CA file {text}: it is no PEM file"),
        (TlsFiles(broken), f"CA file {broken}: no certificate in it"),
        (TlsFiles(None, gone), f"certificate file {gone}: No such file"),
        (TlsFiles(None, server.file, gone), f"key file {gone}: No such file"),
        (TlsFiles(None, server.file, text), f"key file {text}: it is no PEM file"),
        (TlsFiles(None, server.file, broken), "no certificate and key in PEM"),
        (TlsFiles(None, server.file), "the key may stand in a file of its own, key_file"),
        (TlsFiles(None, server.file, other.key), f"key file {other.key}: it does not fit the"),
        (TlsFiles(None, other.file, locked), f"key file {locked}: it is encrypted"),
        (TlsFiles(None, None, server.key), "a key needs its certificate_file"),
    ):
        with pytest.raises(UsageError) as caught:
            make_context(files)
        assert words in str(caught.value)


def test_certificates_without_tls(mosquitto: Mosquitto, authority: Authority) -> None:
    with pytest.raises(MienError, match="certificate files need TLS; write mqtts://HOST:PORT"):
        attempt(mosquitto, TlsFiles(authority.file), scheme="mqtt")
