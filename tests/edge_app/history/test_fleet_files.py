"""The files of docs/fleet that need no other program to be checked."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import Event, FaceAppeared, encode
from edge_app.history.recorder import Recorder
from edge_app.history.schema import TABLES
from tests.edge_app.history.dashboard import FLEET, dashboard, dashboard_queries
from tests.edge_app.history.days import fortnight, visit
from tests.edge_app.mqtt.samples import changed, left, telemetry, telemetry_of_aggregates


def fleet_tables(connection: sqlite3.Connection) -> None:
    connection.executescript((FLEET / "fleet.sql").read_text(encoding="utf-8"))


def bring_up_to_date(file: Path, script: str, *first: str) -> subprocess.CompletedProcess[str]:
    """Give a script of docs/fleet to the shell, as the script's own comment says."""
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("no sqlite3 (apt-get install sqlite3)")
    commands = [word for each in first for word in ("-cmd", each)]
    with (FLEET / script).open(encoding="utf-8") as lines:
        return subprocess.run(
            [shell, *commands, str(file)], stdin=lines, capture_output=True, text=True, check=False
        )


def fleet_without_aggregates(file: Path) -> sqlite3.Connection:
    """An older fleet's file, whose telemetry must have a frame rate."""
    older = (FLEET / "fleet.sql").read_text(encoding="utf-8")
    for column in ("frames_per_second", "cpu_share"):
        assert f"{column} REAL," in older
        older = older.replace(f"{column} REAL,", f"{column} REAL NOT NULL,")
    fleet = sqlite3.connect(file)
    fleet.executescript(older)
    return fleet


def columns(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"PRAGMA table_info({table})").fetchall()


def indices(connection: sqlite3.Connection, table: str) -> set[object]:
    return {row[1] for row in connection.execute(f"PRAGMA index_list({table})")}


def store(connection: sqlite3.Connection, table: str, message: object) -> None:
    """Put a message into the table as the flow's own statement does."""
    nodes = json.loads((FLEET / "flows.json").read_text(encoding="utf-8"))
    (statement,) = [node["sql"] for node in nodes if node["id"] == f"mien-{table}-row"]
    payload = msgspec.json.encode(message).decode()
    connection.execute(statement, {"device": "kitchen", "payload": payload})


def test_the_fleets_events_are_those_of_a_store() -> None:
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as ours,
        contextlib.closing(sqlite3.connect(":memory:")) as fleet,
    ):
        for statement in TABLES:
            ours.execute(statement)
        fleet_tables(fleet)
        assert columns(ours, "event") == columns(fleet, "event") != []


def test_an_older_fleets_file_is_brought_up_to_date(tmp_path: Path) -> None:
    older = (FLEET / "fleet.sql").read_text(encoding="utf-8")
    newer = {
        "add-affect.sql": ",\n    valence REAL, arousal REAL",
        "add-answer.sql": ", answer TEXT, reaction TEXT",
        "add-cards.sql": ", cards TEXT",
    }
    for columns_of_it in newer.values():
        assert columns_of_it in older
        older = older.replace(columns_of_it, "")
    file = tmp_path / "fleet.sqlite"
    with (
        contextlib.closing(sqlite3.connect(file)) as fleet,
        contextlib.closing(sqlite3.connect(":memory:")) as new,
    ):
        fleet.executescript(older)
        for script in newer:
            assert bring_up_to_date(file, script).returncode == 0
        fleet_tables(new)
        assert columns(fleet, "event") == columns(new, "event")


def test_a_fleets_file_without_aggregates_is_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "fleet.sqlite"
    with (
        contextlib.closing(fleet_without_aggregates(file)) as fleet,
        contextlib.closing(sqlite3.connect(":memory:")) as new,
    ):
        store(fleet, "telemetry", telemetry())
        with pytest.raises(sqlite3.IntegrityError):
            store(fleet, "telemetry", telemetry_of_aggregates())
        fleet.commit()
        assert bring_up_to_date(file, "add-aggregates.sql").returncode == 0
        store(fleet, "telemetry", telemetry_of_aggregates())
        assert len(fleet.execute("SELECT * FROM telemetry").fetchall()) == 2
        fleet_tables(new)
        assert columns(fleet, "telemetry") == columns(new, "telemetry")
        assert indices(fleet, "telemetry") == indices(new, "telemetry")


def test_a_full_disk_takes_nothing_from_an_older_fleets_file(tmp_path: Path) -> None:
    file = tmp_path / "fleet.sqlite"
    with contextlib.closing(fleet_without_aggregates(file)) as fleet:
        before = columns(fleet, "telemetry")
        fleet.executemany(
            "INSERT INTO telemetry VALUES ('kitchen', ?, 1, 9.5, 1, 50, 0.5, 10000, 0, 0)",
            ((time_ms,) for time_ms in range(5_000)),
        )
        fleet.commit()
        (pages,) = fleet.execute("PRAGMA page_count").fetchone()
        # Room for the new table, but not for all that goes into it.
        ended = bring_up_to_date(
            file, "add-aggregates.sql", f"PRAGMA max_page_count = {pages + 10}"
        )
        assert ended.returncode != 0
        assert "full" in ended.stderr
        assert fleet.execute("SELECT COUNT(*) FROM telemetry").fetchone() == (5_000,)
        assert columns(fleet, "telemetry") == before


