"""One picture or video → its annotated copy, and the rows of its faces, frame by frame."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.annotation import annotate
from edge_app.analyze.inputs import is_picture
from edge_app.analyze.outputs import VideoWriter, write_picture
from edge_app.analyze.table import Maker, Row
from edge_app.errors import MienError
from edge_app.frames.picture import read_picture
from edge_app.frames.source import Frame
from edge_app.frames.video_file import VideoFileSource
from edge_app.perception import SeenFace

#: Takes how many frames of a video are done, and about how many it has; 0 if it does not say.
OnFrame = Callable[[int, int], None]
#: Takes the rows of the next frame's faces.
OnRows = Callable[[Sequence[Row]], None]


class Sees(Protocol):
    """What `Reading` does."""

    @property
    def maker(self) -> Maker:
        """What it reads with."""

    def see(self, frame: NDArray[np.uint8], /) -> list[SeenFace]:
        """All faces of uint8 [H, W] or BGR [H, W, 3], the surest first."""


@dataclass(slots=True)
class Analysis:
    """What was found in one file, but for the rows: a video has too many of them to be held.

    frames: how many pictures it has. emotions: how many faces show which; in a video each frame's
    faces count.
    """

    file: str
    annotated: str
    frames: int = 0
    emotions: Counter[str] = field(default_factory=Counter)

    def add(self, frame: Frame, faces: Sequence[SeenFace]) -> list[Row]:
        """Take the next frame's faces; returns their rows."""
        height, width = frame.image.shape[:2]
        rows = [
            Row(
                file=self.file, annotated=self.annotated, frame=self.frames,
                time_s=frame.timestamp_ns / 1e9, face=index, seen=seen, height=height, width=width,
            )
            for index, seen in enumerate(faces)
        ]  # fmt: skip
        self.frames += 1
        self.emotions.update(seen.emotion for seen in faces)
        return rows


def analyze_file(
    path: Path, perception: Sees, *, copy: Path | None, on_rows: OnRows, on_frame: OnFrame
) -> Analysis:
    """Find the faces of `path`, and write an annotated copy unless `copy` is None.

    Raises:
        OutputError: no copy can be written there, or `on_rows` raised it.
        MienError: the file cannot be read, or its copy not written. Either way there is no copy,
            and `on_rows` may have been given rows, which are of no use.
    """
    analysis = Analysis(str(path), copy.name if copy is not None else "")
    try:
        if is_picture(path):
            _analyze_picture(path, perception, copy, analysis, on_rows)
        else:
            _analyze_video(path, perception, copy, analysis, on_rows=on_rows, on_frame=on_frame)
    except MienError:
        if copy is not None:
            # With a name too long it could never be there.
            with contextlib.suppress(OSError):
                copy.unlink()
        raise
    return analysis


def _analyze_picture(
    path: Path, perception: Sees, copy: Path | None, analysis: Analysis, on_rows: OnRows
) -> None:
    image = read_picture(path)
    faces = perception.see(image)
    on_rows(analysis.add(Frame(image, 0, path.name), faces))
    if copy is not None:
        write_picture(copy, annotate(image, faces))


def _analyze_video(
    path: Path,
    perception: Sees,
    copy: Path | None,
    analysis: Analysis,
    *,
    on_rows: OnRows,
    on_frame: OnFrame,
) -> None:
    with contextlib.ExitStack() as open_things:
        source = open_things.enter_context(VideoFileSource(path, pace="fast"))
        writer = None
        if copy is not None:
            writer = VideoWriter(copy, source.frames_per_second)
            open_things.callback(writer.close)
        while (frame := source.read()) is not None:
            faces = perception.see(frame.image)
            on_rows(analysis.add(frame, faces))
            if writer is not None:
                writer.write(annotate(frame.image, faces))
            on_frame(analysis.frames, source.frame_count)
        if writer is not None:
            writer.close()
            writer.check()
