"""Faces of analyzed files → rows of JSON Lines or CSV."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.events.episodes import fractions
from edge_app.events.mean_affect import as_told
from edge_app.perception import Box, Face, SeenFace
from edge_app.perception.affect import affect
from edge_app.perception.labels import UNSURE
from edge_app.version import mien_version

#: How what spreadsheets reckon out begins; in Asia also with wide ones, in the last four places.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
#: A table that begins with these is one of ours.
FIRST_COLUMNS = ("file", "annotated", "frame", "time_s", "face")


@dataclass(frozen=True, slots=True)
class Maker:
    """What reads the files: all that their rows depend on besides.

    models: SHA-256 by task; rows name the one of `emotion` by its first 12 digits. cards:
    SHA-256 of what in their cards decides answers. answer: of the card of `emotion`.
    labels: in the order of the probabilities. tiles, crops: as `mien analyze` takes them.
    """

    models: Mapping[str, str]
    cards: str
    answer: str
    labels: tuple[str, ...]
    tiles: int = 1
    crops: bool = False

    def line(self) -> str:
        """Write it as JSON in ASCII, with Mien's version; another maker's line is another one."""
        return json.dumps({"mien": mien_version(), **asdict(self)})


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


def json_lines(rows: Iterable[Row], maker: Maker) -> bytes:
    """Give one line a row."""
    # Names of files need not be UTF-8; JSON knows a backslash's escape, too.
    text = "".join(json.dumps(_fields(row, maker), ensure_ascii=False) + "\n" for row in rows)
    return text.encode("utf-8", "backslashreplace")


def write_table(path: Path, lines: Iterable[bytes], maker: Maker) -> None:
    """Write what `json_lines` gave as a table of the format that the suffix of `path` says.

    JSON Lines: one object a face. CSV: one line a face under one line of names, with `./` before a
    file's name that a spreadsheet would take for a formula. It is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as output:
        if path.suffix == ".csv":
            writer = csv.writer(output, lineterminator="\n")
            writer.writerow(_columns(maker))
            writer.writerows(_cells(json.loads(line)) for line in lines)
        else:
            output.writelines(line.decode() for line in lines)
        output.flush()
        os.fsync(output.fileno())


def _columns(maker: Maker) -> Iterable[str]:
    """Give the names of a row's fields, which a table without faces has, too."""
    even = np.zeros(len(maker.labels), np.float32)
    face = Face(Box(0.0, 0.0, 1.0, 1.0), np.zeros((5, 2), np.float32), 0.0)
    seen = SeenFace(face, maker.labels, even, UNSURE, quality=0.0)
    return _flat(_fields(Row("", "", 0, 0.0, 0, seen, 1, 1), maker))


def _cells(fields: dict[str, Any]) -> Iterable[Any]:
    flat = _flat(fields)
    for column in ("file", "annotated"):
        if _FORMULA.match(flat[column]):
            # The same file, for whoever opens it.
            flat[column] = f"./{flat[column]}"
    return flat.values()


def _fields(row: Row, maker: Maker) -> dict[str, Any]:
    box, probabilities = row.seen.face.box, row.seen.probabilities.tolist()
    part = fractions(box, row.height, row.width)
    # Of a face of quality 0 little or nothing was read: of its probabilities no affect follows.
    shown = affect(row.seen.labels, probabilities) if row.seen.quality else None
    valence, arousal = as_told(shown)
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
        "valence": valence,
        "arousal": arousal,
        "quality": round(row.seen.quality, 4),
        "flaws": sorted(row.seen.flaws),
        "probabilities": {
            label: round(p, 4) for label, p in zip(row.seen.labels, probabilities, strict=True)
        },
        "model": maker.models["emotion"][:12],
        "answer": maker.answer,
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
