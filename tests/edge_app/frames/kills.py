"""A live source that is killed and brought back, many times → what that cost."""

from __future__ import annotations

import contextlib
import gc
import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np

from edge_app.daemon.camera_trouble import CameraTrouble, Troubles
from edge_app.events.payloads import Alert
from edge_app.frames.grabber import Grabber
from edge_app.frames.mailbox import Mailbox
from edge_app.frames.setting import CameraOptions, choose_source
from edge_app.frames.source import Frame, FrameSource
from edge_app.frames.supervised import SupervisedSource
from edge_app.frames.v4l2 import V4l2Source
from edge_app.health.board import Board
from edge_app.trouble_log import REPEAT_S
from tests.brokers import free_port

HEADER = (
    "| source | killed by | times | recovered within, worst (median) | alerts raised / resolved"
    " | file handles | threads | memory |\n|---|---|---|---|---|---|---|---|"
)
#: What the first few openings load and keep is no leak.
_WARM = 5
_LIMIT_S = 60.0


class Camera(Protocol):
    """Something that can be killed and brought back."""

    name: str
    how: str

    def open(self) -> FrameSource: ...

    def kill(self) -> None: ...

    def revive(self) -> None: ...


@dataclass
class Tally:
    camera: Camera
    recoveries_s: list[float] = field(default_factory=list)
    alerts: list[Alert | None] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)

    @property
    def raised(self) -> int:
        """How often; another text of one that stands is none more."""
        steps = itertools.pairwise([None, *self.alerts])
        return sum(before is None and after is not None for before, after in steps)

    @property
    def resolved(self) -> int:
        return self.alerts.count(None)

    @property
    def growth_bytes(self) -> int:
        """Medians, since the allocator breathes."""
        third = max(1, len(self.rss) // 3)
        return int(np.median(self.rss[-third:]) - np.median(self.rss[:third]))

    def row(self) -> str:
        return (
            f"| {self.camera.name} | {self.camera.how} | {len(self.recoveries_s)}"
            f" | {max(self.recoveries_s):.1f} s ({np.median(self.recoveries_s):.1f} s)"
            f" | {self.raised} / {self.resolved} | {self.handles[0]} → {self.handles[-1]}"
            f" | {self.threads[0]} → {self.threads[-1]}"
            f" | {self.rss[0] / 1e6:.1f} → {self.rss[-1] / 1e6:.1f} MB |"
        )

    def check(self) -> None:
        times = len(self.recoveries_s)
        assert max(self.recoveries_s) < 10, self.row()
        assert (self.raised, self.resolved) == (times, times), self.row()
        assert self.handles[-1] <= self.handles[0], self.row()
        assert self.threads[-1] <= self.threads[0], self.row()
        assert self.growth_bytes < 4e6, self.row()


def kill_and_revive(
    camera: Camera, times: int, *, warm: int = _WARM, stall_s: float = 5.0
) -> Tally:
    """The daemon's own chain up to the mailbox, with its alert.

    Time counts from the revival to the first frame; the alert ends stall_s later. For the source
    two hours pass between two kills: with less its alert would outlast the recovery.

    warm: kills before the counting begins.
    """
    tally = Tally(camera)
    troubles = Troubles()
    mailbox: Mailbox[Frame] = Mailbox()
    passed_s = 0.0
    source = SupervisedSource(
        camera.name,
        camera.open,
        stall_s=stall_s,
        on_trouble=troubles.put,
        clock_s=lambda: time.monotonic() + passed_s,
    )
    trouble = CameraTrouble(
        troubles,
        publish_alert=lambda _name, alert: tally.alerts.append(alert),
        say_telemetry=lambda: None,
        now=lambda: datetime.now(UTC),
    )
    grabber = Grabber(source, mailbox)

    def wait_until(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _LIMIT_S
        while not is_so():
            assert time.monotonic() < deadline, tally
            mailbox.get(0.01)
            trouble.turn(is_paused=False, has_frames=True)

    camera.revive()
    grabber.start()
    try:
        wait_until(lambda: mailbox.get(0.01) is not None)
        for number in range(-warm, times):
            camera.kill()
            wait_until(lambda: trouble.is_reopening)
            camera.revive()
            began_s = time.monotonic()
            wait_until(lambda: mailbox.get(0.01) is not None)
            recovery_s = time.monotonic() - began_s
            wait_until(lambda: tally.alerts[-1] is None)
            passed_s += 2 * REPEAT_S
            # The first may have come before.
            for _ in range(2):
                wait_until(lambda: mailbox.get(0.01) is not None)
            if number == -1:
                tally.alerts.clear()
            if number >= 0:
                tally.recoveries_s.append(recovery_s)
                gc.collect()
                tally.handles.append(len(list(Path("/proc/self/fd").iterdir())))
                tally.threads.append(threading.active_count())
                tally.rss.append(Board().rss_bytes())
    finally:
        assert grabber.stop(10)
        camera.kill()
    return tally


class ServerProcess:
    """A network camera that is a process of its own."""

    def __init__(
        self, scheme: str, script: str, folder: Path, how: signal.Signals = signal.SIGKILL
    ) -> None:
        """how: SIGKILL ends it; SIGSTOP freezes it, its connections open."""
        self.name, self.how, self._signal = scheme, how.name, how
        self._picture = folder / "picture.jpg"
        cv2.imwrite(str(self._picture), np.full((480, 640, 3), 90, np.uint8))
        self._script, self._port = Path(__file__).with_name(script), free_port()
        self._url = f"{scheme}://127.0.0.1:{self._port}/video"
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> FrameSource:
        timeout_s = 1.0 if self._signal == signal.SIGSTOP else 5.0
        return choose_source(self._url, options=CameraOptions(stall_s=timeout_s)).open()

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(self._signal)
        if self._signal == signal.SIGKILL:
            self.end()

    def revive(self) -> None:
        if self._process is not None and self._signal == signal.SIGSTOP:
            self._process.send_signal(signal.SIGCONT)
            return
        self._process = subprocess.Popen(
            [sys.executable, str(self._script), str(self._port), str(self._picture)],
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class Unplugged:
    """A USB camera: its device node goes, and the capture that was open fails."""

    name, how = "v4l2 (stand-in)", "unplugging"

    def __init__(self, folder: Path) -> None:
        self._node = folder / "video0"

    def open(self) -> FrameSource:
        return V4l2Source(
            str(self._node), width=640, height=480, frames_per_second=30, timeout_s=5.0,
            open_capture=lambda _path, _backend: cast("cv2.VideoCapture", _Capture(self._node)),
        )  # fmt: skip

    def kill(self) -> None:
        self._node.unlink(missing_ok=True)

    def revive(self) -> None:
        self._node.symlink_to("/dev/null")

    def end(self) -> None:
        self.kill()


class _Capture:
    """Holds a file handle and a picture, as a driver does."""

    def __init__(self, node: Path) -> None:
        self._node, self._file = node, node.open("rb")
        self._picture = np.zeros((480, 640, 3), np.uint8)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, _what: int, _value: float) -> bool:
        return True

    def get(self, _what: int) -> float:
        return 0.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.01)
        return (True, self._picture.copy()) if self._node.exists() else (False, None)

    def release(self) -> None:
        self._file.close()


@contextlib.contextmanager
def ended(camera: ServerProcess | Unplugged) -> Iterator[ServerProcess | Unplugged]:
    try:
        yield camera
    finally:
        camera.end()
