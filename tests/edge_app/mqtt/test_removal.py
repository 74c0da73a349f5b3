from __future__ import annotations

import pytest

from edge_app import cli
from tests.brokers import Mosquitto, free_port
from tests.edge_app.mqtt.listener import Listener

TOPIC = "homeassistant/device/mien_kitchen/config"


def test_a_device_is_taken_away(mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    with Listener(mosquitto.address, "homeassistant/#") as listener:
        listener.client.publish(TOPIC, b"{}", qos=1, retain=True).wait_for_publish(10)
        words = ["home-assistant", "remove", "--device", "kitchen", "--broker"]
        assert cli.main([*words, str(mosquitto.address)]) == 0
        assert [each.payload for each in listener.wait_for(TOPIC, 2)] == [b"{}", b""]
    assert "discovery = false" in capsys.readouterr().err
    with Listener(mosquitto.address, "homeassistant/#") as late:
        late.client.publish("homeassistant/end", b"", qos=1)
        late.wait_for("homeassistant/end")
        assert late.on(TOPIC) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["remove", "--device", "a/b"], 2, "device name 'a/b'"),
        (["remove", "--device", "kitchen", "--prefix", "a/#"], 2, "discovery prefix 'a/#'"),
        (["remove", "--device", "kitchen", "--prefix", ""], 2, "discovery prefix ''"),
        (["remove", "--device", "kitchen"], 1, "connection refused"),
    ],
)
def test_what_cannot_be_is_said(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = ["--broker", f"127.0.0.1:{free_port()}"]
    assert cli.main(["home-assistant", *words, *broker]) == code
    assert said in capsys.readouterr().err


def test_a_broker_that_refuses_is_named(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    mosquitto.stop()
    rules = mosquitto._folder / "rules"
    rules.write_text("topic read #\n", encoding="utf-8")
    rules.chmod(0o600)
    mosquitto._lines.append(f"acl_file {rules}")
    mosquitto.start()
    words = ["home-assistant", "remove", "--device", "kitchen", "--broker"]
    assert cli.main([*words, str(mosquitto.address)]) == 1
    assert "is not taken; check the broker's access rules" in capsys.readouterr().err
