"""What tests of several stages stand on: a real broker, and the shared data."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import MissingBrokerError, Mosquitto, wait_until


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto that everybody may use."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    try:
        broker = Mosquitto(folder)
    except MissingBrokerError as error:
        pytest.fail(str(error))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets and photos that are too large, or not ours, to carry."""
    given = os.environ.get("MIEN_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        reason = f"no data at {folder}: set MIEN_DATA to the folder with the data sets"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep every process that a test starts away from the state of a real installation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STATE_DIRECTORY", raising=False)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _signals_end_processes() -> Iterator[None]:
    """Whoever starts the tests by `nohup`, or behind a shell's `&`, has every process that they
    start ignore a hangup, or Ctrl-C.
    """
    usual = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.getsignal(number) for number in usual}
    for number, handler in usual.items():
        if before[number] is signal.SIG_IGN:
            signal.signal(number, handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _our_threads() -> set[str]:
    names = {each.name for each in threading.enumerate() if each.name.startswith("mien-")}
    # The doctor leaves a name server that does not answer to itself.
    return names - {"mien-doctor-name"}


@pytest.fixture(autouse=True)
def _every_thread_ends() -> Iterator[None]:
    """Fail the test that leaves a thread behind, not the later ones that stumble over it."""
    before = _our_threads()
    yield
    # A slow name server may hold a connection's thread for a while.
    wait_until(lambda: _our_threads() <= before)
