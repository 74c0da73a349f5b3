from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge_app.doctor import broker
from edge_app.doctor.broker import check_broker
from edge_app.doctor.credentials import SeenCredentials
from edge_app.doctor.finding import Finding
from edge_app.from_settings import credentials_of
from edge_app.mqtt.subscriber import Subscriber
from edge_app.settings import MqttSettings
from tests.brokers import HOST, Mosquitto, free_port
from tests.brokers_certificates import Authority


def check(
    settings: MqttSettings, hidden: Path | None = None, **seams: object
) -> dict[str, Finding]:
    seen = SeenCredentials(credentials_of(settings, {}), hidden)
    found = check_broker(settings, "desk", seen=seen, **seams)  # type: ignore[arg-type]
    return {finding.name: finding for finding in found}


def verdicts(found: dict[str, Finding]) -> dict[str, str]:
    return {name: each.verdict for name, each in found.items()}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with users; `hall` may write nothing under `mien/desk/`."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    rules = folder / "rules"
    rules.write_text("user desk\ntopic readwrite mien/desk/#\nuser hall\ntopic read mien/#\n")
    rules.chmod(0o600)
    running = Mosquitto(
        folder,
        passwords={"desk": "hunter2", "hall": "hunter2"},
        lines=(f"acl_file {rules}",),
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def password(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    return str(file)


def test_no_broker_is_well() -> None:
    found = check(MqttSettings())
    assert verdicts(found) == {"address": "ok"}
    assert "standard output" in found["address"].text


def test_no_broker_of_the_installed_service() -> None:
    found = check(MqttSettings(), is_unheard=True)
    assert verdicts(found) == {"address": "failure"}
    assert "[mqtt]" in found["address"].advice


def test_the_embedded_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdicts(check(MqttSettings(broker="embedded:1884"))) == {"address": "ok"}
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = check(MqttSettings(broker="embedded"))["address"]
    assert found.verdict == "failure"
    assert found.advice.endswith("[embedded-broker]'")


def test_a_broker_that_works(mosquitto: Mosquitto) -> None:
    with Subscriber(mosquitto.address, ("#",)) as everything:
        found = check(MqttSettings(broker=str(mosquitto.address)))
        heard = everything.receive(10.0)
        assert everything.receive(0.2) is None
    assert verdicts(found) == dict.fromkeys(("name", "connection", "login", "publish"), "ok")
    assert found["login"].text == "without a user, MQTT 5"
    assert found["publish"].text.startswith("mien/desk/response/diagnostics taken in ")
    assert heard is not None
    assert heard.topic == "mien/desk/response/diagnostics"
    assert b'"id":"doctor-' in heard.payload
    # Nothing stays at the broker.
    with Subscriber(mosquitto.address, ("#",)) as later:
        assert later.receive(0.2) is None


def test_a_user_who_may(guarded: Mosquitto, password: str) -> None:
    found = check(MqttSettings(broker=f"mqtt://desk@{guarded.address}", password_file=password))
    assert set(verdicts(found).values()) == {"ok"}
    assert found["login"].text == ("user 'desk', MQTT 5; without TLS the password is sent as it is")
    assert "hunter2" not in repr(found)


def test_a_user_who_may_not_publish(guarded: Mosquitto, password: str) -> None:
    found = check(MqttSettings(broker=f"mqtt://hall@{guarded.address}", password_file=password))
    assert found["login"].verdict == "ok"
    assert (found["publish"].verdict, found["publish"].text) == (
        "failure",
        "mien/desk/response/diagnostics: refused, not authorized",
    )
    assert "mien/<device>/#" in found["publish"].advice


def test_a_wrong_password(guarded: Mosquitto, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("letmein\n")
    found = check(MqttSettings(broker=f"mqtt://desk@{guarded.address}", password_file=str(wrong)))
    assert verdicts(found) == {"name": "ok", "connection": "ok", "login": "failure"}
    assert "is refused" in found["login"].text
    assert "password file" in found["login"].advice
    assert "letmein" not in repr(found)


def test_a_refusal_without_a_password_that_this_user_may_not_see(guarded: Mosquitto) -> None:
    settings = MqttSettings(broker=f"mqtt://desk@{guarded.address}")
    assert check(settings)["login"].verdict == "failure"
    found = check(settings, Path("/etc/credstore/secret"))
    assert verdicts(found) == {"name": "ok", "connection": "ok", "login": "warning"}
    assert "without /etc/credstore/secret, which this user may not see" in found["login"].text
    assert found["login"].advice == "ask with sudo"


def test_a_broker_that_asks_for_no_password_is_well_whoever_asks(mosquitto: Mosquitto) -> None:
    found = check(MqttSettings(broker=str(mosquitto.address)), Path("/etc/credstore/secret"))
    assert set(verdicts(found).values()) == {"ok"}


def test_nobody_listens() -> None:
    found = check(MqttSettings(broker=f"{HOST}:{free_port()}"))
    assert verdicts(found) == {"name": "ok", "connection": "failure"}
    assert "connection refused" in found["connection"].text
    assert "broker runs" in found["connection"].advice


def test_an_unknown_name() -> None:
    def resolve(*_arguments: object, **_named: object) -> None:
        raise socket.gaierror

    found = check(MqttSettings(broker="broker.invalid"), resolve=resolve)
    assert verdicts(found) == {"name": "failure"}
    assert "'broker.invalid' is not known" in found["name"].text


def test_a_name_server_that_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "PATIENCE_S", 0.1)
    ending = threading.Event()
    try:
        found = check(MqttSettings(broker="broker.lan"), resolve=lambda *_, **__: ending.wait(30))
    finally:
        ending.set()
    assert verdicts(found) == {"name": "failure"}
    assert "no answer" in found["name"].text


def test_settings_that_cannot_be() -> None:
    found = check(MqttSettings(broker="mqtt://desk:hunter2@broker.lan"))
    assert verdicts(found) == {"settings": "failure"}
    assert "hunter2" not in repr(found)


def test_a_missing_password_file() -> None:
    found = check(MqttSettings(broker="mqtt://desk@broker.lan", password_file="/nowhere"))  # noqa: S106
    assert verdicts(found) == {"settings": "failure"}


def test_a_broker_that_ends_the_connection_on_the_message() -> None:
    trial = broker._Trial("mien/desk/response/diagnostics")
    trial.disconnected()
    found = broker._right(trial, "user 'desk'")
    assert found.verdict == "failure"
    assert found.text.endswith("the broker ended the connection on it")


def test_the_older_protocol_does_not_tell() -> None:
    trial = broker._Trial("mien/desk/response/diagnostics")
    trial.acknowledged(1, is_accepted=True)
    found = broker._right(trial, "user 'desk'")
    assert found.verdict == "ok"
    assert "MQTT 3.1.1 does not say" in found.text


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[Mosquitto, Authority]]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    authority = Authority(tmp_path / "certificates")
    server = authority.issue("server", "IP:127.0.0.1")
    running = Mosquitto(folder, lines=(f"certfile {server.file}", f"keyfile {server.key}"))
    running.start()
    yield running, authority
    running.stop()


def test_tls(encrypted: tuple[Mosquitto, Authority]) -> None:
    running, authority = encrypted
    address = f"mqtts://{running.address}"
    trusting = MqttSettings(broker=address, ca_file=str(authority.file))
    found = check(trusting)
    steps = ("name", "connection", "ca_file", "tls", "login", "publish")
    assert verdicts(found) == dict.fromkeys(steps, "ok")
    assert "TLSv1.3, certificate trusted until Dec 31" in found["tls"].text

    # 30 December 2099, a day before its end.
    found = check(trusting, now_s=lambda: 4_102_272_000.0)
    assert (found["tls"].verdict, found["tls"].advice) == (
        "warning",
        "renew the broker's certificate",
    )
    assert found["publish"].verdict == "ok"

    device = authority.issue("device")
    own = msgspec.structs.replace(
        trusting, certificate_file=str(device.file), key_file=str(device.key)
    )
    found = check(own, now_s=lambda: 4_102_272_000.0)
    assert found["certificate_file"].text.endswith(" until 2099-12-31 23:59 UTC: 2 days")
    assert found["certificate_file"].advice == "renew certificate_file in [mqtt]"
    assert found["ca_file"].verdict == found["certificate_file"].verdict == "warning"
    assert found["publish"].verdict == "ok"

    found = check(MqttSettings(broker=address))
    assert verdicts(found) == {"name": "ok", "connection": "failure"}
    assert "not trusted" in found["connection"].text
    assert "ca_file" in found["connection"].advice
