"""Faces of analyzed files → rows of JSON Lines or CSV."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from edge_app.closing import Closing
from edge_app.errors import MienError
from edge_app.events.episodes import fractions
from edge_app.perception import SeenFace
from edge_app.perception.affect import affect

Format = Literal["jsonl", "csv"]
#: A table that begins with these is one of ours.
FIRST_COLUMNS = ("file", "annotated", "frame", "time_s", "face")


@dataclass(frozen=True, slots=True)
class Row:
    """One face in one frame.

    file: as the user named it; annotated: name of the copy, empty if there is none; frame: counts
    from 0; time_s: position in the video; face: counts from 0 in each frame, the surest first;
    height, width: of the frame, in pixels.
    """

    file: str
    annotated: str
    frame: int
    time_s: float
    face: int
    seen: SeenFace
    height: int
    width: int


class TableFile(Closing):
    """The table at `path`; it takes an earlier one's place once there is something to write.

    JSON Lines: one object a face. CSV: one line a face under one line of names.
    """

    def __init__(self, path: Path, kind: Format) -> None:
        self._path, self._kind = path, kind
        self._output: TextIO | None = None
        self._has_names = False

    def write(self, rows: Iterable[Row]) -> None:
        """Add all rows of one file, and flush them.

        Raises:
            MienError: the table cannot be written.
        """
        # In one piece, so that Ctrl-C finds all of a file's rows or none.
        text = self._csv(rows) if self._kind == "csv" else _json_lines(rows)
        try:
            if self._output is None:
                # Names of files need not be UTF-8; JSON knows a backslash's escape, too.
                self._output = self._path.open(
                    "w", encoding="utf-8", errors="backslashreplace", newline=""
                )
            self._output.write(text)
            self._output.flush()
        except OSError as error:
            raise MienError(f"{self._path}: cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._output is not None:
            # After a failed write there is still text to be flushed; `write` has told of it.
            with contextlib.suppress(OSError):
                self._output.close()

    def _csv(self, rows: Iterable[Row]) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            fields = _flat(_fields(row))
            if not self._has_names:
                # All rows are of one model: the first one's labels are everybody's.
                writer.writerow(fields)
                self._has_names = True
            writer.writerow(fields.values())
        return text.getvalue()


def _json_lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(_fields(row), ensure_ascii=False) + "\n" for row in rows)


def _fields(row: Row) -> dict[str, Any]:
    box, probabilities = row.seen.face.box, row.seen.probabilities.tolist()
    part = fractions(box, row.height, row.width)
    # A face of quality 0 was not read: of its probabilities no affect follows.
    shown = affect(row.seen.labels, probabilities) if row.seen.quality else None
    return {
        "file": row.file,
        "annotated": row.annotated,
        "frame": row.frame,
        "time_s": round(row.time_s, 3),
        "face": row.face,
        "box": {
            "left": part.left, "top": part.top, "width": part.width, "height": part.height,
        },
        "box_pixels": {
            "left": round(box.left, 1), "top": round(box.top, 1),
            "width": round(box.width, 1), "height": round(box.height, 1),
        },
        "score": round(row.seen.face.score, 4),
        "emotion": row.seen.emotion,
        "confidence": round(row.seen.confidence, 4),
        "valence": round(shown.valence, 4) if shown else None,
        "arousal": round(shown.arousal, 4) if shown else None,
        "quality": round(row.seen.quality, 4),
        "flaws": sorted(row.seen.flaws),
        "probabilities": {
            label: round(p, 4) for label, p in zip(row.seen.labels, probabilities, strict=True)
        },
    }  # fmt: skip


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    """Give nested fields the names `box_left`, `probabilities_happy`; join lists by spaces."""
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat.update({f"{name}_{inner}": part for inner, part in value.items()})
        elif isinstance(value, list):
            flat[name] = " ".join(value)
        else:
            flat[name] = value
    return flat
