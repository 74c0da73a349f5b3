from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from edge_app import version
from edge_app.analyze.analysis import Analysis
from edge_app.analyze.earlier import Earlier, read_earlier
from edge_app.analyze.part import Part, Piece, piece_of
from edge_app.analyze.table import Maker, Row
from edge_app.errors import MienError
from tests.edge_app.analyze.fake_perception import MAKER, seen

PART = ".mien-analysis-part"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder; what is analyzed lies beside it."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_text(name)
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def pieces(folder: Path, *names: str) -> list[Piece]:
    return [piece_of(folder.parent / name, folder, name) for name in names]


def add(part: Part, piece: Piece, faces: int = 1) -> None:
    """Analyze a file, with its copy."""
    (part.path / piece.copy).write_text(f"copy of {piece.named}")
    face = seen((1, 1, 9, 9))
    part.write(Row(piece.named, piece.copy, 0, 0.0, n, face, 10, 10) for n in range(faces))
    part.add(piece, Analysis(piece.named, piece.copy, 1, Counter({face.emotion: faces})))


def stop(folder: Path, *names: str) -> None:
    """Leave an analysis of a.jpg, b.jpg and c.jpg of which files of these names are done."""
    with Part(folder, MAKER, pieces(folder, "a.jpg", "b.jpg", "c.jpg")) as part:
        for piece in pieces(folder, *names):
            add(part, piece)


def left(folder: Path, *names: str, maker: Maker = MAKER) -> list[str]:
    """Which files need not be analyzed again."""
    with Part(folder, maker, pieces(folder, *names)) as part:
        assert part.done or part.dropped
        return [piece.copy for piece in part.done]


def rows(folder: Path) -> list[tuple[str, int]]:
    lines = (folder / "analysis.jsonl").read_text().splitlines()
    return [(row["annotated"], row["face"]) for row in map(json.loads, lines)]


def test_rows_stand_in_the_order_of_the_files(folder: Path) -> None:
    """Whichever was done first; with one without faces, and one that could not be analyzed."""
    stop(folder, "c.jpg")
    b, c, other, a = pieces(folder, "b.jpg", "c.jpg", "other.jpg", "a.jpg")
    with Part(folder, MAKER, [b, c, other, a]) as part:
        assert list(part.done) == [c]
        add(part, a, faces=2)
        add(part, b, faces=0)
        part.move_out("analysis.jsonl", Earlier())
    assert rows(folder) == [("c.jpg", 0), ("a.jpg", 0), ("a.jpg", 1)]
    names = {path.name for path in folder.iterdir()}
    assert names == {".mien-analysis.jsonl", "analysis.jsonl", "a.jpg", "b.jpg", "c.jpg"}
    earlier = read_earlier(folder, names)
    assert earlier.files == {"../a.jpg", "../b.jpg", "../c.jpg"}
    assert earlier.copies == {"a.jpg", "b.jpg", "c.jpg"}


def test_file_that_changed_is_not_done(folder: Path) -> None:
    stop(folder, "a.jpg", "b.jpg")
    (folder.parent / "a.jpg").write_text("longer than it was")
    assert left(folder, "a.jpg", "b.jpg") == ["b.jpg"]


def test_file_that_is_to_have_another_copy_is_not_done(folder: Path) -> None:
    """A photo that is not ours may have come to lie there; or no copies are wanted any more."""
    stop(folder, "a.jpg", "b.jpg")
    a, b = pieces(folder, "a.jpg", "b.jpg")
    with Part(folder, MAKER, [a._replace(copy=""), b._replace(copy="b-2.jpg")]) as part:
        assert (part.done, part.dropped) == ({}, 2)


@pytest.mark.parametrize("state", ["gone", "cut", "zeros"])
def test_file_whose_copy_is_not_there_is_not_done(folder: Path, state: str) -> None:
    """After a power cut there may be zeros in the place of what was written."""
    stop(folder, "a.jpg", "b.jpg")
    copy = folder / PART / "a.jpg"
    size = copy.stat().st_size
    if state == "gone":
        copy.unlink()
    else:
        copy.write_bytes(copy.read_bytes()[:-1] if state == "cut" else bytes(size))
    assert left(folder, "a.jpg", "b.jpg") == ["b.jpg"]


