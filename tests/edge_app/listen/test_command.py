from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge_app.cli import main
from edge_app.events.payloads import encode
from edge_app.mqtt.publisher import MqttPublisher
from tests.brokers import Mosquitto, free_port
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import appeared, changed, left


@contextmanager
def events(mosquitto: Mosquitto, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, subscribed."""
    command = [sys.executable, "-W", "error", "-m", "edge_app.cli", "events"]
    with subprocess.Popen(
        [*command, "--broker", str(mosquitto.address), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"TZ": "UTC", "PYTHONIOENCODING": "utf-8"},
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line == f"mien: listening to 127.0.0.1:{mosquitto.port}\n"
            yield process
        finally:
            process.kill()


def test_lines_for_people(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    with events(mosquitto, "--count", "3") as process:
        for event in (appeared(), changed(), left()):
            publisher.publish_event(event)
        output, errors = process.communicate(timeout=10)
    online, *lines = output.splitlines()
    assert online.endswith(" kitchen  online")
    assert lines == [
        "12:01:07 kitchen  face_appeared  face …3f2a",
        (
            "12:01:07 kitchen  emotion_changed  neutral → happy (0.83)"
            "  valence +0.68, arousal +0.43  face …3f2a"
        ),
        (
            "12:01:07 kitchen  face_left  after 12.4 s: happy 9.1 s, neutral 3.3 s"
            "  valence +0.50, arousal +0.00  face …3f2a"
        ),
    ]
    assert errors == ""
    assert process.returncode == 0


def test_availability_as_it_changes(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    with events(mosquitto) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(" kitchen  online\n")
        publisher.close()
        assert process.stdout.readline().endswith(" kitchen  offline\n")
        # Somebody takes it away, and it is back.
        with Listener(mosquitto.address) as other:
            for payload in (b"", b"online"):
                other.client.publish("mien/kitchen/availability", payload, qos=1)
            assert process.stdout.readline().endswith(" kitchen  online\n")


def test_json_lines_are_the_payloads(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    pretty = json.dumps(json.loads(encode(left())), indent=2)
    with (
        events(mosquitto, "--json", "--count", "3") as process,
        Listener(mosquitto.address) as other,
    ):
        publisher.publish_event(appeared())
        publisher.publish_event(changed())
        other.wait_for("mien/kitchen/event", 2)
        other.client.publish("mien/kitchen/event", pretty, qos=1)
        output, errors = process.communicate(timeout=10)
    lines = output.splitlines()
    assert lines[:2] == [encode(appeared()).decode(), encode(changed()).decode()]
    assert json.loads(lines[2]) == json.loads(pretty)
    assert len(lines) == 3
    assert errors == ""


def test_no_device_speaks_for_another(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    """Rules at the broker may keep it to its topics, but not to its name in what it says."""
    for words in ((), ("--json",)):
        with (
            events(mosquitto, "--count", "1", *words) as process,
            Listener(mosquitto.address) as other,
        ):
            other.client.publish("mien/evil/event", encode(left()), qos=1)
            other.wait_for("mien/evil/event")
            publisher.publish_event(appeared())
            output, errors = process.communicate(timeout=10)
        assert "face_appeared" in output
        assert "face_left" not in output
        assert errors == "mien: mien/evil/event: skipped, an event that names another device\n"


def test_one_device_of_two(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    other = MqttPublisher(mosquitto.address, device="hall")
    other.connect()
    with events(mosquitto, "--device", "kitchen", "--count", "1") as process:
        other.publish_event(left())
        other.close()
        publisher.publish_event(appeared())
        output, _ = process.communicate(timeout=10)
    assert "face_left" not in output
    assert "hall" not in output
    assert "face_appeared" in output


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b'{"type": "face_appeared"}',
        b'{"type": "\x1b[2J"}',
        b'{"a": ' + b"[" * 100_000,
        encode(appeared()).replace(b"2025-03-01", b"2025-13-01"),
        encode(appeared()).replace(b"kitchen", b"\xff"),
    ],
)
def test_what_is_no_event_is_one_line(
    mosquitto: Mosquitto, publisher: MqttPublisher, payload: bytes
) -> None:
    with events(mosquitto, "--count", "1") as process, Listener(mosquitto.address) as other:
        other.client.publish("mien/kitchen/event", payload, qos=1)
        other.wait_for("mien/kitchen/event")
        publisher.publish_event(appeared())
        output, errors = process.communicate(timeout=10)
    assert "12:01:07 kitchen  face_appeared  face …3f2a\n" in output
    assert errors.startswith("mien: mien/kitchen/event: skipped, not an event")
    assert errors.count("\n") == 1
    assert "\x1b" not in errors
    assert process.returncode == 0


def test_times_at_the_ends_of_the_calendar(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    with events(mosquitto, "--count", "1") as process, Listener(mosquitto.address) as other:
        for year in (b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00"):
            payload = encode(appeared()).replace(b"2025-03-01T12:01:07Z", year)
            other.client.publish("mien/kitchen/event", payload, qos=1)
        other.wait_for("mien/kitchen/event", 2)
        publisher.publish_event(left())
        output, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "kitchen  face_" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_service_manager_end_it(mosquitto: Mosquitto, number: signal.Signals) -> None:
    with events(mosquitto) as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (output, errors, process.returncode) == ("", "", 0)


def test_a_reader_that_leaves_ends_it(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    with events(mosquitto) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(" kitchen  online\n")
        process.stdout.close()
        # No further event: an open pipe without a reader is enough.
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert publisher.unacknowledged == 0


def test_a_reader_that_leaves_while_events_come(
    mosquitto: Mosquitto, publisher: MqttPublisher
) -> None:
    with events(mosquitto, "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        publisher.publish_event(appeared())
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def run(*arguments: str) -> int:
    return main(["events", *arguments])


def test_an_unreachable_broker(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert run("--broker", f"127.0.0.1:{port}") == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == (
        f"mien: broker 127.0.0.1:{port}: connection refused;"
        " check that the broker runs and that the port is right\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--broker", "mqtt://mien:hunter2@localhost"),
        ("--broker", "localhost:0"),
        ("--device", "a/b"),
        ("--password-file", "/nowhere", "--broker", "mien@localhost"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("mien: ")
    assert errors.count("\n") == 1
    assert "hunter2" not in errors


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--count", count)
    assert caught.value.code == 2
    assert "--count: must be a whole number, 1 or more\n" in capsys.readouterr().err
