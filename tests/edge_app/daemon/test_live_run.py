"""A subscriber that knows docs/asyncapi.yaml and nothing else, beside a real daemon and broker."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_app.perception.card import card_path
from edge_app.perception.shipped import EMOTION, FACE_160
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.daemon import own_models
from tests.json_schema import errors, resolve

DOCUMENT = yaml.safe_load(
    (Path(__file__).parents[3] / "docs/asyncapi.yaml").read_text(encoding="utf-8")
)


class Heard(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    is_retained: bool
    expiry_s: int | None


class Outsider:
    """Hears everything as it was published: its quality of service, and whether to be retained."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe("#", options=SubscribeOptions(qos=2, retainAsPublished=True))
        assert self._subscribed.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def on(self, name: str) -> list[Any]:
        """What was said on a channel of the device; JSON."""
        topic = f"mien/desk/{name}"
        return [json.loads(each.payload) for each in self.heard if each.topic == topic]

    def ask(self, name: str, request_id: str, **fields: Any) -> dict[str, Any]:
        """Send a request as documented; returns its answer."""
        binding = DOCUMENT["operations"][f"receive_request_{name}"]["bindings"]["mqtt"]
        payload = json.dumps({"id": request_id, **fields}).encode()
        self.send(name, payload, qos=binding["qos"], retain=binding["retain"])
        answer: dict[str, Any] = self.on(f"response/{name}")[-1]
        assert answer["id"] == request_id
        return answer

    def send(self, name: str, payload: bytes, *, qos: int, retain: bool) -> str:
        """Send anything; returns the status of its answer."""
        before = len(self.on(f"response/{name}"))
        self._client.publish(f"mien/desk/request/{name}", payload, qos=qos, retain=retain)
        wait_until(lambda: len(self.on(f"response/{name}")) > before, 30)
        return str(self.on(f"response/{name}")[-1]["status"])

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
        self.heard.append(
            Heard(message.topic, message.payload, message.qos, message.retain, expiry_s)
        )


@pytest.fixture
def outsider(mosquitto: Mosquitto) -> Iterator[Outsider]:
    outsider = Outsider(mosquitto.port)
    yield outsider
    outsider.close()


def start(
    mosquitto: Mosquitto | None,
    folder: Path,
    *words: str,
    stdout: int | None = None,
    stderr: int | None = None,
    **environment: str,
) -> subprocess.Popen[bytes]:
    """mosquitto: None where the settings name the broker."""
    broker = [] if mosquitto is None else ["--broker", f"127.0.0.1:{mosquitto.port}"]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_app.cli", "run", "--source", "sample:"),
            *(*broker, "--device", "desk", *words),
        ],
        env={**os.environ, "STATE_DIRECTORY": str(folder / "state"), **environment},
        stdout=stdout,
        stderr=stderr,
    )


def is_documented(heard: Heard) -> str | None:
    """What the document has against a message; None if it is all right."""
    for name, channel in DOCUMENT["channels"].items():
        pattern = re.sub(r"{\w+}", "[A-Za-z0-9_-]+", channel["address"])
        if not re.fullmatch(pattern, heard.topic):
            continue
        operation = next(
            each
            for each in DOCUMENT["operations"].values()
            if each["channel"]["$ref"] == f"#/channels/{name}"
        )
        wrong = []
        for message in channel["messages"].values():
            said = resolve(message["$ref"], DOCUMENT)
            kind = said.get("contentType", DOCUMENT["defaultContentType"])
            try:
                text = heard.payload.decode()
                value = json.loads(text) if kind == "application/json" else text
            except ValueError as error:
                wrong.append(str(error))
                continue
            wrong.append("; ".join(errors(value, said["payload"], DOCUMENT)))
        if all(wrong):
            return f"{heard}: {wrong}"
        binding = operation["bindings"]["mqtt"]
        if operation["action"] == "send" and (
            (heard.qos, heard.is_retained, heard.expiry_s)
            != (binding["qos"], binding["retain"], binding.get("messageExpiryInterval"))
        ):
            return f"{heard}: not sent as {binding}"
        return None
    return f"{heard}: no such channel"