def test_file_whose_rows_are_not_there_is_not_done(folder: Path) -> None:
    """After a power cut there may be less than was written."""
    stop(folder, "a.jpg", "b.jpg")
    content = (folder / PART / "rows.jsonl").read_bytes()
    (folder / PART / "rows.jsonl").write_bytes(content[:-1])
    assert left(folder, "a.jpg", "b.jpg") == ["a.jpg"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_rows_that_a_power_cut_left_as_zeros_are_not_done(folder: Path, kind: str) -> None:
    """They are as many bytes as the rows, so that no size tells."""
    stop(folder, "a.jpg", "b.jpg")
    content = (folder / PART / "rows.jsonl").read_bytes()
    first = content.index(b"\n") + 1
    (folder / PART / "rows.jsonl").write_bytes(content[:first] + bytes(len(content) - first))
    both = pieces(folder, "a.jpg", "b.jpg")
    with Part(folder, MAKER, both) as part:
        assert list(part.done) == both[:1]
        add(part, both[1])
        part.move_out(f"analysis.{kind}", Earlier())
    lines = (folder / f"analysis.{kind}").read_text().splitlines()
    assert len(lines) == 2 + (kind == "csv")
    assert all("\0" not in line for line in lines)


@pytest.mark.parametrize(
    "maker",
    [
        replace(MAKER, models={"emotion": "another"}),
        replace(MAKER, cards="with another threshold"),
        replace(MAKER, answer="ferplus"),
        replace(MAKER, tiles=2),
        replace(MAKER, crops=True),
    ],
)
def test_another_maker_begins_anew(folder: Path, maker: Maker) -> None:
    stop(folder, "a.jpg", "b.jpg")
    assert left(folder, "a.jpg", "b.jpg", maker=maker) == []


def test_another_build_of_mien_begins_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages of two commits have one distribution's version; what they are built from differs."""
    build = tmp_path / "build_version.txt"
    monkeypatch.setattr(version, "BUILD", build)
    build.write_text("0.1.0+git482.g20e4b7d0\n")
    stop(folder, "a.jpg")
    assert left(folder, "a.jpg", "b.jpg") == ["a.jpg"]
    build.write_text("0.1.0+git483.g5f5b0940\n")
    assert left(folder, "a.jpg", "b.jpg") == []


def test_what_a_killed_analysis_left_half_written_is_passed_over(folder: Path) -> None:
    stop(folder, "a.jpg")
    with (folder / PART / "journal.jsonl").open("a") as file:
        file.write('{"piece": {"file": "../b.j')
    with (folder / PART / "rows.jsonl").open("a") as file:
        file.write('{"file": "b.jpg"}\n{"fil')
    both = pieces(folder, "a.jpg", "b.jpg")
    with Part(folder, MAKER, both) as part:
        assert list(part.done) == both[:1]
        # An analysis that is stopped again and again would fill the disk with what is of no use.
        assert len((folder / PART / "rows.jsonl").read_text().splitlines()) == 1
        add(part, both[1])
    assert left(folder, "a.jpg", "b.jpg") == ["a.jpg", "b.jpg"]
    with Part(folder, MAKER, both) as part:
        part.move_out("analysis.jsonl", Earlier())
    assert rows(folder) == [("a.jpg", 0), ("b.jpg", 0)]


def test_rows_of_a_file_that_fails_are_taken_back(folder: Path) -> None:
    """More than a buffer of them; also where the file behind it has no face."""
    a, b, c = pieces(folder, "a.jpg", "b.jpg", "c.jpg")
    with Part(folder, MAKER, [a, b, c]) as part:
        for faces, piece in ((0, b), (1, c)):
            part.write(Row("a.jpg", "", 0, 0.0, n, seen((1, 1, 9, 9)), 10, 10) for n in range(99))
            part.take_back()
            add(part, piece, faces=faces)
    assert left(folder, "b.jpg", "c.jpg") == ["b.jpg", "c.jpg"]
    with Part(folder, MAKER, [a, b, c]) as part:
        part.move_out("analysis.jsonl", Earlier())
    assert rows(folder) == [("c.jpg", 0)]


def test_analysis_that_was_killed_while_it_moved_out_goes_on(folder: Path) -> None:
    """A copy cannot be moved, after the table was: the folder is still known as ours."""
    stop(folder, "a.jpg", "b.jpg")
    (folder / "b.jpg").mkdir()
    both = pieces(folder, "a.jpg", "b.jpg")
    with Part(folder, MAKER, both) as part, pytest.raises(MienError, match="Is a directory"):
        part.move_out("analysis.jsonl", Earlier())
    assert (folder / "a.jpg").exists()
    (folder / "b.jpg").rmdir()
    earlier = read_earlier(folder, [path.name for path in folder.iterdir()])
    assert (earlier.copies, earlier.foreign) == ({"a.jpg"}, frozenset())
    with Part(folder, MAKER, both) as part:
        assert list(part.done) == both[1:]
        add(part, both[0])
        part.move_out("analysis.jsonl", earlier)
    assert rows(folder) == [("a.jpg", 0), ("b.jpg", 0)]
    assert not (folder / PART).exists()


def test_nothing_is_left_where_nothing_was_done(folder: Path) -> None:
    stop(folder)
    assert list(folder.iterdir()) == []
    with Part(folder, MAKER, []) as part:
        assert part.dropped == 0


def test_folder_that_cannot_be_written_to_is_one_error(folder: Path) -> None:
    (folder / PART).touch()
    with pytest.raises(MienError, match=rf"{PART}: cannot be written: File exists"):
        Part(folder, MAKER, [])


def test_table_that_cannot_be_written_leaves_the_earlier_one(folder: Path) -> None:
    (folder / "analysis.jsonl").write_text("earlier")
    stop(folder, "a.jpg")
    (folder / PART / "analysis.jsonl").symlink_to("/dev/full")
    with (
        Part(folder, MAKER, pieces(folder, "a.jpg")) as part,
        pytest.raises(MienError, match="cannot be written: No space left"),
    ):
        part.move_out("analysis.jsonl", Earlier())
    assert (folder / "analysis.jsonl").read_text() == "earlier"
    assert left(folder, "a.jpg") == ["a.jpg"]
