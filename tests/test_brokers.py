"""The brokers of the tests: one test's broker is its own, and ends with the test."""

import socket
import sys
from pathlib import Path

import pytest

from benchmarks.loopback import accepts
from tests.brokers import HOST, Broker, Mosquitto


class Scripted(Broker):
    """A program of a few lines in a broker's place."""

    serving = "ready"

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder)
        self._program = f"import signal, socket\n{program}\nprint('ready', flush=True)\n"

    def _write_configuration(self) -> None:
        pass

    def _command(self) -> list[str]:
        listen = f"listening = socket.create_server(('{HOST}', {self.port}))\n"
        return [sys.executable, "-c", f"{self._program}{listen}while True: signal.pause()"]


def test_whoever_was_quicker_to_take_the_port_is_not_taken_for_the_broker(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    with socket.create_server((HOST, broker.port)) as stranger:
        broker.start()
        assert broker.port != stranger.getsockname()[1]
        assert "Address already in use" in broker.log
    try:
        assert accepts(broker.port)
    finally:
        broker.stop()


def test_one_that_forgets_the_request_to_end_is_asked_again(tmp_path: Path) -> None:
    broker = Scripted(
        tmp_path,
        "usual = lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "signal.signal(signal.SIGTERM, usual)",
    )
    broker.start()
    broker.stop()
    assert not accepts(broker.port)


def test_one_that_never_ends_fails_the_test_that_began_it_and_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Scripted(tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    broker.start()
    monkeypatch.setattr(broker, "stop_s", 0.0)
    with pytest.raises(AssertionError, match="Scripted does not end"):
        broker.stop()
    assert not accepts(broker.port)
