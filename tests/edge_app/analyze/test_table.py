from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_app.analyze.table import Row, json_lines, write_table
from tests.edge_app.analyze.fake_perception import MAKER, seen


def row(file: str = "a.jpg", emotion: str = "happy") -> Row:
    return Row(
        file=file, annotated="a.jpg", frame=3, time_s=0.2, face=1,
        seen=seen((10, 20, 60, 120), emotion), height=200, width=100,
    )  # fmt: skip


def write(path: Path, *rows: Row) -> None:
    write_table(path, json_lines(rows, MAKER).splitlines(keepends=True), MAKER)


def test_json_line_holds_everything(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    write(path, row(), row("größe.jpg"))
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "file": "a.jpg", "annotated": "a.jpg", "frame": 3, "time_s": 0.2, "face": 1,
        "box": {"left": 0.1, "top": 0.1, "width": 0.5, "height": 0.5},
        "box_pixels": {"left": 10, "top": 20, "width": 50, "height": 100},
        "score": 0.8, "emotion": "happy", "confidence": 0.9,
        "valence": 0.7035, "arousal": 0.4885, "quality": 1.0, "flaws": [],
        "probabilities": {"angry": 0.05, "happy": 0.9, "neutral": 0.05},
        "model": "0123456789ab", "answer": "default",
    }  # fmt: skip
    assert second["file"] == "größe.jpg"


def test_csv_has_one_line_of_names_and_a_column_a_label(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write(path, row('a "b", c.jpg'), row(emotion="unsure"))
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert first["file"] == 'a "b", c.jpg'
    assert first["box_left"] == "0.1"
    assert first["box_pixels_height"] == "100"
    assert first["probabilities_happy"] == "0.9"
    assert (first["valence"], first["arousal"]) == ("0.7035", "0.4885")
    assert list(first)[-2:] == ["model", "answer"]
    assert (first["model"], first["answer"]) == ("0123456789ab", "default")
    assert second["emotion"] == "unsure"
    assert None not in second
    assert None not in second.values()


@pytest.mark.parametrize("first", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_no_spreadsheet_takes_a_file_for_a_formula(tmp_path: Path, first: str) -> None:
    name = f'{first}HYPERLINK("http://x","y").jpg'
    wild = replace(row(name), annotated=name)
    for kind in ("jsonl", "csv"):
        write(tmp_path / f"t.{kind}", wild, row("photos/=a.jpg"), row("a=b.jpg"))
    told = (tmp_path / "t.jsonl").read_text(encoding="utf-8").split("\n")[0]
    assert json.loads(told)["file"] == name
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["file"], rows[0]["annotated"]) == (f"./{name}", f"./{name}")
    assert Path(rows[0]["file"]) == Path(name)
    assert [each["file"] for each in rows[1:]] == ["photos/=a.jpg", "a=b.jpg"]


def test_a_negative_number_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write(path, replace(row(), seen=seen((10, 20, 60, 120), "angry")))
    with path.open(newline="", encoding="utf-8") as file:
        (only,) = csv.DictReader(file)
    assert float(only["valence"]) < 0


def test_face_that_was_not_read_has_no_affect(tmp_path: Path) -> None:
    unread = replace(row(), seen=replace(row().seen, quality=0.0))
    for kind in ("jsonl", "csv"):
        write(tmp_path / f"t.{kind}", unread)
    fields = json.loads((tmp_path / "t.jsonl").read_text())
    assert (fields["valence"], fields["arousal"]) == (None, None)
    with (tmp_path / "t.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["valence"], line["arousal"]) == ("", "")


@pytest.mark.parametrize(("kind", "zero"), [("jsonl", '"valence": 0.0,'), ("csv", ",0.0,")])
def test_no_zero_is_negative(tmp_path: Path, kind: str, zero: str) -> None:
    """As in events: a face that is hardly angry has a valence of nothing."""
    face = row(emotion="neutral").seen
    hardly = replace(face, probabilities=np.array([0.00003, 0.0, 0.99997], np.float32))
    write(tmp_path / f"t.{kind}", replace(row(), seen=hardly))
    text = (tmp_path / f"t.{kind}").read_text()
    assert zero in text
    assert "-0.0" not in text


def test_csv_without_faces_has_its_names(tmp_path: Path) -> None:
    without, with_one = tmp_path / "without.csv", tmp_path / "with.csv"
    write(without)
    write(with_one, row())
    assert without.read_text() == with_one.read_text().splitlines(keepends=True)[0]
    write(tmp_path / "without.jsonl")
    assert (tmp_path / "without.jsonl").read_text() == ""


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_names_that_are_not_utf8_can_be_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    write(path, row("caf\udce9.jpg"))
    text = path.read_text(encoding="utf-8")
    assert "caf\\udce9.jpg" in text
    if kind == "jsonl":
        assert json.loads(text)["file"] == "caf\udce9.jpg"
