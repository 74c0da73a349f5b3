"""The camera's settings → whether frames come, how many, and whether they show anything."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from edge_app.doctor.finding import Finding, Group
from edge_app.doctor.processes import Process
from edge_app.errors import MienError
from edge_app.frames.reader import Reader
from edge_app.frames.setting import CameraOptions, Choice, choose_source
from edge_app.frames.source import Frame, SourceError
from edge_app.from_settings import camera_options
from edge_app.settings import CameraSettings

GROUP = Group("camera")

#: How long the first frame may take, and for how long frames are counted.
PATIENCE_S = 5.0
COUNTING_S = 1.0
#: A live source should give at least this share of the rate that was asked for.
_LEAST_RATE = 0.5
#: Mean gray values: a lens cap leaves less, a lamp in front of the lens more. Video black is 16.
_BLACK, _WHITE = 20.0, 250.0
#: Standard deviation of the gray values: no picture of a room is so even.
_EVEN = 1.0


def check_camera(
    camera: CameraSettings,
    *,
    closed: Finding | None,
    using: Callable[[Path], Process | None],
    running: Callable[[], Process | None],
    choose: Callable[..., Choice] = choose_source,
    is_there: Callable[[Path], bool] | None = None,
    clock_s: Callable[[], float] = time.monotonic,
) -> Iterator[Finding]:
    """Open the source and look at its frames for a second; nothing of them is kept.

    closed: what is found instead where it has to stay closed. using: who has a device file open.
    running: the Mien that runs under this name, whatever it has open.
    """
    try:
        choice = choose(camera.source, options=_options(camera))
    except MienError as error:
        yield GROUP.failed("source", error)
        return
    device = _device(choice)
    if device is not None and not (is_there or _is_there)(device):
        yield GROUP.failure(
            "source",
            f"{device}: no such camera",
            "list cameras with `v4l2-ctl --list-devices`; plug it in again, or name another",
        )
        return
    if closed is not None:
        text = f"{choice.name}: not opened: {closed.text}"
        yield msgspec.structs.replace(closed, text=text)
        return
    user = using(device) if device is not None else None
    if user is not None and user.is_mien:
        yield GROUP.ok("source", f"{choice.name}: in use by {user}, whose telemetry says how it is")
        return
    # Its camera may have no file that one process has open, or be lost to it: who knows?
    mien = running() if user is None and _is_local_camera(choice) else None
    if mien is not None and mien.is_mien:
        yield GROUP.warning(
            "source",
            f"{choice.name}: not opened: {mien} runs, and may have it",
            "its telemetry and its alert `camera` say how it is; or end it, and run this again",
        )
        return
    reader = Reader(choice.open, choice.name)
    try:
        yield from _look(reader, choice, camera, user, clock_s)
    finally:
        reader.stop()


def _look(
    reader: Reader,
    choice: Choice,
    camera: CameraSettings,
    user: Process | None,
    clock_s: Callable[[], float],
) -> Iterator[Finding]:
    asked_s = clock_s()
    try:
        frame = reader.take(PATIENCE_S)
    except MienError as error:
        yield _closed(error, choice, user)
        yield from _damage(reader.frames_damaged, choice)
        return
    began_s = now_s = clock_s()
    taken, is_over = 0, False
    while now_s - began_s < COUNTING_S and not is_over:
        try:
            frame = reader.take(COUNTING_S)
        except SourceError:
            is_over = True
        else:
            taken, now_s = taken + 1, clock_s()
    height, width = frame.image.shape[:2]
    yield GROUP.ok(
        "source",
        f"{choice.name}: first frame after {began_s - asked_s:.1f} s, {width}x{height} pixels",
    )
    if choice.is_live:
        yield _rate(taken / (now_s - began_s) if taken else 0.0, camera.frames_per_second)
    yield _picture(frame)
    yield from _damage(reader.frames_damaged, choice)


def _damage(frames: int, choice: Choice) -> Iterator[Finding]:
    if frames:
        yield GROUP.warning(
            "damage",
            f"{frames} frames were damaged",
            "use a shorter or better cable, another USB port, or a smaller picture"
            if choice.is_live
            else "copy the recording again",
        )


def _closed(error: MienError, choice: Choice, user: Process | None) -> Finding:
    if user is not None:
        return GROUP.failure(
            "source", f"{choice.name}: in use by {user}", "end that program, or name another camera"
        )
    found = GROUP.failed("source", error)
    device = _device(choice)
    may_use = device is None or os.access(device, os.R_OK | os.W_OK)
    if not _is_local_camera(choice) or not may_use:
        return found
    return GROUP.failure(
        "source",
        found.text,
        f"{found.advice}; or, if Mien's service runs, it has the camera: run this again with sudo",
    )


def _rate(rate: float, asked: float) -> Finding:
    if rate == 0.0:
        return GROUP.failure(
            "rate", "one frame and no other within a second", "plug it in again; try another cable"
        )
    text = f"{rate:.1f} frames a second, asked for {asked:g}"
    if rate >= _LEAST_RATE * asked:
        return GROUP.ok("rate", text)
    return GROUP.warning(
        "rate", text, "give more light, or set a smaller picture or rate in [camera]"
    )


def _picture(frame: Frame) -> Finding:
    mean, spread = float(frame.image.mean()), float(frame.image.std())
    text = f"mean brightness {mean:.0f} of 255"
    if mean < _BLACK:
        return GROUP.warning(
            "picture", f"black: {text}", "take the cap off the lens, or turn on a light"
        )
    if mean > _WHITE:
        return GROUP.warning("picture", f"white: {text}", "turn the camera away from the light")
    if spread < _EVEN:
        return GROUP.warning(
            "picture", f"one even colour: {text}", "see what is in front of the lens"
        )
    return GROUP.ok("picture", text)


def _is_local_camera(choice: Choice) -> bool:
    return choice.is_live and "://" not in choice.name


def _device(choice: Choice) -> Path | None:
    """The device file of a V4L2 camera; libcamera uses several."""
    if not _is_local_camera(choice) or choice.name.startswith("picamera2:"):
        return None
    return Path(choice.name)


def _is_there(device: Path) -> bool:
    try:
        return device.exists()
    except OSError:
        # In a folder that this user may not look into: opening it tells.
        return True


def _options(camera: CameraSettings) -> CameraOptions:
    # A recording as fast as it can be read would be read for a second.
    return dataclasses.replace(
        camera_options(camera), pace="own", stall_s=min(camera.stall_s, PATIENCE_S)
    )
