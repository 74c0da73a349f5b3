from pathlib import Path

import numpy as np
import pytest

from trainer.data import DataError, Faces, Split
from trainer.data.fer2013_csv import read_fer2013_csv
from trainer.data.rejections import Reading

HEADER = "emotion,pixels,Usage"
GOOD_ROWS = 40


def picture(value: int) -> str:
    return " ".join([str(value)] * 2304)


def good(n: int = GOOD_ROWS) -> list[str]:
    usages = ["Training", "PublicTest", "PrivateTest"]
    return [f"{i % 7},{picture(i)},{usages[i % 3]}" for i in range(n)]


def write(folder: Path, lines: list[str], newline: str = "\n", encoding: str = "utf-8") -> Path:
    path = folder / "fer2013.csv"
    path.write_bytes((newline.join(lines) + newline).encode(encoding))
    return path


def read(path: Path) -> tuple[Faces, Reading]:
    told: list[Reading] = []
    faces = read_fer2013_csv(path, tell=told.append)
    assert len(told) == 1
    return faces, told[0]


def test_rows_come_back_in_their_order(tmp_path: Path) -> None:
    faces, reading = read(write(tmp_path, [HEADER, *good()]))
    assert len(faces) == GOOD_ROWS
    assert faces.pixels[:, 0, 0].tolist() == list(range(GOOD_ROWS))
    assert faces.labels[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert faces.split[:3].tolist() == [
        Split.TRAINING,
        Split.PUBLIC_TEST,
        Split.PRIVATE_TEST,
    ]
    assert not faces.votes.any()
    assert (reading.rows, reading.left_out, reading.examples) == (GOOD_ROWS, 0, ())


def test_pixels_are_read_row_by_row(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (48, 48))
    text = " ".join(map(str, pixels.ravel()))
    faces, _ = read(write(tmp_path, [HEADER, f"3,{text},Training"]))
    assert np.array_equal(faces.pixels[0], pixels)


@pytest.mark.parametrize(
    ("newline", "encoding"), [("\r\n", "utf-8"), ("\n", "utf-8-sig"), ("\r\n", "utf-8-sig")]
)
def test_what_windows_and_excel_write_is_read(tmp_path: Path, newline: str, encoding: str) -> None:
    faces, reading = read(write(tmp_path, [HEADER, *good()], newline, encoding))
    assert len(faces) == GOOD_ROWS
    assert reading.left_out == 0


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    faces, reading = read(write(tmp_path, [HEADER, "", *good(), "", " , , ", ""]))
    assert len(faces) == GOOD_ROWS
    assert reading.rows == GOOD_ROWS


def test_columns_may_stand_in_another_order_behind_blanks(tmp_path: Path) -> None:
    """As in Kaggle's icml_face_data.csv."""
    lines = ["emotion, Usage, pixels", f"5, Training,{picture(9)}"]
    faces, _ = read(write(tmp_path, lines))
    assert faces.labels.tolist() == [5]
    assert (faces.pixels == 9).all()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"7,{picture(1)},Training", "emotion '7'"),
        (f"-1,{picture(1)},Training", "emotion '-1'"),
        (f",{picture(1)},Training", "emotion ''"),
        (f"happy,{picture(1)},Training", "emotion 'happy'"),
        (f"1,{picture(1)},training set", "Usage 'training set'"),
        (f"1,{picture(1)} 1,Training", "2305 pixels"),
        ("1,,Training", "0 pixels"),
        (f"1,{picture(256)},Training", "pixel '256'"),
        (f"1,{picture(-1)},Training", "pixel '-1'"),
        (f"1,{picture(1)[:-1]}x,Training", "pixel 'x'"),
        (f"1,{picture(1)}", "2 cells"),
        (f"1,{picture(1)},Training,more", "4 cells"),
    ],
)
def test_a_malformed_row_is_reported_with_its_line_and_left_out(
    tmp_path: Path, row: str, said: str
) -> None:
    lines = [HEADER, *good(20), row, *good(20)]
    faces, reading = read(write(tmp_path, lines))
    assert len(faces) == 40
    assert (reading.rows, reading.left_out) == (41, 1)
    assert reading.examples[0].startswith("fer2013.csv:22: ")
    assert said in reading.examples[0]
    assert said in reading.text()


def test_a_warning_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad = [f"9,{picture(1)},Training"] * 2
    read_fer2013_csv(write(tmp_path, [HEADER, *good(), *bad]))
    (record,) = caplog.records
    assert "2 of 42 rows left out" in record.getMessage()


def test_a_whole_file_is_read_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_fer2013_csv(write(tmp_path, [HEADER, *good()]))
    assert not caplog.records


def test_only_the_first_malformed_rows_are_quoted(tmp_path: Path) -> None:
    bad = [f"9,{picture(1)},Training"] * 7
    _, reading = read(write(tmp_path, [HEADER, *good(200), *bad]))
    assert reading.left_out == 7
    assert len(reading.examples) == 5


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["emotion,pixels", f"1,{picture(1)}"], "names no column Usage"),
        (["emotion,path,Usage", "1,a.png,Training"], "names no column pixels"),
        (good(), "names no column emotion, pixels, Usage"),
        ([""], "names no column"),
        ([HEADER], "without a single row; is it whole"),
        ([HEADER, *good(18), f"9,{picture(1)},Training"], "of another format"),
        ([HEADER, "1,2,Training"], "of another format"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(write(tmp_path, lines))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: No such file"):
        read_fer2013_csv(tmp_path / "none.csv")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'emotion,pixels,Usage\n"' + b"1" * 200_000])
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a CSV file"):
        read_fer2013_csv(path)
