"""Whole machines take minutes: collected only where asked for, `pytest tests/device/boot`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.brokers import Mosquitto
from tests.device.boot.camera import visits
from tests.device.boot.device import Device, files_of
from tests.device.boot.image import Image, flatten, overlay
from tests.device.boot.ledger import Ledger
from tests.device.boot.machine import HOST, Machine, results_of
from tests.device.boot.offline import names_in, put_files
from tests.device.boot.results import Results
from tests.edge_app.frames.mjpeg_server import MjpegServer

#: Makes the overlay and the machine of a case.
NewDevice = Callable[..., Device]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    is_asked_for = any("device/boot" in str(word) for word in config.invocation_params.args)
    return None if is_asked_for else True


@pytest.fixture(scope="session")
def image() -> Image:
    image = Image.from_environment()
    if not image.is_there:
        pytest.fail(f"{image.disk} or its kernel is missing: run tests/device/boot/disk.sh")
    return image


@pytest.fixture(scope="session")
def results(image: Image) -> Results:
    return results_of(image)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """It keeps the session of whoever counts through its own stops."""
    folder = tmp_path_factory.mktemp("mosquitto")
    lines = ("persistence true", f"persistence_location {folder}/", "max_queued_messages 0")
    broker = Mosquitto(folder, lines=lines)
    broker.start()
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def ledger(broker: Mosquitto) -> Iterator[Ledger]:
    with Ledger(broker.address) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def camera() -> Iterator[str]:
    """The URL of a camera that the guest can reach."""
    with MjpegServer(visits) as server:
        yield f"http://{HOST}:{server.server_port}/video.mjpg"


@pytest.fixture(scope="session")
def prepared(
    image: Image,
    broker: Mosquitto,
    ledger: Ledger,
    camera: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """A raw disk with the settings and the witness, that was booted before."""
    folder = tmp_path_factory.mktemp("prepared")
    over = overlay(image.disk, folder / "disk.qcow2")
    if image.is_fresh:
        with Machine(image, over, folder) as machine:
            machine.start()
            machine.shell.run("systemctl is-system-running --wait || true", 1800)
            machine.stop()
    disk = flatten(over, folder / "disk.img")
    (python,) = [n for n in names_in(image, disk, "/usr/lib/mien/lib") if n.startswith("python")]
    files = files_of(python, camera=camera, broker=broker.port, witness=ledger.port)
    put_files(image, disk, files)
    yield disk
    disk.unlink()


@pytest.fixture(scope="session")
def _lasting(
    image: Image,
    prepared: Path,
    broker: Mosquitto,
    ledger: Ledger,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[_Lasting]:
    folder = tmp_path_factory.mktemp("lasting")
    numbers = itertools.count()

    def make() -> Device:
        number = next(numbers)
        disk = overlay(prepared, folder / f"disk-{number}.qcow2")
        return Device(Machine(image, disk, folder / f"machine-{number}"), broker, ledger)

    lasting = _Lasting(make)
    yield lasting
    lasting.discard()


@pytest.fixture
def new_device(
    image: Image,
    prepared: Path,
    broker: Mosquitto,
    ledger: Ledger,
    _lasting: _Lasting,
    tmp_path: Path,
) -> Iterator[NewDevice]:
    """`new_device(files, **options of Machine)`: off, with a disk of its own.

    files: put into its root.
    """
    # One machine at a time.
    _lasting.discard()
    made: list[Device] = []

    def make(files: Mapping[str, bytes] | None = None, **options: Path) -> Device:
        ledger.forget()
        below = prepared
        if files:
            below = flatten(prepared, tmp_path / f"disk-{len(made)}.img")
            put_files(image, below, files)
        disk = overlay(below, tmp_path / f"disk-{len(made)}.qcow2")
        machine = Machine(image, disk, tmp_path / f"machine-{len(made)}", **options)
        made.append(Device(machine, broker, ledger))
        return made[-1]

    yield make
    for device in made:
        device.close()


@pytest.fixture
def running(_lasting: _Lasting, ledger: Ledger) -> Iterator[Device]:
    """A device that is up and publishes. One boot does for all cases that let it go `settled`."""
    ledger.forget()
    device = _lasting.get()
    yield device
    if not device.is_settled:
        _lasting.discard()


class _Lasting:
    """The device that cases share, one after the other."""

    def __init__(self, make: Callable[[], Device]) -> None:
        self._make = make
        self._device: Device | None = None

    def get(self) -> Device:
        if self._device is None:
            self._device = self._make()
            self._device.start()
        else:
            self._device.storm()
        self._device.is_settled = False
        return self._device

    def discard(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None