def test_the_flow_stores_what_each_privacy_mode_tells_once() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as fleet:
        fleet_tables(fleet)
        for message in (telemetry(), telemetry_of_aggregates(), telemetry_of_aggregates()):
            store(fleet, "telemetry", message)
        stored = fleet.execute(
            "SELECT device, frames_per_second, cpu_share, rss_bytes FROM telemetry ORDER BY time_ms"
        )
        assert stored.fetchall() == [("kitchen", 9.5, 0.5, 10_000), ("kitchen", None, None, 10_000)]
        for event in (changed(), left(), changed()):
            store(fleet, "event", event)
        events = fleet.execute(
            "SELECT type, emotion, model, answer, reaction FROM event ORDER BY id"
        ).fetchall()
        maker = ("5e" * 6, "default", "normal")
        assert events == [("emotion_changed", "happy", *maker), ("face_left", None, *maker)]


def test_the_flow_does_not_pass_over_what_is_no_event() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as fleet:
        fleet_tables(fleet)
        with pytest.raises(sqlite3.IntegrityError, match=r"NOT NULL.*event\.id"):
            store(fleet, "event", {"id": None})


def test_the_flow_passes_over_telemetry_that_was_taken_back() -> None:
    """`mien home-assistant remove` empties what the broker kept; that is no error."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no Node.js (apt-get install nodejs)")
    nodes = json.loads((FLEET / "flows.json").read_text(encoding="utf-8"))
    (function,) = [node["func"] for node in nodes if node["id"] == "mien-telemetry-values"]
    said = []
    for payload in ("", "{}"):
        message = json.dumps({"topic": "mien/kitchen/telemetry", "payload": payload})
        told = f"((msg) => {{{function}}})({message})"
        script = f"console.log(JSON.stringify({told}))"
        ended = subprocess.run([program, "-e", script], capture_output=True, check=True)
        said.append(json.loads(ended.stdout))
    assert said[0] is None
    assert said[1]["params"] == {"$device": "kitchen", "$payload": "{}"}


def test_means_of_valence_and_arousal_count_the_seconds(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    ids, noon = TimeOrderedIds(utc_ms=lambda: 0), datetime(2025, 3, 1, 12, tzinfo=UTC)
    visits = [
        # Happy for 30 and 20 s at 0.75, sad for 10 s at -0.5.
        *visit(noon, [("happy", 30.0), ("sad", 10.0)], ids),
        *visit(noon, [("happy", 20.0)], ids),
        # Told by a device that knew neither.
        *[without_affect(event) for event in visit(noon, [("sad", 50.0)], ids)],
    ]
    with Recorder(file) as recorder:
        for event in visits:
            recorder.take("mien/kitchen/event", encode(event))
    queries = dict(dashboard_queries(from_ms=0, to_ms=1 << 53, device="kitchen"))
    hour = int(noon.timestamp())
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for name, mean in (("valence", 0.5417), ("arousal", 0.1234)):
            query = queries[f"Mean {name}, by the hour that the visit ended"]
            assert connection.execute(query).fetchall() == [
                (hour, "kitchen", pytest.approx(mean, abs=1e-4))
            ]


def without_affect(event: Event) -> Event:
    if isinstance(event, FaceAppeared):
        return event
    return msgspec.structs.replace(event, valence=None, arousal=None)


def test_every_panel_gets_the_columns_that_it_draws(tmp_path: Path) -> None:
    file = tmp_path / "fleet.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        fleet_tables(connection)
        queries = dict(dashboard_queries(from_ms=0, to_ms=1, device="kitchen"))
        panels = {panel["title"]: panel for panel in dashboard()["panels"]}
        assert len(panels) == len(queries) == 11
        for title, query in queries.items():
            names = [each[0] for each in connection.execute(query).description]
            assert "time" in names, title
            if panels[title]["type"] == "timeseries":
                # A time, at most one word that names the line, and the figure.
                assert names[0] == "time", title
                assert len(names) == 3, title


def test_the_panels_of_events_read_a_store_too(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    with Recorder(file) as recorder:
        for event in fortnight("kitchen", seed=3):
            recorder.take("mien/kitchen/event", encode(event))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for title, query in dashboard_queries(from_ms=0, to_ms=1 << 53, device="kitchen"):
            if "FROM telemetry" not in query:
                assert connection.execute(query).fetchall(), title


@pytest.mark.parametrize("key", ["id", "title", "gridPos", "targets", "fieldConfig", "datasource"])
def test_panels_are_whole(key: str) -> None:
    panels = dashboard()["panels"]
    assert all(key in panel for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_wires_of_the_flow_lead_somewhere() -> None:
    nodes = {
        node["id"]: node for node in json.loads((FLEET / "flows.json").read_text(encoding="utf-8"))
    }
    for node in nodes.values():
        ends = [end for wire in node.get("wires", []) for end in wire]
        named = [
            node[key]
            for key in ("broker", "mydb", "z")
            if node["type"] != "mqtt-broker" and key in node
        ]
        assert set(ends + named) <= set(nodes), node["id"]
