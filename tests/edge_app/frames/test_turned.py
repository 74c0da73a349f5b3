from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames.setting import CameraOptions, choose_source
from edge_app.frames.source import Frame, SourceError
from edge_app.frames.turned import Turn, TurnedSource
from edge_app.perception.faces import FrameError, check_frame
from tests.edge_app.frames.given_frames import GivenFrames
from tests.edge_app.frames.mjpeg_server import MjpegServer, forever
from tests.edge_app.frames.pictures import jpeg

#: Clockwise, and as NumPy counts quarters: the other way round.
TURNS = [(90, 3), (180, 2), (270, 1)]


@pytest.mark.parametrize(("turn", "quarters"), TURNS)
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_frames_are_turned_clockwise(turn: Turn, quarters: int, shape: tuple[int, ...]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    source = TurnedSource(GivenFrames([Frame(image, 7, "a.png")]), turn)
    frame = source.read()
    assert frame is not None
    assert (frame.image == np.rot90(image, quarters)).all()
    assert frame.image.flags.c_contiguous
    assert (frame.timestamp_ns, frame.name) == (7, "a.png")
    assert source.read() is None


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_dtype_stays_for_perception_to_refuse(turn: Turn) -> None:
    deep: np.ndarray = np.full((4, 6), 300, np.uint16)
    frame = TurnedSource(GivenFrames([Frame(deep, 7)]), turn).read()
    assert frame is not None
    with pytest.raises(FrameError, match="uint16"):
        check_frame(frame.image)


@pytest.mark.parametrize(("turn", "quarters"), [(0, 0), *TURNS])
def test_the_setting_turns_recordings(tmp_path: Path, turn: Turn, quarters: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    options = CameraOptions(rotate=turn, pace="fast")
    with choose_source(str(tmp_path), options=options).open() as source:
        assert not source.is_live
        assert source.name == str(tmp_path)
        frame = source.read()
    assert frame is not None
    assert (frame.image == np.rot90(image, quarters)).all()


def test_the_setting_turns_streams() -> None:
    with MjpegServer(lambda: forever(jpeg(64, 48))) as server:
        with choose_source(server.url, options=CameraOptions()).open() as source:
            upright = source.read()
        with choose_source(server.url, options=CameraOptions(rotate=90)).open() as source:
            assert source.is_live
            turned = source.read()
    assert upright is not None
    assert turned is not None
    assert (turned.image == np.rot90(upright.image, 3)).all()


def test_what_the_other_source_counts_and_fails_with_is_told() -> None:
    given = GivenFrames([], failure=SourceError("cam: unplugged"), damaged=3)
    with TurnedSource(given, 180) as source:
        assert (source.is_live, source.frames_damaged, source.reopenings) == (True, 3, 0)
        with pytest.raises(SourceError, match="unplugged"):
            source.read()
    assert given.is_closed
