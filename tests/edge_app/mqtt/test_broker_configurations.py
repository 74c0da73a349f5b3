"""The configurations of docs/brokers/ on the brokers themselves: what they allow and refuse."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge_app import cli
from edge_app.events.payloads import Alert
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.connection import BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.discovery import Description, discovery_topic
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.home_assistant import HomeAssistant
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.tls import TlsFiles
from tests.brokers import Broker, MissingBrokerError, Mosquitto, find_program, wait_until
from tests.brokers_certificates import Authority, Certificate
from tests.brokers_nats import Nats
from tests.brokers_rabbitmq import RabbitMq
from tests.edge_app.mqtt.samples import TIME, info, state, telemetry

# The start of a broker counts, too.
pytestmark = pytest.mark.timeout(600)

CONFIGURATIONS = Path(__file__).parents[3] / "docs" / "brokers"

USERS = ("kitchen", "operator", "homeassistant", "keeper")


def password_of(user: str) -> str:
    """As the configurations have it."""
    return f"CHANGE-{user}"


def read(name: str, replacements: dict[str, str]) -> str:
    """A configuration, moved from the system's places; each of them must stand in it."""
    text = (CONFIGURATIONS / name).read_text(encoding="utf-8")
    for there, here in replacements.items():
        assert there in text, f"{name}: no {there}"
        text = text.replace(there, here)
    return text


class ConfiguredMosquitto(Mosquitto):
    def __init__(self, folder: Path, certificate: Certificate) -> None:
        super().__init__(folder)
        self._certificate = certificate

    def _write_configuration(self) -> None:
        users, rules = self._folder / "mien.users", self._folder / "mien.acl"
        for user in USERS:
            users.touch(mode=0o600)
            subprocess.run(
                [find_program("mosquitto_passwd"), "-b", str(users), user, password_of(user)],
                check=True,
                capture_output=True,
            )
        rules.touch(mode=0o600)
        rules.write_text(read("mosquitto.acl", {}), encoding="utf-8")
        text = read(
            "mosquitto.conf",
            {
                "listener 8883": f"listener {self.port} 127.0.0.1",
                "/etc/mosquitto/certs/broker.pem": str(self._certificate.file),
                "/etc/mosquitto/certs/broker.key": str(self._certificate.key),
                "password_file /etc/mosquitto/mien.users": f"password_file {users}",
                "acl_file /etc/mosquitto/mien.acl": f"acl_file {rules}",
            },
        )
        own = "user root\n" if os.geteuid() == 0 else ""
        (self._folder / "mosquitto.conf").write_text(text + own, encoding="utf-8")


class ConfiguredRabbitMq(RabbitMq):
    def __init__(self, folder: Path, certificate: Certificate) -> None:
        super().__init__(folder, user="", password="")
        self._certificate = certificate

    def _write_configuration(self) -> None:
        super()._write_configuration()
        definitions = self._folder / "definitions.json"
        definitions.write_text(read("rabbitmq-definitions.json", {}), encoding="utf-8")
        text = read(
            "rabbitmq.conf",
            {
                "ssl.default = 8883": f"ssl.1 = 127.0.0.1:{self.port}",
                "/etc/rabbitmq/certs/broker.pem": str(self._certificate.file),
                "/etc/rabbitmq/certs/broker.key": str(self._certificate.key),
                "/etc/rabbitmq/mien-definitions.json": str(definitions),
            },
        )
        more = "listeners.tcp = none\nlog.console = true\nlog.file = false\n"
        (self._folder / "rabbitmq.conf").write_text(text + more, encoding="utf-8")


class ConfiguredNats(Nats):
    def __init__(self, folder: Path, certificate: Certificate) -> None:
        super().__init__(folder)
        self._certificate = certificate

    def _write_configuration(self) -> None:
        text = read(
            "nats.conf",
            {
                "port: 8883": f"host: 127.0.0.1, port: {self.port}",
                "port: 4222": "port: -1",
                "/var/lib/nats": str(self._folder / "store"),
                "/etc/nats/broker.pem": str(self._certificate.file),
                "/etc/nats/broker.key": str(self._certificate.key),
            },
        )
        (self._folder / "nats.conf").write_text(text, encoding="utf-8")


BROKERS: dict[str, Callable[[Path, Certificate], Broker]] = {
    "mosquitto": ConfiguredMosquitto,
    "rabbitmq": ConfiguredRabbitMq,
    "nats": ConfiguredNats,
}