def test_every_message_of_a_live_run_is_as_documented(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    with start(mosquitto, tmp_path) as daemon:
        try:
            wait_until(lambda: outsider.on("event"), 60)
            assert outsider.ask("settings", "1")["result"]["reaction"] == "normal"
            assert outsider.ask("settings", "2", change={"reaction": "quick"})["status"] == "ok"
            assert outsider.send("dance", b'{"id": "3"}', qos=0, retain=True) == "error"
            assert outsider.ask("identify", "4")["status"] == "ok"
            info = outsider.ask("diagnostics", "5")["result"]["info"]
            assert info["source"] == "sample:"
            assert info["settings"]["answer"] == "default"
            assert outsider.ask("privacy", "6", mode="aggregates")["status"] == "ok"
            assert outsider.ask("privacy", "7", mode="full")["status"] == "ok"
            assert outsider.ask("pause", "8")["status"] == "ok"
            assert outsider.on("telemetry")[-1]["source"] == "paused"
            assert outsider.ask("resume", "9")["status"] == "ok"
            assert outsider.ask("restart", "11")["status"] == "ok"
            assert daemon.wait(30) == 75
        finally:
            daemon.kill()
    wait_until(lambda: any(each.payload == b"offline" for each in outsider.heard))
    wrong = [error for each in outsider.heard if (error := is_documented(each))]
    # What no document can allow, for once sent by us.
    assert len(wrong) == 1
    assert "mien/desk/request/dance" in wrong[0]
    spoken = {each.topic.removeprefix("mien/desk/").split("/")[0] for each in outsider.heard}
    assert spoken >= {
        "availability", "info", "state", "event", "summary", "telemetry", "alert", "request",
        "response",
    }  # fmt: skip
    topics = {each.topic for each in outsider.heard}
    assert "homeassistant/device/mien_desk/config" in topics
    # Alerts of the outbox and those made from telemetry: an earlier process's are taken back.
    assert {"mien/desk/alert/outbox-dropped", "mien/desk/alert/too-hot"} <= topics


def test_a_pause_outlives_the_process(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    with start(mosquitto, tmp_path) as daemon:
        try:
            wait_until(lambda: outsider.on("telemetry"), 60)
            outsider.ask("pause", "1")
        finally:
            daemon.kill()  # as a power cut does
    wait_until(lambda: outsider.heard[-1].payload == b"offline")
    outsider.heard.clear()
    with start(mosquitto, tmp_path) as daemon:
        try:
            wait_until(lambda: outsider.on("telemetry"), 60)
            assert outsider.on("telemetry")[-1]["source"] == "paused"
            topics = [each.topic.removeprefix("mien/desk/") for each in outsider.heard]
            assert topics.index("state") < topics.index("availability"), "it may say who was there"
            assert not outsider.on("state")[0]["is_known"]
            assert outsider.ask("resume", "2")["status"] == "ok"
            wait_until(lambda: outsider.on("event"), 60)
        finally:
            daemon.terminate()
            assert daemon.wait(30) == 0


def test_a_restart_is_refused_while_the_settings_would_keep_it_from_starting(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text("")
    with start(mosquitto, tmp_path, "--settings", str(settings)) as daemon:
        try:
            wait_until(lambda: outsider.on("telemetry"), 60)
            settings.write_text("[camera]\nwidht = 640\n")
            answer = outsider.ask("restart", "1")
            assert answer["status"] == "error"
            assert "widht" in answer["error"]
            settings.write_text("[camera]\nwidth = 640\n")
            assert outsider.ask("restart", "2")["status"] == "ok"
            assert daemon.wait(30) == 75
        finally:
            daemon.kill()


def test_a_restart_is_refused_while_what_the_settings_name_would_keep_it_from_starting(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    key = own_models.OWNER.write_public(tmp_path / "key.pem")
    models = own_models.make(tmp_path / "models")
    own_models.sign(models)
    whole = (models / EMOTION.name).read_bytes()
    (models / EMOTION.name).write_bytes(whole[: len(whole) // 2])
    unfit = own_models.make(tmp_path / "unfit")
    card = card_path(unfit / FACE_160.name)
    card.write_text(json.dumps(json.loads(card.read_text()) | {"strides": [8, 16, 64]}))
    unsigned = f'[models]\ndirectory = "{unfit}"\nrequire_signature = false\n'
    small = "[perception]\nsmallest_face = 0.2\n"
    own = f'[models]\ndirectory = "{models}"\ntrusted_key = "{key}"\n'
    secure = f'broker = "mqtts://127.0.0.1:{mosquitto.port}"\n'
    settings = tmp_path / "mien.toml"
    now = f'[mqtt]\nbroker = "127.0.0.1:{mosquitto.port}"\n'
    settings.write_text(now)
    unlike_now = {
        own + now: f"{models / EMOTION.name}: ",
        unsigned + small + now: "outputs, bbox_32 for one, do not fit its strides [8, 16, 64]",
        "": "no broker is set",
        f'[perception]\nanswer = "ferpluss"\n{now}': "it has no answer 'ferpluss'",
        '[mqtt]\nbroker = "embedded:99999"\n': "the port is a number",
        f'[mqtt]\n{secure}ca_file = "/nowhere/ca.pem"\n': "CA file /nowhere/ca.pem: No such file",
        '[mqtt]\nbroker = "me@localhost"\npassword_file = "/nowhere/it"\n': "password file /now",
        f'[mqtt]\n{secure}[outbox]\ndirectory = "/proc/x"\n': "outbox /proc/x/outbox-desk.sql",
    }
    with start(
        *(None, tmp_path, "--settings", str(settings)),
        stdout=subprocess.DEVNULL,
        NOTIFY_SOCKET=str(tmp_path / "notify"),
    ) as daemon:
        try:
            wait_until(lambda: outsider.on("telemetry"), 60)
            for number, (text, said) in enumerate(unlike_now.items()):
                settings.write_text(text)
                answer = outsider.ask("restart", str(number))
                assert answer["status"] == "error", text
                assert said in answer["error"]
            (models / EMOTION.name).write_bytes(whole)
            settings.write_text(f'{own}[mqtt]\n{secure}[outbox]\ndirectory = "{tmp_path / "o"}"\n')
            assert outsider.ask("restart", "last")["status"] == "ok"
            assert daemon.wait(30) == 75
        finally:
            daemon.kill()
    assert (tmp_path / "o/outbox-desk.sqlite").exists()


def test_the_start_may_take_longer_where_a_large_outbox_is_opened(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with (state / "outbox-desk.sqlite.damaged").open("wb") as file:
        file.truncate(300_000_000)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        with start(mosquitto, tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as daemon:
            try:
                said = b""
                while not said.startswith((b"EXTEND", b"READY")):
                    said = manager.recv(1000)
                assert said == b"EXTEND_TIMEOUT_USEC=450000000"
            finally:
                daemon.terminate()


def test_a_paused_device_does_not_tell_the_password_in_a_misspelt_source(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/privacy-desk.json").write_text('{"is_paused": true}')
    words = ("--source", "rtsp:/me:hunter2@cam/1")
    with start(mosquitto, tmp_path, *words, stderr=subprocess.PIPE) as daemon:
        try:
            _, errors = daemon.communicate(timeout=60)
        finally:
            daemon.kill()
    assert daemon.returncode == 2
    assert b"rtsp:/cam: no such source" in errors
    assert b"hunter2" not in errors
    assert outsider.on("info") == []


def test_a_whole_run_in_aggregates_says_nothing_of_a_single_face(
    mosquitto: Mosquitto, outsider: Outsider, tmp_path: Path
) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text(
        '[privacy]\nmode = "aggregates"\npurpose = "a trial"\n[home_assistant]\ndiscovery = false\n'
    )
    with start(mosquitto, tmp_path, "--settings", str(settings), "--pace", "fast") as daemon:
        assert daemon.wait(100) == 0
    wait_until(lambda: any(each.payload == b"offline" for each in outsider.heard))
    assert outsider.on("event") == []
    told = outsider.on("state")
    assert {(len(each["faces"]), each["is_known"]) for each in told} == {(0, False)}
    assert len(told) <= 2, "at the start, and by the mode"
    assert [each["withheld"] for each in outsider.on("summary")] == [True]
    assert outsider.on("info")[-1]["settings"]["purpose"] == "a trial"
    assert {each["faces"] for each in outsider.on("telemetry")} == {None}
    assert all(not each.topic.startswith("homeassistant") for each in outsider.heard)
    assert [error for each in outsider.heard if (error := is_documented(each))] == []
