"""The broker that is measured with is ours, and ends with the measurement."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from benchmarks import mosquitto
from benchmarks.loopback import HOST, accepts
from benchmarks.mosquitto import own_mosquitto
from edge_app.errors import MienError

#: Serves as Mosquitto does, and forgets the first request to end.
FORGETFUL = f"""#!{sys.executable}
import re, signal, socket, sys
from pathlib import Path
usual = lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGTERM, usual)
port = int(re.search(r"listener ([0-9]+)", Path(sys.argv[2]).read_text())[1])
listening = socket.create_server(("{HOST}", port))
print("forgetful running", file=sys.stderr, flush=True)
while True: signal.pause()
"""


def test_it_serves_until_the_measurement_ends() -> None:
    with own_mosquitto() as (address, process):
        assert accepts(address.port)
        assert Path(f"/proc/{process}/comm").read_text() == "mosquitto\n"
    assert not accepts(address.port)


def test_whoever_was_quicker_to_take_the_port_is_not_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server((HOST, 0)) as stranger:
        monkeypatch.setattr(mosquitto, "free_port", lambda: stranger.getsockname()[1])
        refused = pytest.raises(MienError, match=r"did not start: .*Address already in use")
        with refused, own_mosquitto():
            pass


def test_one_that_forgets_the_request_to_end_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mosquitto"
    program.write_text(FORGETFUL)
    program.chmod(0o700)
    monkeypatch.setattr(mosquitto, "find_mosquitto", lambda: str(program))
    with own_mosquitto() as (address, _):
        assert accepts(address.port)
    assert not accepts(address.port)