@dataclass(frozen=True)
class Configured:
    broker: Broker
    authority: Path

    def address(self, user: str) -> BrokerAddress:
        return BrokerAddress("127.0.0.1", self.broker.port, user, "mqtts")

    def credentials(self, user: str, folder: Path) -> Credentials:
        password = folder / f"{user}.password"
        password.touch(mode=0o600)
        password.write_text(password_of(user), encoding="utf-8")
        return Credentials(None, password, TlsFiles(self.authority))


@pytest.fixture(scope="module", params=list(BROKERS))
def configured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Configured]:
    name: str = request.param
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    try:
        broker = BROKERS[name](tmp_path_factory.mktemp(name), authority.issue("broker"))
    except MissingBrokerError as error:
        if name == "mosquitto" or os.environ.get("MIEN_ALL_BROKERS") == "1":
            pytest.fail(str(error))
        pytest.skip(f"{error}; with MIEN_ALL_BROKERS=1 this is a failure")
    try:
        broker.start()
        yield Configured(broker, authority.file)
    finally:
        broker.close()


class Participant(ConnectionHandler):
    """Somebody with a user of the configuration."""

    def __init__(
        self, configured: Configured, user: str, folder: Path, *topics: str, once: str | None = None
    ) -> None:
        """topics: what to hear; once: what to ask for as well, on the first connection only."""
        self.heard: list[tuple[str, bytes]] = []
        self._once = once
        self._topics = topics
        self.answered = 0
        self._to_say: list[tuple[str, bytes]] = []
        self.said = 0
        self.connection = Connection(
            configured.address(user),
            self,
            client_id=f"test-{user}",
            credentials=configured.credentials(user, folder),
        )

    @property
    def filters(self) -> Sequence[Filter]:
        return [Filter(each) for each in (*self._topics, self._once) if each is not None]

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        del topic_filter, is_accepted
        self.answered += 1

    def disconnected(self) -> None:
        self._once = None

    @property
    def is_subscribed(self) -> bool:
        """Whether the broker answered for each topic, if only with a refusal."""
        return self.answered >= len(self._topics)

    def proceed(self, client: mqtt.Client) -> None:
        while self._to_say:
            client.publish(*self._to_say.pop(0), qos=1)

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        del packet_id, is_accepted  # MQTT 3.1.1 knows no refusal
        self.said += 1

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def say(self, topic: str, payload: bytes = b"x") -> None:
        self._to_say.append((topic, payload))
        self.connection.wake()


@pytest.mark.parametrize(
    "topic",
    ["availability", "info", "state", "event", "summary", "telemetry", "alert/hot", "response/get"],
)
def test_what_a_device_says_is_heard(configured: Configured, tmp_path: Path, topic: str) -> None:
    operator = Participant(configured, "operator", tmp_path, "mien/#")
    device = Participant(configured, "kitchen", tmp_path)
    operator.connection.start(10)
    device.connection.start(10)
    wait_until(lambda: operator.is_subscribed)
    device.say(f"mien/kitchen/{topic}")
    wait_until(lambda: (f"mien/kitchen/{topic}", b"x") in operator.heard)
    device.connection.close()
    operator.connection.close()


def test_a_device_is_asked(configured: Configured, tmp_path: Path) -> None:
    operator = Participant(configured, "operator", tmp_path)
    device = Participant(configured, "kitchen", tmp_path, "mien/kitchen/request/+")
    device.connection.start(10)
    operator.connection.start(10)
    wait_until(lambda: device.is_subscribed)
    operator.say("mien/kitchen/request/pause", b"{}")
    wait_until(lambda: device.heard == [("mien/kitchen/request/pause", b"{}")])
    device.connection.close()
    operator.connection.close()


@pytest.mark.parametrize(
    "topic", ["mien/hall/event", "mien/hall/request/restart", "mien/kitchen/nonsense"]
)
def test_a_device_speaks_for_itself_only(
    configured: Configured, tmp_path: Path, topic: str
) -> None:
    operator = Participant(configured, "operator", tmp_path, "mien/#")
    device = Participant(configured, "kitchen", tmp_path)
    operator.connection.start(10)
    device.connection.start(10)
    wait_until(lambda: operator.is_subscribed)
    device.say(topic)
    # Refused or not, what it may say comes behind it; a broker that cuts it off lets it come back.
    deadline = time.monotonic() + 60
    while ("mien/kitchen/event", b"after") not in operator.heard:
        assert time.monotonic() < deadline
        device.say("mien/kitchen/event", b"after")
        time.sleep(0.1)
    device.connection.close()
    operator.connection.close()
    assert topic not in [heard for heard, _ in operator.heard]


