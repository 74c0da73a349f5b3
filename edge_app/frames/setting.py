"""What a user writes for a source → the open source."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.frames.folder import FolderSource
from edge_app.frames.http_mjpeg import HttpMjpegSource
from edge_app.frames.hung import HungReaders
from edge_app.frames.jpeg import DamageLog
from edge_app.frames.pace import Pace
from edge_app.frames.pi_camera import PiCameraSource, load_library
from edge_app.frames.refused_login import RarelyRefused
from edge_app.frames.rtsp import RtspSource
from edge_app.frames.rtsp_refusal import rtsp_refusal
from edge_app.frames.source import FrameSource, SourceError
from edge_app.frames.stream_address import StreamAddress, parse_stream, public_name
from edge_app.frames.supervised import OPENING_S, SupervisedSource, Trouble
from edge_app.frames.turned import Turn, TurnedSource
from edge_app.frames.v4l2 import V4l2Source, device_path
from edge_app.frames.video_file import VideoFileSource
from edge_app.picture_file import SUFFIXES
from edge_app.samples import CLIP

#: What can be read, as it stands in messages.
READABLE = (
    "picamera2:, a V4L2 camera (/dev/video0), rtsp://HOST/PATH, http://HOST/PATH (MJPEG), a video"
    " file, a picture, a folder of pictures, or sample:"
)

#: libcamera looks for cameras once a process, and picamera2 keeps a file open for each refusal.
#: They last about five minutes.
_PI_CAMERA_REFUSED = 60

#: Seconds of one and the same picture, which no sensor gives; of a still room, an encoder with long
#: or dynamic groups of pictures may.
_FROZEN_S, _RTSP_FROZEN_S = 30.0, 300.0

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+-]*):(.*)", re.DOTALL)
#: Copied from instructions, or with a blank, which udev allows in no name.
_NO_CAMERA = re.compile(r"/dev/video([xn?*]?|.*\s.*)", re.DOTALL | re.IGNORECASE)
_RTSP, _HTTP = {"rtsp", "rtsps"}, {"http", "https"}
#: For asking whether a login is refused: the supervisor waits so much longer than an opening takes.
_REFUSAL_S = OPENING_S
#: An opening that fails later, or so near to its own time, leaves none for that. What a name server
#: took comes twice then.
_QUICK_S, _QUICK_SHARE = 4.0, 0.8


class UnknownSourceError(SourceError, UsageError):
    """The setting names nothing that could ever be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOptions:
    """What a source may want to know: pixels and rate to ask of a camera, pace of a recording.

    frames_per_second is also how fast a folder's pictures follow one another. rotate: by how many
    degrees frames are turned clockwise. stall_s: how long a live source may give no frame.
    frozen_s: and one and the same; None: what is usual for its kind. password_file: of a stream.
    """

    width: int = 640
    height: int = 480
    frames_per_second: float = 15.0
    rotate: Turn = 0
    pace: Pace = "own"
    stall_s: float = 5.0
    frozen_s: float | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A source that can be opened, any number of times. name: shows no secret.

    most_refused: openings in a row that say it is not there, until only a new process may see it.
    frozen_s: for how long it may give one and the same picture. leaves_nothing: an opening that
    gave no frame leaves nothing behind in this process.
    """

    name: str
    is_live: bool
    open: Callable[[], FrameSource]
    most_refused: float = math.inf
    frozen_s: float = _FROZEN_S
    leaves_nothing: bool = False


def open_lasting(
    setting: str,
    *,
    options: CameraOptions,
    on_trouble: Callable[[Trouble | None], None],
    hung: HungReaders,
) -> FrameSource:
    """Open a recording; a live source is opened by its first `read`, and again when it fails.

    on_trouble: told, by another thread, what is wrong with a live source, and None when it is over.
    hung: the same for each opening in this process, so that none forgets what another left behind.

    Raises:
        UnknownSourceError: nothing of that kind or name can be.
        SourceError: the recording cannot be opened.
    """
    choice = choose_source(setting, options=options)
    if not choice.is_live:
        return choice.open()
    return SupervisedSource(
        choice.name,
        choice.open,
        stall_s=options.stall_s,
        frozen_s=choice.frozen_s,
        most_refused=choice.most_refused,
        leaves_nothing=choice.leaves_nothing,
        on_trouble=on_trouble,
        hung=hung,
    )


def choose_source(setting: str, *, options: CameraOptions) -> Choice:
    """Find out what `setting` means, without opening it.

    Raises:
        UnknownSourceError: nothing of that kind or name can be.
        UsageError: a stream's URL or password file is wrong, or a library is missing.
    """
    choice, turn = _choose(setting, options), options.rotate
    if options.frozen_s is not None:
        choice = replace(choice, frozen_s=options.frozen_s)
    if not turn:
        return choice
    return replace(choice, open=lambda: TurnedSource(choice.open(), turn))


def _choose(setting: str, options: CameraOptions) -> Choice:
    if not setting.strip():
        raise UnknownSourceError(f"no source named; name {READABLE}")
    scheme = _SCHEME.fullmatch(setting)
    if scheme is not None and scheme[2].startswith("//"):
        return _stream(setting, scheme[1].lower(), options)
    try:
        path = Path(setting).expanduser()
        is_there = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        # A path too long, forbidden or with a NUL, an unknown ~user. Not chained: an OSError names
        # the path, which may be a misspelt URL.
        reason = error.strerror if isinstance(error, OSError) else error
        raise UnknownSourceError(f"{public_name(setting)}: {reason}; name {READABLE}") from None
    # A file may have a colon in its name.
    if scheme is not None and not is_there:
        return _by_scheme(setting, scheme[1].lower(), scheme[2], options)
    if setting.startswith("/dev/") or path.is_char_device():
        return _camera(str(path), options)
    if not is_there:
        raise UnknownSourceError(f"{public_name(setting)}: no such file or folder; name {READABLE}")
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return Choice(
            setting,
            is_live=False,
            open=lambda: FolderSource(
                path, frames_per_second=options.frames_per_second, pace=options.pace
            ),
        )
    return _recording(path, options)


def _by_scheme(setting: str, scheme: str, rest: str, options: CameraOptions) -> Choice:
    if scheme == "sample" and not rest:
        return _recording(CLIP, options)
    if scheme == "v4l2" and (rest.startswith("/") or _is_number(rest)):
        return _camera(rest, options)
    if scheme == "picamera2" and (not rest or _is_number(rest)):
        return _pi_camera(int(rest or "0"), options)
    raise UnknownSourceError(f"{public_name(setting)}: no such source; name {READABLE}")


def _stream(setting: str, scheme: str, options: CameraOptions) -> Choice:
    if scheme not in _RTSP | _HTTP:
        raise UnknownSourceError(f"{public_name(setting)}: no such source; name {READABLE}")

    def address() -> StreamAddress:
        return parse_stream(setting, options.password_file)

    damage_log = DamageLog()

    def open_stream(address: StreamAddress) -> FrameSource:
        if scheme in _RTSP:
            return RtspSource(address, timeout_s=options.stall_s)
        return HttpMjpegSource(address, timeout_s=options.stall_s, damage_log=damage_log)

    stream = RarelyRefused(
        address,
        open_stream,
        refusal=lambda address: rtsp_refusal(address, _REFUSAL_S) if scheme in _RTSP else None,
        quick_s=min(_QUICK_S, _QUICK_SHARE * options.stall_s),
    )
    return Choice(
        address().name,
        is_live=True,
        open=stream.open,
        frozen_s=_RTSP_FROZEN_S if scheme in _RTSP else _FROZEN_S,
        leaves_nothing=scheme in _HTTP,
    )


def _pi_camera(number: int, options: CameraOptions) -> Choice:
    load_library()
    return Choice(
        f"picamera2:{number}",
        is_live=True,
        open=lambda: PiCameraSource(
            number,
            width=options.width,
            height=options.height,
            frames_per_second=options.frames_per_second,
            timeout_s=options.stall_s,
        ),
        most_refused=_PI_CAMERA_REFUSED,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _camera(device: str, options: CameraOptions) -> Choice:
    path = device_path(device)
    # A camera may come later, by a name that a rule of udev gives it, too.
    if _NO_CAMERA.fullmatch(str(path)) and not path.exists():
        raise UnknownSourceError(
            f"{path}: no such camera; the kernel counts them, such as /dev/video0: list them with"
            " `v4l2-ctl --list-devices`"
        )
    damage_log = DamageLog()
    return Choice(
        str(path),
        is_live=True,
        open=lambda: V4l2Source(
            device,
            width=options.width,
            height=options.height,
            frames_per_second=options.frames_per_second,
            timeout_s=options.stall_s,
            damage_log=damage_log,
        ),
    )


def _recording(path: Path, options: CameraOptions) -> Choice:
    return Choice(str(path), is_live=False, open=lambda: VideoFileSource(path, pace=options.pace))
