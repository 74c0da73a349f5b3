"""`mien events --store` as a process, with a broker."""

from __future__ import annotations

import contextlib
import math
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge_app.cli import main
from edge_app.events.payloads import Alert, encode
from edge_app.history.recorder import Recorder
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.subscriber import Subscriber
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.listen.test_command import events
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import TIME, appeared, changed, left


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as database:
        return database.execute(query).fetchall()


def wait_for_events(file: Path, count: int, timeout_s: float = 30.0) -> None:
    """Wait until so many are in the file."""
    wait_until(lambda: rows(file, "SELECT COUNT(*) FROM event") == [(count,)], timeout_s)


def end(process: subprocess.Popen[str]) -> None:
    """As a service manager does."""
    process.terminate()
    assert process.wait(20) == 0


def test_shown_and_stored(mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    alert = Alert(id="camera", severity="warning", text="lost", since=TIME)
    with (
        events(mosquitto, "--store", str(file), "--count", "3") as process,
        Listener(mosquitto.address) as other,
    ):
        publisher.publish_alert("camera", alert)
        other.wait_for("mien/kitchen/alert/camera")
        for payload in (b"{", b"[", b""):
            other.client.publish("mien/kitchen/event", payload, qos=1)
        other.wait_for("mien/kitchen/event", 3)
        for event in (appeared(), changed(), left()):
            publisher.publish_event(event)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "camera" not in output
    assert len(output.splitlines()) == 4  # online, and three events
    first, last = errors.splitlines()
    assert first.startswith("mien: mien/kitchen/event: not recorded, ")
    assert last == "mien: 3 messages could not be recorded"
    assert rows(file, "SELECT COUNT(*) FROM event") == [(3,)]
    assert rows(file, "SELECT device, is_online FROM availability") == [("kitchen", 1)]
    assert rows(file, "SELECT device, id, text FROM alert") == [("kitchen", "camera", "lost")]
    assert main(["report", str(file), "--time-zone", "UTC"]) == 0
    page = file.with_suffix(".html").read_text(encoding="utf-8")
    assert "Messages that could not be recorded: 3" in page


def test_json_lines_stay_events_only(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--json", "--store", str(file), "--count", "1") as process:
        publisher.publish_event(left())
        output, _ = process.communicate(timeout=20)
    assert output == encode(left()).decode() + "\n"
    assert rows(file, "SELECT COUNT(*) FROM availability") == [(1,)]


def test_a_service_manager_ends_it_with_everything_written(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--store", str(file)) as process:
        publisher.publish_event(appeared())
        assert process.stdout is not None
        # Shown, and in memory yet: the file is written by the second.
        while "face_appeared" not in process.stdout.readline():
            pass
        end(process)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]
    assert not file.with_name("history.sqlite-wal").exists()


def test_a_kill_takes_nothing_that_was_written(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    for run in (1, 2):
        with events(mosquitto, "--store", str(file)) as process:
            # The second run hears again what the first had: the ids tell.
            for number in range(40 * run):
                publisher.publish_event(appeared(number))
            # No further message comes: what waits is written by the clock.
            wait_for_events(file, 40 * run)
            process.kill()
            process.wait(10)
        assert rows(file, "SELECT COUNT(*) FROM event") == [(40 * run,)]
        assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "SELECT COUNT(*) FROM recording") == [(2,)]


def wait_at_the_broker(
    mosquitto: Mosquitto, publisher: MqttPublisher, file: Path, count: int
) -> None:
    """Have it keep so many events for the recorder of a new file."""
    with events(mosquitto, "--store", str(file)) as process:
        end(process)
    for number in range(count):
        publisher.publish_event(appeared(number))
    wait_until(lambda: publisher.unacknowledged == 0)


def test_a_kill_in_the_middle_of_many_loses_none(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file, count = tmp_path / "history.sqlite", 900
    wait_at_the_broker(mosquitto, publisher, file, count)
    for _ in range(4):
        with events(mosquitto, "--store", str(file)) as process:
            assert process.stdout is not None
            # Some were heard, none or some are written.
            while "face_appeared" not in process.stdout.readline():
                pass
            process.kill()
            process.wait(10)
    with events(mosquitto, "--store", str(file)) as process:
        wait_for_events(file, count)
        end(process)


def test_what_it_recorded_does_not_come_again_after_its_end(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--store", str(file)) as process:
        for event in (appeared(), changed(), left()):
            publisher.publish_event(event)
        assert process.stdout is not None
        # The last was heard, and waits for others to be written with.
        while "face_left" not in process.stdout.readline():
            pass
        end(process)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(3,)]
    ((name,),) = rows(file, "SELECT name FROM subscriber")
    with Subscriber(mosquitto.address, ["mien/+/event"], kept_as=str(name)) as again:
        publisher.publish_event(appeared(9))
        message = again.receive(10)
        assert message is not None
        assert message.payload == encode(appeared(9))


def test_a_broker_that_wants_an_answer_to_each_is_not_kept_waiting(
    mosquitto: Mosquitto,
    publisher: MqttPublisher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edge_app.mqtt.subscriber._MOST_UNSETTLED", 1)
    monkeypatch.setattr("edge_app.mqtt.subscriber._SOON_S", math.inf)
    monkeypatch.setattr("edge_app.history.recorder._GATHER_S", math.inf)
    file = tmp_path / "history.sqlite"
    wait_at_the_broker(mosquitto, publisher, file, 50)
    broker = f"--broker={mosquitto.address}"
    assert main(["events", broker, "--json", "--store", str(file), "--count", "50"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 50
    assert rows(file, "SELECT COUNT(*) FROM event") == [(50,)]


def test_a_reader_that_stands_still_does_not_hold_up_the_recorder(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    # What a pipe takes without a reader, several times over.
    count = 1500
    with events(mosquitto, "--json", "--store", str(file)) as process:
        for number in range(count):
            publisher.publish_event(appeared(number))
        wait_for_events(file, count)
        assert process.stdout is not None
        # Nothing was lost for the reader that goes on.
        shown = [process.stdout.readline() for _ in range(count)]
        assert shown == [f"{encode(appeared(number)).decode()}\n" for number in range(count)]
        end(process)


def test_a_reader_that_never_goes_on_does_not_hold_up_the_end(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--json", "--store", str(file)) as process:
        for number in range(1500):
            publisher.publish_event(appeared(number))
        wait_for_events(file, 1500)
        end(process)
    assert not file.with_name("history.sqlite-wal").exists()


def test_another_programs_lock_does_not_end_it(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--store", str(file)) as process:
        assert process.stderr is not None
        publisher.publish_event(appeared())
        wait_for_events(file, 1)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            publisher.publish_event(changed())
            while "keeps it locked" not in (line := process.stderr.readline()):
                assert line
        wait_for_events(file, 2)
        assert process.stderr.readline() == f"mien: {file}: written again\n"
        end(process)


def test_while_it_is_full_it_takes_nothing_and_a_signal_ends_it(
    mosquitto: Mosquitto,
    publisher: MqttPublisher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            """The lock that it holds now and then is one that a signal's handler wants."""
            raise AssertionError(timeout)

    class Full(Recorder):
        looks = 0

        @property
        def is_full(self) -> bool:
            Full.looks += 1
            if Full.looks == 3:
                signal.raise_signal(signal.SIGTERM)
            return True

    publisher.publish_event(appeared())
    monkeypatch.setattr("edge_app.listen.command.Recorder", Full)
    monkeypatch.setattr("edge_app.listen.command._LOOK_S", 0.01)
    monkeypatch.setattr("edge_app.listen.command.threading", SimpleNamespace(Event=Event))
    file = tmp_path / "history.sqlite"
    assert main(["events", f"--broker={mosquitto.address}", "--store", str(file)]) == 0
    assert Full.looks == 3
    assert capfd.readouterr().out == ""


def test_what_comes_during_a_long_lock_waits_at_the_broker(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path, lines=("max_queued_messages 0",))
    mosquitto.start()
    file, count = tmp_path / "history.sqlite", 15_000
    with (
        events(mosquitto, "--json", "--store", str(file)) as process,
        Listener(mosquitto.address, "mien/kitchen/availability") as other,
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        # What it says of the lock comes after the lines before it.
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        other.client.publish("mien/kitchen/availability", b"online", qos=1, retain=True)
        wait_until(lambda: rows(file, "SELECT COUNT(*) FROM availability") == [(1,)])
        database.execute("BEGIN IMMEDIATE")
        for number in range(count):
            said = other.client.publish("mien/kitchen/event", encode(appeared(number)), qos=1)
        said.wait_for_publish(60)
        assert "keeps it locked" in process.stderr.readline()
        database.execute("ROLLBACK")
        assert process.stderr.readline() == f"mien: {file}: written again\n"
        wait_for_events(file, count, 60)
        end(process)
        reader.join()
    # It listened all the time.
    assert rows(file, "SELECT COUNT(*) FROM recording") == [(1,)]
    mosquitto.stop()


def test_what_is_said_while_it_is_away_arrives_later(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    for run in (1, 2):
        with events(mosquitto, "--store", str(file)) as process:
            publisher.publish_event(appeared(100 * run))
            wait_for_events(file, 1 if run == 1 else 53)
            end(process)
        if run == 1:
            for number in range(50):
                publisher.publish_event(appeared(number))
            hall = MqttPublisher(mosquitto.address, device="hall")
            hall.connect()
            hall.publish_event(left())
            wait_until(lambda: hall.unacknowledged + publisher.unacknowledged == 0)  # noqa: B023 - likewise
            hall.close()
    # Only what is retained: nobody knows when the other came, and went.
    assert rows(file, "SELECT device, is_online FROM availability ORDER BY device, number") == [
        ("hall", 0),
        ("kitchen", 1),
        ("kitchen", 1),
    ]


def test_devices_that_are_back_before_it_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    mosquitto = Mosquitto(folder, lines=("persistence true", f"persistence_location {folder}/"))
    mosquitto.start()
    publisher = MqttPublisher(
        mosquitto.address, device="kitchen", backoff=Backoff(first_s=0.01, longest_s=0.01)
    )
    publisher.connect()
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--store", str(file)) as process:
        mosquitto.stop()
        process.send_signal(signal.SIGSTOP)
        for number in range(50):
            publisher.publish_event(appeared(number))
        mosquitto.start()
        wait_until(lambda: publisher.unacknowledged == 0)
        process.send_signal(signal.SIGCONT)
        wait_for_events(file, 50)
        end(process)
    publisher.close()
    mosquitto.stop()


def test_an_end_in_the_middle_of_many_loses_none(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    wait_at_the_broker(mosquitto, publisher, file, 900)
    for number in (signal.SIGTERM, signal.SIGINT):
        # It is told as soon as it listens, and takes what waits as fast as it can.
        with events(mosquitto, "--store", str(file)) as process:
            process.send_signal(number)
            assert process.wait(20) == 0
    with events(mosquitto, "--store", str(file)) as process:
        wait_for_events(file, 900)
        end(process)


def test_the_time_without_a_broker_is_not_known(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    with events(mosquitto, "--store", str(file)) as process:
        publisher.publish_event(appeared())
        wait_for_events(file, 1)
        mosquitto.stop()
        away_ms = time.time_ns() // 1_000_000
        mosquitto.start()
        wait_until(lambda: rows(file, "SELECT COUNT(*) FROM recording") == [(2,)])
        end(process)
    query = f"SELECT end_ms <= {away_ms}, start_ms >= {away_ms} FROM recording ORDER BY number"  # noqa: S608
    assert rows(file, query) == [(1, 0), (0, 1)]


def test_an_alert_that_ended_while_nobody_recorded_gets_no_end_later(
    mosquitto: Mosquitto, publisher: MqttPublisher, tmp_path: Path
) -> None:
    file = tmp_path / "history.sqlite"
    names = ("camera", "too-hot")
    for run in (1, 2):
        with events(mosquitto, "--store", str(file)) as process:
            for name in names:
                alert = Alert(id=name, severity="warning", text="lost", since=TIME)
                # In the second run the device starts anew, and nothing is wrong any more.
                publisher.publish_alert(name, alert if run == 1 else None)
            publisher.publish_event(appeared(run))
            wait_for_events(file, run)
            end(process)
        if run == 1:
            with Listener(mosquitto.address) as other:
                publisher.publish_alert("camera", None)
                other.wait_for("mien/kitchen/alert/camera")
    assert rows(file, "SELECT id, end_ms IS NULL FROM alert ORDER BY id") == [
        ("camera", 1),
        ("too-hot", 0),
    ]


def test_keep_without_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--keep", "3"]) == 2
    assert capsys.readouterr().err == "mien: --keep needs --store FILE\n"


def test_a_store_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--store", str(tmp_path / "no" / "history.sqlite")]) == 2
    assert "name a file in a folder of yours" in capsys.readouterr().err