def test_a_device_does_not_hear_others(configured: Configured, tmp_path: Path) -> None:
    operator = Participant(configured, "operator", tmp_path, "mien/+/request/+")
    own = "mien/kitchen/request/+"
    # RabbitMQ cuts off whoever asks for what they may not hear, each time.
    device = Participant(configured, "kitchen", tmp_path, own, once="mien/#")
    operator.connection.start(10)
    device.connection.start(10)
    wait_until(lambda: operator.is_subscribed and device.answered >= 2)
    operator.say("mien/hall/request/pause", b"{}")
    wait_until(lambda: operator.heard)
    # What it may hear comes behind it; a broker that cuts it off lets it come back.
    deadline = time.monotonic() + 60
    while ("mien/kitchen/request/pause", b"after") not in device.heard:
        assert time.monotonic() < deadline
        operator.say("mien/kitchen/request/pause", b"after")
        time.sleep(0.1)
    device.connection.close()
    operator.connection.close()
    assert "mien/hall/request/pause" not in [topic for topic, _ in device.heard]


#: Where Home Assistant is told what is retained, as docs/brokers.md says.
FOR_HOME_ASSISTANT = pytest.mark.parametrize("configured", ["mosquitto", "nats"], indirect=True)


@FOR_HOME_ASSISTANT
def test_home_assistant_finds_a_device_and_asks_it(configured: Configured, tmp_path: Path) -> None:
    home_assistant = Participant(
        configured, "homeassistant", tmp_path, "homeassistant/#", "mien/kitchen/state"
    )
    device = Participant(
        configured, "kitchen", tmp_path, "homeassistant/status", "mien/kitchen/request/+"
    )
    home_assistant.connection.start(10)
    device.connection.start(10)
    wait_until(lambda: home_assistant.is_subscribed and device.is_subscribed)
    topic = discovery_topic("kitchen", "homeassistant")
    device.say(topic)
    device.say("mien/kitchen/state")
    wait_until(lambda: {(topic, b"x"), ("mien/kitchen/state", b"x")} <= set(home_assistant.heard))
    said = [("homeassistant/status", b"online"), ("mien/kitchen/request/pause", b"{}")]
    for each in said:
        home_assistant.say(*each)
    wait_until(lambda: set(said) <= set(device.heard))
    device.connection.close()
    home_assistant.connection.close()


@FOR_HOME_ASSISTANT
def test_the_keeper_takes_a_device_away(configured: Configured, tmp_path: Path) -> None:
    description = Description(device="kitchen", version="1", emotions=("happy",))
    publisher = MqttPublisher(
        configured.address("kitchen"),
        device="kitchen",
        credentials=configured.credentials("kitchen", tmp_path),
        beside=[HomeAssistant(description)],
    )
    alert = Alert(id="camera", severity="critical", text="lost", since=TIME)
    home_assistant = Participant(configured, "homeassistant", tmp_path, "mien/kitchen/#")
    home_assistant.connection.start(10)
    wait_until(lambda: home_assistant.is_subscribed)
    publisher.announce(info())
    publisher.publish_state(state())
    publisher.publish_telemetry(telemetry())
    publisher.publish_alert("camera", alert)
    publisher.connect(10)
    kinds = ("info", "state", "telemetry", "alert/camera", "availability")
    topics = {f"mien/kitchen/{kind}" for kind in kinds}
    wait_until(lambda: topics <= {topic for topic, _ in home_assistant.heard})
    publisher.close()
    wait_until(lambda: home_assistant.heard[-1] == ("mien/kitchen/availability", b"offline"))
    home_assistant.connection.close()

    keeper = Participant(configured, "keeper", tmp_path, "mien/kitchen/#", "homeassistant/#")
    keeper.connection.start(10)
    topics.add(discovery_topic("kitchen", "homeassistant"))
    # Kept, all of it; and taken away, all of it.
    wait_until(lambda: topics <= {topic for topic, payload in keeper.heard if payload})
    words = ["home-assistant", "remove", "--device", "kitchen", "--ca-file"]
    words += [str(configured.authority), "--password-file", str(tmp_path / "keeper.password")]
    broker = f"mqtts://keeper@127.0.0.1:{configured.broker.port}"
    assert cli.main([*words, "--broker", broker]) == 0
    wait_until(lambda: topics <= {topic for topic, payload in keeper.heard if not payload})
    keeper.connection.close()


def test_nobody_comes_without_a_password(configured: Configured) -> None:
    connection = Connection(
        BrokerAddress("127.0.0.1", configured.broker.port, None, "mqtts"),
        ConnectionHandler(),
        client_id="nobody",
        credentials=Credentials(tls=TlsFiles(configured.authority)),
    )
    with pytest.raises(BrokerError, match="it wants a user"):
        connection.start(10)
    connection.close()
