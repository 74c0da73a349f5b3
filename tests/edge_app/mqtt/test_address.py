from __future__ import annotations

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.address import BrokerAddress, Embedded, parse_address, parse_broker


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("localhost", BrokerAddress("localhost")),
        (" 10.0.0.2:1884 ", BrokerAddress("10.0.0.2", 1884)),
        ("mqtt://broker.lan", BrokerAddress("broker.lan")),
        ("MQTT://broker.lan:65535/", BrokerAddress("broker.lan", 65535)),
        ("mqtt://mien@broker.lan:1884", BrokerAddress("broker.lan", 1884, "mien")),
        ("mien@broker.lan", BrokerAddress("broker.lan", 1883, "mien")),
        ("mqtt://a%40b@broker.lan", BrokerAddress("broker.lan", 1883, "a@b")),
        ("mqtt://[::1]", BrokerAddress("::1")),
        ("mqtt://mien@[fe80::1%eth0]:1884", BrokerAddress("fe80::1%eth0", 1884, "mien")),
        ("bücher.example", BrokerAddress("bücher.example")),
        ("mqtts://mien@host", BrokerAddress("host", 8883, "mien", "mqtts")),
        ("MQTTS://host:8884", BrokerAddress("host", 8884, None, "mqtts")),
        ("ws://host", BrokerAddress("host", 80, None, "ws", "/mqtt")),
        ("ws://host:9001/", BrokerAddress("host", 9001, None, "ws", "/mqtt")),
        ("ws://[::1]:9001/ws/a-b", BrokerAddress("::1", 9001, None, "ws", "/ws/a-b")),
        ("wss://mien@host/ws", BrokerAddress("host", 443, "mien", "wss", "/ws")),
    ],
)
def test_what_is_understood(setting: str, address: BrokerAddress) -> None:
    assert parse_address(setting) == address


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("", "no host name"),
        ("mqtt://", "no host name"),
        ("mqtt://:1883", "no host name"),
        ("two words", "no host name"),
        ("host:", "number from 1 to 65535"),
        ("host:0", "number from 1 to 65535"),
        ("host:65536", "number from 1 to 65535"),
        ("host:http", "number from 1 to 65535"),
        ("host:\u0661\u0662", "number from 1 to 65535"),
        ("host:" + "9" * 5000, "number from 1 to 65535"),
        ("::1", "in brackets"),
        ("[::1", "no IPv6 address"),
        ("[host]:1883", "no IPv6 address"),
        ("[::1]1883", "no IPv6 address"),
        ("[::1]:", "number from 1 to 65535"),
        ("@host", "user before '@' is missing"),
        ("mqtt://host/path", "more than a host"),
        ("mqtt://host?x=1", "more than a host"),
        ("mqtts://host/path", "more than a host"),
        ("ws://host/mqtt?token=hunter2", "the path of websockets"),
        ("wss://host/a b", "the path of websockets"),
        ("wss://", "no host name"),
        ("http://host", "http:// is no scheme of a broker"),
        ("mqtt://caf\udce9@host", "not UTF-8; write it into a settings file"),
    ],
)
def test_what_is_refused(setting: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_address(setting)


@pytest.mark.parametrize(
    "setting",
    [
        "mqtt://mien:hunter2@host",
        "mien:hunter2@host:1883",
        "mqtt://:hunter2@host",
        "mqtt://mien:hunter2/x@host",
        "mqtt://mien:hunter2#@host",
        "mqtt://mien:hun@ter2@host",
        "mqtts://mien:hunter2@host",
        "wss://mien:hunter2@host/mqtt",
        "ws://host/mqtt?password=hunter2",
        "mqtt://mien:x://hunter2@host",
        "mqtt://host/?password=hunter2",
        "mien:hunter2://host",
    ],
)
def test_a_password_is_refused_and_not_repeated(setting: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(setting)
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)


def test_the_advice_for_a_password() -> None:
    with pytest.raises(UsageError, match="put the password into a password file"):
        parse_address("mqtt://mien:hunter2@host")


def test_how_an_address_is_shown() -> None:
    assert str(parse_address("mqtt://mien@host")) == "host:1883"
    assert str(parse_address("[::1]:1884")) == "[::1]:1884"
    assert str(parse_address("mqtts://mien@host")) == "mqtts://host:8883"
    assert str(parse_address("ws://mien@[::1]:9001/ws")) == "ws://[::1]:9001/ws"


def test_what_a_scheme_asks_for() -> None:
    asked = {
        scheme: (parse_address(f"{scheme}://host").has_tls, parse_address(f"{scheme}://host").port)
        for scheme in ("mqtt", "mqtts", "ws", "wss")
    }
    assert asked == {
        "mqtt": (False, 1883),
        "mqtts": (True, 8883),
        "ws": (False, 80),
        "wss": (True, 443),
    }


@pytest.mark.parametrize(
    ("setting", "broker"),
    [
        ("", None),
        ("embedded", Embedded(1883)),
        (" embedded:1884 ", Embedded(1884)),
        ("embedded.lan", BrokerAddress("embedded.lan")),
        ("mqtt://embedded", BrokerAddress("embedded")),
        ("mien@host:1884", BrokerAddress("host", 1884, "mien")),
    ],
)
def test_where_events_go(setting: str, broker: Embedded | BrokerAddress | None) -> None:
    assert parse_broker(setting) == broker


def test_an_embedded_broker_is_at_localhost_for_others() -> None:
    for setting in ("embedded", " embedded:1884"):
        with pytest.raises(UsageError, match="inside mien run; outside of it, it is localhost"):
            parse_address(setting)
    assert parse_address("mqtt://embedded:1884") == BrokerAddress("embedded", 1884)


@pytest.mark.parametrize("port", ["", "0", "port", "65536", "1883/x", "1883:1"])
def test_an_embedded_broker_s_port_is_one(port: str) -> None:
    with pytest.raises(UsageError, match=f"'embedded:{port}': the port is a number"):
        parse_broker(f"embedded:{port}")
