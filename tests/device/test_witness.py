"""What whole devices are counted by, held to the outbox that it watches: machines take hours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, time
from pathlib import Path
import tests.device.boot.witness
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.store import EventStore
store = EventStore(Path(sys.argv[1]))
with Outbox(store, group_s=0.0) as outbox:
    outbox.start(lambda: None)
    deadline = time.monotonic() + 30
    while not store.count and time.monotonic() < deadline:
        time.sleep(0.01)
print(store.count)
"""


def test_it_tells_of_what_is_decided_and_of_what_the_disk_has(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.bind(("127.0.0.1", 0))
        ears.settimeout(30)
        port = ears.getsockname()[1]
        asked = {"MIEN_WITNESS": f"127.0.0.1:{port}:50", "RUNTIME_DIRECTORY": str(tmp_path)}
        words = [sys.executable, "-c", PROGRAM, str(tmp_path / "outbox.sqlite")]
        done = subprocess.run(
            words, env=os.environ | asked, capture_output=True, text=True, check=True
        )
        assert int(done.stdout) > 0, done.stderr
        told: dict[str, set[str]] = {"decided": set(), "stored": set()}
        while not told["stored"]:
            said = json.loads(ears.recv(4096))
            told[said["what"]] |= set(said["ids"])
    assert told["stored"] <= told["decided"]
