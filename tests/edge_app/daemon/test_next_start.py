"""What another start would need is looked for without harm to what runs; test_live_run.py asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.daemon.next_start import check_next_start
from edge_app.errors import MienError
from edge_app.mqtt.outbox.place import outbox_file
from edge_app.mqtt.outbox.store import EventStore
from edge_app.settings import Settings
from edge_app.settings_file import read_settings

#: As another `mien run` would begin.
TAKE_IT = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0)
try:
    database.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def settings(**sections: object) -> Settings:
    of_all = {"device": {"name": "desk"}, "camera": {"source": "sample:"}}
    return read_settings(None, of_all | sections)  # type: ignore[arg-type]


def test_the_outbox_in_use_stays_locked(tmp_path: Path) -> None:
    now = settings(mqtt={"broker": "localhost"})
    file = outbox_file(tmp_path, "desk")
    with EventStore(file):
        check_next_start(now, None, {"STATE_DIRECTORY": str(tmp_path)}, running=now)
        done = subprocess.run(
            [sys.executable, "-c", TAKE_IT, str(file)], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == "database is locked"


def test_another_outbox_is_made_where_everything_else_is_there(tmp_path: Path) -> None:
    environ, running = {"STATE_DIRECTORY": str(tmp_path)}, settings()
    wanted: dict[str, object] = {"mqtt": {"broker": "localhost"}}
    with pytest.raises(MienError, match="no answer 'wrong'"):
        check_next_start(
            settings(**wanted, perception={"answer": "wrong"}), None, environ, running=running
        )
    assert not outbox_file(tmp_path, "desk").exists()
    check_next_start(settings(**wanted), None, environ, running=running)
    assert outbox_file(tmp_path, "desk").exists()


def test_an_embedded_broker_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    wanted = settings(mqtt={"broker": "embedded"})
    with pytest.raises(MienError, match="not installed"):
        check_next_start(wanted, None, {}, running=settings())
