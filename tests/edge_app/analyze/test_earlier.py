from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.analyze.earlier import (
    Earlier,
    check_nothing_is_dropped,
    location,
    read_earlier,
    write_record,
)
from edge_app.analyze.table import Row, json_lines, write_table
from edge_app.errors import UsageError
from tests.edge_app.analyze.fake_perception import MAKER, seen


def write_analysis(folder: Path, *files: str, kind: str = "jsonl") -> Path:
    """Write the table of an analysis of `files`, each with a copy of its own name."""
    folder.mkdir(exist_ok=True)
    path = folder / f"analysis.{kind}"
    rows = [Row(file, Path(file).name, 0, 0.0, 0, seen((1, 1, 9, 9)), 10, 10) for file in files]
    write_table(path, json_lines(rows, MAKER).splitlines(keepends=True), MAKER)
    for file in files:
        (folder / Path(file).name).touch()
    return path


def record(folder: Path, file: Path, earlier: Earlier | None = None) -> None:
    """Record an analysis of `file`, with a copy of its own name."""
    pairs = [(location(file, folder), file.name)]
    write_record(folder / ".mien-analysis.jsonl", MAKER, pairs, earlier or Earlier())


def read(folder: Path) -> Earlier:
    return read_earlier(folder, [path.name for path in folder.iterdir()])


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_table_tells_files_and_copies(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "out"
    write_analysis(folder, f"{tmp_path}/a.jpg", kind=kind)
    (folder / "own.jpg").touch()
    assert read(folder) == Earlier(
        files=frozenset({"../a.jpg"}), copies=frozenset({"a.jpg"}),
        foreign=frozenset({"own.jpg"}),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_copy_whose_name_begins_as_a_formula_is_ours(tmp_path: Path, kind: str) -> None:
    write_analysis(tmp_path, "=1+1.jpg", kind=kind)
    assert read(tmp_path).copies == {"=1+1.jpg"}
    assert read(tmp_path).foreign == frozenset()


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_line_that_is_cut_short_is_passed_over(tmp_path: Path, kind: str) -> None:
    path = write_analysis(tmp_path, "/x/a.jpg", "/x/b.jpg", kind=kind)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"/x/b.jpg") + 5])
    assert read(tmp_path).copies == {"a.jpg"}


@pytest.mark.parametrize("name", ["analysis.jsonl", "analysis.csv"])
@pytest.mark.parametrize(
    "content",
    [b"\n", b"a,b\n1,2\n", b"file,annotated\n", b"{}\n", b"[1]\n", b'{"file": "a.jpg"}', b"\xff\n"],
)
def test_table_that_is_not_ours_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match="not from mien analyze"):
        read(tmp_path)


def test_own_table_beside_one_of_ours_is_refused(tmp_path: Path) -> None:
    """The table of the other format would be replaced or removed."""
    write_analysis(tmp_path, "/x/a.jpg")
    (tmp_path / "analysis.csv").write_text("day,mood\n1,good\n")
    with pytest.raises(UsageError, match="not from mien analyze"):
        read(tmp_path)


def test_empty_table_and_empty_folder_are_taken(tmp_path: Path) -> None:
    assert read(tmp_path) == Earlier()
    (tmp_path / "analysis.csv").touch()
    (tmp_path / "own.jpg").touch()
    assert read(tmp_path) == Earlier(foreign=frozenset({"own.jpg"}))


def test_record_knows_copies_without_faces_and_earlier_ones(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_analysis(folder, f"{tmp_path}/a.jpg")
    (folder / "b.jpg").touch()
    record(folder, tmp_path / "b.jpg", read(folder))
    with (folder / ".mien-analysis.jsonl").open("a") as file:
        file.write('{"file": "../c.j')
    earlier = read(folder)
    assert earlier.files == {"../b.jpg"}
    assert earlier.copies == {"a.jpg", "b.jpg"}
    assert earlier.foreign == frozenset()


def test_emptied_folder_is_an_empty_one(tmp_path: Path) -> None:
    """`rm folder/*` leaves the record behind, which is hidden."""
    record(tmp_path, tmp_path / "a.jpg")
    assert read(tmp_path) == Earlier()


def test_folder_of_an_analysis_that_was_stopped_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / ".mien-analysis-part").mkdir()
    assert read(tmp_path) == Earlier()


def test_files_mean_the_same_in_any_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    write_analysis(folder, "a.jpg")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    record(folder, Path("a.jpg"))

    def check(*files: str) -> None:
        names = [location(Path(file), folder) for file in files]
        check_nothing_is_dropped(read(folder).files, folder, names)

    check("a.jpg", "b.jpg")
    monkeypatch.chdir(tmp_path / "two")
    check("../one/a.jpg")
    with pytest.raises(UsageError, match=r"other files, such as a\.jpg; .*--force"):
        check("a.jpg")
