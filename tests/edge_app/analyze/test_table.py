from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_app.analyze.table import Row, TableFile
from edge_app.errors import MienError
from tests.edge_app.analyze.fake_perception import seen


def row(file: str = "a.jpg", emotion: str = "happy") -> Row:
    return Row(
        file=file, annotated="a.jpg", frame=3, time_s=0.2, face=1,
        seen=seen((10, 20, 60, 120), emotion), height=200, width=100,
    )  # fmt: skip


def test_json_line_holds_everything(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with TableFile(path, "jsonl") as table:
        table.write([row(), row("größe.jpg")])
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "file": "a.jpg", "annotated": "a.jpg", "frame": 3, "time_s": 0.2, "face": 1,
        "box": {"left": 0.1, "top": 0.1, "width": 0.5, "height": 0.5},
        "box_pixels": {"left": 10, "top": 20, "width": 50, "height": 100},
        "score": 0.8, "emotion": "happy", "confidence": 0.9,
        "valence": 0.7035, "arousal": 0.4885, "quality": 1.0, "flaws": [],
        "probabilities": {"angry": 0.05, "happy": 0.9, "neutral": 0.05},
    }  # fmt: skip
    assert second["file"] == "größe.jpg"


def test_csv_has_one_line_of_names_and_a_column_a_label(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with TableFile(path, "csv") as table:
        table.write([row('a "b", c.jpg')])
        table.write([row(emotion="unsure")])
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert first["file"] == 'a "b", c.jpg'
    assert first["box_left"] == "0.1"
    assert first["box_pixels_height"] == "100"
    assert first["probabilities_happy"] == "0.9"
    assert (first["valence"], first["arousal"]) == ("0.7035", "0.4885")
    assert second["emotion"] == "unsure"
    assert None not in second
    assert None not in second.values()


def test_face_that_was_not_read_has_no_affect(tmp_path: Path) -> None:
    unread = replace(row(), seen=replace(row().seen, quality=0.0))
    for kind in ("jsonl", "csv"):
        with TableFile(tmp_path / f"t.{kind}", kind) as table:  # type: ignore[arg-type]
            table.write([unread])
    fields = json.loads((tmp_path / "t.jsonl").read_text())
    assert (fields["valence"], fields["arousal"]) == (None, None)
    with (tmp_path / "t.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["valence"], line["arousal"]) == ("", "")


def test_rows_are_on_disk_as_soon_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with TableFile(path, "jsonl") as table:
        table.write([row()])
        assert path.read_text().count("\n") == 1
        table.write([row(), row()])
        assert path.read_text().count("\n") == 3


def test_earlier_table_stays_until_there_is_something_to_write(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("earlier\n")
    with TableFile(path, "jsonl"):
        pass
    assert path.read_text() == "earlier\n"
    with TableFile(path, "jsonl") as table:
        table.write([])
    assert path.read_text() == ""


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_names_that_are_not_utf8_can_be_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "table"
    with TableFile(path, kind) as table:  # type: ignore[arg-type]
        table.write([row("caf\udce9.jpg")])
    text = path.read_text(encoding="utf-8")
    assert "caf\\udce9.jpg" in text
    if kind == "jsonl":
        assert json.loads(text)["file"] == "caf\udce9.jpg"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("missing/t.csv", "No such file"), ("/dev/full", "No space left")],
)
def test_unwritable_table_is_one_error(tmp_path: Path, path: str, reason: str) -> None:
    with (
        pytest.raises(MienError, match=rf"{path}: cannot be written: {reason}"),
        TableFile(tmp_path / path, "csv") as table,
    ):
        table.write([row()])
