"""docs/fleet with a real Node-RED: MIEN_NODE_RED=FOLDER pytest tests/fleet/test_node_red.py.

FOLDER is where `npm install node-red node-red-node-sqlite` was run.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.events.payloads import decode_event, encode
from tests.brokers import HOST, Mosquitto, wait_until
from tests.edge_app.history.dashboard import dashboard_queries
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import appeared, left, telemetry, telemetry_of_aggregates

FLEET = Path(__file__).parents[2] / "docs" / "fleet"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript((FLEET / "fleet.sql").read_text(encoding="utf-8"))
    return file


@contextlib.contextmanager
def node_red(broker: Mosquitto, database: Path, folder: Path) -> Iterator[Path]:
    """Node-RED with the shipped flow, unchanged; gives its log."""
    given = os.environ.get("MIEN_NODE_RED")
    if given is None:
        pytest.skip("set MIEN_NODE_RED to the folder of npm install node-red node-red-node-sqlite")
    folder.mkdir(exist_ok=True)
    (folder / "settings.js").write_text(
        "module.exports = {httpAdminRoot: false, httpNodeRoot: false, telemetry: {enabled: false},"
        f" uiHost: '{HOST}', uiPort: 0}};",
        encoding="utf-8",
    )
    log_file = folder / "node-red.log"
    (folder / "flows.json").write_bytes((FLEET / "flows.json").read_bytes())
    with log_file.open("ab") as log:
        before = log_file.stat().st_size
        process = subprocess.Popen(
            [
                "node", str(Path(given) / "node_modules/node-red/red.js"),
                "--userDir", str(folder), "--settings", str(folder / "settings.js"), "flows.json",
            ],
            stdout=log,
            stderr=log,
            env=os.environ
            | {
                "MIEN_BROKER": HOST,
                "MIEN_BROKER_PORT": str(broker.port),
                "MIEN_FLEET_FILE": str(database),
            },
        )  # fmt: skip
        try:
            wait_until(lambda: b"Connected to broker" in log_file.read_bytes()[before:], 120)
            yield log_file
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.timeout(400)
def test_a_run_arrives_and_the_dashboard_shows_it(
    mosquitto: Mosquitto, database: Path, tmp_path: Path
) -> None:
    with (
        node_red(mosquitto, database, tmp_path / "node-red") as log,
        Listener(mosquitto.address) as other,
    ):
        subprocess.run(
            [
                sys.executable, "-m", "edge_app.cli", "run", "--source", "sample:",
                "--pace", "fast", "--broker", str(mosquitto.address), "--device", "kitchen",
            ],
            check=True, timeout=200, env=os.environ | {"STATE_DIRECTORY": str(tmp_path)},
        )  # fmt: skip
        # Empty: what `mien home-assistant remove` says.
        for told in (b"", encode(telemetry()), encode(telemetry_of_aggregates())):
            other.client.publish("mien/kitchen/telemetry", told, qos=1)
        other.wait_for("mien/kitchen/telemetry")
        sent = [decode_event(each.payload) for each in other.on("mien/kitchen/event")]
        assert len(sent) >= 3
        wait_until(lambda: len(rows(database, "SELECT id FROM event")) == len(sent), 60)
        sent_here = "SELECT frames_per_second FROM telemetry WHERE rss_bytes=10000 ORDER BY time_ms"
        wait_until(lambda: rows(database, sent_here) == [(9.5,), (None,)], 60)
        assert b"malformed JSON" not in log.read_bytes()
    stored = {
        row[0]: row[1:]
        for row in rows(database, "SELECT id, device, type, time_ms, valence, arousal FROM event")
    }
    assert set(stored) == {event.id for event in sent}
    for event in sent:
        device, kind, time_ms, *affect = stored[event.id]
        assert (device, kind) == ("kitchen", event.__struct_config__.tag)
        assert affect == [getattr(event, name, None) for name in ("valence", "arousal")]
        assert isinstance(time_ms, int)
        assert abs(time_ms - event.time.timestamp() * 1000) <= 1
    for title, query in dashboard_queries(from_ms=0, to_ms=1 << 53, device="kitchen"):
        assert rows(database, query), title


@pytest.mark.timeout(400)
def test_what_came_while_it_was_away_and_what_is_no_event(
    mosquitto: Mosquitto, database: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "node-red"
    with node_red(mosquitto, database, folder) as log, Listener(mosquitto.address) as other:
        for payload in (encode(appeared(1)), b"{", b"[]", b'{"id": null}', encode(appeared(1))):
            other.client.publish("mien/kitchen/event", payload, qos=1)
        other.client.publish("mien/kitchen/event", encode(appeared(2)), qos=1)
        wait_until(lambda: len(rows(database, "SELECT id FROM event")) == 2, 60)
        for refusal in (b"malformed JSON", b"NOT NULL constraint failed: event.id"):
            wait_until(lambda refusal=refusal: refusal in log.read_bytes(), 60)
    with Listener(mosquitto.address) as other:
        other.client.publish("mien/kitchen/event", encode(left()), qos=1)
        other.wait_for("mien/kitchen/event")
    with node_red(mosquitto, database, folder):
        wait_until(lambda: len(rows(database, "SELECT id FROM event")) == 3, 60)
